"""What an instructor writes a rubric with."""

from autograder.errors import MismatchError, StudentError
from autograder.rubric.calibration import Level
from autograder.rubric.compare import as_tensor, compare
from autograder.rubric.draw import Draw
from autograder.rubric.rubric import AUTOGRAD, Check, Exercise, Rubric
from autograder.rubric.student import Reference, Student
from autograder.rubric.variants import Variants
from autograder.rubric.vocabulary import (
    Ladder,
    Rung,
    Score,
    agrees_with_numerical,
    answer,
    expect,
    in_order,
    matches,
    numerical_gradient,
    same_trajectory,
    short_answers,
    tensor_of,
)

__all__ = [
    "AUTOGRAD",
    "Check",
    "Draw",
    "Exercise",
    "Ladder",
    "Level",
    "MismatchError",
    "Reference",
    "Rubric",
    "Rung",
    "Score",
    "Student",
    "StudentError",
    "Variants",
    "agrees_with_numerical",
    "answer",
    "as_tensor",
    "compare",
    "expect",
    "in_order",
    "matches",
    "numerical_gradient",
    "same_trajectory",
    "short_answers",
    "tensor_of",
]
