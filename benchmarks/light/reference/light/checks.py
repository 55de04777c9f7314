"""Three values, on other inputs for each submission."""

from __future__ import annotations

from autograder.rubric import Draw, Reference, Rubric, Student, matches

rubric = Rubric()
first = rubric.exercise("1", "Mean squared error", owns=("mse",), points=1)
second = rubric.exercise("2", "ReLU", owns=("relu",), points=1)
third = rubric.exercise("3", "Softmax", owns=("softmax",), points=1)


@first.check(1)
def the_mean(student: Student, reference: Reference, draw: Draw) -> None:
    """The mean of the squared differences."""
    matches(student, reference, "mse", draw.normal(4, 5), draw.normal(4, 5))


@second.check(1)
def the_ramp(student: Student, reference: Reference, draw: Draw) -> None:
    """What is negative becomes 0."""
    matches(student, reference, "relu", draw.normal(4, 5))


@third.check(1)
def the_rows(student: Student, reference: Reference, draw: Draw) -> None:
    """Exponentials over their sum, row by row."""
    matches(student, reference, "softmax", draw.normal(4, 5))
