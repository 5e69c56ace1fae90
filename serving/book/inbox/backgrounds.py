"""What the orders said of whom a list holds when it was made, so that a page reads no order to show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from serving.book.schema import BACKGROUNDS
from serving.book.sql_rows import insert_missing, rows_with


class OrderDay(msgspec.Struct, frozen=True):
    """A day with orders: what was spent in minor units (None where the orders hold no money), and how many units."""

    day: date
    spend_minor: int | None
    orders: int


class Background(msgspec.Struct, frozen=True):
    """What was known of a customer.

    Args:
        orders: the last order days, oldest first.
        basket: product → on how many days of the last year it was bought, the most usual first.
        returns: the last days with a return, oldest first.
        tickets: the days on which tickets were opened that nobody has closed.
    """

    orders: tuple[OrderDay, ...] = ()
    basket: tuple[tuple[str, int], ...] = ()
    returns: tuple[date, ...] = ()
    tickets: tuple[date, ...] = ()


def keep_backgrounds(connection: Connection, list_id: int, found: Mapping[str, Background]) -> None:
    """Write what is known of the customers of a list; what was written before stays.

    Args:
        connection: of a writer.
        list_id: of the list.
        found: customer → background.
    """
    rows = [
        {"list_id": list_id, "customer_id": who, "facts": msgspec.json.encode(each).decode()}
        for who, each in found.items()
    ]
    insert_missing(connection, BACKGROUNDS, rows)


def backgrounds_of(connection: Connection, list_id: int, customer_ids: Iterable[str]) -> dict[str, Background]:
    """Return customer → background, of those whom the book has one of."""
    query = sa.select(BACKGROUNDS.c.customer_id, BACKGROUNDS.c.facts).where(BACKGROUNDS.c.list_id == list_id)
    rows = rows_with(connection, query, BACKGROUNDS.c.customer_id, customer_ids)
    return {row["customer_id"]: msgspec.json.decode(row["facts"], type=Background) for row in rows}
