"""Who is grading what: several may share the work on one database."""

import sqlalchemy as sa
from alembic import op

from autograder.records.schema import Moment, exact

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "leases",
        sa.Column("assignment", exact(200), primary_key=True),
        sa.Column("entry", exact(400), primary_key=True),
        sa.Column("holder", sa.String(200), nullable=False),
        sa.Column("until", Moment, nullable=False),
    )
