"""Vetoes and snoozes are of people: whoever belonged to the account keeps them, whatever account comes next.

Of older ones these are whom the last list until then saw in the account (before any list: the first one), and the
customer whose id the account has. A lift is of everybody who was held under its account before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

FILL = """
WITH seen AS (
    SELECT list_id, account_id, customer_id FROM entries WHERE account_id IS NOT NULL
    UNION
    SELECT list_id, account_id, customer_id FROM suppressed
), whose AS (
    SELECT holds.id AS hold_id, holds.account_id, seen.customer_id
    FROM holds JOIN seen ON seen.account_id = holds.account_id AND seen.list_id = COALESCE(
        (SELECT id FROM lists WHERE as_of <= holds.since ORDER BY as_of DESC, id DESC LIMIT 1),
        (SELECT id FROM lists ORDER BY as_of, id LIMIT 1))
    UNION
    SELECT holds.id, holds.account_id, holds.account_id FROM holds
    WHERE NOT EXISTS (
        SELECT 1 FROM seen WHERE seen.customer_id = holds.account_id AND seen.account_id <> holds.account_id
    )
)
INSERT INTO held (hold_id, customer_id, account_id)
SELECT hold_id, customer_id, account_id FROM whose
UNION
SELECT lift.id, whose.customer_id, lift.account_id
FROM holds AS lift JOIN holds AS former ON former.account_id = lift.account_id AND former.since <= lift.since
JOIN whose ON whose.hold_id = former.id
WHERE lift.kind = 'lift'
"""


def upgrade() -> None:
    """Make the table, and fill in whom the former holds were of."""
    op.create_table(
        "held",
        sa.Column(
            "hold_id",
            sa.Integer,
            sa.ForeignKey("holds.id", name="fk_held_hold_id_holds", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("customer_id", sa.String, primary_key=True),
        sa.Column("account_id", sa.String, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_held_customer_id", "held", ["customer_id"])
    op.create_index("ix_held_account_id", "held", ["account_id"])
    op.execute(FILL)
