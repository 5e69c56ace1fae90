"""Which list was mailed to which owner."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "mailed",
        sa.Column(
            "list_id",
            sa.Integer,
            sa.ForeignKey("lists.id", name="fk_mailed_list_id_lists", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("owner", sa.String, primary_key=True),
        sa.Column("begun_at", sa.DateTime, nullable=False),
        sa.Column("sent_at", sa.DateTime),
        sqlite_with_rowid=False,
    )
