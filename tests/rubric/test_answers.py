"""Short answers: right, wrong, missing, or of the wrong kind."""

import math

import pytest
import torch

from autograder.errors import ConversationEndedError
from autograder.grading.local import LocalConversation
from autograder.model import Outcome
from autograder.rubric import MismatchError, Reference, Student, StudentError, answer, short_answers


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


@pytest.mark.parametrize("blank", [None, ...])
def test_an_answer_left_blank_is_still_to_be_given(blank):
    with pytest.raises(StudentError, match=r"ANSWERS\['a'\] has no answer yet\.") as caught:
        answer(student(ANSWERS={"a": blank}), "ANSWERS", "a", 1)
    assert caught.value.outcome is Outcome.NOT_ATTEMPTED


@pytest.mark.parametrize("answers", [{}, None, [1], 3])
def test_where_there_is_no_dictionary_of_answers_none_has_been_given(answers):
    with pytest.raises(StudentError, match="has no answer yet"):
        answer(student(ANSWERS=answers), "ANSWERS", "a", 1)


@pytest.mark.parametrize(
    ("given", "expected", "tolerance", "right"),
    [
        (2.0, 2.0, 0.0, True),
        (2.5, 2.0, 0.5, True),
        (1.5, 2.0, 0.5, True),
        (2.75, 2.0, 0.5, False),
        (1.25, 2.0, 0.5, False),
        (math.nan, 2.0, 9.0, False),
        (torch.tensor([2.0]), 2.0, 0.0, True),
        (torch.tensor([2.0, 2.0]), 2.0, 9.0, False),
        ([2.0], 2.0, 0.0, True),
        ({}, 2.0, 9.0, False),
        (True, 1.0, 9.0, False),
        (" Over\n", "over", 0.0, True),
        ("over", "Over", 0.0, True),
        ("overt", "over", 0.0, False),
        (3, "3", 0.0, False),
    ],
)
def test_a_number_is_right_within_its_tolerance_and_a_word_whatever_its_case(given, expected, tolerance, right):
    one = student(ANSWERS={"a": given})
    if right:
        answer(one, "ANSWERS", "a", expected, tolerance)
        return
    with pytest.raises(MismatchError, match=r"^ANSWERS\['a'\] is not right: you answered "):
        answer(one, "ANSWERS", "a", expected, tolerance)


def test_short_answers_are_worth_their_share():
    questions = {"a": 1, "b": "yes", "c": 3, "d": 4}
    score = short_answers(student(ANSWERS={"a": 1, "b": "no", "c": 3}), "ANSWERS", questions)
    said = "ANSWERS['b'] is not right: you answered 'no'. ANSWERS['d'] has no answer yet."
    assert (score.fraction, score.message) == (0.5, said), "every one that is not right"
    score = short_answers(student(ANSWERS={"a": 1, "b": "yes", "c": 3, "d": 4}), "ANSWERS", questions)
    assert (score.fraction, score.message) == (1.0, "")


def test_where_no_short_answer_is_right_all_are_named_and_none_is_not_attempted():
    with pytest.raises(StudentError, match=r"\['a'\] has no answer yet. ANSWERS\['b'\] has no answer yet") as caught:
        short_answers(student(ANSWERS={}), "ANSWERS", {"a": 1, "b": "yes"})
    assert caught.value.outcome is Outcome.NOT_ATTEMPTED
    with pytest.raises(MismatchError, match=r"\['a'\] has no answer yet. ANSWERS\['b'\] is not right"):
        short_answers(student(ANSWERS={"b": "no"}), "ANSWERS", {"a": 1, "b": "yes"})


def test_a_conversation_that_is_over_is_no_wrong_answer():
    class Over:
        def perform(self, request, answer):
            raise ConversationEndedError(Outcome.TIMED_OUT, "stopped")

    with pytest.raises(ConversationEndedError):
        short_answers(Student(Over(), Reference({})), "ANSWERS", {"a": 1})
