"""What people decided, and how scores came about: rows are added, never changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import func, select

from autograder.records.schema import AdjustmentRow, ExtensionRow, ReportRow, ScoreRow
from autograder.records.store import Records
from autograder.scoring.adjustments import Adjustment, Kind
from autograder.scoring.extensions import Extension

Row = TypeVar("Row", AdjustmentRow, ExtensionRow, ScoreRow)


@dataclass(frozen=True)
class Score:
    """A score that a student had from then on. `score` is None where the grader failed; `report` is the row's number.

    `cause` is "graded", or what changed the score without grading: "adjustment", "extension" or "policy".
    """

    assignment: str
    student: str
    score: float | None
    points: float
    cause: str
    arithmetic: str
    report: int | None
    author: str
    time: datetime


@dataclass(frozen=True)
class Graded:
    """A report's row, without the report."""

    number: int
    student: str
    digest: str
    status: str
    score: float
    points: float
    received: datetime | None
    graded: datetime | None


class Ledger:
    """Adjustments, extensions and the history of scores, beside the reports. Raises `RecordsError`."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def adjust(self, one: Adjustment) -> int:
        """Add an adjustment; return its number."""
        return self._add(AdjustmentRow(**_columns(one)))

    def adjustments(self, assignment: str) -> list[Adjustment]:
        """Return all adjustments of an assignment, in the order in which they were made."""
        return [
            Adjustment(
                row.assignment, row.student, row.part, Kind(row.kind), row.value, row.reason, row.author, row.time,
                row.id, row.withdraws,
            )
            for row in self._rows(AdjustmentRow, assignment)
        ]  # fmt: skip

    def extend(self, one: Extension) -> int:
        """Add an extension; return its number."""
        return self._add(ExtensionRow(**_columns(one)))

    def extensions(self, assignment: str | None = None) -> list[Extension]:
        """Return all extensions of an assignment or of the course, in the order in which they were given."""
        return [
            Extension(
                row.assignment, row.student, row.due, row.excused, row.reason, row.author, row.time, row.id
            )
            for row in self._rows(ExtensionRow, assignment)
        ]  # fmt: skip

    def note(self, scores: Iterable[Score]) -> None:
        """Add scores to the history."""
        with self._records.session() as session, session.begin():
            session.add_all(ScoreRow(**asdict(one)) for one in scores)

    def scores(self, assignment: str) -> list[Score]:
        """Return the history of all scores of an assignment."""
        return [_score(row) for row in self._rows(ScoreRow, assignment)]

    def latest_scores(self, assignment: str) -> dict[str, Score]:
        """Return the last score that was taken down of each student."""
        newest = select(func.max(ScoreRow.id)).where(ScoreRow.assignment == assignment).group_by(ScoreRow.student)
        with self._records.session() as session:
            rows = session.execute(select(ScoreRow).where(ScoreRow.id.in_(newest))).scalars()
            return {row.student: _score(row) for row in rows}

    def graded(self, assignment: str) -> list[Graded]:
        """Return every report of an assignment, in the order in which they were made."""
        columns = (
            ReportRow.id, ReportRow.student, ReportRow.digest, ReportRow.status, ReportRow.score, ReportRow.points,
            ReportRow.received, ReportRow.graded,
        )  # fmt: skip
        query = select(*columns).where(ReportRow.assignment == assignment).order_by(ReportRow.id)
        with self._records.session() as session:
            return [Graded(*row) for row in session.execute(query)]

    def _add(self, row: AdjustmentRow | ExtensionRow) -> int:
        with self._records.session() as session, session.begin():
            session.add(row)
            session.flush()
            return row.id

    def _rows(self, kind: type[Row], assignment: str | None) -> list[Row]:
        query = select(kind).order_by(kind.id)
        if assignment is not None:
            query = query.where(kind.assignment == assignment)
        with self._records.session() as session:
            return list(session.execute(query).scalars())


def _columns(one: Adjustment | Extension) -> dict[str, Any]:
    """Return what a row holds; its number is the database's."""
    return {name: value for name, value in asdict(one).items() if name != "number"}


def _score(row: ScoreRow) -> Score:
    return Score(
        row.assignment, row.student, row.score, row.points, row.cause, row.arithmetic, row.report, row.author, row.time
    )
