"""What people hand in is checked before anything of it is recorded: every wrong row at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from features.errors import InputError, Violation, suggest

UNREAD = date.min  # stands for a day that could not be read; that is said of the cell itself


@dataclass(frozen=True)
class Source:
    """Where rows come from: the name of the file, and the physical line of each row where there is one.

    Args:
        file: its name.
        lines: of each row.
        options: column → the option of a command line that it was given by, in place of file, line and column.

    >>> Source("outcomes.csv", (2, 3)).line(1), Source().line(0)
    (3, None)
    >>> print(Source(options={"cost": "--cost"}).violation(0, "cost", "is below 0"))
    --cost: is below 0
    """

    file: str = "what was handed in"
    lines: Sequence[int] | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    def line(self, place: int) -> int | None:
        """Return the line of a row, counted from 0; None where it has none."""
        return None if self.lines is None else self.lines[place]

    def violation(self, place: int, column: str, rule: str, value: str = "", remedy: str = "") -> Violation:
        """Return a broken rule of a row, with where it stands."""
        if column in self.options:
            return Violation(self.options[column], None, "", rule, value, remedy)
        return Violation(self.file, self.line(place), column, rule, value, remedy)


def refuse(violations: Iterable[Violation], source: Source) -> None:
    """Raise what was found, by line; do nothing where nothing was.

    Raises:
        InputError: there is a violation.
    """
    found = sorted(violations, key=lambda each: each.line or 0)
    if found:
        raise InputError(f"{source.file} cannot be used; nothing of it was recorded", found)


def unknown_words(
    rows: Sequence[Any], column: str, known: Collection[str], source: Source, *, needed: bool
) -> Iterator[Violation]:
    """Give each row whose `column` is none of the known words; an empty one counts only where it is needed."""
    for place, row in enumerate(rows):
        word = getattr(row, column)
        if word in known or (word is None and not needed):
            continue
        rule = f"a known {column}" if word else "is empty"
        remedy = f"write {', '.join(known)}.{suggest(str(word), known)}"
        yield source.violation(place, column, rule, str(word or ""), remedy)


def unknown_entries(rows: Sequence[Any], known: Collection[str], source: Source) -> Iterator[Violation]:
    """Give each row whose entry id no list ever held; rows without one are fine."""
    remedy = "copy the entry_id from a published list"
    for place, row in enumerate(rows):
        if row.entry_id is not None and row.entry_id not in known:
            rule = "the id of an entry" if row.entry_id else "is empty"
            yield source.violation(place, "entry_id", rule, row.entry_id, remedy)


def negative_costs(rows: Sequence[Any], source: Source) -> Iterator[Violation]:
    """Give each row whose cost is below nothing; the amount is not said, since a row does not know its currency."""
    for place, row in enumerate(rows):
        if row.cost_minor is not None and row.cost_minor < 0:
            yield source.violation(place, "cost", "is below 0", "", "write what it cost")


def days_before(rows: Sequence[Any], column: str, listed_on: Mapping[str, date], source: Source) -> Iterator[Violation]:
    """Give each row of a day before the one on which its entry was listed.

    Args:
        rows: with an `entry_id`.
        column: which of their days.
        listed_on: entry id → day of its list; rows of other entries are fine.
        source: named in errors.
    """
    for place, row in enumerate(rows):
        first, day = listed_on.get(row.entry_id), getattr(row, column)
        if first is not None and UNREAD < day < first:
            yield source.violation(
                place, column, "on or after the day of its list", day.isoformat(), f"that is {first}"
            )


def days_after(rows: Sequence[Any], column: str, latest: date | None, source: Source) -> Iterator[Violation]:
    """Give each row of a day after the shop's today, which nobody can know yet; None = not checked."""
    for place, row in enumerate(rows):
        day = getattr(row, column)
        if latest is not None and day > latest:
            yield source.violation(place, column, "on or before today", day.isoformat(), f"today is {latest}")
