"""The messages of reasons beside their English texts, to say them in other languages; older runs have none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("scores", sa.Column("reason_messages", sa.Text))
    op.add_column("scores", sa.Column("protective_messages", sa.Text))
