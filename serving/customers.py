"""Who the customers are: their segments, groups and owners."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Literal, get_args

import pandas as pd

from features.churn.horizon import NO_SEGMENT
from features.errors import ConfigError, InputError, suggest
from features.log import Log
from features.sources.reader import read_customers
from serving.config import Settings
from serving.outreach.plan.outreach_list import account_of
from serving.outreach.plan.owners import NO_OWNER
from serving.shop import book_there, today

if TYPE_CHECKING:
    from serving.book import Book


def segments_of(settings: Settings) -> dict[str, str]:
    """Return the segment of each customer of the customers file.

    Raises:
        ConfigError: there is no customers file, or it has no segments.
    """
    return named_in(settings, "segment", NO_SEGMENT)


def named_in(settings: Settings, column: str, nobody: str) -> dict[str, str]:
    """Return what a column of the customers file says of each customer; `nobody` where it says nothing.

    Raises:
        ConfigError: there is no customers file, or it lacks the column.
    """
    customers = settings.customers
    if customers is None or column not in customers.columns:
        raise ConfigError(f"there are no {column}s: name the customers file, and its column {column}, in regulars.toml")
    frame = read_customers(customers)
    named = frame[column].fillna("").astype(str).str.strip()
    return dict(zip(frame["customer_id"], named.where(named != "", nobody), strict=True))


By = Literal["segment", "owner"]


def groups_of(
    settings: Settings, by: str, log: Log, book: Book | None = None, until: date | None = None
) -> dict[str, str]:
    """Return the segment or owner of each customer of the log.

    Args:
        settings: the shop's.
        by: segment, as the customers file has it; or owner, as lists have it: handed over or given in turn in the book,
            else of the customers file, else by segment.
        log: whose customers.
        book: of the shop, where it is open already.
        until: the day of which owners are told; None = today.

    Raises:
        InputError: neither of the two, or nothing tells it.
    """
    if by == "segment":
        known, nobody = segments_of(settings), "no segment"
    elif by == "owner":
        known, nobody = owners_of(settings, log, book, until), NO_OWNER
    else:
        raise InputError(f'figures are told by segment or owner, not by "{by}".{suggest(by, get_args(By))}')
    return {customer: known.get(customer, nobody) for customer in log.customer_ids}


def owners_of(settings: Settings, log: Log, book: Book | None = None, until: date | None = None) -> dict[str, str]:
    """Return customer → owner, of those that have one; arguments as for `groups_of`.

    Raises:
        ConfigError: neither the book nor the customers file names an owner.
    """
    in_book = _owners_in_book(settings, book, until or today(settings))
    if settings.customers is None or "owner" not in settings.customers.columns:
        named = {} if in_book else named_in(settings, "owner", NO_OWNER)
    else:
        named = {who: owner for who, owner in named_in(settings, "owner", NO_OWNER).items() if owner != NO_OWNER}
    customers = read_customers(settings.customers) if settings.customers else None
    parent, ruled = account_of(customers), _ruled(customers, settings.list.owner_by_segment)
    kept = {who: in_book.get(parent.get(who, who)) for who in log.customer_ids}
    found = {who: kept[who] or named.get(who) or ruled.get(who) for who in log.customer_ids}
    return {who: owner for who, owner in found.items() if owner is not None}


def _ruled(customers: pd.DataFrame | None, owner_of: Mapping[str, str]) -> dict[str, str]:
    if customers is None or "segment" not in customers or not owner_of:
        return {}
    owner = customers["segment"].fillna("").str.strip().map(dict(owner_of))
    known = customers[owner.notna()]
    return dict(zip(known["customer_id"], owner.dropna(), strict=True))


def _owners_in_book(settings: Settings, book: Book | None, day: date) -> dict[str, str]:
    from serving.book.snapshot import owners_on

    with book_there(settings, book) as known:
        if known is None:
            return {}
        with known.reading() as connection:
            return owners_on(connection, day)
