"""A secret may be replaced: webhooks sign with two for a while, and the book knows the secrets that it had before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the columns; nothing was replaced before."""
    op.add_column("webhooks", sa.Column("former_secret", sa.String))
    op.add_column("webhooks", sa.Column("former_until", sa.DateTime))
    op.add_column("secret_check", sa.Column("former", sa.Text))
