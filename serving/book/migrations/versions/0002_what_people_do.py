"""What lists need that somebody acts on: who is not on them and why, the trial, and all that people do and say."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ENTRY_COLUMNS: tuple[tuple[str, sa.types.TypeEngine[Any]], ...] = (
    ("entry_id", sa.String(32)),
    ("account_id", sa.String()),
    ("members", sa.Text()),
    ("playbook", sa.String(48)),
    ("title", sa.Text()),
    ("channel", sa.String(16)),
    ("opening", sa.Text()),
    ("saved_share", sa.Float()),
    ("cost", sa.BigInteger()),
    ("expected_gain", sa.BigInteger()),
    ("due_on", sa.Date()),
    ("change", sa.String(8)),
)
_NEW = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
# Of the former tables only the key that the new ones point to.
_LISTS = sa.Table("lists", _NEW, sa.Column("id", sa.Integer, primary_key=True))
sa.Table(
    "suppressed",
    _NEW,
    sa.Column("list_id", sa.ForeignKey("lists.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("customer_id", sa.String, primary_key=True),
    sa.Column("account_id", sa.String, nullable=False),
    sa.Column("reason", sa.String(24), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
sa.Table(
    "gone",
    _NEW,
    sa.Column("list_id", sa.ForeignKey("lists.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("customer_id", sa.String, primary_key=True),
    sa.Column("reason", sa.String(24), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
sa.Table(
    "episodes",
    _NEW,
    sa.Column("account_id", sa.String, primary_key=True),
    sa.Column("began_on", sa.Date, primary_key=True),
    sa.Column("customer_id", sa.String, nullable=False, index=True),
    sa.Column("list_id", sa.ForeignKey("lists.id"), nullable=False),
    sa.Column("horizon_days", sa.Integer, nullable=False),
    sa.Column("arm", sa.String(8), nullable=False),
    sa.Column("cell", sa.String(8), nullable=False),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("playbook", sa.String(48), nullable=False),
    sa.Column("owner", sa.String, nullable=False),
    sa.Column("band", sa.String(8), nullable=False),
    sa.Column("stratum", sa.String(48), nullable=False),
    sa.Column("probability", sa.Float, nullable=False),
    sa.Column("expected_spend", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
sa.Table(
    "arms",
    _NEW,
    sa.Column("account_id", sa.String, primary_key=True),
    sa.Column("playbook", sa.String(48), primary_key=True),
    sa.Column("arm", sa.String(8), nullable=False),
    sa.Column("stratum", sa.String(48), nullable=False),
    sa.Column("since", sa.Date, nullable=False),
    sqlite_with_rowid=False,
)
sa.Table(
    "contacts",
    _NEW,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("customer_id", sa.String, nullable=False, index=True),
    sa.Column("entry_id", sa.String(32), index=True),
    sa.Column("contacted_on", sa.Date, nullable=False),
    sa.Column("channel", sa.String(16), nullable=False),
    sa.Column("cost", sa.BigInteger),
    sa.Column("by", sa.String),
    sa.Column("note", sa.Text),
    sa.Column("recorded_at", sa.DateTime, nullable=False),
    sqlite_with_rowid=False,
)
sa.Table(
    "outcomes",
    _NEW,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("entry_id", sa.String(32), nullable=False, index=True),
    sa.Column("customer_id", sa.String, nullable=False, index=True),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("happened_on", sa.Date, nullable=False),
    sa.Column("channel", sa.String(16)),
    sa.Column("cost", sa.BigInteger),
    sa.Column("by", sa.String),
    sa.Column("note", sa.Text),
    sa.Column("recorded_at", sa.DateTime, nullable=False),
    sqlite_with_rowid=False,
)
sa.Table(
    "consent",
    _NEW,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("customer_id", sa.String, nullable=False, index=True),
    sa.Column("channel", sa.String(16), nullable=False),
    sa.Column("allowed", sa.Boolean, nullable=False),
    sa.Column("decided_on", sa.Date, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("recorded_at", sa.DateTime, nullable=False),
)
sa.Table(
    "owners",
    _NEW,
    sa.Column("account_id", sa.String, primary_key=True),
    sa.Column("since", sa.Date, primary_key=True),
    sa.Column("owner", sa.String, nullable=False),
    sa.Column("how", sa.String(16), nullable=False),
    sa.Column("by", sa.String),
    sa.Column("why", sa.Text),
    sqlite_with_rowid=False,
)
sa.Table(
    "holds",
    _NEW,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("account_id", sa.String, nullable=False, index=True),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("since", sa.Date, nullable=False),
    sa.Column("until", sa.Date),
    sa.Column("by", sa.String, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("recorded_at", sa.DateTime, nullable=False),
)


def upgrade() -> None:
    """Add columns to the entries, and the new tables."""
    for name, type_ in _ENTRY_COLUMNS:
        op.add_column("entries", sa.Column(name, type_))
    for name in ("entry_id", "account_id"):
        op.create_index(f"ix_entries_{name}", "entries", [name])
    _NEW.create_all(op.get_bind(), [table for table in _NEW.sorted_tables if table is not _LISTS])
