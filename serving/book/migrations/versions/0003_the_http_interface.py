"""What the HTTP interface needs: keys, posted orders and events, webhooks and their outbox, erasures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_NEW = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
sa.Table(
    "answers",
    _NEW,
    sa.Column("customer_id", sa.String, primary_key=True),
    sa.Column("run_id", sa.Integer, nullable=False),
    sa.Column("answer", sa.LargeBinary, nullable=False),
)
sa.Table(
    "keys",
    _NEW,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("roles", sa.String, nullable=False),
    sa.Column("owner", sa.String),
    sa.Column("salt", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("expires_at", sa.DateTime),
    sa.Column("revoked_at", sa.DateTime),
    sa.Column("last_used_at", sa.DateTime),
    sqlite_with_rowid=False,
)
sa.Table(
    "posted_orders",
    _NEW,
    sa.Column("order_id", sa.String, primary_key=True),
    sa.Column("customer_id", sa.String, nullable=False, index=True),
    sa.Column("lines", sa.Text, nullable=False),
    sa.Column("recorded_at", sa.DateTime, nullable=False, index=True),
    sqlite_with_rowid=False,
)
sa.Table(
    "posted_events",
    _NEW,
    sa.Column("event_id", sa.String, primary_key=True),
    sa.Column("customer_id", sa.String, nullable=False, index=True),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("recorded_at", sa.DateTime, nullable=False, index=True),
    sqlite_with_rowid=False,
)
sa.Table(
    "webhooks",
    _NEW,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("events", sa.String, nullable=False),
    sa.Column("secret", sa.String, nullable=False),
    sa.Column("allow_private", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("removed_at", sa.DateTime),
    sqlite_with_rowid=False,
)
sa.Table(
    "outbox",
    _NEW,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("message_id", sa.String(32), nullable=False),
    sa.Column("webhook_id", sa.ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    sa.Column("event", sa.String(24), nullable=False),
    sa.Column("customer_id", sa.String, index=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_at", sa.DateTime),
    sa.Column("delivered_at", sa.DateTime),
    sa.Column("gave_up_at", sa.DateTime),
    sa.Column("trouble", sa.Text),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Index("ix_outbox_webhook_id", "webhook_id", "next_at"),
)
sa.Table(
    "erasures",
    _NEW,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.DateTime, nullable=False),
    sa.Column("who", sa.String, nullable=False),
    sa.Column("customer_digest", sa.String(64), nullable=False, index=True),
    sa.Column("rows", sa.Text, nullable=False),
)


def upgrade() -> None:
    """Add the tables."""
    _NEW.create_all(op.get_bind())
