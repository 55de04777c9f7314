"""What an instructor writes a rubric with.

In the examples, `student`, `reference` and `draw` are what a check is given. The reference is right; the student wrote
`mae` without the absolute value, and 100 where the answer to `ANSWERS["updates"]` is 1000, and handed in predictions
for the ids 0 and 1.
"""

from autograder.errors import MismatchError, StudentError
from autograder.rubric.answers import answer, short_answers
from autograder.rubric.calibration import Level
from autograder.rubric.cases import named
from autograder.rubric.compare import as_tensor, compare, shown
from autograder.rubric.draw import Draw
from autograder.rubric.drivers import Driver
from autograder.rubric.exercise import AUTOGRAD, Check, Exercise
from autograder.rubric.expectations import expect, in_order, matches, raises, same_trajectory, tensor_of
from autograder.rubric.gradients import agrees_with_numerical, gradients_reach, numerical_gradient
from autograder.rubric.handed_in import handed_in, predictions
from autograder.rubric.ladder import Ladder, Rung, Score
from autograder.rubric.reference import Reference
from autograder.rubric.rubric import Rubric
from autograder.rubric.student import Student
from autograder.rubric.variants import Variants
from autograder.rubric.written import Written

__all__ = [
    "AUTOGRAD",
    "Check",
    "Draw",
    "Driver",
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
    "Written",
    "agrees_with_numerical",
    "answer",
    "as_tensor",
    "compare",
    "expect",
    "gradients_reach",
    "handed_in",
    "in_order",
    "matches",
    "named",
    "numerical_gradient",
    "predictions",
    "raises",
    "same_trajectory",
    "short_answers",
    "shown",
    "tensor_of",
]
