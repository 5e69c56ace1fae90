"""The first rows of a file that nobody has described yet, and what its cells look like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import duckdb

from features.errors import InputError
from features.guess import headers
from features.guess.formats import (
    date_formats,
    encoding_of,
)  # fmt: skip
from features.questions import Question
from features.sources import cells, plain_text
from features.sources.business_day import DAY
from features.sources.cells.cells_sql import text
from features.sources.mapping import ENOUGH, FileFormat
from features.sources.opening.files import OpenFile, is_parquet, open_file
from features.sources.split_moments import is_zone

SAMPLE = 20_000
DATES = 300


@dataclass
class Sample:
    """The first rows of a file as texts, and what is guessed from them so far.

    `columns` holds the cells, `used` the indices of columns that a field has taken, `given` the index of each field
    whose column the user names, `questions` what is to be answered before anything runs, `choices` what is asked with a
    likely answer.
    """

    file: OpenFile
    columns: list[list[str]]
    form: FileFormat
    assumptions: list[str] = field(default_factory=list)
    questions: dict[str, str] = field(default_factory=dict)
    choices: list[Question] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    given: dict[str, int] = field(default_factory=dict)

    @cached_property
    def plain(self) -> list[str]:
        """The headers as they are compared."""
        return [plain_text.plain(header) for header in self.file.header]

    @cached_property
    def bare(self) -> list[str]:
        """The headers as they are compared without a unit or currency in brackets."""
        return [headers.bare(header) for header in self.file.header]

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

    def assume(self, sentence: str) -> None:
        """Add an assumption that `init` prints."""
        self.assumptions.append(sentence)

    def ask(self, setting: str, question: str) -> None:
        """Ask for a setting that cannot be known, such as `orders.columns.ordered_at`."""
        self.questions[setting] = question

    def choose(self, question: Question) -> None:
        """Put a question whose likely answer is taken for going on, and say so."""
        self.choices.append(question)
        other = "; ".join(answer.words for answer in question.answers[1:])
        self.assume(f"CHECK: {question.words} Taken: {question.likely.words}. Otherwise: {other}.")

    def take(self, index: int | None) -> int | None:
        """Mark a column as used, so that no other field takes it."""
        if index is not None:
            self.used.add(index)
        return index


def open_sample(stack: ExitStack, path: Path) -> Sample:
    """Open a file for guessing; it is closed with the stack."""
    form = FileFormat()
    encoding = "utf-8"
    if path.is_file() and path.stat().st_size and not is_parquet(path):
        encoding = encoding_of(path)
        form = FileFormat(encoding="utf-8" if encoding == "utf-8-sig" else encoding)
    file = stack.enter_context(open_file(path, form))
    if file.text is not None and file.delimiter in (";", "|"):
        form = replace(form, delimiter=file.delimiter)
    select = ", ".join(text(f"c{index}", sql_type) for index, sql_type in enumerate(file.sql_types))
    query = f"SELECT {select} FROM {{}} LIMIT {SAMPLE}"
    try:
        rows = file.query(query.format(file.source))
    except duckdb.Error:
        file = file.rewritten()
        rows = file.query(query.format(file.source))
    if not rows:
        raise InputError(f"{path.name} has a header and no rows; export it again, with order lines")
    texts = [tuple(cells.text(cell) for cell in row) for row in rows]
    # A header line again, further down, is for `check` to name; here it would make a text of every column.
    columns = [list(column) for column in zip(*([row for row in texts if row != file.header] or texts), strict=True)]
    sample = Sample(file, columns, form)
    if encoding not in ("utf-8", "utf-8-sig"):
        sample.assume(f"{path.name} is written in {encoding}.")
    return sample


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
    """Say whether a column holds zones."""
    return all(is_zone(cell) for cell in set(sample.filled(index)))


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
