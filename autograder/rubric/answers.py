"""Mark short answers: the numbers and words that a student writes into a dictionary."""

from __future__ import annotations

from collections.abc import Mapping

from autograder.errors import MismatchError, StudentError
from autograder.model import Outcome
from autograder.protocol.values import Opaque
from autograder.rubric.compare import as_tensor, shown
from autograder.rubric.expectations import expect
from autograder.rubric.ladder import Score
from autograder.rubric.student import BLANK, Student


def short_answers(student: Student, name: str, questions: Mapping[str, float | str]) -> Score:
    """Return the share of short answers that are right, with what is wrong with the first that is not.

    Args:
        student: The student's code, as passed to the check.
        name: The global dictionary that holds the student's answers.
        questions: The expected answer for each key: a number, which must be equal, or a word, in any case.

    Returns:
        The share of right answers, from 0 to 1.

    Raises:
        MismatchError: None is right, and one is wrong; every one that is wrong or missing is named.
        StudentError: None is there yet.

    Example:
        >>> score = short_answers(student, "ANSWERS", {"updates": 1000, "why": "overfitting"})
        >>> print(score.fraction, score.message)
        0.5 ANSWERS['updates'] is not right: you answered 100.
    """
    right = 0
    problems: list[MismatchError | StudentError] = []
    for key, expected in questions.items():
        try:
            answer(student, name, key, expected)
            right += 1
        except (MismatchError, StudentError) as error:  # not what ends the conversation: that is no answer
            problems.append(error)
    said = " ".join(dict.fromkeys(map(str, problems)))  # what is missing as a whole is said once
    if not right and problems:
        blank = all(isinstance(problem, StudentError) for problem in problems)
        raise StudentError(Outcome.NOT_ATTEMPTED, said) if blank else MismatchError(said)
    return Score(right / len(questions), said)


def answer(student: Student, name: str, key: str, expected: float | str, tolerance: float = 0.0) -> None:
    """Require one short answer.

    Args:
        student: The student's code, as passed to the check.
        name: The global dictionary that holds the student's answers.
        key: The question.
        expected: A number, or a word, which may be given in any case and with spaces around it.
        tolerance: How far off a number may be, in its own units.

    Raises:
        MismatchError: The answer is wrong.
        StudentError: There is no answer yet: the key is missing, or its value is `None` or `...`.

    Example:
        >>> answer(student, "ANSWERS", "why", "overfitting")
        >>> answer(student, "ANSWERS", "updates", 1000)
        Traceback (most recent call last):
        autograder.errors.MismatchError: ANSWERS['updates'] is not right: you answered 100.
    """
    answers = student.read(name)
    given = answers.get(key) if isinstance(answers, dict) else None
    if given is None or (isinstance(given, Opaque) and given.type_name == BLANK):
        raise StudentError(Outcome.NOT_ATTEMPTED, f"{name}[{key!r}] has no answer yet.")
    if isinstance(expected, str):
        right = isinstance(given, str) and given.strip().lower() == expected.lower()
    else:
        if isinstance(given, str):
            raise MismatchError(f"{name}[{key!r}] is text, {shown(given)}: a number is asked for, without quotes.")
        number = as_tensor(given)
        right = number is not None and number.numel() == 1 and abs(number.item() - expected) <= tolerance
    expect(right, f"{name}[{key!r}] is not right: you answered {shown(given)}.")
