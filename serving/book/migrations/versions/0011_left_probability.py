"""How likely each customer has left; older runs did not say it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the column."""
    op.add_column("scores", sa.Column("left_probability", sa.Float))
