"""What a shop declares of its trial stands with each list, and episodes say how likely their account had left."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the columns; of older lists and episodes nobody knows."""
    op.add_column("lists", sa.Column("trial", sa.Text))
    op.add_column("episodes", sa.Column("left_probability", sa.Float))
