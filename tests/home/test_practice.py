"""Training at home: where a student stands on the ladder, on public data, without points."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.errors import PublicCheckError
from autograder.grading.hosts import LocalHost
from autograder.home import check_file
from autograder.home.practice import practise
from autograder.home.public_release import PublicAssignment, read_release
from autograder.release import generate, public_release
from autograder.rubric.assignment import load
from tests import tiny

ROOT = Path(__file__).parents[2]
CHECKS = (
    tiny.CHECKS.replace("import Rubric,", "import Ladder, Rubric, Rung,")
    + """
LADDER = Ladder(
    "share",
    (Rung("simple", 0.5, 0.5, "a guess"), Rung("boss", 0.9, 1.0, "[bold] thought")),
    lower_is_better=False,
)

@two.practice(LADDER)
def on_your_data(student, data, seed):
    return student.total((data / "numbers.txt").read_text().count("1") / 10), [2.0, 1.0]
"""
)
RIGHT = "def square(x):\n    return x * x\n\ndef total(x):\n    return square(x)\n"


@pytest.fixture
def released(tmp_path) -> Path:
    """A release that trains, where the data gives 0.8."""
    folder = tiny.write(tmp_path, CHECKS)
    (folder / "public").mkdir()
    (folder / "public/numbers.txt").write_text("1" * 8)
    generate(folder, tmp_path / "assignments", public_release(load(folder), "Tiny", ["torch"]))
    (tmp_path / "assignments/tiny/tiny.py").write_text(RIGHT)
    return tmp_path / "assignments/tiny"


@pytest.mark.parametrize("result", ["None", "'much'", "[1, 2]", "object()"])
def test_whatever_comes_back_the_public_checks_are_shown(released, result):
    (released / "tiny.py").write_text(RIGHT.replace("return square(x)\n", f"return {result}\n"))
    checked = check_file(released, practice=True)
    assert checked.results and checked.practised[0].value is None
    assert checked.practised[0].problem[:30] in repr(checked)


def test_it_says_where_you_stand_and_what_lifts_you(released):
    (trained,) = check_file(released, practice=True).practised
    assert trained.value == pytest.approx(0.64)
    assert [(rung.name, reached) for rung, reached in trained.rungs] == [("simple", True), ("boss", False)]
    assert trained.next is not None and trained.next.name == "boss"


@pytest.mark.parametrize("show", [repr, lambda checked: checked._repr_html_()], ids=["terminal", "notebook"])
def test_the_ladder_is_shown_with_the_next_step_and_a_warning(released, show):
    text = show(check_file(released, practice=True))
    for part in ("share", "0.64", "✓ simple", "○ boss", "To reach boss: [bold] thought", "on other data of this kind"):
        assert part in text


def test_nothing_is_trained_unless_asked_and_the_check_says_how(released):
    checked = check_file(released)
    assert not checked.practised
    assert "autograder check --practice -e 2" in repr(checked)
    assert "--practice" not in repr(check_file(released, ["1"]))


def test_points_are_what_they_were(released):
    assert check_file(released, practice=True).summary == check_file(released).summary


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("def square(x): return x * x\n", "`total` is not defined"),
        ("def total(x): return 1 / 0\n", "ZeroDivisionError"),
    ],
)
def test_a_mistake_is_told(released, source, problem):
    (released / "tiny.py").write_text(source)
    (trained,) = check_file(released, practice=True).practised
    assert trained.value is None and problem in trained.problem
    assert problem in repr(check_file(released, practice=True))


def test_missing_data_is_named(released):
    (released / "data/numbers.txt").unlink()
    (trained,) = check_file(released, practice=True).practised
    assert "numbers.txt is missing: unpack the assignment again" in trained.problem


def test_a_practice_that_needs_something_hidden_is_refused(tmp_path):
    folder = tiny.write(tmp_path, "from . import secrets\n" + CHECKS.replace("seed):\n", "seed):\n    secrets\n"))
    (folder / "secrets.py").write_text("")
    with pytest.raises(PublicCheckError, match="need secrets, a hidden module"):
        public_release(load(folder), "Tiny", [])


def cases() -> list[object]:
    """Every training assignment; the longer ones in `make exhaustive`."""
    quick = {"regression", "classification"}
    return [
        pytest.param(
            path.parent, id=path.parent.name, marks=[] if path.parent.name in quick else pytest.mark.exhaustive
        )
        for path in sorted(ROOT.glob("assignments/*/public.json"))
    ]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("folder", cases())
def test_the_reference_stands_high_in_what_is_released(folder):
    assignment = PublicAssignment(read_release(folder / "public.json"))
    host = LocalHost(load(ROOT / "reference" / folder.name).solution)
    found = [
        trained for exercise in assignment.rubric.exercises for trained in practise(exercise, host, folder / "data")
    ]
    assert found
    for trained in found:
        assert sum(reached for _, reached in trained.rungs) >= len(trained.rungs) - 1, trained.problem
