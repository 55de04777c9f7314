"""Grades on their way out: a line for each student, and cells that a spreadsheet takes for nothing but text."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from autograder.model import ExerciseInfo, Outcome, Person, Report
from autograder.platforms.folder.download import SYSTEM as FOLDER
from autograder.platforms.roster import Roster, completed, match

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet computes."""


@dataclass(frozen=True)
class Grade:
    """One student's result.

    `score` is None where the grader failed: nobody is charged for that. `waiting` are the points of written answers
    that nobody has graded yet; they have no entry in `exercises`, and count as none in the score.
    """

    student: str
    person: Person
    status: str
    score: float | None
    points: float
    exercises: Mapping[str, float]
    late: bool
    attempt: int
    received: datetime | None
    graded: datetime | None
    waiting: float = 0.0
    arithmetic: str = ""

    @staticmethod
    def of(report: Report) -> Grade:
        """Return what counts of a report."""
        return Grade(
            report.student,
            report.person or Person(FOLDER, report.student, report.student),
            report.status,
            None if report.status == "grader error" else report.score,
            report.points,
            {
                one.number: round(math.fsum(result.earned for result in report.of_exercise(one.number)), 4)
                for one in report.exercises
                if all(result.outcome is not Outcome.NOT_GRADED for result in report.of_exercise(one.number))
            },
            report.late,
            report.attempt,
            report.received,
            report.graded,
            report.waiting,
            report.arithmetic,
        )


@dataclass(frozen=True)
class Gradebook:
    """All grades of an assignment. `exercises` are those of the newest report."""

    assignment: str
    title: str
    points: float
    due: datetime | None
    exercises: tuple[ExerciseInfo, ...]
    grades: tuple[Grade, ...]

    @staticmethod
    def of(assignment: str, title: str, due: datetime | None, reports: Iterable[Report]) -> Gradebook:
        """Collect the grades of reports, by student."""
        grades: list[Grade] = []
        exercises: tuple[ExerciseInfo, ...] = ()
        points = 0.0
        newest = datetime.min.replace(tzinfo=UTC)
        for report in reports:
            grades.append(Grade.of(report))
            when = report.graded or newest
            when = when if when.tzinfo else when.replace(tzinfo=UTC)
            if when >= newest:
                newest, exercises, points = when, report.exercises, report.points
        grades.sort(key=lambda grade: grade.student)
        return Gradebook(assignment, title, points, due, exercises, tuple(grades))

    def with_roster(self, roster: Roster) -> Gradebook:
        """Return the same with what a roster knows of everybody: it joins the ids of one system to those of another."""
        rows = match(roster, (grade.person for grade in self.grades)).rows
        known = (replace(grade, person=completed(grade.person, rows.get(grade.person))) for grade in self.grades)
        return replace(self, grades=tuple(known))


@dataclass(frozen=True)
class Exported:
    """A file for a system, and what a person should know before it goes there. `missing`: who is not in it."""

    data: bytes
    remarks: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def harmless(text: str) -> str:
    """Return a text that a spreadsheet shows as it is: one that begins like a formula gets an apostrophe before it."""
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_FORMULA) or text.startswith(_FORMULA) else text


def number(value: float | None) -> str:
    """Return points at two decimals, without a thousands sign, with a point; nothing for none."""
    return "" if value is None else f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def written(rows: Iterable[Sequence[str]]) -> bytes:
    """Return lines as CSV in UTF-8, quoted where they need to be."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def names(person: Person) -> tuple[str, str]:
    """Return first and last name, as well as one text says them."""
    last, comma, first = person.name.partition(", ")
    if comma:
        return first, last
    first, _, last = person.name.rpartition(" ")
    return first, last
