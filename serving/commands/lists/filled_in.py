"""Reads lists that come back with outcomes filled in: our own sheets, in whichever language they were written.

Only what was filled in is read: a row without an outcome says nothing yet. A row without a day tells of today, unless
the same outcome is in the book already: so a sheet that grows over a week may be handed in every evening.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, cast

from features.language.languages import GREEK, LANGUAGES
from features.language.messages import said, sentence
from features.money import Money
from features.sources.opening.copies import folder_for_copies
from features.sources.opening.spreadsheets import sheets
from serving.book.outcomes import Outcome, OutcomeName
from serving.commands.lists.csv_input import Row, Sheet, Table, check_size, open_table, snake_case
from serving.outreach.exports.layout import SHEET_COLUMNS
from serving.outreach.plan.in_words import OUTCOMES

OUTCOME_COLUMNS = ("entry_id", "outcome", "happened_on", "channel", "cost", "by", "note")
NEEDED = OUTCOME_COLUMNS[:3]
READ = ("entry_id", "outcome", "happened_on", "note")  # of a list; its channel and cost are what was planned
LIST_MARKS = frozenset({*READ, "position", "customer_id"})  # a sheet that has them all is a list of ours
WORKBOOKS = (".xlsx", ".xlsm")
Told = Mapping[tuple[str, str], date]  # entry, outcome → the day on which the book has it


def sheets_of(path: Path, most_cells: int | None = None) -> list[Sheet]:
    """Return the sheets of a file of outcomes: one of a CSV, those with entries of a workbook.

    Args:
        path: a list of ours with outcomes filled in, or a table in OUTCOME_COLUMNS.
        most_cells: of each sheet of a workbook; None = as many as there are.

    Raises:
        InputError: it cannot be read, or has neither layout.
    """
    if path.suffix.lower() not in WORKBOOKS:
        return [_sheet(open_table(path, headings=_other_headings()))]
    check_size(path)
    with folder_for_copies() as folder:
        opened = [
            open_table(copy, sentence("{file}, sheet {sheet}", file=path.name, sheet=title), _other_headings())
            for title, copy in sheets(path, folder, most_cells)
        ]
        # The summary of a list has no column of entries.
        with_entries = [table for table in opened if "entry_id" in table.header] or opened[:1]
        return [_sheet(table, by_record=True) for table in with_entries]


def _sheet(table: Table, *, by_record: bool = False) -> Sheet:
    day_first = not _greek_headings().isdisjoint(table.headed)
    return Sheet(table, OUTCOME_COLUMNS, NEEDED, marks=LIST_MARKS, by_record=by_record, day_first=day_first)


def _other_headings() -> Mapping[str, str]:
    """Return the headings of a list that are not the names of its columns."""
    return {heading: column for heading, column in headings().items() if heading not in OUTCOME_COLUMNS}


@cache
def _greek_headings() -> frozenset[str]:
    """Return how a Greek list heads the columns that are read: a spreadsheet of Greece writes 31/3/2026."""
    return frozenset(snake_case(said(each.heading, GREEK)) for each in SHEET_COLUMNS if each.name in READ)


@cache
def headings() -> Mapping[str, str]:
    """Return how the columns of a list are headed in every language → the column; of two alike the one that is read."""
    named = [(said(each.heading, language), each.name) for language in LANGUAGES for each in SHEET_COLUMNS]
    in_order = sorted(named, key=lambda pair: pair[1] in LIST_MARKS)
    return {snake_case(heading): name for heading, name in in_order}


@cache
def _words() -> Mapping[str, OutcomeName]:
    named = ((said(word, each), code) for code, word in OUTCOMES.items() for each in LANGUAGES)
    return {_folded(word): cast(OutcomeName, code) for word, code in named}


def _folded(word: str) -> str:
    return snake_case(unicodedata.normalize("NFC", word))


def outcome_named(word: str) -> OutcomeName:
    """Return the outcome that a word of any language means; a word that means none is returned as the book writes it.

    >>> outcome_named("Not saved"), outcome_named("έμεινε"), outcome_named("perhaps")
    ('not_saved', 'saved', 'perhaps')
    """
    return _words().get(_folded(word), cast(OutcomeName, snake_case(word)))


def filled_rows(sheet: Sheet) -> Iterator[Row]:
    """Yield the rows of a sheet that say something; of another table than a list all do."""
    for row in sheet.rows:
        if not sheet.is_list or any(row.cells[name] for name in READ[1:]):
            yield row


def outcomes_in(sheet: Sheet, told: Told, today: date, money: Money) -> Iterator[tuple[Row, Outcome]]:
    """Yield what the rows of a sheet say, each with its row; cells that cannot be read are noted in the sheet.

    Args:
        sheet: of `sheets_of`.
        told: what the book holds of its entries.
        today: the shop's.
        money: the shop's currency.
    """
    for row in filled_rows(sheet):
        beside = {} if sheet.is_list else _beside(sheet, row, money)
        word, day = outcome_named(row.cells["outcome"]), _day(sheet, row, told, today)
        yield row, Outcome(row.cells["entry_id"], word, day, note=sheet.text(row, "note"), **beside)


def _beside(sheet: Sheet, row: Row, money: Money) -> dict[str, Any]:
    texts = {name: sheet.text(row, name) for name in ("channel", "by")}
    return {**texts, "cost_minor": sheet.money(row, "cost", money)}


def _day(sheet: Sheet, row: Row, told: Told, today: date) -> date:
    """Return the day of a row: as it says; of a list else when the book heard the same, else today."""
    if sheet.is_list and not row.cells["happened_on"]:
        return told.get((row.cells["entry_id"], outcome_named(row.cells["outcome"])), today)
    return sheet.day(row, "happened_on")
