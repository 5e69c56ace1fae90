"""What the book held before it had versions: runs, scores, lists, entries, audit.

A book made in that time is recognised by its tables. It may lack columns that came later, all of which may be empty.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_AT_THAT_TIME = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
sa.Table(
    "runs",
    _AT_THAT_TIME,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("key", sa.String(64), nullable=False, unique=True),
    sa.Column("as_of", sa.Date, nullable=False, index=True),
    sa.Column("horizon_days", sa.Integer, nullable=False),
    sa.Column("model_version", sa.String(64), nullable=False),
    sa.Column("data_digest", sa.String(64), nullable=False),
    sa.Column("currency", sa.String(8), nullable=False),
    sa.Column("customers", sa.Integer, nullable=False),
    sa.Column("recorded_at", sa.DateTime, nullable=False),
)
sa.Table(
    "scores",
    _AT_THAT_TIME,
    sa.Column("run_id", sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("customer_id", sa.String, primary_key=True),
    sa.Column("probability", sa.Float, nullable=False),
    sa.Column("band", sa.String(8), nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("days_since_order", sa.Integer, nullable=False),
    sa.Column("usual_gap_days", sa.Float),
    sa.Column("overdue", sa.Float),
    sa.Column("overdue_days", sa.Float),
    sa.Column("next_order_on", sa.Date),
    sa.Column("next_order_from", sa.Date),
    sa.Column("next_order_until", sa.Date),
    sa.Column("silent_30d", sa.Float),
    sa.Column("silent_60d", sa.Float),
    sa.Column("silent_90d", sa.Float),
    sa.Column("silent_180d", sa.Float),
    sa.Column("expected_spend", sa.BigInteger, nullable=False),
    sa.Column("value_at_risk", sa.BigInteger, nullable=False),
    sa.Column("value_at_risk_low", sa.BigInteger),
    sa.Column("value_at_risk_high", sa.BigInteger),
    sa.Column("reasons", sa.Text),
    sa.Column("protective", sa.Text),
    sqlite_with_rowid=False,
)
sa.Table(
    "lists",
    _AT_THAT_TIME,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("key", sa.String(64), nullable=False, unique=True),
    sa.Column("run_id", sa.ForeignKey("runs.id"), nullable=False),
    sa.Column("as_of", sa.Date, nullable=False, index=True),
    sa.Column("rank_by", sa.String(16), nullable=False),
    sa.Column("capacity", sa.Integer),
    sa.Column("left_out", sa.Text, nullable=False),
    sa.Column("published_at", sa.DateTime, nullable=False),
)
sa.Table(
    "entries",
    _AT_THAT_TIME,
    sa.Column("list_id", sa.ForeignKey("lists.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("customer_id", sa.String, primary_key=True),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("owner", sa.String),
    sa.Column("name", sa.String),
    sa.Column("segment", sa.String),
    sqlite_with_rowid=False,
)
sa.Table(
    "audit",
    _AT_THAT_TIME,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.DateTime, nullable=False),
    sa.Column("action", sa.String(16), nullable=False),
    sa.Column("who", sa.String, nullable=False),
    sa.Column("from_version", sa.String(64)),
    sa.Column("to_version", sa.String(64), nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("forced", sa.Boolean, nullable=False),
)


def upgrade() -> None:
    """Make what is not there yet."""
    connection = op.get_bind()
    there = sa.inspect(connection)
    for table in _AT_THAT_TIME.sorted_tables:
        if there.has_table(table.name):
            _add_columns(table, {column["name"] for column in there.get_columns(table.name)})
        else:
            table.create(connection)


def _add_columns(table: sa.Table, known: set[str]) -> None:
    for column in table.c:
        if column.name not in known:
            op.add_column(table.name, sa.Column(column.name, column.type))
