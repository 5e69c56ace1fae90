"""The first rows of a file that nobody has described yet, and what its cells look like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from features.guess.columns import headers
from features.guess.formats import (
    date_formats,
)  # fmt: skip
from features.questions import Question
from features.sources import cells, plain_text
from features.sources.business_day import DAY
from features.sources.mapping import ENOUGH, FileFormat
from features.sources.opening.open_file import OpenFile
from features.sources.split_moments import is_zone

DATES = 300


@dataclass
class Sample:
    """The first rows of a file as texts, and what is guessed from them so far.

    `columns` holds the cells, `used` the indices of columns that a field has taken, `given` the index of each field
    whose column the user names, `questions` what is to be answered before anything runs; the likely answers are taken
    for going on.
    """

    file: OpenFile
    columns: list[list[str]]
    form: FileFormat
    assumptions: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    given: dict[str, int] = field(default_factory=dict)

    @cached_property
    def plain(self) -> list[str]:
        """The headers as they are compared."""
        return [plain_text.plain(self.file.plain_header(header)) for header in self.file.header]

    @cached_property
    def bare(self) -> list[str]:
        """The headers as they are compared without a unit or currency in brackets."""
        return [headers.bare(self.file.plain_header(header)) for header in self.file.header]

    def name(self, index: int) -> str:
        """Return the header of a column."""
        return self.file.header[index]

    def filled(self, index: int) -> list[str]:
        """Return a column's cells that are not empty."""
        return [cell for cell in self.columns[index] if cell]

    def find(self, names: Sequence[str], check: Callable[[int], bool] | None = None) -> int | None:
        """Return the column with the best name whose cells pass the check; a header as it is before one in brackets."""
        for name in names:
            for known in (self.plain, self.bare):
                for index, header in enumerate(known):
                    fits = header == name and index not in self.used
                    if fits and self.filled(index) and (check is None or check(index)):
                        return index
        return None

    def assume(self, told: str) -> None:
        """Add an assumption that `init` prints in the language that it speaks."""
        self.assumptions.append(told)

    def ask(self, question: Question) -> None:
        """Ask what cannot be known; the likely answer is taken for going on."""
        self.questions.append(question)

    def take(self, index: int | None) -> int | None:
        """Mark a column as used, so that no other field takes it."""
        if index is not None:
            self.used.add(index)
        return index


def is_date(sample: Sample, index: int, *, counted: bool = True) -> bool:
    """Say whether a column holds dates, in whatever form; as bare numbers only where its header says so, `counted`."""
    if sample.file.sql_types[index].startswith(("TIMESTAMP", "DATE")):
        return True
    return bool(date_formats(sample.filled(index)[:DATES], counted=counted, zones=sample.form.zones))


def is_time(sample: Sample, index: int) -> bool:
    """Say whether a column holds times of day."""
    filled = sample.filled(index)[:DATES]
    return sum(cells.time_of_day(cell)[0] > cells.HUGE for cell in filled) >= ENOUGH * len(filled)


def is_zone_name(sample: Sample, index: int) -> bool:
    """Say whether a column holds zones, also such as several countries use."""
    return all(is_zone(cell) or cell in cells.ambiguous_zones() for cell in set(sample.filled(index)))


def has_times(sample: Sample, index: int) -> bool:
    """Say whether the dates of a column have times of day."""
    form = sample.form
    moments = (
        cells.moment(cell, form.date_format, form.calendar, form.zones)[0] for cell in sample.filled(index)[:DATES]
    )
    return any(moment > cells.HUGE and moment % DAY for moment in moments)


def is_order_id(sample: Sample, index: int) -> bool:
    """An id has digits in nearly every cell; a column called Name often holds people."""
    filled = sample.filled(index)
    return sum(any(char.isdigit() for char in cell) for cell in filled) >= 0.95 * len(filled)


def is_number(sample: Sample, index: int) -> bool:
    """Say whether a column holds numbers."""
    filled = sample.filled(index)[:DATES]
    return sum(cells.number(cell, sample.form.decimal) > cells.HUGE for cell in filled) >= 0.95 * len(filled)


def is_flag(sample: Sample, index: int) -> bool:
    """Say whether a column holds yes and no."""
    return all(cells.flag(cell) in (0, 1) for cell in set(sample.filled(index)))
