"""A book has an identity: `migrate.make_or_migrate` gives it one once the table is there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the table; what is in it needs the rest of the book."""
    op.create_table(
        "identity",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("writes", sa.BigInteger, nullable=False),
        sa.Column("written_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_identity"),
    )
