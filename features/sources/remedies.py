"""What to do about cells that are no date or no number, judged by their whole column.

A remedy never proposes the format that the file has already, nor a decimal mark for a cell that holds a word. A column
in which two ways of writing are mixed is named with a cell of each.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from features.sources import cells
from features.sources.mapping import DATE_FORMATS, ENOUGH, DateFormat, FileFormat

MIXED = "two ways of writing are mixed"
EXPORT_AGAIN = "export the dates as 2025-06-18"
_ISO_DAY = re.compile(r"\d{4}-(\d{2})-(\d{2})")
_FIRST_NUMBER = re.compile(r"(\d{1,2})[-/.]")
_ZONE_NAME = re.compile(r"\d.*?\b([A-Z]{3,4})\b\W*$")


@dataclass(frozen=True)
class DateReadings:
    """How the dates of a column read.

    Args:
        counts: date -> number of cells.
        now: the format that the column is read in.
        zones: what abbreviations of zones mean.
    """

    counts: Mapping[str, int]
    now: DateFormat
    zones: Mapping[str, str]

    @cached_property
    def filled(self) -> int:
        """Cells that are not empty."""
        return sum(rows for date, rows in self.counts.items() if self.moment(date, self.now) != cells.EMPTY)

    @cached_property
    def read(self) -> dict[str, int]:
        """The dates that are read, and their number."""
        return {date: rows for date, rows in self.counts.items() if self.moment(date, self.now) > cells.HUGE}

    def moment(self, date: str, date_format: DateFormat) -> int:
        """Return the moment of a date in a format."""
        return cells.moment(date, *date_format, self.zones)[0]

    def only(self, other: DateFormat) -> dict[str, int]:
        """Return the dates that another format reads and the present one does not."""
        unread = (date for date in self.counts if self.moment(date, self.now) == cells.BAD)
        return {date: self.counts[date] for date in unread if self.moment(date, other) > cells.HUGE}

    def both(self, other: DateFormat) -> int:
        """Return the number of cells that another format reads, too, as another day."""
        return sum(rows for date, rows in self.read.items() if self.is_another_day(date, other))

    def is_another_day(self, date: str, other: DateFormat) -> bool:
        """Return whether another format reads a cell, too, as another day."""
        moment = self.moment(date, other)
        return moment > cells.HUGE and moment != self.moment(date, self.now)

    def every(self, other: DateFormat) -> int:
        """Return the number of cells that another format reads."""
        return sum(rows for date, rows in self.counts.items() if self.moment(date, other) > cells.HUGE)

    @cached_property
    def best(self) -> tuple[DateFormat, dict[str, int]]:
        """The format that reads the most of what the present one does not, and those dates."""
        others = {other: self.only(other) for other in DATE_FORMATS if other != self.now}
        return max(others.items(), key=lambda each: sum(each[1].values()))


def date_remedy(found: DateReadings, otherwise: str, headers: int, section: str) -> tuple[str, list[str]]:
    """Say what to do about cells that are no date, and warn of cells that could be read in two ways.

    Args:
        found: the column.
        otherwise: the remedy where nothing is known of the column.
        headers: cells that belong to repeated header lines; they are not counted.
        section: of regulars.toml that says how the file writes its cells.
    """
    if (unknown := unknown_zone(found.counts, found.zones)) is not None:
        return f"{zone_meanings(unknown)}; write under [{section}]  zones = {zones_table(unknown)}", []
    best, only = found.best
    filled, read = found.filled - headers, sum(found.read.values())
    if not only:
        if not read:
            return otherwise, []
        return f"write {written_as(found.now)}, as the other {read:,} cells of the column, or leave the line out", []
    every = found.every(best)
    if every >= ENOUGH * filled:
        counted = f"they are {cells.IN_WORDS[best[0]]}: " if best[0] in cells.IN_WORDS else ""
        return f"{counted}{setting_of(best, section)}: it reads {every:,} of {filled:,} cells", []
    if not read:
        mixed = f"only {every:,} of {filled:,} cells read as {named(best)}, the way that fits most of them"
        return f"{mixed}: several ways of writing are mixed; {EXPORT_AGAIN}", []
    both = found.both(best)
    warning = f"{both:,} more cells fit both {named(found.now)} and {named(best)}: which day they mean cannot be told"
    swapped = _other_order(best[0]) == found.now[0]
    return mixed_sentence(found, filled), [warning] if swapped and both else []


def mixed_sentence(found: DateReadings, filled: int) -> str:
    """Say which two ways of writing are mixed, with a cell of each, and what to do."""
    best, only = found.best
    read, other = sum(found.read.values()), sum(only.values())
    rest = filled - read - other
    told = {date: rows for date, rows in found.read.items() if not found.is_another_day(date, best)} or found.read
    counts = f'{read:,} cells read as {named(found.now)}, such as "{_usual(told)}"; '
    counts += f'{other:,} only as {named(best)}, such as "{_usual(only)}"'
    counts += f"; {rest:,} as neither" if rest else ""
    if is_half_swapped(found.read, only):
        return (
            f"{counts}: a spreadsheet that reads the month first has swapped day and month of the former, so they "
            "cannot be trusted; export the dates again, and do not save the file in a spreadsheet"
        )
    return f"{counts}: {MIXED}; {EXPORT_AGAIN}"


def _usual(rows_of: Mapping[str, int]) -> str:
    """Return the cell that most rows have; of several the first by its text: a file is told the same each time."""
    return min(rows_of, key=lambda cell: (-rows_of[cell], cell))


def mixed_dates(texts: Iterable[str]) -> str | None:
    """Return the sentence for a column that mixes two ways of writing dates; None for any other column.

    >>> mixed_dates(["2024-05-01 00:00:00", "13/01/2024"])[:69]
    '1 cells read as Y-m-d, such as "2024-05-01 00:00:00"; 1 only as d/m/Y'
    >>> mixed_dates(["2024-05-01"]), mixed_dates(["soon", "later"])
    (None, None)
    """
    counts = Counter(text for text in texts if text)
    written = [each for each in DATE_FORMATS if each[0] not in cells.COUNTED]
    now = max(written, key=lambda each: DateReadings(counts, each, {}).every(each))
    found = DateReadings(counts, now, {})
    if now[0] is not None and DateReadings(counts, DATE_FORMATS[0], {}).read:
        found = DateReadings(counts, DATE_FORMATS[0], {})
    read, other = sum(found.read.values()), sum(found.best[1].values())
    if not read or not other or read >= ENOUGH * found.filled or read + other < ENOUGH * found.filled:
        return None
    return mixed_sentence(found, found.filled)


def is_half_swapped(iso: Iterable[str], others: Iterable[str]) -> bool:
    """Say whether a spreadsheet took days up to 12 for months: such dates became ISO, and the others stayed texts.

    >>> is_half_swapped(["2024-05-01"], ["13/01/2024"]), is_half_swapped(["2024-05-21"], ["13/01/2024"])
    (True, False)
    """
    days = [_ISO_DAY.match(date) for date in iso]
    firsts = [_FIRST_NUMBER.match(date) for date in others]
    return all(day is not None and int(day[2]) <= 12 for day in days) and all(
        first is not None and int(first[1]) > 12 for first in firsts
    )


def _other_order(date_format: str | None) -> str | None:
    """Return a format with day and month in the other order."""
    swap = {"%d": "%m", "%m": "%d"}
    return date_format and re.sub("%[dm]", lambda code: swap[code[0]], date_format)


def named(date_format: DateFormat) -> str:
    """Return what messages call a format."""
    if date_format[0] in cells.IN_WORDS:
        return cells.IN_WORDS[date_format[0]]
    written = "Y-m-d" if date_format[0] is None else date_format[0].replace("%", "")
    return f"{written} of the Jalali calendar" if date_format[1] == "jalali" else written


def setting_of(date_format: DateFormat, section: str) -> str:
    """Say what to write into a section of regulars.toml, so that dates are read in a format.

    >>> setting_of(("%d/%m/%Y", "gregorian"), "orders.format")
    'set date_format = "%d/%m/%Y" under [orders.format]'
    """
    lines = [f'date_format = "{date_format[0]}"'] if date_format[0] is not None else []
    lines += ['calendar = "jalali"'] if date_format[1] == "jalali" else []
    if not lines:
        return f"take date_format and calendar out of [{section}]"
    return f"set {' and '.join(lines)} under [{section}]"


def written_as(date_format: DateFormat) -> str:
    """Return the last day of January 2024 in a format, or a date of the Jalali calendar."""
    counts = {"epoch_s": 1, "epoch_ms": 10**3, "epoch_us": 10**6, "epoch_ns": 10**9}
    if date_format[0] in counts:
        return str(1706659200 * counts[date_format[0]])
    if date_format[0] == cells.SERIAL:
        return "45322"
    year, month, day = ("1403", "01", "15") if date_format[1] == "jalali" else ("2024", "01", "31")
    written = cells.date_only(date_format[0]) or "%Y-%m-%d"
    parts = {"%Y": year, "%y": year[2:], "%m": month, "%d": day, "%b": "Jan", "%B": "January"}
    for code, part in parts.items():
        written = written.replace(code, part)
    return written


def unknown_zone(texts: Iterable[str], zones: Mapping[str, str]) -> str | None:
    """Return an abbreviation behind times that several countries use, and that `zones` does not explain.

    >>> unknown_zone(["2024-01-05 10:00 IST"], {}), unknown_zone(["2024-01-05 10:00 IST"], {"IST": "+05:30"})
    ('IST', None)
    """
    names = (found[1] for text in texts if (found := _ZONE_NAME.search(text)) is not None)
    return next((name for name in names if name in cells.ambiguous_zones() and name not in zones), None)


def zone_meanings(name: str) -> str:
    """Say what an abbreviation may mean.

    >>> zone_meanings("BST")
    'BST is +01:00 in Britain or +06:00 in Bangladesh'
    """
    return f"{name} is {' or '.join(cells.ambiguous_zones()[name])}"


def likely_offset(name: str) -> str:
    """Return the likely meaning of an abbreviation that several countries use.

    >>> likely_offset("BST")
    '+01:00'
    """
    return cells.ambiguous_zones()[name][0].partition(" ")[0]


def zones_table(name: str) -> str:
    """Return the value of `zones` in regulars.toml that gives an abbreviation its likely meaning.

    >>> zones_table("BST")
    '{ BST = "+01:00" }'
    """
    return f'{{ {name} = "{likely_offset(name)}" }}'


def decimal_setting(counts: Mapping[str, int], decimal: str) -> tuple[str, int] | None:
    """Return the decimal mark that reads nearly all cells of a column, and how many; None where none does better.

    Args:
        counts: cell -> number of cells; empty ones are left out.
        decimal: the present setting.

    >>> decimal_setting({"5,5": 2, "7": 1}, "."), decimal_setting({"5,5": 2, "7.5": 2}, ".")
    ((',', 3), ('either', 4))
    >>> decimal_setting({"5.5": 1, "free": 9}, ",") is None
    True
    """
    filled = sum(counts.values())
    for other in cells.DECIMALS:
        read = sum(rows for cell, rows in counts.items() if cells.number(cell, other) > cells.HUGE)
        if other != decimal and read >= (ENOUGH if other != cells.EITHER else 1) * filled:
            return other, read
    return None


def number_remedy(value: str, form: FileFormat, better: tuple[str, int] | None, filled: int, section: str) -> str:
    """Say what makes a number of a cell.

    Args:
        value: the cell.
        form: how the file writes its cells.
        better: the decimal mark that reads the column, see `decimal_setting`.
        filled: cells of the column that are not empty.
        section: of regulars.toml that says how the file writes its cells.
    """
    if not any(char.isdigit() for char in value):
        return "write a number, or leave the line out"
    if "%" in value or "٪" in value:
        return "a share is no number here: map another column, or write the number without the sign"
    if better is not None:
        return f'set decimal = "{better[0]}" under [{section}]: it reads {better[1]:,} of {filled:,} cells'
    if form.decimal == cells.EITHER:
        return "write it with two decimals, such as 1234.50, so that it can be read in one way only"
    other = "," if form.decimal == "." else "."
    if cells.number(value, other) <= cells.HUGE:
        return f"write 1234{form.decimal}50"
    mark = "comma" if form.decimal == "," else "point"
    return f"write it with a decimal {mark}, as the other cells of the column"
