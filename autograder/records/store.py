"""Store every report, and points given by hand, in any database that SQLAlchemy can reach: what is saved survives a
crash."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType

import msgspec
from sqlalchemy import Engine, event, select
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from autograder.model import HandGrade, Report
from autograder.records.by_hand import HandGrades
from autograder.records.database import Database
from autograder.records.migrate import Migration, migrate
from autograder.records.schema import HandGradeRow, ReportRow

PATIENCE = 30.0
"""Seconds to wait for other writers."""
AT_ONCE = 50
"""Reports in memory at a time."""


class Records:
    """The reports of a course, and the points that were given by hand. Earlier ones stay: the latest counts.

    Safe to share between threads; several processes may write to one SQLite file. `migration` says what was done to a
    database of an earlier version. Raises `RecordsError`.
    """

    def __init__(self, url: str) -> None:
        self._database = Database.at(url)
        self._engine = self._database.engine()
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _durable)
        try:
            self.migration = self._prepare()
        except SQLAlchemyError as error:
            raise self._database.failed(_cause(error)) from None
        self._database.remember()

    def __enter__(self) -> Records:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.dispose()

    def _prepare(self) -> Migration | None:
        """Bring the tables to today's schema.

        While SQLite switches a new file to write-ahead logging, it refuses other writers without waiting.
        """
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with self._engine.connect() as connection:
                    done = migrate(connection, self._database)
                    connection.commit()
                    return done
            except OperationalError as error:
                if "locked" not in _cause(error) or time.monotonic() > deadline:
                    raise
            time.sleep(0.02)

    @property
    def engine(self) -> Engine:
        """Return the database behind the records."""
        return self._engine

    def save(self, report: Report) -> None:
        """Commit a report whole. Raises `RecordsError`."""
        row = ReportRow(
            assignment=report.assignment,
            student=report.student,
            digest=report.digest,
            assignment_digest=report.assignment_digest,
            engine=report.engine,
            status=report.status,
            score=report.score,
            points=report.points,
            graded=report.graded,
            received=report.received,
            report=msgspec.json.encode(report),
        )
        with self.session() as session, session.begin():
            session.add(row)

    def give(self, assignment: str, grades: Iterable[HandGrade]) -> None:
        """Commit points that a person gave, all of them or none. Raises `RecordsError`."""
        rows = [
            HandGradeRow(
                assignment=assignment,
                student=grade.student,
                question=grade.question,
                answer=grade.answer,
                points=grade.points,
                comment=grade.comment,
                author=grade.grader,
                time=grade.given,
            )
            for grade in grades
        ]
        with self.session() as session, session.begin():
            session.add_all(rows)

    def given(self, assignment: str) -> HandGrades:
        """Return the points that were given by hand. Raises `RecordsError`."""
        query = select(HandGradeRow).where(HandGradeRow.assignment == assignment).order_by(HandGradeRow.id)
        with self.session() as session:
            return HandGrades(
                HandGrade(row.student, row.question, row.answer, row.points, row.time, row.author, row.comment)
                for row in session.execute(query).scalars()
            )

    def all_counted(self, assignment: str) -> Iterator[Report]:
        """Yield the latest report of every student with the points that were given by hand. Raises `RecordsError`."""
        return map(self.given(assignment).counted, self.all_latest(assignment))

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open a session whose errors are told as `RecordsError`."""
        try:
            with Session(self._engine) as session:
                yield session
        except SQLAlchemyError as error:
            raise self._database.failed(_cause(error)) from None

    def latest(self, assignment: str, student: str) -> Report | None:
        """Return a student's latest report, or None. Raises `RecordsError`."""
        query = (
            select(ReportRow.report)
            .where(ReportRow.assignment == assignment, ReportRow.student == student)
            .order_by(ReportRow.id.desc())
        )
        with self.session() as session:
            for found in session.execute(query.execution_options(yield_per=1)).scalars():
                report = msgspec.json.decode(found, type=Report)
                if (report.assignment, report.student) == (assignment, student):
                    return report  # a table that an earlier version made may compare less exactly
        return None

    def all_latest(self, assignment: str) -> Iterator[Report]:
        """Yield the latest report of every student, by name, one by one. Raises `RecordsError`."""
        query = select(ReportRow.student, ReportRow.id).where(ReportRow.assignment == assignment).order_by(ReportRow.id)
        with self.session() as session:
            rows = session.execute(query.execution_options(yield_per=1_000))
            newest = {student: number for student, number in rows}  # exactly, whatever the database takes for the same
            students = sorted(newest)
            for start in range(0, len(students), AT_ONCE):
                numbers = [newest[student] for student in students[start : start + AT_ONCE]]
                found = select(ReportRow.id, ReportRow.report).where(ReportRow.id.in_(numbers))
                reports = {number: report for number, report in session.execute(found)}
                for number in numbers:
                    yield msgspec.json.decode(reports[number], type=Report)


def _durable(connection: object, _record: object) -> None:
    """Make committed results survive a crash of the machine, and writers wait for each other instead of failing."""
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in (f"busy_timeout={PATIENCE * 1000:.0f}", "journal_mode=WAL", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _cause(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error)
