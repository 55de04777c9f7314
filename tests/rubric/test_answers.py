"""Short answers: right, wrong, missing, or of the wrong kind."""

import pytest

from autograder.grading.local import LocalConversation
from autograder.model import Outcome
from autograder.rubric import MismatchError, Reference, Student, StudentError, answer


def student(**namespace):
    return Student(LocalConversation(namespace), Reference({}))


def test_a_number_as_text_is_called_text():
    with pytest.raises(MismatchError, match="is text, '150': a number is asked for"):
        answer(student(ANSWERS={"updates": "150"}), "ANSWERS", "updates", 150)


def test_a_short_answer_is_right_wrong_or_missing():
    one = student(ANSWERS={"updates": 1000, "why": " Overfitting ", "later": None})
    answer(one, "ANSWERS", "updates", 1000)
    answer(one, "ANSWERS", "why", "overfitting")
    with pytest.raises(MismatchError, match="not right"):
        answer(one, "ANSWERS", "updates", 999)
    with pytest.raises(StudentError) as caught:
        answer(one, "ANSWERS", "later", 1)
    assert caught.value.outcome is Outcome.NOT_ATTEMPTED
