"""Owners are of people: whoever belonged to an account when it was given an owner keeps that one.

Of older ones these are whom the last list until then saw in the account (before any list: the first one), and the
customer whose id the account has, unless lists know that id as another account's customer or as an account of others.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

FILL = """
WITH seen AS (
    SELECT list_id, account_id, customer_id FROM entries WHERE account_id IS NOT NULL
    UNION
    SELECT list_id, account_id, customer_id FROM suppressed
), whose AS (
    SELECT owners.account_id, owners.since, owners.owner, seen.customer_id
    FROM owners JOIN seen ON seen.account_id = owners.account_id AND seen.list_id = COALESCE(
        (SELECT id FROM lists WHERE as_of <= owners.since ORDER BY as_of DESC, id DESC LIMIT 1),
        (SELECT id FROM lists ORDER BY as_of, id LIMIT 1))
    UNION
    SELECT owners.account_id, owners.since, owners.owner, owners.account_id FROM owners
    WHERE NOT EXISTS (
        SELECT 1 FROM seen
        WHERE owners.account_id IN (seen.customer_id, seen.account_id) AND seen.customer_id <> seen.account_id
    )
), ranked AS (
    SELECT whose.*, ROW_NUMBER() OVER (PARTITION BY customer_id, since ORDER BY account_id) AS rank FROM whose
)
INSERT INTO owned (customer_id, since, account_id, owner)
SELECT customer_id, since, account_id, owner FROM ranked WHERE rank = 1
"""


def upgrade() -> None:
    """Make the table, and fill in whom the former owners were given to."""
    op.create_table(
        "owned",
        sa.Column("customer_id", sa.String, primary_key=True),
        sa.Column("since", sa.Date, primary_key=True),
        sa.Column("account_id", sa.String, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_owned_account_id", "owned", ["account_id"])
    op.execute(FILL)
