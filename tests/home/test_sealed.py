"""Hints at home are sealed: who makes the mistake reads its hint, and nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from autograder.home.public_release import read_release
from autograder.home.run import check_file
from autograder.home.sealed import keys, seal, unseal
from autograder.protocol.codec import encode
from autograder.protocol.messages import Raised, Returned
from autograder.release import generate, public_release
from autograder.rubric.assignment import Assignment, load
from autograder.rubric.exchanges import Exchange

HINT = "You double instead of squaring."
REFERENCE = Path(__file__).parents[2] / "reference"


@pytest.fixture
def released(tiny_assignment: Assignment, tmp_path: Path) -> Path:
    generate(tiny_assignment.folder, tmp_path / "out", public_release(tiny_assignment, "Tiny", ["torch"]))
    return tmp_path / "out" / "tiny"


def hints(folder: Path, source: str) -> list[str]:
    (folder / "mine.py").write_text(source, encoding="utf-8")
    return [result.hint for result in check_file(folder / "mine.py").results]


@pytest.mark.parametrize(
    ("square", "hint"),
    [
        ("2 * x", HINT),
        ("x + x + 1e-13", HINT),  # other rounding
        ("x * x", ""),
        ("3 * x", ""),
        ("2 * x + 0.01", ""),
    ],
)
def test_who_makes_the_mistake_reads_its_hint(released: Path, square: str, hint: str) -> None:
    assert hints(released, f"def square(x):\n    return {square}\n") == [hint]


def test_it_is_shown(released: Path) -> None:
    (released / "mine.py").write_text("def square(x):\n    return 2 * x\n", encoding="utf-8")
    assert HINT in " ".join(repr(check_file(released / "mine.py")).split())


def test_a_mistake_that_no_public_check_sees_has_none(released: Path) -> None:
    """All public numbers are positive: the sign that one mistake keeps does not show, nor does the mean of sums."""
    release = read_release(released / "public.json")
    assert [len(exercise.sealed) for exercise in release.exercises] == [2, 0]  # one hint, on two grids


def test_the_release_cannot_be_read_without_the_mistake(released: Path) -> None:
    data = (released / "public.json").read_bytes()
    for secret in (HINT, "doubles", "instead"):
        assert secret.encode() not in data
    (first, *_) = read_release(released / "public.json").exercises
    x = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    for wrong in (x * x, x, 3 * x, torch.zeros(3)):
        assert unseal(first.sealed, keys("square", [Exchange("square", Returned(encode(wrong)))])) == ""


def test_mistakes_that_answer_alike_have_no_hint(tmp_path: Path, tiny_folder: Path) -> None:
    mutants = (tiny_folder / "mutants.py").read_text()
    mutants += '\n@variants.mutant(of="square", hint="Twice?")\ndef also_doubles(x):\n    return x + x\n'
    (tiny_folder / "mutants.py").write_text(mutants)
    assert [len(one.sealed) for one in public_release(load(tiny_folder), "Tiny", ["torch"]).exercises] == [0, 0]


KEPT = "A hint: \u03c3, not \u03c3\u00b2?"


@pytest.mark.parametrize(
    "value", [3, 0.25, -1e-3, float("nan"), [1, 2.5], {"a": 1}, torch.tensor([0.0, -2.0]), True, None]
)
def test_what_was_sealed_is_unsealed(value: object) -> None:
    found = keys("f", [Exchange("f", Returned(encode(value)))])
    assert unseal([seal(KEPT, found[0])], found) == KEPT
    assert unseal([seal(KEPT, found[1])], found) == KEPT
    other = keys("f", [Exchange("f", Raised("error", "ValueError", "no"))])
    assert unseal([seal(KEPT, found[0])], other) == ""
    assert unseal([seal(KEPT, found[0])], keys("g", [Exchange("f", Returned(encode(value)))])) == ""


def test_rounding_does_not_change_the_key() -> None:
    """On one of the grids at least, whatever the numbers."""
    draw = torch.Generator().manual_seed(1)
    for _ in range(50):
        x = torch.randn(20, generator=draw, dtype=torch.float64)
        near = x * (1 + 1e-9 * torch.randn(20, generator=draw, dtype=torch.float64))
        one, other = (keys("f", [Exchange("f", Returned(encode(value)))]) for value in (x, near))
        assert set(one) & set(other)


@pytest.mark.parametrize("name", ["regression", "gan"])
def test_the_courses_hints_are_there_and_not_to_be_read(name: str) -> None:
    assignment = load(REFERENCE / name)
    data = (REFERENCE.parent / "assignments" / name / "public.json").read_bytes()
    release = read_release(REFERENCE.parent / "assignments" / name / "public.json")
    assert sum(len(exercise.sealed) for exercise in release.exercises) > 40
    assert [mutant.name for mutant in assignment.mutants if mutant.hint and mutant.hint.encode() in data] == []
