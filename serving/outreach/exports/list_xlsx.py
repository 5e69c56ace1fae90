"""Writes the list as an Excel workbook: a summary first, then one sheet per owner with frozen headings and filters.

Text is written as text and never as a formula or a link. Each sheet is written row by row to the disk, so that memory
does not grow with the list; above MOST_OPEN_SHEETS sheets they are kept in memory instead, because every open sheet is
an open file. A text longer than a cell can hold ends in '…'. If an owner has more entries than a sheet can hold, the
first ones are written, and the summary says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import pandas as pd

from features.language.catalogue import translated
from features.language.languages import ENGLISH, Language
from features.language.messages import Message, said
from features.language.written import currency_text, day_text, shown_amount, shown_currency
from features.money import Money
from features.rounding import as_shown
from serving.outreach.exports.file_names import sheet_names
from serving.outreach.exports.layout import (
    SHEET_COLUMNS,
    ListColumn,
    by_owner,
    cell_text,
    group_sizes,
    left_out,
    to_fill_in,
)
from serving.outreach.exports.safe_text import cut, joined, printable
from serving.outreach.plan.in_words import LEFT_OUT, OUTCOMES, OWNERS, RANKED_BY, code_text
from serving.outreach.plan.outreach_list import OutreachList
from serving.scores import plain_values

SUMMARY, TITLE = Message("Summary"), Message("List")
MOST_ROWS = 1_048_575  # Excel: with the headings 2 ** 20
MOST_OPEN_SHEETS = 400
FROZEN_COLUMNS = 3  # the customer of a row stays in sight
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
_TEXTS = ("name", "title", "opening", "reasons")
_LOOKED_AT = 50  # rows, by which the direction of a sheet is decided

# A sheet is of one owner and for reading: the numbers behind the numbers are in the CSV and in the JSON.
LEFT_TO_OTHERS = frozenset(
    {"owner", "state", "overdue", "overdue_days", "next_order_from", "next_order_until"}
    | {"value_at_risk_low", "value_at_risk_high", "saved_share", "playbook", "shrinking"}
)
COLUMNS = tuple(column for column in SHEET_COLUMNS if column.name not in LEFT_TO_OTHERS)
Line = tuple[str, str | int | None]  # label and value of a line of the summary; None = a heading


def write_workbook(outreach: OutreachList, path: Path, language: Language = ENGLISH) -> None:
    """Write the list as an .xlsx file, the same bytes for the same list; in Persian its sheets run right to left."""
    with path.open("wb") as file:
        stream_workbook(outreach, file, language)


def stream_workbook(outreach: OutreachList, file: IO[bytes], language: Language = ENGLISH) -> None:
    """Write the list as `write_workbook` does, to an open file."""
    owners = by_owner(outreach)
    names = sheet_names(owners, said(SUMMARY, language), lambda owner: code_text(OWNERS, owner, language))
    options = {"constant_memory": len(owners) <= MOST_OPEN_SHEETS}
    import xlsxwriter  # type: ignore[import-untyped]  # it ships no types; imported here: only a workbook needs it

    with xlsxwriter.Workbook(file, options) as book:
        book.set_properties({"title": said(TITLE, language), "created": datetime.combine(outreach.as_of, time())})
        _write_summary(book, [*_summary(outreach, language), *_per_owner(owners, language)], language)
        formats = _formats(book, outreach.currency, language)
        for owner, frame in owners.items():
            sheet, rows = book.add_worksheet(names[owner]), to_fill_in(frame.head(MOST_ROWS))
            _write_sheet(sheet, rows, formats, language)
            _offer_outcomes(sheet, len(rows), outreach.as_of, language)


def is_right_to_left(text: str) -> bool:
    """Return whether most letters of a text are of a script that is written from right to left.

    >>> is_right_to_left("سلام Ann"), is_right_to_left("Ann"), is_right_to_left("שלום")
    (True, False, True)
    """
    if text.isascii():
        return False
    return 2 * len(_RIGHT_TO_LEFT.findall(text)) > sum(map(str.isalpha, text))


def _write_summary(book: Any, lines: Iterable[Line], language: Language) -> None:
    sheet = book.add_worksheet(said(SUMMARY, language))
    if language.is_right_to_left:
        sheet.right_to_left()
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 22)
    bold = book.add_format({"bold": True})
    for row, (label, value) in enumerate(lines):
        _write_text(sheet, row, 0, label, bold if value is None else None)
        if isinstance(value, int):
            sheet.write_number(row, 1, value)
        elif value is not None:
            _write_text(sheet, row, 1, value)


def _summary(outreach: OutreachList, language: Language) -> Iterator[Line]:
    no_bound = translated("no bound", language)
    yield translated("The list", language), None
    yield translated("as of", language), day_text(outreach.as_of, language, "table")
    yield translated("horizon, days", language), outreach.horizon_days
    yield translated("ranked by", language), code_text(RANKED_BY, outreach.rank_by, language)
    yield translated("capacity per owner", language), no_bound if outreach.capacity is None else outreach.capacity
    yield translated("currency", language), currency_text(shown_currency(outreach.currency, language), language)
    yield translated("model", language), outreach.model_version
    yield from group_sizes(outreach, language).items()
    yield translated("Not on the list, and why", language), None
    yield from ((code_text(LEFT_OUT, reason, language), count) for reason, count in left_out(outreach).items())


def _per_owner(owners: Mapping[str, pd.DataFrame], language: Language) -> Iterator[Line]:
    yield translated("Entries per owner", language), None
    for owner, frame in owners.items():
        counts = {"most": MOST_ROWS, "every": len(frame)}
        cut_off = said(Message("the first {most} of {every}", counts), language)
        yield code_text(OWNERS, owner, language), len(frame) if len(frame) <= MOST_ROWS else cut_off


def _formats(book: Any, currency: str, language: Language) -> dict[str, Any]:
    shown_in = shown_currency(currency, language)
    decimals = Money(shown_in).decimals
    shown: dict[str, dict[str, object]] = {
        "text": {},
        "sentence": {"text_wrap": True},
        "texts": {"text_wrap": True},
        "contact": {"num_format": "@", "reading_order": 1},  # from left to right, also in a Persian sheet
        "integer": {"num_format": "0"},
        "number": {"num_format": "0.0"},
        "percent": {"num_format": "0%"},
        "money": {"num_format": "#,##0" + ("." + "0" * decimals if decimals else "")},
        "date": {"num_format": "yyyy-mm-dd"},
        "heading": {"bold": True, "text_wrap": True, "bottom": 1},
    }
    made = {kind: book.add_format({"valign": "top", **options}) for kind, options in shown.items()}
    return made | {"unit": currency_text(shown_in, language), "currency": currency}


def _write_sheet(sheet: Any, frame: pd.DataFrame, formats: dict[str, Any], language: Language) -> None:
    if language.is_right_to_left or _is_right_to_left(frame):
        sheet.right_to_left()
    sheet.freeze_panes(1, FROZEN_COLUMNS)
    sheet.autofilter(0, 0, len(frame), len(COLUMNS) - 1)
    sheet.set_landscape()
    sheet.repeat_rows(0)
    for column_index, column in enumerate(COLUMNS):
        sheet.set_column(column_index, column_index, column.width)
        heading = said(column.heading, language)
        if column.format == "money":
            heading = said(Message("{heading}, {unit}", {"heading": heading, "unit": formats["unit"]}), language)
        _write_text(sheet, 0, column_index, heading, formats["heading"])
    _write_rows(sheet, frame, formats, language)


def _offer_outcomes(sheet: Any, rows: int, as_of: date, language: Language) -> None:
    """Let a cell be filled in with the words that are read again, and with a day on or after the list's."""
    places = {column.name: place for place, column in enumerate(COLUMNS)}
    words = [code_text(OUTCOMES, code, language) for code in OUTCOMES]
    days = {"validate": "date", "criteria": ">=", "value": as_of}
    for name, rule in (("outcome", {"validate": "list", "source": words}), ("happened_on", days)):
        wrong = {"error_title": translated("This cannot be read", language), "error_message": _rule(name, language)}
        sheet.data_validation(1, places[name], max(rows, 1), places[name], rule | wrong)


def _rule(name: str, language: Language) -> str:
    if name == "outcome":
        return translated("Choose one of the words offered.", language)
    return translated("Write a day on or after that of the list.", language)


def _write_rows(sheet: Any, frame: pd.DataFrame, made: dict[str, Any], language: Language) -> None:
    formats = [made[column.format] for column in COLUMNS]
    columns = (_values(frame, column, made["currency"], language) for column in COLUMNS)
    for row, values in enumerate(zip(*columns, strict=True), start=1):
        for column_index, value in enumerate(values):
            if value not in (None, "", ()):
                _write_cell(sheet, row, column_index, value, formats[column_index])


def _values(frame: pd.DataFrame, column: ListColumn, currency: str, language: Language) -> list[Any]:
    """Return a column as its readers read it: codes in words, and amounts of Iran in the unit that people say."""
    values = plain_values(frame[column.name])
    if column.format == "money" and shown_currency(currency, language) != currency:
        minor = (None if value is None else Money(currency).minor(value) for value in values)
        return [None if each is None else shown_amount(each, currency, language)[1] for each in minor]
    return [cell_text(column.name, value, language) for value in values]


def _write_cell(sheet: Any, row: int, column_index: int, value: Any, shown: Any) -> None:
    if isinstance(value, float):
        sheet.write_number(row, column_index, as_shown(value), shown)
    elif isinstance(value, int | Decimal):
        sheet.write_number(row, column_index, value, shown)
    elif isinstance(value, date):
        sheet.write_datetime(row, column_index, datetime.combine(value, time()), shown)
    else:
        _write_text(sheet, row, column_index, joined(value), shown)


def _write_text(sheet: Any, row: int, column_index: int, text: object, shown: Any = None) -> None:
    sheet.write_string(row, column_index, cut(printable(str(text))), shown)


def _is_right_to_left(frame: pd.DataFrame) -> bool:
    rows = frame.head(_LOOKED_AT)
    return is_right_to_left(
        "".join(str(joined(value) or "")[:500] for name in _TEXTS for value in plain_values(rows[name]))
    )
