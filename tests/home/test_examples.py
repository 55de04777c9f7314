"""Functions that no public check is about are tried on an example at home."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from autograder.grading.engine import Engine
from autograder.grading.hosts import LocalHost
from autograder.home.examples import blank, described, misfit, shown
from autograder.home.public_release import PublicAssignment, read_release
from autograder.home.run import check_file
from autograder.home.show import Checked
from autograder.model import Outcome
from autograder.protocol.codec import encode
from autograder.release import generate, public_release
from autograder.rubric.assignment import load
from tests import tiny


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """The tiny assignment's release: no public check is about `total` and `slope`. Its square may not be torch's."""
    checks = tiny.CHECKS.replace('owns=("total", "slope"), points=6', 'owns=("total", "slope"), points=6, bans=BANS')
    checks = checks.replace("rubric = Rubric()", 'rubric = Rubric()\nBANS = ("torch.sum",)')
    assignment = load(tiny.write(tmp_path, checks))
    generate(assignment.folder, tmp_path / "assignments", public_release(assignment, "Tiny", ["torch"]))
    return tmp_path / "assignments" / "tiny"


def checked(folder: Path, source: str) -> Checked:
    (folder / "mine.py").write_text(source, encoding="utf-8")
    return check_file(folder / "mine.py")


def test_a_release_has_an_example_for_each_other_function(released: Path) -> None:
    found = json.loads((released / "public.json").read_text())["exercises"]
    assert [[one["function"] for one in exercise["examples"]] for exercise in found] == [[], ["total", "slope"]]
    assert [run["dtype"] for run in found[1]["examples"][0]["runs"]] == ["torch.float64", "torch.float32"]


def test_an_example_tells_no_answer(released: Path) -> None:
    found = json.loads((released / "public.json").read_text())["exercises"][1]["examples"]
    rights = [right["result"]["value"] for one in found for run in one["runs"] for right in run["rights"]]
    assert {one["data"].strip("=") for one in rights} <= {"AAAAAAAAAAA", "AAAAAA", "A" * 43, "A" * 22, "A" * 21}


RIGHT = "import torch\ndef square(x): return x * x\ndef total(x): return sum(x * x)\ndef slope(x): return 2 * x\n"


def test_right_ones_fit_and_are_worth_nothing(released: Path) -> None:
    found = checked(released, RIGHT)
    assert found.passed
    assert [one.points for one in found.examples] == [0, 0]
    assert "2 Sum of squares  2 of 2 examples fit, 6 more later" in repr(found)
    assert found.summary == "1 of 1 public points. 9 more points are checked when you hand in, on other inputs."


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("def slope(x): return (2 * x).sum()", "has shape (); asked for is (4,). It was called with [0."),
        ("def slope(x): return (2 * x).float()", "has dtype float32; asked for is float64"),
        ("def slope(x): x *= 2; return x", "changes its argument `x` in place"),
        ("def slope(x): return 'no'", "returns a str; asked for is a tensor"),
        ("def slope(): return 1", "takes 0 positional arguments"),
        ("def total(x): return torch.sum(x * x)", "`total` calls `torch.sum`: this exercise asks you to write that"),
    ],
)
def test_what_does_not_fit_is_told(released: Path, wrong: str, said: str) -> None:
    found = checked(released, f"{RIGHT}\n{wrong}\n")
    assert not found.passed
    assert found.lines[1].sign.word == "failed"
    (told,) = (one for one in found.examples if one.outcome is not Outcome.PASSED)
    assert said in told.message, told.message
    assert said.split(".")[0] in " ".join(repr(found).split())


def test_wrong_numbers_are_not_looked_at(released: Path) -> None:
    assert checked(released, f"{RIGHT}\ndef slope(x): return 7 * x\n").passed


def test_what_is_still_to_be_written_is_no_misfit(released: Path) -> None:
    starter = (released / "tiny.py").read_text()
    found = checked(released, starter)
    assert {one.outcome for one in found.examples} == {Outcome.NOT_ATTEMPTED}
    assert "not attempted, 6 points" in repr(found)


GOT_AND_RIGHT: list[tuple[Any, Any, str]] = [
    (torch.zeros(2, 3), torch.zeros(2, 3), ""),
    (torch.zeros(3, 2), torch.zeros(2, 3), "`f` has shape (3, 2); asked for is (2, 3)."),
    ([[1, 2, 3], [4, 5, 6]], torch.zeros(2, 3), ""),
    (torch.zeros(1, 1), torch.zeros(()), ""),
    (1.5, torch.zeros(()), ""),
    ((1, 2), [1, 2], ""),
    (torch.zeros(2), [1, 2], ""),
    (torch.zeros(3), [1, 2], "`f` has shape (3,); asked for are 2 entries."),
    ([1], [1, 2], "`f` has 1 entry; asked for are 2."),
    ((torch.zeros(2), torch.zeros(3)), (torch.zeros(2), torch.zeros(4)), "result 2 has shape (3,); asked for is (4,)."),
    ({"a": 1}, {"a": 1, "b": 2}, "`f` has no entry 'b'."),
    ({"a": [1]}, {"a": [1, 2]}, "`f`['a'] has 1 entry; asked for are 2."),
    (3, {"a": 1}, "`f` is an int; asked for is a dictionary of 1 entry."),
    (0, None, "`f` is an int; asked for is None."),
]


@pytest.mark.parametrize(("got", "right", "said"), GOT_AND_RIGHT)
def test_shapes_lengths_and_keys_are_compared(got: Any, right: Any, said: str) -> None:
    assert misfit("`f`", encode(got), encode(right)) == said
    assert misfit("`f`", encode(got), blank(encode(right))) == said


def test_values_are_shown_as_one_writes_them() -> None:
    assert shown(encode(torch.tensor([1.0, 2.34567]))) == "[1.0, 2.35]"
    assert shown(encode([1, "a", None, 2.5])) == "[1, 'a', None, 2.5]"
    assert shown(encode(torch.zeros(4, 5))) == "a tensor (4, 5) of float32"
    assert described(encode([torch.zeros(2)] * 3)) == "a list of 3 entries, each a tensor (2,) of float32"


@pytest.mark.parametrize("name", ["regression", "classification", "cnn", "self_attention", "transformer", "gan"])
def test_the_courses_references_fit_all_examples(name: str) -> None:
    root = Path(__file__).parents[2]
    release = PublicAssignment(read_release(root / "assignments" / name / "public.json"))
    assert release.examples
    host = LocalHost(load(root / "reference" / name).solution)
    results = Engine(release, b"").run(host, "", checks=release.examples, hints=False, stand_ins=False)
    assert [(one.name, one.message) for one in results if one.outcome is not Outcome.PASSED] == []
