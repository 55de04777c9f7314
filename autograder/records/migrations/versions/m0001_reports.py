"""The reports: what databases had before they knew their version."""

import sqlalchemy as sa
from alembic import op

from autograder.records.schema import exact

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, unless another process has just done so."""
    op.create_table(
        "reports",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("assignment", exact(200), nullable=False),
        sa.Column("student", exact(400), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("assignment_digest", sa.String(64), nullable=False),
        sa.Column("engine", sa.String(64), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("points", sa.Double, nullable=False),
        sa.Column("graded", sa.DateTime(timezone=True)),
        sa.Column("report", sa.LargeBinary, nullable=False),
        if_not_exists=True,
    )
    op.create_index("latest", "reports", ["assignment", "student", "id"], if_not_exists=True)
