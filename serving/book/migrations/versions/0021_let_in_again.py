"""Whoever is erased from now on is kept out, until the shop lets them in again.

Erasures of before did not keep anybody out: an upgrade changes no score, so these are let in until the shop says
otherwise, with `regulars forget --erased-before`.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0019"


OF_BEFORE = "UPDATE erasures SET let_in_at = at, let_in_by = 'regulars', let_in_why = 'erased before erasures kept out'"


def upgrade() -> None:
    """Add who was let in again, when, by whom and why: whoever was erased before, by nobody's decision."""
    op.add_column("erasures", sa.Column("let_in_at", sa.DateTime))
    op.add_column("erasures", sa.Column("let_in_by", sa.String))
    op.add_column("erasures", sa.Column("let_in_why", sa.Text))
    op.execute(OF_BEFORE)
