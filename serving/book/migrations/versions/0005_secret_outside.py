"""Secrets of webhooks are sealed, and digests of the erased keyed, with a secret that lies outside the book."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table that knows the secret again, and put under the secret what there is."""
    op.create_table(
        "secret_check",
        sa.Column("value", sa.String(64), nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("value", name="pk_secret_check"),
        sqlite_with_rowid=False,
    )
    context.config.attributes["seal"]()
