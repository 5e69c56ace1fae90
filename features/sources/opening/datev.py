"""Batches of bookings of DATEV (EXTF, DTVF) as rows that say who bought, when, and whether it is an invoice at all.

A batch writes days without a year, which its head knows; debit or credit beside an amount; and two accounts, of which
one may be a debtor's. Each row is copied with its day in full and with two columns more, line for line.
Source: the format's description by DATEV, "DATEV-Format", batches of bookings (category 21).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from features.language.messages import Sentence, sentence
from features.sources.opening.layout import Layout
from features.sources.opening.refusal import refusal

MARKS = ("EXTF", "DTVF")
HEADER_LINE = 2
DEBTOR, KIND = "Debitor", "Belegart"
INVOICE, CREDIT_NOTE, PAYMENT, OTHER = "Rechnung", "Gutschrift", "Zahlung", "Sachbuchung"
_NEEDED = ("umsatzohnesollhabenkz", "sollhabenkennzeichen", "konto", "gegenkontoohnebuschlüssel", "belegdatum")
_CURRENCY, _REVERSAL = "wkzumsatz", "generalumkehr"
_YEAR_BEGINS, _ACCOUNT_DIGITS, _HEAD_CURRENCY = 12, 13, 21  # places in the head, from 0
_USUAL_DIGITS = 4
_DEBTORS, _REVENUE = "123456", "48"  # first digits: of accounts of persons; of revenue in SKR 04 and SKR 03


@dataclass(frozen=True)
class _Head:
    """What the first line of a batch says: when its year begins, how long its accounts are, and in which currency."""

    year_begins: date | None
    digits: int
    currency: str


def header_line(path: Path) -> int | None:
    """Return the line of the header where a text is a batch with a head; None where it is none."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return HEADER_LINE if file.readline(8).strip('"').startswith(MARKS) else None


def readable(name: str, path: Path, layout: Layout, folder: Path) -> tuple[Path, Layout, str] | None:
    """Return a copy of a batch whose rows can be read, its layout, and what is said of it; None where it is no batch.

    Args:
        name: as messages call it.
        path: the UTF-8 text.
        layout: of that text.
        folder: for the copy.

    Raises:
        InputError: the head names no year, or no row has a debtor.
    """
    places = _places(layout.header)
    if not set(_NEEDED) <= places.keys():
        return None
    head = _head(path, layout.delimiter) if header_line(path) else _Head(None, _USUAL_DIGITS, "")
    if header_line(path) and head.year_begins is None:
        remedy = "export it again; the 13th cell of line 1 is the day on which the business year begins, as 20260101"
        raise refusal(name, "has days without a year, and its head names none", remedy, 1)
    copy, debtors = folder / f"{path.name}.bookings", 0
    with path.open(encoding="utf-8-sig", newline="") as file, copy.open("w", encoding="utf-8", newline="") as out:
        reader = csv.reader(file, delimiter=layout.delimiter)
        for row in _rows(reader, layout, places, head):
            debtors += len(row) == len(layout.header) + 2 and bool(row[-2])
            csv.writer(out, delimiter=layout.delimiter, lineterminator="\n").writerow(row)
    if not debtors:
        remedy = "export the bookings of the debtors' accounts"
        raise refusal(name, "books no account of a debtor (10000 to 69999), so nobody knows who bought", remedy)
    titles = layout.header_line - 1
    return copy, replace(layout, header=(*layout.header, DEBTOR, KIND), titles=titles, cut=()), _said(name, head)


def _places(header: Sequence[str]) -> dict[str, int]:
    return {re.sub(r"[\W_]", "", column).casefold(): place for place, column in reversed(list(enumerate(header)))}


def _head(path: Path, delimiter: str) -> _Head:
    with path.open(encoding="utf-8-sig", newline="") as file:
        cells = [cell.strip() for cell in next(csv.reader(file, delimiter=delimiter))]
    cells += [""] * _HEAD_CURRENCY
    begins = None
    with suppress(ValueError):
        begins = date.fromisoformat(cells[_YEAR_BEGINS])
    digits = int(cells[_ACCOUNT_DIGITS]) if cells[_ACCOUNT_DIGITS].isdigit() else _USUAL_DIGITS
    return _Head(begins, digits, cells[_HEAD_CURRENCY])


def _rows(records: Iterator[list[str]], layout: Layout, places: dict[str, int], head: _Head) -> Iterator[Sequence[str]]:
    """Yield the records of a batch; those below the header with two cells more, and with a full day."""
    width = len(layout.header)
    for number, record in enumerate(records, start=1):
        if number < layout.header_line or not record:
            yield record
        elif number == layout.header_line:
            yield (*record, *[""] * (width - len(record)), DEBTOR, KIND)
        elif any(record[width:]):
            yield record  # more cells than names: it is told of with its line
        else:
            row = [*record[:width], *[""] * (width - len(record))]
            yield _told(row, places, head)


def _told(row: list[str], places: dict[str, int], head: _Head) -> list[str]:
    """Return a row with its debtor and what it books, its day in full and its currency."""
    amount, side, account, contra, day = (places[name] for name in _NEEDED)
    of_account = _is_debtor(row[account], head.digits)
    debtor, other = (row[account], row[contra]) if of_account else (row[contra], row[account])
    row[day] = _full_day(row[day].strip(), head.year_begins)
    if _CURRENCY in places and row[amount] and not row[places[_CURRENCY]]:
        row[places[_CURRENCY]] = head.currency
    if not _is_debtor(debtor, head.digits):
        return [*row, "", OTHER]
    reversed_ = any(row[place] not in ("", "0") for name, place in places.items() if name.startswith(_REVERSAL))
    owed = (row[side].strip().upper() == "S") == of_account
    if not _is_revenue(other, head.digits):
        return [*row, debtor.strip(), PAYMENT]
    return [*row, debtor.strip(), INVOICE if owed != reversed_ else CREDIT_NOTE]


def _is_debtor(account: str, digits: int) -> bool:
    written = account.strip()
    return len(written) == digits + 1 and written.isdigit() and written[0] in _DEBTORS


def _is_revenue(account: str, digits: int) -> bool:
    """Say whether an account is of revenue: the standard charts have it in 8… (SKR 03) or in 4… (SKR 04).

    >>> _is_revenue("8400", 4), _is_revenue("1200", 4), _is_revenue("44000", 5)
    (True, False, True)
    """
    written = account.strip()
    return written.isdigit() and len(written) == digits and written[0] in _REVENUE


def _full_day(written: str, year_begins: date | None) -> str:
    """Return a day with its year; what is none stays as it was written.

    >>> _full_day("0103", date(2025, 7, 1)), _full_day("1507", date(2025, 7, 1)), _full_day("103", date(2025, 1, 1))
    ('2026-03-01', '2025-07-15', '2025-03-01')
    >>> _full_day("15072025", None), _full_day("9913", date(2025, 1, 1))
    ('2025-07-15', '9913')
    """
    found = re.fullmatch(r"(\d{1,2})(\d\d)(\d{4})?", written)
    if found is None or (found[3] is None and year_begins is None):
        return written
    day, month = int(found[1]), int(found[2])
    if found[3] is not None:
        year = int(found[3])
    else:
        assert year_begins is not None
        year = year_begins.year + ((month, day) < (year_begins.month, year_begins.day))
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return written


def _said(name: str, head: _Head) -> Sentence:
    if head.year_begins is None:
        return sentence(
            '{file} is a batch of bookings of DATEV: the customer is the debtor\'s account ("{column}"), and what is '
            'booked against revenue is an invoice or a credit note ("{header}").',
            file=name,
            column=DEBTOR,
            header=KIND,
        )
    return sentence(
        "{file} is a batch of bookings of DATEV: its days lie in the year from {day:table} on, the customer is the "
        'debtor\'s account ("{column}"), and what is booked against revenue is an invoice or a credit note '
        '("{header}").',
        file=name,
        day=head.year_begins,
        column=DEBTOR,
        header=KIND,
    )
