"""Checks of the rows that people hand in: every invalid row is reported at once, before anything is recorded.

Rules and remedies are sentences that know their message, so that a page says them in the reader's language.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from features.errors import InputError, Violation, meant
from features.language.messages import Message, Sentence, in_a_row, message_in, sentence

_CODED: Mapping[str, Message] = {"outcome": Message("outcome"), "channel": Message("channel")}
UNREAD = date.min  # stands for a day that could not be read; the error of the cell says so


@dataclass(frozen=True)
class Source:
    """Where rows come from: the file, and the line of each row if it has one.

    Args:
        file: its name.
        lines: line number of each row.
        files: the file of each row, where they come from several.
        options: column → the command-line option it came from, which replaces file, line and column in errors.
        words: column → what its codes are called where people read and write words; elsewhere codes are named.

    >>> Source("outcomes.csv", (2, 3)).line(1), Source().line(0)
    (3, None)
    >>> print(Source(options={"cost": "--cost"}).violation(0, "cost", "is below 0"))
    --cost: is below 0
    """

    file: str = "what was handed in"
    lines: Sequence[int] | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[str] | None = None
    words: Mapping[str, Mapping[str, Message]] = field(default_factory=dict)

    def line(self, row_number: int) -> int | None:
        """Return the line of a row (counted from 0); None if it has none."""
        return None if self.lines is None else self.lines[row_number]

    def violation(self, row_number: int, column: str, rule: str, value: str = "", remedy: str = "") -> Violation:
        """Return a violation at a row and column."""
        if column in self.options:
            return Violation(self.options[column], None, "", rule, value, remedy)
        file = self.file if self.files is None else self.files[row_number]
        return Violation(file, self.line(row_number), column, rule, value, remedy)


def refuse(violations: Iterable[Violation], source: Source) -> None:
    """Raise the violations in the order of their lines; without one do nothing.

    Raises:
        InputError: there is a violation.
    """
    found = sorted(violations, key=lambda each: (each.file if source.files else "", each.line or 0))
    if found:
        told = sentence("{file} cannot be used; nothing of it was recorded", file=message_in(source.file))
        raise InputError(told, found)


def wrong_reports(
    rows: Sequence[Any],
    listed_on: Mapping[str, date],
    source: Source,
    day: str,
    latest: date | None,
    more: Iterable[Violation],
) -> list[Violation]:
    """Return the violations that outcomes and contacts share, and `more`, in the order of the checks.

    Args:
        rows: with `entry_id`, `cost_minor` and the day.
        listed_on: entry id → day of its list.
        source: named in errors.
        day: the column of the day.
        latest: the shop's today; None = not checked.
        more: the violations of one kind of report alone.
    """
    return [
        *_unknown_entries(rows, listed_on, source),
        *more,
        *_negative_costs(rows, source),
        *_days_before(rows, day, listed_on, source),
        *days_after(rows, day, latest, source),
    ]


def unknown_words(
    rows: Sequence[Any], column: str, known: Collection[str], source: Source, *, needed: bool
) -> Iterator[Violation]:
    """Yield each row whose `column` is not a known word; an empty one counts only if `needed`."""
    for row_number, row in enumerate(rows):
        word = getattr(row, column)
        if word in known or (word is None and not needed):
            continue
        rule = sentence("a known {column}", column=_CODED.get(column, column)) if word else sentence("is empty")
        yield source.violation(row_number, column, rule, str(word or ""), _one_of(str(word), column, known, source))


def _one_of(word: str, column: str, known: Collection[str], source: Source) -> Sentence:
    called = source.words.get(column, {})
    names = {code: called.get(code, Message("{name}", {"name": code})) for code in known}
    words = in_a_row(map(Sentence.of, names.values()), commas=True)
    if close := meant(word, known):
        return sentence('write {words}. Did you mean "{word}"?', words=words, word=names[close])
    return sentence("write {words}.", words=words)


def _unknown_entries(rows: Sequence[Any], known: Collection[str], source: Source) -> Iterator[Violation]:
    """Yield each row whose entry id is on no list; rows without an id pass."""
    remedy = sentence("copy the entry_id from a published list")
    for row_number, row in enumerate(rows):
        if row.entry_id is not None and row.entry_id not in known:
            rule = sentence("the id of an entry") if row.entry_id else sentence("is empty")
            yield source.violation(row_number, "entry_id", rule, row.entry_id, remedy)


def _negative_costs(rows: Sequence[Any], source: Source) -> Iterator[Violation]:
    """Yield each row with a negative cost; the amount is left out, since a row does not know its currency."""
    for row_number, row in enumerate(rows):
        if row.cost_minor is not None and row.cost_minor < 0:
            yield source.violation(row_number, "cost", sentence("is below 0"), "", sentence("write what it cost"))


def _days_before(
    rows: Sequence[Any], column: str, listed_on: Mapping[str, date], source: Source
) -> Iterator[Violation]:
    """Yield each row whose day is before its entry's list.

    Args:
        rows: with an `entry_id`.
        column: the day's column.
        listed_on: entry id → day of its list; rows of other entries pass.
        source: named in errors.
    """
    for row_number, row in enumerate(rows):
        first, day = listed_on.get(row.entry_id), getattr(row, column)
        if first is not None and UNREAD < day < first:
            rule, remedy = sentence("on or after the day of its list"), sentence("that is {day:table}", day=first)
            yield source.violation(row_number, column, rule, day.isoformat(), remedy)


def days_after(rows: Sequence[Any], column: str, latest: date | None, source: Source) -> Iterator[Violation]:
    """Yield each row whose day is after the shop's today; `latest` None = not checked."""
    for row_number, row in enumerate(rows):
        day = getattr(row, column)
        if latest is not None and day > latest:
            rule, remedy = sentence("on or before today"), sentence("today is {day:table}", day=latest)
            yield source.violation(row_number, column, rule, day.isoformat(), remedy)
