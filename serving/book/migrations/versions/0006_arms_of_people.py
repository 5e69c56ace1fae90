"""Arms are of people: whom the lot fell on, the customers of each episode, and accounts with customers of both arms.

Of older draws the customers are those whom the book saw in the account on the day of the draw, or who stood for it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

FILL = """
INSERT INTO drawn (customer_id, playbook, since, arm, account_id, stratum)
SELECT seen.customer_id, arms.playbook, arms.since, arms.arm, min(arms.account_id), min(arms.stratum)
FROM arms JOIN (
    SELECT account_id, customer_id, NULL AS as_of FROM episodes
    UNION
    SELECT entries.account_id, entries.customer_id, lists.as_of FROM entries JOIN lists ON lists.id = entries.list_id
    UNION
    SELECT suppressed.account_id, suppressed.customer_id, lists.as_of
    FROM suppressed JOIN lists ON lists.id = suppressed.list_id
) AS seen ON seen.account_id = arms.account_id AND (seen.as_of IS NULL OR seen.as_of = arms.since)
GROUP BY seen.customer_id, arms.playbook, arms.since, arms.arm
"""


def upgrade() -> None:
    """Make both tables and the column, and fill in whom the former draws were of."""
    op.create_table(
        "drawn",
        sa.Column("customer_id", sa.String, primary_key=True),
        sa.Column("playbook", sa.String(48), primary_key=True),
        sa.Column("since", sa.Date, primary_key=True),
        sa.Column("arm", sa.String(8), primary_key=True),
        sa.Column("account_id", sa.String, nullable=False),
        sa.Column("stratum", sa.String(48), nullable=False),
        sa.Column("until", sa.Date),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "mergers",
        sa.Column(
            "list_id",
            sa.Integer,
            sa.ForeignKey("lists.id", name="fk_mergers_list_id_lists", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("account_id", sa.String, primary_key=True),
        sa.Column("held_out", sa.Integer, nullable=False),
        sa.Column("treated", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.add_column("episodes", sa.Column("customers", sa.Text))
    op.execute(FILL)
