"""Entries get ids by chance; what they were called before, a digest of the account, becomes an alias.

Contacts and outcomes follow, with the keys that their entry's id is a part of: the same report again is known still.
"""

from __future__ import annotations

import base64
import hashlib
import secrets

import sqlalchemy as sa
from alembic import op
from sqlalchemy.engine import Connection

revision = "0004"
down_revision = "0003"

ALIASES = sa.table("entry_aliases", sa.column("alias", sa.String), sa.column("entry_id", sa.String))
ENTRIES = sa.table("entries", sa.column("entry_id", sa.String))
CONTACTS = sa.table("contacts", *(sa.column(n) for n in ("key", "entry_id")), sa.column("contacted_on", sa.Date))
OUTCOMES = sa.table(
    "outcomes", *(sa.column(n) for n in ("key", "entry_id", "outcome")), sa.column("happened_on", sa.Date)
)
AT_ONCE = 10_000
READABLE = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789abcdefghjkmnpqrstvwxyz")


def upgrade() -> None:
    """Draw an id for each that there is, and put it wherever the former one stands."""
    op.create_table(
        "entry_aliases",
        sa.Column("alias", sa.String(32), nullable=False),
        sa.Column("entry_id", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("alias", name="pk_entry_aliases"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_entry_aliases_entry_id", "entry_aliases", ["entry_id"])
    connection = op.get_bind()
    _draw(connection)
    _rename_contacts(connection)
    _rename_outcomes(connection)
    for table in (ENTRIES, CONTACTS):
        connection.execute(
            sa.update(table).where(table.c.entry_id == ALIASES.c.alias).values(entry_id=ALIASES.c.entry_id)
        )


def _draw(connection: Connection) -> None:
    former = connection.scalars(sa.select(ENTRIES.c.entry_id).where(ENTRIES.c.entry_id.is_not(None)).distinct())
    rows = [{"alias": each, "entry_id": f"{each[:9]}{_letters()}"} for each in former]
    for n in range(0, len(rows), AT_ONCE):
        connection.execute(sa.insert(ALIASES), rows[n : n + AT_ONCE])


def _letters() -> str:
    return base64.b32encode(secrets.token_bytes(8)).decode()[:12].translate(READABLE)


def _rename_contacts(connection: Connection) -> None:
    """Change the keys that were made of an entry and a day; whoever reported a contact may have given it another."""
    query = sa.select(CONTACTS, ALIASES.c.entry_id.label("now")).join_from(
        CONTACTS, ALIASES, CONTACTS.c.entry_id == ALIASES.c.alias
    )
    rows = []
    for row in connection.execute(query):
        day = row.contacted_on.isoformat()
        if row.key == _digest("entry", row.entry_id, day):
            rows.append({"was": row.key, "new": _digest("entry", row.now, day)})
    _update(connection, CONTACTS, rows, key=sa.bindparam("new"))


def _rename_outcomes(connection: Connection) -> None:
    query = sa.select(OUTCOMES, ALIASES.c.entry_id.label("now")).join_from(
        OUTCOMES, ALIASES, OUTCOMES.c.entry_id == ALIASES.c.alias
    )
    rows = [
        {"was": row.key, "new": _digest(row.now, row.outcome, row.happened_on.isoformat()), "now": row.now}
        for row in connection.execute(query)
    ]
    _update(connection, OUTCOMES, rows, key=sa.bindparam("new"), entry_id=sa.bindparam("now"))


def _update(connection: Connection, table: sa.TableClause, rows: list[dict[str, str]], **values: object) -> None:
    if rows:
        connection.execute(sa.update(table).where(table.c.key == sa.bindparam("was")).values(values), rows)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
