"""Which book this is, and how far it has come: drawn when it is made, counted with every write.

An empty database is not a new shop's book, and a copy of last week is not this week's: by its identity a shop knows
its book again, and by its count how much is missing.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from features.errors import ClockBehind
from features.language.messages import Message, Sentence, in_a_row
from serving.book.connection import shown_name
from serving.book.schema import (
    ARMS,
    CONSENT,
    CONTACTS,
    ERASURES,
    HOLDS,
    IDENTITY,
    KEYS,
    LISTS,
    MAILED,
    OUTCOMES,
    OWNERS,
    POSTED_EVENTS,
    POSTED_ORDERS,
    PROGRAMME,
    RUNS,
    WEBHOOKS,
)
from serving.book.sql_rows import digest, utc_now

TOLERATED = timedelta(hours=1)  # clocks of several machines differ by seconds
# What cannot be made again from the shop's files, in the words of one and of many.
COUNTED: Mapping[sa.Table, Message] = {
    LISTS: Message("{count} list", plural="{count} lists"),
    ARMS: Message("{count} draw of the holdout", plural="{count} draws of the holdout"),
    PROGRAMME: Message(
        "{count} customer of the programme holdout", plural="{count} customers of the programme holdout"
    ),
    CONTACTS: Message("{count} contact", plural="{count} contacts"),
    OUTCOMES: Message("{count} outcome", plural="{count} outcomes"),
    CONSENT: Message("{count} word about consent", plural="{count} words about consent"),
    HOLDS: Message("{count} veto, snooze or lift", plural="{count} vetoes, snoozes and lifts"),
    OWNERS: Message("{count} hand-over", plural="{count} hand-overs"),
    MAILED: Message("{count} list sent by mail", plural="{count} lists sent by mail"),
    KEYS: Message("{count} key", plural="{count} keys"),
    WEBHOOKS: Message("{count} webhook", plural="{count} webhooks"),
    POSTED_ORDERS: Message("{count} posted order", plural="{count} posted orders"),
    POSTED_EVENTS: Message("{count} posted event", plural="{count} posted events"),
    ERASURES: Message("{count} erasure", plural="{count} erasures"),
}


@dataclass(frozen=True)
class Identity:
    """Which book it is: `id`, when it was made, how many writes it has seen, and when the last of them was, in UTC."""

    id: str
    made_at: datetime
    writes: int
    written_at: datetime


def identity_of(connection: Connection) -> Identity | None:
    """Return a book's identity; None where it has none yet."""
    if not sa.inspect(connection).has_table(IDENTITY.name):
        return None
    row = connection.execute(sa.select(IDENTITY)).mappings().first()
    return None if row is None else Identity(**row)


def id_in(connection: Connection) -> str | None:
    """Return the id of a book, or the one that it will get; None where any will do.

    A book from before there were identities gets one that follows from its first run, so that every copy of it gets the
    same.
    """
    found = identity_of(connection)
    if found is not None:
        return found.id
    first = connection.execute(sa.select(RUNS.c.key, RUNS.c.recorded_at).order_by(RUNS.c.id).limit(1)).first()
    return None if first is None else digest("book", first[0], first[1].isoformat())[:32]


def give_identity(connection: Connection) -> None:
    """Give a book an identity that has none."""
    if identity_of(connection) is None:
        drawn, now = id_in(connection) or secrets.token_hex(16), utc_now()
        connection.execute(sa.insert(IDENTITY).values(id=drawn, made_at=now, writes=0, written_at=now))


def refuse_clock_behind(connection: Connection) -> None:
    """Refuse to go on where the clock stands before the book's last write.

    Raises:
        ClockBehind: by more than an hour.
    """
    now, last = utc_now(), connection.execute(sa.select(IDENTITY.c.written_at)).scalar_one()
    if now < last - TOLERATED:
        said = f"it says {now:%Y-%m-%d %H:%M} UTC, and the book was last written {last:%Y-%m-%d %H:%M}"
        raise ClockBehind(
            shown_name(connection.engine),
            "nothing was written (if the clock is right and was ahead before: "
            "regulars book --clock-is-right --by NAME --why TEXT)",
            said,
        )


def changes(connection: Connection) -> object:
    """Return a mark that is another one once the transaction has changed a row."""
    if connection.dialect.name == "sqlite":
        driver = connection.connection.driver_connection
        return None if driver is None else driver.total_changes
    return connection.exec_driver_sql("SELECT pg_current_xact_id_if_assigned()::text").scalar()


def count_write(connection: Connection) -> None:
    """Count the write of this transaction."""
    connection.execute(sa.update(IDENTITY).values(writes=IDENTITY.c.writes + 1, written_at=utc_now()))


def counts(connection: Connection) -> dict[str, int]:
    """Return table → rows, of what cannot be made again from the shop's files."""
    asked = [sa.select(sa.func.count()).select_from(table).scalar_subquery() for table in COUNTED]
    return dict(zip((table.name for table in COUNTED), connection.execute(sa.select(*asked)).one(), strict=True))


def in_words(rows: Mapping[str, int]) -> str:
    """Say how many there are of each kind; a sentence that knows its message, or "" where there are none.

    >>> in_words({"lists": 1, "holds": 3, "keys": 0})
    '1 list, 3 vetoes, snoozes and lifts'
    """
    words = {table.name: word for table, word in COUNTED.items()}
    told = [
        Sentence.of(replace(words[name], values={"count": count}, count=count))
        for name, count in rows.items()
        if count > 0 and name in words
    ]
    return Sentence.of(in_a_row(told, commas=True)) if told else ""
