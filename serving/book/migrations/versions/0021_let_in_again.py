"""Whoever was forgotten is kept out from now on, until the shop lets them in again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0019"


def upgrade() -> None:
    """Add who was let in again, when, by whom and why: nobody was yet."""
    op.add_column("erasures", sa.Column("let_in_at", sa.DateTime))
    op.add_column("erasures", sa.Column("let_in_by", sa.String))
    op.add_column("erasures", sa.Column("let_in_why", sa.Text))
