"""Where the migrations begin: the schema of November 2026, which new books get from `serving/book/schema.py` as it is.

What the schema gains or loses from now on is a step on top of this one.
"""

from __future__ import annotations

revision = "0003"  # the one that books of that time carry: they go on opening
down_revision = None


def upgrade() -> None:
    """Change nothing: no book is older."""
