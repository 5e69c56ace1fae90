"""What the orders and tickets say of some customers, for whoever is about to call them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from features.clock import date_of, day_number
from features.log import EVENT, PRODUCT, Log, Stream
from serving.book.inbox.backgrounds import Background, OrderDay
from serving.outreach.playbooks.facts import OPEN_DAYS, TICKET_CLOSED, TICKET_OPENED

ORDERS_SHOWN = 12
RETURNS_SHOWN = 5
BASKET_SHOWN = 5
BASKET_DAYS = 365


def backgrounds(log: Log, customer_ids: Iterable[str], as_of: date) -> dict[str, Background]:
    """Return customer → background, of those whom the log knows.

    Args:
        log: the shop's log; nothing on or after `as_of` is read.
        customer_ids: whose.
        as_of: the day that is looked from.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> log = roll_up(Lines.of(["ann", "ann"], [10, 40], [500, 700], product_id=["tea", "tea"]))
    >>> found = backgrounds(log, ["ann"], date_of(50))["ann"]
    >>> [each.spend_minor for each in found.orders], found.basket
    ([500, 700], (('tea', 2),))
    """
    own, today = log.only(customer_ids), day_number(as_of)
    return {str(who): _of(own, index, today) for index, who in enumerate(own.customer_ids)}


def _of(own: Log, index: int, today: int) -> Background:
    returns = [date_of(day) for day in _days(own.streams["returns"], index, today)]
    return Background(
        orders=tuple(_orders(own, index, today)),
        basket=tuple(_basket(own, index, today)),
        returns=tuple(returns[-RETURNS_SHOWN:]),
        tickets=tuple(_open_tickets(own, index, today)),
    )


def _orders(own: Log, index: int, today: int) -> Iterator[OrderDay]:
    stream = own.streams["orders"]
    rows = [row for row in range(stream.starts[index], stream.starts[index + 1]) if stream.day[row] < today]
    for row in rows[-ORDERS_SHOWN:]:
        spend = int(stream.columns["spend"][row]) if own.has_money else None
        yield OrderDay(date_of(int(stream.day[row])), spend, int(stream.columns["orders"][row]))


def _basket(own: Log, index: int, today: int) -> list[tuple[str, int]]:
    """Return the products that the customer buys again and again, with the number of days."""
    stream, names = own.streams["items"], own.words.get(PRODUCT, ())
    rows = range(stream.starts[index], stream.starts[index + 1])
    lately = (row for row in rows if today - BASKET_DAYS <= stream.day[row] < today)
    days = Counter(str(names[stream.columns["product"][row]]) for row in lately)
    return sorted(days.items(), key=lambda each: (-each[1], each[0]))[:BASKET_SHOWN]


def _open_tickets(own: Log, index: int, today: int) -> list[date]:
    opened, closed = _of_kinds(own, TICKET_OPENED, index, today), _of_kinds(own, TICKET_CLOSED, index, today)
    since = max([*closed, today - OPEN_DAYS - 1])
    return [date_of(day) for day in opened if day > since]


def _of_kinds(own: Log, kinds: Sequence[str], index: int, today: int) -> list[int]:
    streams = (own.streams[EVENT + kind] for kind in kinds if EVENT + kind in own.streams)
    return sorted(day for stream in streams for day in _days(stream, index, today))


def _days(stream: Stream, index: int, today: int) -> list[int]:
    days = stream.day[stream.starts[index] : stream.starts[index + 1]]
    return [int(day) for day in days if day < today]
