"""What a person sees on the terminal, and what a machine reads with --json.

People's lines go to stdout; with `--json` one document goes there and everything else to stderr. Long work draws a bar
with the time left on a terminal and prints a plain line a minute elsewhere, always on stderr.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Protocol

import rich.table
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from serving.cli.interrupt import stop_if_asked
from serving.commands.result import Result, Table

# A line of a log every so many seconds; a time left that is told earlier than after so many is a guess.
_BEGIN_NUMBERS = "-−€$£¥+\u200e"  # the last one stands before the sign of a Persian number
LINE_SECONDS, FIRST_GUESS_SECONDS = 60.0, 5.0


class Report(Protocol):
    """Called before each step of long work: how many are done, of how many, and what comes now.

    Of 0 steps: something to know, which stays on the screen.
    """

    def __call__(self, done: int, total: int, what: str) -> None: ...  # noqa: D102


@dataclass(frozen=True)
class Screen:
    """Where words and documents go.

    Args:
        machine: a machine reads stdout: one JSON document and nothing else.
    """

    machine: bool = False

    @property
    def _people(self) -> Console:
        width = None if sys.stdout.isatty() else 140
        return Console(stderr=self.machine, highlight=False, soft_wrap=True, width=width)

    def say(self, *lines: str) -> None:
        """Write lines for a person."""
        for line in lines:
            self._people.print(line, markup=False)

    def table(self, table: Table) -> None:
        """Write a table; columns of numbers are aligned to the right."""
        drawn = rich.table.Table(*(), box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
        cells_of = dict(zip(reversed(table.columns), reversed(_columns(table)), strict=True))  # the first of each name
        for name in table.columns:
            cells = cells_of[name]  # so an interval is aligned like the one before it
            numbers = bool(cells) and all(cell[:1] in _BEGIN_NUMBERS or cell[:1].isdigit() for cell in cells)
            justify: Literal["left", "right"] = "right" if numbers else "left"
            drawn.add_column(name, justify=justify, overflow="fold", no_wrap=name != table.wide)
        for row in table.rows:
            drawn.add_row(*row)
        self._people.print(drawn, soft_wrap=False)

    def show(self, result: Result) -> None:
        """Write a command's result: its lines and tables for a person, its document for a machine."""
        self.lines(result)
        self.document(result.to_dict())

    def lines(self, result: Result) -> None:
        """Write a result's lines and tables alone."""
        for part in result.lines():
            if isinstance(part, Table):
                self.table(part)
            else:
                self.say(part)

    def document(self, content: dict[str, Any]) -> None:
        """Write the one JSON document, where a machine asked for it."""
        if self.machine:
            sys.stdout.write(json.dumps(content, default=_plain, ensure_ascii=False, indent=2, allow_nan=False) + "\n")

    @contextmanager
    def progress(self) -> Iterator[Report]:
        """Yield a report that draws a bar on a terminal and prints a line a minute elsewhere."""
        console, began = Console(stderr=True), time.monotonic()
        if not console.is_terminal:
            yield _stoppable(_MinuteLines())
            return
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        with Progress(*columns, TextColumn("{task.fields[left]}"), console=console, transient=True) as bar:
            task = bar.add_task("", total=None, left="")

            def drawn(done: int, total: int, what: str) -> None:
                if not total:
                    console.print(what, markup=False, highlight=False, soft_wrap=True)
                    return
                left = time_left(done, total, time.monotonic() - began)
                bar.update(task, completed=done, total=total, description=what, left=left)

            yield _stoppable(drawn)


class _MinuteLines:
    """Prints what comes now, at most once a minute; what has to be known at once."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._printed = -LINE_SECONDS

    def __call__(self, done: int, total: int, what: str) -> None:
        passed = time.monotonic() - self._began
        if not total:
            print(what, file=sys.stderr, flush=True)
        elif passed - self._printed >= LINE_SECONDS:
            self._printed = passed
            left = time_left(done, total, passed)
            print(f"[{done / total:.0%}{left and f', {left}'}] {what}", file=sys.stderr, flush=True)


def time_left(done: int, total: int, seconds: float) -> str:
    """Return how long the rest takes at the pace so far, in words; "" while that is anybody's guess.

    >>> time_left(250, 1000, 60.0), time_left(990, 1000, 60.0), time_left(0, 1000, 60.0)
    ('about 3 min left', 'less than a minute left', '')
    """
    if not done or seconds < FIRST_GUESS_SECONDS:
        return ""
    minutes = seconds * (total - done) / done / 60
    return f"about {minutes:.0f} min left" if minutes >= 1 else "less than a minute left"


def _columns(table: Table) -> list[list[str]]:
    return [[row[index] for row in table.rows] for index in range(len(table.columns))]


def _stoppable(report: Report) -> Report:
    def reported(done: int, total: int, what: str) -> None:
        stop_if_asked()
        report(done, total, what)

    return reported


def _plain(value: Any) -> Any:
    """Return what JSON has a word for: dates in ISO 8601, money as a decimal string."""
    if isinstance(value, datetime) and value.tzinfo is None:  # of the book, which keeps UTC
        return f"{value.isoformat()}Z"
    if isinstance(value, (date, Path, Decimal)):
        return value.isoformat() if isinstance(value, date) else str(value)
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no place in JSON")
