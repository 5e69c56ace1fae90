"""The customers whom no playbook ever touches."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Add their table."""
    op.create_table(
        "programme",
        sa.Column("customer_id", sa.String, nullable=False),
        sa.Column("account_id", sa.String, nullable=False),
        sa.Column("since", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name="pk_programme"),
        sqlite_with_rowid=False,
    )
