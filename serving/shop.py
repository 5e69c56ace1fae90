"""The shop as every command and the server see it: its date, its log, its book, and the day that is looked from.

Nothing of training is imported here, and the book only where it is opened, so that `regulars check` starts at once and
the server never holds the trainer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from features.churn.horizon import LEAST_ACTIVE_DAYS
from features.clock import date_of
from features.definitions import default_features
from features.definitions.engagement import event_kinds
from features.errors import InputError
from features.feature import FeatureSet
from features.log import Log
from features.sources.posted import Posts
from features.sources.reader import Reading, read_log
from serving.config import Settings

if TYPE_CHECKING:  # the book and the models take seconds to import: a check of files needs neither
    from serving.book import Book
    from serving.book.posted_log import Reader
    from training.bundle import Bundle


def today(settings: Settings) -> date:
    """Return the shop's own date; the rooms below have no clock."""
    return settings.shop.business_day(datetime.now(UTC))


def read(settings: Settings, *, until: date | None = None, book: Book | None = None) -> Reading:
    """Read the shop's orders and events, with what was posted to its book; nothing on or after `until`.

    Args:
        settings: of the shop.
        until: orders and events on or after this business day do not exist.
        book: its book, where it is open already; else the one that there is, and none is made.

    Raises:
        InputError: every broken rule at once.
    """
    with book_there(settings, book) as known:
        posted = None if known is None else _kept(settings, known, until)
        return read_log(
            settings.shop, settings.orders, settings.events, until=until, latest=today(settings), posted=posted
        )


def reader_of(settings: Settings) -> Reader:
    """Return how the shop reads what is posted today; a posted amount is its line's, whatever the file's are."""
    from serving.book.posted_log import Reader

    rules = replace(settings.orders.rules, amount_is="line", price_times_quantity=False)
    return Reader(settings.shop, rules, today(settings))


def _kept(settings: Settings, book: Book, until: date | None) -> Posts | None:
    from serving.book.posted import posted_version
    from serving.book.posted_log import KeptPosts

    return KeptPosts(book, reader_of(settings), until) if posted_version(book)[0] else None


@contextmanager
def book_there(settings: Settings, book: Book | None = None) -> Iterator[Book | None]:
    """Open the shop's book as `open_book` does, or give None where there is none yet: who only reads makes no book."""
    from serving.book.connection import file_of

    file = file_of(settings.book_place)
    if book is None and file is not None and not file.exists():
        yield None
        return
    with open_book(settings, book) as opened:
        yield opened


def features_of(log: Log) -> FeatureSet:
    """Return the features of a log: those of every shop, and those of its event kinds."""
    return default_features(event_kinds(log))


def day_after_last_order(log: Log) -> date:
    """Return the day to score from when none is given: the day after the last order.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> day_after_last_order(roll_up(Lines.of(["ann"], [10], [500])))
    datetime.date(1970, 1, 12)
    """
    return date_of(log.last_day + 1)


def chosen_day(log: Log, as_of: date | None) -> date:
    """Return `as_of`, or the day after the last order.

    Raises:
        InputError: the day lies before the first order.
    """
    day, first = as_of or day_after_last_order(log), date_of(log.first_day)
    if day <= first:
        raise InputError(f"nothing is known on {day}: the first order is of {first}")
    return day


def check_agrees(settings: Settings, bundle: Bundle, version: str) -> None:
    """Refuse a champion that was trained for another question than the settings ask.

    Raises:
        InputError: another horizon, active window or currency.
    """
    asked, known = settings.churn, bundle.definition
    if not settings.agrees_with(known):
        raise InputError(
            f"version {version} was trained for a horizon of {known.horizon_days} days and {known.active_days} active "
            f"days, not {asked.horizon_days} and {asked.active_days or LEAST_ACTIVE_DAYS}: run regulars train with "
            "these, or ask for those"
        )
    if settings.money != bundle.money:
        known_in, asked_in = bundle.money.currency, settings.money.currency
        raise InputError(f"version {version} was trained in {known_in}, not {asked_in}: run regulars train")


@contextmanager
def open_book(settings: Settings, book: Book | None = None) -> Iterator[Book]:
    """Open the shop's book, and let go of it at the end; one that is open already is given as it is, and stays open."""
    from serving.book import Book

    opened = book or Book(settings.book_place)
    try:
        yield opened
    finally:
        if book is None:
            opened.close()
