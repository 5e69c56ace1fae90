"""Reads how to reach the customers, where the orders say it: the latest known value of each field.

Names, phones and mail addresses never meet the cleaning, the log or a feature: they are read apart, when asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from features.log import Coded, Ints
from features.sources import cells
from features.sources.cells.cells_sql import read_cells
from features.sources.columns import is_empty, mapped
from features.sources.mapped_file import open_mapped
from features.sources.mapping import OrdersMapping
from features.sources.people.merges import merged, read_merges
from features.sources.row_checks import TypedTable
from features.tables import CONTACTS, ORDERS

_TABLE = (*(each for each in ORDERS if each.name in ("customer_id", "ordered_at")), *CONTACTS)


@dataclass(frozen=True, slots=True, repr=False)
class Contact:
    """How to reach a customer; None = not known. Shown to whoever calls or writes, never a feature, never logged.

    Args:
        name: how to address the customer.
        phone: as the shop writes it.
        mail: as the shop writes it.
        language: as the shop writes it, such as "el" or "Greek".
        country: as the shop writes it, such as "GR" or "Greece".

    >>> found = Contact(phone="+30 210 1234567") | Contact("Ann Lee", "+30 690 0000000")
    >>> found.name, found.phone, found
    ('Ann Lee', '+30 210 1234567', Contact(name, phone))
    """

    name: str | None = None
    phone: str | None = None
    mail: str | None = None
    language: str | None = None
    country: str | None = None

    def __or__(self, other: Contact) -> Contact:
        """Return this contact, with what it lacks from another."""
        return Contact(*(getattr(self, each) or getattr(other, each) for each in FIELDS))

    def __repr__(self) -> str:
        """Say what is known, and not what it is: an error or a log must not tell."""
        return f"Contact({', '.join(each for each in FIELDS if getattr(self, each))})"


FIELDS = ("name", "phone", "mail", "language", "country")


def known_text(field: str, text: str | None) -> str | None:
    """Return a cell of a contact as it is shown, None where it says nothing.

    >>> known_text("phone", "n/a"), known_text("phone", " 210 1234567"), known_text("name", "-")
    (None, '210 1234567', None)
    """
    if not text:
        return None
    shown = cells.text(text)
    if shown.casefold() in cells.NO_ID or not _SAYS.get(field, _has_letter)(shown):
        return None
    return shown


def _has_letter(text: str) -> bool:
    return any(char.isalpha() for char in text)


def _has_digit(text: str) -> bool:
    return any(char.isdigit() for char in text)


_SAYS: Mapping[str, Callable[[str], bool]] = {"phone": _has_digit, "mail": lambda text: "@" in text}


def whole_name(name: str | None, last_name: str | None) -> str | None:
    """Return a name from its two parts, each of which may be unknown.

    >>> whole_name("Ann", "Lee"), whole_name(None, "Lee"), whole_name(None, None)
    ('Ann Lee', 'Lee', None)
    """
    return " ".join(part for part in (name, last_name) if part) or None


def read_contacts(orders: OrdersMapping) -> dict[str, Contact]:
    """Return what the orders say of how to reach each customer.

    Args:
        orders: the file or database, and which of its columns are contacts.

    Returns:
        Customer → the latest known value of each field; customers of whom nothing is known are left out.

    Raises:
        InputError: the orders cannot be opened, or lack a column.
    """
    if not orders.contacts:
        return {}
    columns = {name: orders.columns[name] for name in ("customer_id", "ordered_at")} | dict(orders.contacts)
    with open_mapped(orders, _TABLE, columns=columns) as opened:
        typed, _ = merged(read_cells(opened)[0], read_merges(orders.merge))
    customer = mapped(typed.texts["customer_id"], cells.customer_id)
    by_time = np.argsort(typed.local_time, kind="stable")  # of one moment the row that stands last counts
    latest = {name: _latest(customer, coded, by_time) for name, coded in _columns(typed).items()}
    everyone = dict.fromkeys(who for found in latest.values() for who in found)
    return {who: Contact(**{name: found.get(who) for name, found in latest.items()}) for who in everyone}


def _columns(typed: TypedTable) -> dict[str, Coded]:
    """Return the columns of FIELDS; both parts of a name come from one row."""
    texts = {name: coded for name, coded in typed.texts.items() if name != "customer_id"}
    if (last := texts.pop("last_name", None)) is not None:
        texts["name"] = _joined(texts["name"], last) if "name" in texts else last
    return {name: mapped(coded, partial(_known_or_empty, name)) for name, coded in texts.items()}


def _known_or_empty(field: str, text: str) -> str:
    return known_text(field, text) or ""


def _joined(first: Coded, last: Coded) -> Coded:
    """Return two columns of texts as one."""
    width = len(last.values)
    pairs, codes = np.unique(first.codes.astype(np.int64) * width + last.codes, return_inverse=True)
    texts = [whole_name(first.values[pair // width], last.values[pair % width]) or "" for pair in pairs]
    return Coded(np.array(texts, dtype=object), codes.astype(np.int64))


def _latest(customer: Coded, coded: Coded, by_time: Ints) -> dict[str, str]:
    """Return customer → the last text that is not empty."""
    said = by_time[~(is_empty(coded) | is_empty(customer))[by_time]]
    code = np.full(len(customer.values), -1, dtype=np.int64)
    code[customer.codes[said]] = coded.codes[said]  # the last row of a customer is written last
    return {str(customer.values[who]): str(coded.values[code[who]]) for who in np.flatnonzero(code >= 0)}
