"""When work was handed in; adjustments, extensions, and the history of scores, which begins with the reports."""

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from autograder.records.schema import Moment, exact

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

AT_ONCE = 50
"""Reports in memory at a time."""


def upgrade() -> None:
    """Add the tables and the column, and fill them from what is there."""
    op.add_column("reports", sa.Column("received", Moment))
    _whose("adjustments", "adjusted", ["assignment", "id"],
        sa.Column("part", exact(200), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("withdraws", sa.Integer),
    )  # fmt: skip
    _whose("extensions", "extended", ["assignment", "id"],
        sa.Column("due", Moment),
        sa.Column("excused", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )  # fmt: skip
    _whose("scores", "scored", ["assignment", "student", "id"],
        sa.Column("score", sa.Double),
        sa.Column("points", sa.Double, nullable=False),
        sa.Column("cause", sa.String(20), nullable=False),
        sa.Column("arithmetic", sa.Text, nullable=False),
        sa.Column("report", sa.Integer),
    )  # fmt: skip
    _fill()


def _whose(table: str, index: str, indexed: list[str], *columns: sa.Column) -> None:  # type: ignore[type-arg]
    op.create_table(
        table,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("assignment", exact(200), nullable=False),
        sa.Column("student", exact(400), nullable=False),
        *columns,
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("time", Moment, nullable=False),
    )
    op.create_index(index, table, indexed)


def _fill() -> None:
    """Read from each report when its work was handed in, and begin the history with it."""
    reports = sa.table(
        "reports", sa.column("id"), sa.column("assignment"), sa.column("student"), sa.column("status"),
        sa.column("score"), sa.column("points"), sa.column("report"), sa.column("received", Moment),
    )  # fmt: skip
    scores = sa.table(
        "scores", sa.column("assignment"), sa.column("student"), sa.column("score"), sa.column("points"),
        sa.column("cause"), sa.column("arithmetic"), sa.column("report"), sa.column("author"),
        sa.column("time", Moment),
    )  # fmt: skip
    connection = op.get_bind()
    last = -1
    while rows := connection.execute(
        sa.select(reports).where(reports.c.id > last).order_by(reports.c.id).limit(AT_ONCE)
    ).all():
        for row in rows:
            report = json.loads(row.report)
            received, graded = report.get("received"), report.get("graded")
            if received:
                connection.execute(reports.update().where(reports.c.id == row.id).values(received=_moment(received)))
            connection.execute(
                scores.insert().values(
                    assignment=row.assignment,
                    student=row.student,
                    points=row.points,
                    cause="graded",
                    arithmetic="",
                    score=None if row.status == "grader error" else row.score,
                    report=row.id,
                    author="",
                    time=_moment(graded) if graded else datetime.fromtimestamp(0, UTC),
                )
            )
        last = rows[-1].id


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
