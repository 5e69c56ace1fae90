"""Which accounts buy less, and of what; older runs did not say it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add the columns."""
    for name in ("shrunk_probability", "category_lost_probability"):
        op.add_column("scores", sa.Column(name, sa.Float))
    for name in ("usual_spend", "missing_spend"):
        op.add_column("scores", sa.Column(name, sa.BigInteger))
    for name in ("lost_categories", "shrinking", "shrinking_messages"):
        op.add_column("scores", sa.Column(name, sa.Text))
