"""The tables of the records, as `migrations/` leaves them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from sqlalchemy import DateTime, Dialect, Double, Index, LargeBinary, String, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

EXACT = {"mysql": "utf8mb4_bin", "mariadb": "utf8mb4_bin", "mssql": "Latin1_General_100_BIN2"}
"""Collations that tell apart what other ones of these databases take for the same: alice and Alice, José and Jose."""


def exact(length: int) -> String:
    """Return the type of a text that is compared as it is written."""
    kind = String(length)
    for dialect, collation in EXACT.items():
        kind = kind.with_variant(String(length, collation), dialect)
    return kind


class Moment(TypeDecorator[datetime]):
    """A time that comes back with its zone from every database: it is kept in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return what the database keeps."""
        return _utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return what was kept, in UTC."""
        return _utc(value)


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Base(DeclarativeBase):
    """What all tables have in common."""

    type_annotation_map: ClassVar = {float: Double}


class ReportRow(Base):
    """A report. Earlier ones stay: the latest counts."""

    __tablename__ = "reports"
    __table_args__ = (Index("latest", "assignment", "student", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    assignment: Mapped[str] = mapped_column(exact(200))
    student: Mapped[str] = mapped_column(exact(400))
    digest: Mapped[str] = mapped_column(String(64))
    assignment_digest: Mapped[str] = mapped_column(String(64))
    engine: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(20))
    score: Mapped[float]
    points: Mapped[float]
    graded: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    received: Mapped[datetime | None] = mapped_column(Moment)
    report: Mapped[bytes] = mapped_column(LargeBinary)


class AdjustmentRow(Base):
    """A person's change to a score. It is never changed: `withdraws` names one that no longer counts."""

    __tablename__ = "adjustments"
    __table_args__ = (Index("adjusted", "assignment", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    assignment: Mapped[str] = mapped_column(exact(200))
    student: Mapped[str] = mapped_column(exact(400))
    part: Mapped[str] = mapped_column(exact(200))
    kind: Mapped[str] = mapped_column(String(20))
    value: Mapped[float]
    reason: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(String(200))
    time: Mapped[datetime] = mapped_column(Moment)
    withdraws: Mapped[int | None]


class HandGradeRow(Base):
    """Points for a written answer, known by its text's digest. It is never changed: the last one on a text counts."""

    __tablename__ = "hand_grades"
    __table_args__ = (Index("hand_graded", "assignment", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    assignment: Mapped[str] = mapped_column(exact(200))
    student: Mapped[str] = mapped_column(exact(400))
    question: Mapped[str] = mapped_column(exact(200))
    answer: Mapped[str] = mapped_column(String(64))
    points: Mapped[float | None]
    comment: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(String(200))
    time: Mapped[datetime] = mapped_column(Moment)


class ExtensionRow(Base):
    """More time for a student, or an excuse. It is never changed: a student's last one counts."""

    __tablename__ = "extensions"
    __table_args__ = (Index("extended", "assignment", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    assignment: Mapped[str] = mapped_column(exact(200))
    student: Mapped[str] = mapped_column(exact(400))
    due: Mapped[datetime | None] = mapped_column(Moment)
    excused: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(String(200))
    time: Mapped[datetime] = mapped_column(Moment)


class ScoreRow(Base):
    """A score that a student had from then on, and what made it: the history, which nothing is computed from."""

    __tablename__ = "scores"
    __table_args__ = (Index("scored", "assignment", "student", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    assignment: Mapped[str] = mapped_column(exact(200))
    student: Mapped[str] = mapped_column(exact(400))
    score: Mapped[float | None]
    points: Mapped[float]
    cause: Mapped[str] = mapped_column(String(20))
    arithmetic: Mapped[str] = mapped_column(Text)
    report: Mapped[int | None]
    author: Mapped[str] = mapped_column(String(200))
    time: Mapped[datetime] = mapped_column(Moment)


class LeaseRow(Base):
    """Somebody is grading an entry until then, and nobody else."""

    __tablename__ = "leases"

    assignment: Mapped[str] = mapped_column(exact(200), primary_key=True)
    entry: Mapped[str] = mapped_column(exact(400), primary_key=True)
    holder: Mapped[str] = mapped_column(String(200))
    until: Mapped[datetime] = mapped_column(Moment)
