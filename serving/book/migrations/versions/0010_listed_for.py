"""What brings each entry on its list; older lists did not say it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the column."""
    op.add_column("entries", sa.Column("listed_for", sa.String(16)))
