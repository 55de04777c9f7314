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
    matches(student, reference, "both", draw.normal(amount()))


def amount():
    return length()


def length():
    return 3


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
    for many in (2, amount()):
        matches(student, reference, name, draw.normal(many))


def nobody_needs_this():
    return 1


def amount():
    return length()


def length():
    return 3
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

    def change(file: str, before: str, after: str, files: dict[str, str] = FILES) -> set[str]:
        assert before in files[file]
        first, second = depends(files), depends(files | {file: files[file].replace(before, after, 1)})
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
        ("helpers.py", "(2, amount())", "(3, amount())", {"both"}),
        ("helpers.py", "return 3", "return 4", {"both"}),
        ("checks.py", "return 3", "return 4", {"both"}),
        ("exercises/squares.py", "draw.normal(3)", "draw.normal(4)", {"square"}),
        ("checks.py", "Rubric(squares.exercise)", "Rubric(squares.exercise, numpy=True)", ALL),
        ("exercises/squares.py", 'owns=("square",)', 'owns=("square",), bans=("torch.square",)', {"square"}),
        ("solution.py", "return x * x", "return x**2", {"square", "both"}),
        ("solution.py", "FACTOR = 2", "FACTOR = 2.0", {"double", "both"}),
        ("solution.py", "return square(x) + double(x)", "return double(x) + square(x)", {"both"}),
        ("hidden/numbers.txt", "1 2 3", "1 2 4", {"square"}),
    ],
    ids=[
        "a constant", "the sentence", "the time limit", "the exercise", "a hint", "a mistake", "a helper",
        "what a helper calls", "what the same words call elsewhere", "another module", "arrays", "a ban",
        "the reference", "a constant of the reference", "one function", "data",
    ],
)  # fmt: skip
def test_a_change_counts_for_the_functions_that_it_reaches(changed, file, before, after, functions):
    assert changed(file, before, after) == functions


CLASSES = {
    "solution.py": "class Scalar:\n    def double(self, x):\n        # SOLUTION\n        return 2 * x\n        # END\n",
    "checks.py": '''\
from autograder.rubric import Rubric, compare

rubric = Rubric()
one = rubric.exercise("1", "Scalar", owns=("Scalar",), points=1)


@one.driver
def doubled(student, x):
    return student.Scalar().double(x)


@one.check("Scalar", 1)
def doubles(student, reference, draw):
    """Doubles."""
    compare(student.drive(doubled, 3), 6)


@one.mistake("Scalar.double", "Not once?")
def once(self, x):
    return x
''',
}


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("checks.py", "Not once?", "Twice?"),
        ("checks.py", "    return x\n", "    return 1 * x\n"),
        ("checks.py", "double(x)", "double(x + 0)"),
        ("solution.py", "2 * x", "x + x"),
    ],
    ids=["a method's hint", "a method's mistake", "a driver", "a method"],
)
def test_methods_and_drivers_count_for_their_class(changed, file, before, after):
    assert changed(file, before, after, CLASSES) == {"Scalar"}


def test_what_the_reference_hands_in_counts(changed):
    asked = CLASSES["checks.py"].replace("rubric = Rubric()", 'rubric = Rubric()\nrubric.file("predictions.csv")')
    files = CLASSES | {"checks.py": asked, "handed_in/predictions.csv": "id,label\n0,1\n"}
    assert changed("handed_in/predictions.csv", "0,1", "0,2", files) == {"Scalar"}
