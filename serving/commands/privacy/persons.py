"""Whom ids mean: a person with every id that was merged into one, and the texts that tell the person from others."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from features.errors import InputError
from features.faults import faults_at
from features.sources.cells import customer_id as clean_id
from features.sources.people.contacts import Contact
from features.sources.people.merges import Merges, read_merges
from serving.book.schema import ENTRIES
from serving.customers import Customers, contacts
from serving.shop import OpenShop

ID_COLUMN = "customer_id"


class NobodyKnown(InputError):
    """Ids of whom neither files nor book know anything, or that say nothing."""


@dataclass(frozen=True, repr=False)
class Person:
    """One person behind ids.

    Args:
        customer_id: the id that counts.
        former_ids: that were merged into it.
        texts: names, phones and mail addresses that are nobody else's; empty where nothing is known.
    """

    customer_id: str
    former_ids: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """All of them."""
        return (self.customer_id, *self.former_ids)


def persons(customer_ids: Iterable[str], merges: Merges) -> list[Person]:
    """Return who is behind ids, each person once.

    Args:
        customer_ids: as people write them.
        merges: old id → new id.

    Raises:
        NobodyKnown: an id that says nothing.

    >>> [each.ids for each in persons(["a", " b "], {"a": "b"})]
    [('b', 'a')]
    """
    clean = [clean_id(each.strip()) for each in customer_ids]
    if not all(clean) or any("\0" in each for each in clean):
        raise NobodyKnown("an id is empty: it is asked for ids as in the order source")
    found = dict.fromkeys(merges.get(each, each) for each in clean)
    return [Person(who, tuple(sorted(old for old, new in merges.items() if new == who))) for who in found]


def ids_in(file: Path) -> list[str]:
    """Return the ids of a file: one on each line, or a CSV with a column customer_id.

    Raises:
        InputError: it cannot be read, has several columns and none of that name, or holds no id.
    """
    try:
        with faults_at(file):
            text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{file.name} is not in UTF-8; save it as CSV UTF-8") from None
    first = text.partition("\n")[0]
    delimiter = next((each for each in ",;\t" if each in first), ",")
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(map(str.strip, row))]
    heads = [cell.strip().casefold() for cell in rows[0]] if rows else []
    if ID_COLUMN not in heads and len(heads) > 1:
        raise InputError(
            f"{file.name} has {len(heads)} columns and none is called {ID_COLUMN}: name the one of the ids"
        )
    at = heads.index(ID_COLUMN) if ID_COLUMN in heads else 0
    found = [row[at].strip() for row in rows[ID_COLUMN in heads :] if len(row) > at]
    if not any(found):
        raise InputError(f"{file.name} holds no id")
    return [each for each in found if each]


def merges_of(shop: OpenShop) -> Merges:
    """Return old id → new id, as the shop's merge file has it; nobody where it has none.

    Raises:
        InputError: the file cannot be read.
    """
    return read_merges(shop.settings.orders.merge)


def with_texts(shop: OpenShop, found: Sequence[Person]) -> list[Person]:
    """Return persons with what they are called and how they are reached, as files and book have it.

    What another customer has too, as a family has one phone, tells nobody apart and is left out. Files that cannot be
    read say nothing.
    """
    known: Mapping[str, Contact] = {}
    with suppress(InputError):  # of everybody: who was forgotten before may still stand in a list
        known = contacts(Customers.read(shop.settings.customers, {}), shop.settings.orders)
    shared: dict[str, set[str]] = {}
    for who, contact in known.items():
        for text in _texts(contact):
            shared.setdefault(text, set()).add(who)
    names = _listed_names(shop, [each.customer_id for each in found])
    return [
        Person(each.customer_id, each.former_ids, _own(each, known.get(each.customer_id), names, shared))
        for each in found
    ]


def _own(
    person: Person, contact: Contact | None, listed: Mapping[str, set[str]], shared: Mapping[str, set[str]]
) -> tuple[str, ...]:
    texts = {*(_texts(contact) if contact else ()), *listed.get(person.customer_id, ())}
    return tuple(sorted(each for each in texts if shared.get(each, set()) <= {person.customer_id}))


def _texts(contact: Contact) -> tuple[str, ...]:
    return tuple(each for each in (contact.name, contact.phone, contact.mail) if each)


def _listed_names(shop: OpenShop, customer_ids: Sequence[str]) -> dict[str, set[str]]:
    """Return customer → the names that lists had for them, of few customers."""
    if shop.book_if_any is None:
        return {}
    names: dict[str, set[str]] = {}
    with shop.book.reading() as connection:
        query = sa.select(ENTRIES.c.customer_id, ENTRIES.c.name).distinct().where(ENTRIES.c.name.is_not(None))
        for who in customer_ids:
            for row in connection.execute(query.where(ENTRIES.c.customer_id == who)):
                names.setdefault(row.customer_id, set()).add(row.name)
    return names
