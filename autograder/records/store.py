"""Store every report in one table of any database that SQLAlchemy can reach; a saved report survives a crash."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType

import msgspec
from sqlalchemy import DateTime, Engine, Index, LargeBinary, String, event, select
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.schema import CreateIndex, CreateTable

from autograder.model import Report
from autograder.records.database import Database

PATIENCE = 30.0
"""Seconds to wait for other writers."""
AT_ONCE = 50
"""Reports in memory at a time."""


EXACT = {"mysql": "utf8mb4_bin", "mariadb": "utf8mb4_bin", "mssql": "Latin1_General_100_BIN2"}
"""Collations that tell apart what other ones of these databases take for the same: alice and Alice, José and Jose."""


def _exact(length: int) -> String:
    """Return the type of a text that is compared as it is written."""
    kind = String(length)
    for dialect, collation in EXACT.items():
        kind = kind.with_variant(String(length, collation), dialect)
    return kind


class _Base(DeclarativeBase):
    pass


class _Row(_Base):
    __tablename__ = "reports"
    __table_args__ = (Index("latest", "assignment", "student", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    assignment: Mapped[str] = mapped_column(_exact(200))
    student: Mapped[str] = mapped_column(_exact(400))
    digest: Mapped[str] = mapped_column(String(64))
    assignment_digest: Mapped[str] = mapped_column(String(64))
    engine: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(20))
    score: Mapped[float]
    points: Mapped[float]
    graded: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    report: Mapped[bytes] = mapped_column(LargeBinary)


class Records:
    """The reports of a course. Earlier reports stay: the latest one of a student counts.

    Safe to share between threads; several processes may write to one SQLite file. Raises `RecordsError`.
    """

    def __init__(self, url: str) -> None:
        self._database = Database.at(url)
        self._engine = self._database.engine()
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _durable)
        try:
            self._create_tables()
        except SQLAlchemyError as error:
            raise self._database.failed(_cause(error)) from None

    def __enter__(self) -> Records:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.dispose()

    def _create_tables(self) -> None:
        """Create the tables, where several processes may do so at once.

        Each table is created in one step. While SQLite switches a new file to write-ahead logging, it refuses other
        writers without waiting.
        """
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with self._engine.begin() as connection:
                    for table in _Base.metadata.sorted_tables:
                        connection.execute(CreateTable(table, if_not_exists=True))
                        for index in table.indexes:
                            connection.execute(CreateIndex(index, if_not_exists=True))
                return
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
        row = _Row(
            assignment=report.assignment,
            student=report.student,
            digest=report.digest,
            assignment_digest=report.assignment_digest,
            engine=report.engine,
            status=report.status,
            score=report.score,
            points=report.points,
            graded=report.graded,
            report=msgspec.json.encode(report),
        )
        try:
            with Session(self._engine) as session, session.begin():
                session.add(row)
        except SQLAlchemyError as error:
            raise self._database.failed(_cause(error)) from None

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        """A session whose errors are told as `RecordsError`."""
        try:
            with Session(self._engine) as session:
                yield session
        except SQLAlchemyError as error:
            raise self._database.failed(_cause(error)) from None

    def latest(self, assignment: str, student: str) -> Report | None:
        """Return a student's latest report, or None. Raises `RecordsError`."""
        query = (
            select(_Row.report).where(_Row.assignment == assignment, _Row.student == student).order_by(_Row.id.desc())
        )
        with self._reading() as session:
            for found in session.execute(query.execution_options(yield_per=1)).scalars():
                report = msgspec.json.decode(found, type=Report)
                if (report.assignment, report.student) == (assignment, student):
                    return report  # a table that an earlier version made may compare less exactly
        return None

    def all_latest(self, assignment: str) -> Iterator[Report]:
        """Yield the latest report of every student, by name, one by one. Raises `RecordsError`."""
        query = select(_Row.student, _Row.id).where(_Row.assignment == assignment).order_by(_Row.id)
        with self._reading() as session:
            rows = session.execute(query.execution_options(yield_per=1_000))
            newest = {student: number for student, number in rows}  # exactly, whatever the database takes for the same
            students = sorted(newest)
            for start in range(0, len(students), AT_ONCE):
                numbers = [newest[student] for student in students[start : start + AT_ONCE]]
                found = select(_Row.id, _Row.report).where(_Row.id.in_(numbers))
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
