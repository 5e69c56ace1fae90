"""Links and sessions of the people who open the pages, what they looked at, and what was known of whom a list holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "links",
        sa.Column("hash", sa.String(64), primary_key=True),
        _of_key("links"),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("used_at", sa.DateTime),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sessions",
        sa.Column("hash", sa.String(64), primary_key=True),
        _of_key("sessions"),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("seen_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "views",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("who", sa.String, nullable=False),
        sa.Column("owner", sa.String),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("list_id", sa.Integer),
        sa.Column("customer_id", sa.String),
    )
    op.create_table(
        "backgrounds",
        sa.Column(
            "list_id",
            sa.Integer,
            sa.ForeignKey("lists.id", name="fk_backgrounds_list_id_lists", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("customer_id", sa.String, primary_key=True),
        sa.Column("facts", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    for table, column in (("links", "key_id"), ("sessions", "key_id"), ("views", "owner"), ("views", "customer_id")):
        op.create_index(f"ix_{table}_{column}", table, [column])


def _of_key(table: str) -> sa.Column[str]:
    own = sa.ForeignKey("keys.id", name=f"fk_{table}_key_id_keys", ondelete="CASCADE")
    return sa.Column("key_id", sa.String(16), own, nullable=False)
