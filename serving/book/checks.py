"""What people hand in is checked before anything of it is recorded: every wrong row at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from features.errors import InputError, Violation, suggest


@dataclass(frozen=True)
class Source:
    """Where rows come from: the name of the file, and the physical line of each row where there is one.

    >>> Source("outcomes.csv", (2, 3)).line(1), Source().line(0)
    (3, None)
    """

    file: str = "what was handed in"
    lines: Sequence[int] | None = None

    def line(self, place: int) -> int | None:
        """Return the line of a row, counted from 0; None where it has none."""
        return None if self.lines is None else self.lines[place]


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
        remedy = f"write {', '.join(known)}.{suggest(str(word), known)}"
        yield Violation(source.file, source.line(place), column, f"a known {column}", str(word or ""), remedy)


def unknown_entries(rows: Sequence[Any], known: Collection[str], source: Source) -> Iterator[Violation]:
    """Give each row whose entry id no list ever held; rows without one are fine."""
    remedy = "copy the entry_id from a published list"
    for place, row in enumerate(rows):
        if row.entry_id is not None and row.entry_id not in known:
            yield Violation(
                source.file, source.line(place), "entry_id", "the id of an entry", row.entry_id or '""', remedy
            )


def negative_costs(rows: Sequence[Any], source: Source) -> Iterator[Violation]:
    """Give each row whose cost is below nothing."""
    for place, row in enumerate(rows):
        if row.cost_minor is not None and row.cost_minor < 0:
            yield Violation(
                source.file, source.line(place), "cost", "0 or more", str(row.cost_minor), "write what it cost"
            )
