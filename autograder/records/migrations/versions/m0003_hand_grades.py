"""Points that people give for written answers."""

import sqlalchemy as sa
from alembic import op

from autograder.records.schema import Moment, exact

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "hand_grades",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("assignment", exact(200), nullable=False),
        sa.Column("student", exact(400), nullable=False),
        sa.Column("question", exact(200), nullable=False),
        sa.Column("answer", sa.String(64), nullable=False),
        sa.Column("points", sa.Double),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("time", Moment, nullable=False),
    )
    op.create_index("hand_graded", "hand_grades", ["assignment", "id"])
