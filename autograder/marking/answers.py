"""All answers to the written questions of an assignment, as a person grades them: each text once, without names."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from autograder.errors import InputError
from autograder.feedback import formats
from autograder.model import HandGrade, Report, answer_digest
from autograder.records.by_hand import HandGrades
from autograder.rubric.written import Written

MAX_COMMENT = 4_000
"""Characters of a comment."""


@dataclass(frozen=True)
class Answer:
    """A text, and those who handed it in: most often one, or a group.

    Attributes:
        key: The text's digest.
        text: What was written.
        students: Who wrote it.
        grade: What it was given, if all of them were given the same.
        earlier: What another text of the same student was given.
    """

    key: str
    text: str
    students: tuple[str, ...]
    grade: HandGrade | None
    earlier: HandGrade | None


@dataclass(frozen=True)
class Sheet:
    """One question with all its answers, in an order that says nothing of who wrote them.

    Attributes:
        question: The question, with what a full answer has.
        text: What students read of it.
        answers: The answers; every text is there once.
        unanswered: How many submissions have none.
    """

    question: Written
    text: str
    answers: tuple[Answer, ...]
    unanswered: int

    @property
    def graded(self) -> int:
        """Return how many of the answers have points."""
        return sum(answer.grade is not None for answer in self.answers)

    def answer(self, key: str) -> Answer | None:
        """Return the answer whose digest begins so, if there is just one."""
        found = [answer for answer in self.answers if key and answer.key.startswith(key)]
        return found[0] if len(found) == 1 else None


def sheets(
    questions: Sequence[Written], texts: Mapping[str, str], reports: Iterable[Report], given: HandGrades
) -> dict[str, Sheet]:
    """Return the questions of an assignment with what a class answered, by number.

    Args:
        questions: The rubric's.
        texts: What students read of each, by number.
        reports: The latest report of everybody.
        given: The points that were given.
    """
    found: dict[str, dict[str, list[str]]] = {question.number: {} for question in questions}
    unanswered = dict.fromkeys(found, 0)
    for report in reports:
        for result in report.results:
            if result.answer and result.exercise in found:
                found[result.exercise].setdefault(result.answer, []).append(report.student)
            elif result.answer is not None and result.exercise in found:
                unanswered[result.exercise] += 1
    answers = {number: tuple(_answers(number, written, given)) for number, written in found.items()}
    return {
        one.number: Sheet(one, texts.get(one.number, ""), answers[one.number], unanswered[one.number])
        for one in questions
    }


def _answers(number: str, texts: Mapping[str, list[str]], given: HandGrades) -> Iterator[Answer]:
    for text in sorted(texts, key=answer_digest):
        students = tuple(sorted(texts[text]))
        standing = [given.standing(student, number, text) for student in students]
        alike = len({grade and (grade.points, grade.comment) for grade in standing}) == 1
        earlier = [grade for student in students if (grade := given.earlier(student, number, text)) is not None]
        yield Answer(
            answer_digest(text), text, students, standing[0] if alike else None, earlier[0] if earlier else None
        )


def grades(sheet: Sheet, answer: Answer, points: str, comment: str, grader: str) -> list[HandGrade]:
    """Return what an answer is given, for everybody who wrote it.

    Args:
        sheet: The question's.
        answer: The answer.
        points: As they were typed; "" takes back what was given.
        comment: What the student reads beside the points.
        grader: Who gives them.

    Raises:
        InputError: The points are no number between none and all, or the comment is too long.
    """
    number = _points(points, sheet.question.points)
    comment = comment.strip()
    if len(comment) > MAX_COMMENT:
        raise InputError(f"the comment has {len(comment):,} characters: {MAX_COMMENT:,} are kept at most")
    now = datetime.now(UTC)
    return [
        HandGrade(student, sheet.question.number, answer.key, number, now, grader, comment)
        for student in answer.students
    ]


def _points(typed: str, most: float) -> float | None:
    typed = typed.strip().replace(",", ".")
    if not typed:
        return None
    try:
        points = float(typed)
    except ValueError:
        points = math.nan
    if not 0 <= points <= most:
        raise InputError(f"{formats.clip(typed, 20)!r} is no number of points: this question gives 0 to {most:g}")
    return points
