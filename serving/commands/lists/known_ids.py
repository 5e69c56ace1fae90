"""Whom an id means: a customer whom the shop's files or the book know, and the account that a customer belongs to.

Vetoes, snoozes and hand-overs are of accounts, while people have the ids of customers at hand. What is given is looked
up before it is recorded, since the book would keep a veto of an id that no list ever asks for, and nobody would notice.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from features.errors import InputError, Violation
from features.language.messages import sentence
from features.questions import quoted
from features.sources.cells import customer_id as clean_id
from serving.book import Book
from serving.book.schema import (
    ARMS,
    ENTRIES,
    EPISODES,
    HOLDS,
    OWNERS,
    POSTED_EVENTS,
    POSTED_ORDERS,
    RUNS,
    SCORES,
)
from serving.book.sql_rows import latest_row, rows_with
from serving.customers import Customers
from serving.shop import OpenShop

MOST_LOOKED_AT, MOST_SUGGESTED = 20_000, 5  # comparing ids is slow, and a hundred guesses help nobody
ACCOUNT_TABLES = (ENTRIES, EPISODES, ARMS, OWNERS, HOLDS)


def unknown_customers(shop: OpenShop, ids: Iterable[str]) -> list[str]:
    """Return the ids of whom neither the book nor the customers file knows anything, in the order given.

    What people reported is no knowledge: an id that was mistyped twice is not known for it. The orders file is not
    read, so that this is quick for thousands of ids: ask `not_in_orders` of what is left.

    Args:
        shop: the open shop; its customers file is read only if the book leaves an id unknown.
        ids: of customers, clean, see `clean_id`.
    """
    asked = list(dict.fromkeys(ids))
    with shop.book.reading() as connection:
        in_book = _in_book(connection, asked)
    left = [each for each in asked if each not in in_book]
    return [each for each in left if each not in shop.customers.ids]


def not_in_orders(shop: OpenShop, ids: Sequence[str]) -> list[str]:
    """Return the ids of whom the orders and events know nothing either; they are read only if there is an id to ask.

    Orders that cannot be read know nobody: what is wrong with them is no reason not to record what people say.
    """
    ordered: frozenset[str] = frozenset()
    if ids:
        with suppress(InputError):
            ordered = frozenset(shop.log.customer_ids)
    return [each for each in ids if each not in ordered]


def accounts_named(shop: OpenShop, ids: Iterable[str]) -> dict[str, str]:
    """Return id → account of what people call an account: its own id, or that of a customer who belongs to it.

    The customers file says who belongs to whom, as it does when the next list is planned.

    Args:
        shop: the open shop.
        ids: of accounts or customers.

    Raises:
        InputError: ids that are neither, all of them at once, each with a known one that is like it.
    """
    given, parent = dict.fromkeys(ids), shop.customers.account_of
    parents = set(parent.values())
    with shop.book.reading() as connection:
        accounts = parents | _accounts_in_book(connection, {each.strip() for each in given})
    named = {each: _account(each, parent, parents, accounts) for each in given}
    strange = [each for each, account in named.items() if account not in accounts]
    missing = set(not_in_orders(shop, unknown_customers(shop, map(_clean, strange))))
    if wrong := [each for each in strange if _clean(each) in missing]:
        like = _like(shop.book, shop.customers, accounts)
        raise InputError(sentence("nothing was recorded"), list(_violations(wrong, like)))
    return named


def _account(given: str, parent: Mapping[str, str], parents: Set[str], accounts: Set[str]) -> str:
    """Return an account of the file; else that of a customer of the file; else one of the book; else the customer."""
    account, customer = given.strip(), _clean(given)
    if account in parents:
        return account  # also where one of its customers has the same id
    return parent.get(customer) or (account if account in accounts else customer)


def _clean(given: str) -> str:
    return clean_id(given.strip())


def _in_book(connection: Connection, ids: Iterable[str]) -> set[str]:
    """Return whom the book has scored or was sent orders or events of; the last run first, which knows nearly all."""
    left = set(ids)
    for run_id in connection.scalars(sa.select(RUNS.c.id).order_by(RUNS.c.as_of.desc(), RUNS.c.id.desc())).all():
        if not left:
            break
        left -= _column(connection, SCORES.c.customer_id, left, SCORES.c.run_id == run_id)
    for table in (POSTED_ORDERS, POSTED_EVENTS):
        left -= _column(connection, table.c.customer_id, left)
    return set(ids) - left


def _accounts_in_book(connection: Connection, ids: Iterable[str]) -> set[str]:
    asked = set(ids)
    return set[str]().union(*(_column(connection, table.c.account_id, asked) for table in ACCOUNT_TABLES))


def _column(
    connection: Connection, column: sa.Column[str], ids: Iterable[str], *where: sa.ColumnElement[bool]
) -> set[str]:
    query = sa.select(column.label("id")).where(*where).distinct()
    return {row["id"] for row in rows_with(connection, query, column, sorted(ids))}


def _violations(wrong: Sequence[str], known: Sequence[str]) -> Iterator[Violation]:
    for number, each in enumerate(wrong):
        close = difflib.get_close_matches(each, known, n=1, cutoff=0.7) if number < MOST_SUGGESTED else ()
        remedy = (
            sentence('did you mean "{word}"?', word=close[0])
            if close
            else sentence("give the id of an account or of a customer, as in the files")
        )
        rule = sentence("neither an account nor a customer that the shop knows")
        yield Violation(quoted(each), None, "", rule, "", remedy)


def _like(book: Book, customers: Customers, accounts: Iterable[str]) -> list[str]:
    """Return ids that one may have been meant by a wrong one: accounts first, then customers, so many at most."""
    ids = customers.frame["customer_id"].head(MOST_LOOKED_AT).tolist()
    if not customers.columns:
        with book.reading() as connection:
            last = latest_row(RUNS).with_only_columns(RUNS.c.id).scalar_subquery()
            query = sa.select(SCORES.c.customer_id).where(SCORES.c.run_id == last).limit(MOST_LOOKED_AT)
            ids = list(connection.scalars(query))
    return [*sorted(accounts), *ids]
