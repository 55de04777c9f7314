"""Mark short answers: the numbers and words that a student writes into a dictionary."""

from __future__ import annotations

from collections.abc import Mapping

from autograder.errors import MismatchError, StudentError
from autograder.model import Outcome
from autograder.rubric.compare import as_tensor, shown
from autograder.rubric.expectations import expect
from autograder.rubric.ladder import Score
from autograder.rubric.student import Student


def short_answers(student: Student, name: str, questions: Mapping[str, float | str]) -> Score:
    """The share of short answers that are right, with what is wrong with the first that is not; raises that where none
    is right."""
    right = 0
    problem: MismatchError | StudentError | None = None
    for key, expected in questions.items():
        try:
            answer(student, name, key, expected)
            right += 1
        except (MismatchError, StudentError) as error:  # not what ends the conversation: that is no answer
            problem = problem or error
    if not right and problem is not None:
        raise problem
    return Score(right / len(questions), str(problem or ""))


def answer(student: Student, name: str, key: str, expected: float | str, tolerance: float = 0.0) -> None:
    """A short answer: `name` is the student's dictionary of answers, `key` the question."""
    answers = student.read(name)
    given = answers.get(key) if isinstance(answers, dict) else None
    if given is None or given is Ellipsis:
        raise StudentError(Outcome.NOT_ATTEMPTED, f"{name}[{key!r}] has no answer yet.")
    if isinstance(expected, str):
        right = isinstance(given, str) and given.strip().lower() == expected.lower()
    else:
        if isinstance(given, str):
            raise MismatchError(f"{name}[{key!r}] is text, {shown(given)}: a number is asked for, without quotes.")
        number = as_tensor(given)
        right = number is not None and number.numel() == 1 and abs(number.item() - expected) <= tolerance
    expect(right, f"{name}[{key!r}] is not right: you answered {shown(given)}.")
