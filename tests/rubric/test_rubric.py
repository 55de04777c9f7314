"""A rubric that contradicts itself is not loaded."""

import pytest

from autograder.rubric import Rubric


def test_a_rubric_that_contradicts_itself_is_refused():
    rubric = Rubric()
    exercise = rubric.exercise("1", "One", owns=("f",), points=3)

    @exercise.check(2)
    def only(student, reference, draw):
        """Is asked."""

    with pytest.raises(ValueError, match="add up to 2"):
        rubric.verify()


def test_a_check_without_a_docstring_is_refused():
    exercise = Rubric().exercise("1", "One", owns=("f",), points=1)
    with pytest.raises(ValueError, match="docstring"):
        exercise.check(1)(lambda student, reference, draw: None)
