"""The checks of a table row by row: its typed cells, which rows are still in, and which rules they break."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from features.log import Coded, Events, Ints, Lines, Texts
from features.questions import Question
from features.sources import cells
from features.sources.balance.account import Account, ReadRows
from features.sources.columns import Mask, is_empty
from features.sources.file_facts import WHOLE, FileFacts
from features.sources.opening.totals import TOTAL_ROWS

NO_TEXTS: Texts = np.zeros(0, dtype=object)


@dataclass(frozen=True, eq=False)
class TypedTable:
    """A table's cells, read but not yet checked: one array per mapped field, all of the same length.

    `texts` are dictionary-coded, '' = empty; `numbers` are millionths, `local_time` and `offset` seconds, both with the
    marks of `features/sources/cells/marks.py`; `flags` hold 0, 1, FLAG_EMPTY, FLAG_BAD; `headers` are the names of the
    columns as the file writes them, where there is a file. `marks` holds
    the rows that were marked for a rule when the file was opened. `part` is the number of each row's file, where
    several are read as one; else it is empty. `place` is the number of each row in the file, where these are a
    partition of it; else it is empty. `facts` are of the whole file.
    """

    rows: int
    texts: Mapping[str, Coded] = field(default_factory=dict)
    numbers: Mapping[str, Ints] = field(default_factory=dict)
    flags: Mapping[str, Ints] = field(default_factory=dict)
    local_time: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    offset: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    headers: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, Mask] = field(default_factory=dict)
    part: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    place: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    facts: FileFacts = WHOLE

    @property
    def places(self) -> Ints:
        """The number of each row in the file, from 0."""
        return self.place if len(self.place) else np.arange(self.rows)


@dataclass(frozen=True, eq=False)
class Problem:
    """A broken rule: the field, what a cell had to be, what to do, and the rows where it is not."""

    field: str
    rule: str
    remedy: str
    rows: Ints


@dataclass(frozen=True, eq=False)
class CleanTable:
    """A cleaned table: `lines` or `events` of the rows that break no rule, the broken rules, and the counts of rows.

    `event_ids` are those of all rows, of the ones that a rule leaves out, too. `rows` are those of lines, for
    their balance sheet, `recount` the second count of rows and money, if one was asked for, and `ragged_rows` how many
    rows of another number of cells were set aside.
    """

    problems: tuple[Problem, ...]
    counts: Mapping[str, int]
    lines: Lines | None = None
    events: Events | None = None
    event_ids: Texts = field(default_factory=lambda: NO_TEXTS)
    questions: tuple[Question, ...] = ()
    rows: ReadRows | None = None
    recount: tuple[int, Decimal] | None = None
    ragged_rows: int = 0


class RowChecks:
    """The rows of a table that are still in (`alive`), those that break no rule (`sound`), and counts and problems."""

    def __init__(self, typed: TypedTable) -> None:
        self.typed = typed
        self.alive = np.ones(typed.rows, dtype=bool)
        self.sound = np.ones(typed.rows, dtype=bool)
        self.counts: dict[str, int] = {}
        self.account = Account(typed.rows)
        self.problems: list[Problem] = []
        self.questions: list[Question] = []

    def leave_out(self, rule: str, rows: Mask) -> None:
        """Leave rows out by a stated rule, and count them."""
        if rows.any():
            rows = rows & self.alive
        self.counts[rule] = self.counts.get(rule, 0) + int(np.count_nonzero(rows))
        self.account.leave_out(rule, rows)
        self.alive &= ~rows

    def count(self, rule: str, rows: Mask) -> None:
        """Count the rows that a rule touches and that stay in."""
        self.counts[rule] = int(np.count_nonzero(rows & self.alive))

    def ask(self, question: Question) -> None:
        """Ask what only the shop can say; its likely answer is what goes on here."""
        self.questions.append(question)

    def problem(self, name: str, rule: str, remedy: str, rows: Mask) -> None:
        """Note a broken rule; a row is named for the first rule that it breaks."""
        if not rows.any():
            return
        rows = rows & self.alive & self.sound
        if rows.any():
            self.problems.append(Problem(name, rule, remedy, np.flatnonzero(rows)))
            self.sound &= ~rows

    def text(self, name: str) -> Coded | None:
        """Return a column of texts, if the shop has it."""
        return self.typed.texts.get(name)

    def number(self, name: str) -> Ints | None:
        """Return a column of numbers, if the shop has it."""
        return self.typed.numbers.get(name)

    def drop_blank(self) -> None:
        """Drop lines of nothing but delimiters, which spreadsheets leave at the end."""
        blank = self.typed.local_time == cells.EMPTY
        for numbers in self.typed.numbers.values():
            blank &= numbers == cells.EMPTY
        if not blank.any():
            return
        for coded in self.typed.texts.values():
            blank &= is_empty(coded)
        if blank.any():
            self.leave_out("blank lines", blank)

    def drop_marked(self) -> None:
        """Drop rows that were marked when the file was opened; of totals those without a date, which products have."""
        for rule, rows in self.typed.marks.items():
            self.leave_out(rule, rows & (self.typed.local_time <= cells.HUGE) if rule == TOTAL_ROWS else rows)

    def check_number(self, name: str, values: Ints, *, needed: bool = False) -> None:
        """Note the cells that are no number, or empty where a number is needed."""
        looks = 'write 1234.50, or set decimal = "," for this file'
        if needed:
            self.problem(name, "empty where a number is needed", "fill it in, or write 0", values == cells.EMPTY)
        self.problem(name, "a number", looks, values == cells.BAD)
        self.problem(name, "under 10^12", "correct the number", values == cells.HUGE)
