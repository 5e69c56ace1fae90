"""Lists that are taken back, their closed entries and their void episodes.

Whoever was told everything is told of this too.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_EVERYTHING = (
    'UPDATE webhooks SET events = \'["list.published", "customer.entered", "customer.left", "list.withdrawn"]\' '
    'WHERE events = \'["list.published", "customer.entered", "customer.left"]\''
)


def upgrade() -> None:
    """Add the columns."""
    op.add_column("lists", sa.Column("withdrawn_at", sa.DateTime))
    op.add_column("lists", sa.Column("withdrawn_by", sa.String))
    op.add_column("lists", sa.Column("withdrawn_why", sa.Text))
    op.add_column("entries", sa.Column("closed_at", sa.DateTime))
    op.add_column("episodes", sa.Column("voided_at", sa.DateTime))
    op.execute(_EVERYTHING)
