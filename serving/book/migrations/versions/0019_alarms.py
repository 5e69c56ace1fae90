"""Whoever was told everything is told of alarms too."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"

_EVERYTHING = (
    'UPDATE webhooks SET events = \'["list.published", "customer.entered", "customer.left", "list.withdrawn", '
    '"model.alarm"]\' '
    'WHERE events = \'["list.published", "customer.entered", "customer.left", "list.withdrawn"]\''
)


def upgrade() -> None:
    """Add the event to webhooks that have every other one."""
    op.execute(_EVERYTHING)
