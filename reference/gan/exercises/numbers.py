"""6.12 In numbers."""

from __future__ import annotations

import math

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    answer,
)

exercise = Exercise("6.12", "In numbers", owns=("ANSWERS",), points=3)


@exercise.check("ANSWERS", 1)
def at_the_end(student: Student, reference: Reference, draw: Draw) -> None:
    """D's loss when it can only say 1/2 is the sum of two cross-entropies."""
    answer(student, "ANSWERS", "d loss at the end", 2 * math.log(2), 0.01)


@exercise.check("ANSWERS", 1)
def push(student: Student, reference: Reference, draw: Draw) -> None:
    """The two slopes at a logit of -5, divided."""
    answer(student, "ANSWERS", "push at -5", math.exp(5), 0.5)


@exercise.check("ANSWERS", 1)
def two_bells(student: Student, reference: Reference, draw: Draw) -> None:
    """The Fréchet distance of N(0, 1) and a normal distribution with mean 3 and standard deviation 2."""
    answer(student, "ANSWERS", "distance of two bells", 10, 1e-6)


# --- mistakes ---


RIGHT = {"d loss at the end": 1.386, "push at -5": 148, "distance of two bells": 10}


exercise.wrong_value(
    "ln_two",
    "ANSWERS",
    "D's loss has two terms, one for reals and one for fakes.",
    {**RIGHT, "d loss at the end": 0.693},
)


exercise.wrong_value(
    "one_over", "ANSWERS", "Which of the two losses is the flat one at -5?", {**RIGHT, "push at -5": 0.0067}
)


exercise.wrong_value(
    "rounded_up",
    "ANSWERS",
    "Nearly: e^5 is not quite 148.5. Which whole number is nearest?",
    {**RIGHT, "push at -5": 149},
)


exercise.wrong_value(
    "variance_for_deviation",
    "ANSWERS",
    "A normal distribution with standard deviation 2 has covariance 4: what is the root of that?",
    {**RIGHT, "distance of two bells": 9 + 1 + 2 - 2 * 2**0.5},
)


exercise.wrong_value(
    "added_up",
    "ANSWERS",
    "The covariances enter with their roots: what is left of them for two equal bells?",
    {**RIGHT, "distance of two bells": 14},
)
