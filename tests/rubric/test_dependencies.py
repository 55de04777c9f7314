"""What a check's result depends on: its own code and what it reaches, not a comment, nor another exercise."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.rubric.assignment import load

SOLUTION = '''\
import torch

FACTOR = 2


def square(x):
    """x squared."""
    # SOLUTION
    return x * x
    # END


def double(x):
    """Twice x."""
    # SOLUTION
    return FACTOR * x
    # END


def both(x):
    """The sum of the two."""
    # SOLUTION
    return square(x) + double(x)
    # END
'''
CHECKS = '''\
from autograder.rubric import Rubric, matches

from .exercises import squares
from .helpers import several

rubric = Rubric(squares.exercise)
two = rubric.exercise("2", "Double", owns=("double", "both"), points=5)
SIZES = (1, 4)


@two.check("double", 3)
def twice(student, reference, draw):
    """Doubles."""
    for size in SIZES:
        matches(student, reference, "double", draw.normal(size))


@two.check("both", 2)
def sums(student, reference, draw):
    """Adds them."""
    several(student, reference, "both", draw)


@two.mistake("double", "Twice, not once.")
def once(x):
    return x


'''
SQUARES = '''\
"""1 Square."""

from pathlib import Path

from autograder.rubric import Exercise, matches

exercise = Exercise("1", "Square", owns=("square",), points=4)
DATA = Path(__file__).parents[1] / "hidden" / "numbers.txt"


@exercise.check("square", 4)
def squares(student, reference, draw):
    """Squares."""
    assert DATA.is_file()
    matches(student, reference, "square", draw.normal(3))


@exercise.mistake("square", "Where is the other x?")
def same(x):
    return x
'''
HELPERS = """\
from autograder.rubric import matches


def several(student, reference, name, draw):
    for size in (2, 3):
        matches(student, reference, name, draw.normal(size))


def nobody_needs_this():
    return 1
"""
FILES = {
    "solution.py": SOLUTION,
    "checks.py": CHECKS,
    "exercises/squares.py": SQUARES,
    "helpers.py": HELPERS,
    "hidden/numbers.txt": "1 2 3",
    "handout.md": "# Two",
}
NUMBERS = itertools.count()
ALL = {"square", "double", "both"}


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., set[str]]:
    """Returns the functions whose checks depend on a change of one file."""

    def depends(files: dict[str, str]) -> dict[str, str]:
        folder = tmp_path / f"{next(NUMBERS)}" / "pair"  # each is loaded as a package of its own
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        assignment = load(folder)
        found = {check.function: assignment.depends[check.name] for check in assignment.rubric.checks}
        shutil.rmtree(folder)
        return found

    def change(file: str, before: str, after: str) -> set[str]:
        assert before in FILES[file]
        first, second = depends(FILES), depends(FILES | {file: FILES[file].replace(before, after, 1)})
        return {function for function in second if first[function] != second[function]}

    return change


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("checks.py", "SIZES = (1, 4)", "SIZES = (1, 4)  # small ones"),
        ("checks.py", "SIZES = (1, 4)", "\n\nSIZES = (1,\n         4)"),
        ("solution.py", '"""x squared."""', '"""x, squared."""'),
        ("solution.py", "    # SOLUTION\n    return x * x", "    # SOLUTION\n    # by hand\n    return x * x"),
        ("helpers.py", "    return 1", "    return 2"),
        ("handout.md", "# Two", "# Two functions"),
    ],
    ids=["comment", "formatting", "docstring", "comment in the solution", "what nothing reaches", "handout"],
)
def test_what_decides_nothing_changes_nothing(changed, file, before, after):
    assert changed(file, before, after) == set()


@pytest.mark.parametrize(
    ("file", "before", "after", "functions"),
    [
        ("checks.py", "SIZES = (1, 4)", "SIZES = (1, 5)", {"double"}),
        ("checks.py", '"""Doubles."""', '"""Doubles a number."""', {"double"}),
        ("checks.py", '"double", 3)', '"double", 3, seconds=5)', {"double"}),
        ("checks.py", '"Double", owns', '"Twice", owns', {"double", "both"}),
        ("checks.py", "Twice, not once.", "Not once.", {"double"}),
        ("checks.py", "    return x\n", "    return 1 * x\n", {"double"}),
        ("helpers.py", "(2, 3)", "(2, 4)", {"both"}),
        ("exercises/squares.py", "draw.normal(3)", "draw.normal(4)", {"square"}),
        ("exercises/squares.py", 'owns=("square",)', 'owns=("square",), bans=("torch.square",)', {"square"}),
        ("solution.py", "return x * x", "return x**2", {"square", "both"}),
        ("solution.py", "FACTOR = 2", "FACTOR = 2.0", {"double", "both"}),
        ("solution.py", "return square(x) + double(x)", "return double(x) + square(x)", {"both"}),
        ("hidden/numbers.txt", "1 2 3", "1 2 4", {"square"}),
    ],
    ids=[
        "a constant", "the sentence", "the time limit", "the exercise", "a hint", "a mistake", "a helper",
        "another module", "a ban", "the reference", "a constant of the reference", "one function", "data",
    ],
)  # fmt: skip
def test_a_change_counts_for_the_functions_that_it_reaches(changed, file, before, after, functions):
    assert changed(file, before, after) == functions
