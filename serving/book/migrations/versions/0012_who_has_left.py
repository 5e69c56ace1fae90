"""How likely each customer has left, and what brings each entry on its list; older runs and lists did not say it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("scores", sa.Column("left_probability", sa.Float))
    op.add_column("entries", sa.Column("listed_for", sa.String(16)))
