"""The page of sizes: what a shop of a size needs, taken from the committed pages of the benchmarks.

A figure that is not found where it stood ends the writing: the page never shows one that nobody measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).parent / "sizing.md"
HEAD = """# How large a machine

Generated from the pages of the benchmarks by `make docs`; do not edit. Each figure was measured on a machine with 2
cores and 24 GiB; `make figures` says which of the pages are older than what they measure.

| work | of what size | figure | measured by |
| --- | --- | --- | --- |
"""
TAIL = """
Plan for the largest of these at once: a training beside a server needs the memory of both. What the disk has to hold is
in [operations.md](operations.md#how-large-a-machine).
"""


@dataclass(frozen=True)
class Figure:
    """A row of the table.

    Args:
        work: what is done.
        size: of what: a pattern of the page with one group, or words without parentheses.
        page: of the benchmark, from the root.
        pattern: of the page; its groups are put into `words`.
        words: how the figure is said.
    """

    work: str
    size: str
    page: str
    pattern: str
    words: str

    def row(self) -> str:
        """Return the row, with what its page says today.

        Raises:
            ValueError: the page says it no longer.
        """
        size = self._found(self.size).group(1) if "(" in self.size else self.size
        words = self.words.format(*self._found(self.pattern).groups())
        return f"| {self.work} | {size} | {words} | [{self.page}](../{self.page}) |"

    def _found(self, pattern: str) -> re.Match[str]:
        found = re.search(pattern, (ROOT / self.page).read_text(encoding="utf-8"), re.MULTILINE)
        if found is None:
            raise ValueError(f"{self.page} has no line like {pattern}: the table of sizes needs another pattern")
        return found


NUMBER = r"([\d.,]+)"
INTAKE, TRAINING, LISTS = (f"benchmarks/{name}/results.md" for name in ("intake", "training", "lists"))
SERVING, BACKUP = "benchmarks/serving/results.md", "benchmarks/backup/results.md"
MEASURED = rf"\n\n.*\n.*\n\| Regulars \| {NUMBER} \| {NUMBER} \| {NUMBER} "
LATER = r"(?:.*\n)*?"  # lines of the page in between
READ, TRAINED, SCORED = (
    r"^([\d,]+ generated order lines)",
    r"^\| customers \| ([\d,]+) \|",
    r"^([\d,]+ scored customers)",
)
FIGURES = (
    Figure("read a log from CSV", READ, INTAKE, f"## CSV{MEASURED}", "{0} s by the wall, {1} s CPU, {2} GB"),
    Figure("read a log from Parquet", READ, INTAKE, f"## Parquet{MEASURED}", "{0} s by the wall, {1} s CPU, {2} GB"),
    Figure(
        "train, of so many customers",
        TRAINED,
        TRAINING,
        rf"minutes by the wall \| {NUMBER}{LATER}.*CPU s \| {NUMBER}{LATER}\| peak memory, GB \| {NUMBER}",
        "{0} min by the wall, {1} s CPU, {2} GB",
    ),
    Figure(
        "record the scores of a run",
        SCORED,
        LISTS,
        rf"\| record the scores \| {NUMBER} \| {NUMBER}",
        "{0} s on SQLite, {1} s on PostgreSQL",
    ),
    Figure(
        "plan and publish a list",
        SCORED,
        LISTS,
        rf"list: plan and publish\*\* \| {NUMBER} \| {NUMBER}{LATER}\| \*\*peak memory, MiB\*\* \| {NUMBER}",
        "{0} s on SQLite, {1} s on PostgreSQL, {2} MiB",
    ),
    Figure(
        "back a book up",
        r"([\d,]+ scores in a book of [\d,]+ MB)",
        BACKUP,
        rf"\| back up \| {NUMBER} \| {NUMBER} \| {NUMBER} \| {NUMBER}",
        "{2} s CPU on SQLite, {3} s on PostgreSQL",
    ),
    Figure(
        "restore it",
        r"([\d,]+ scores in a book of [\d,]+ MB)",
        BACKUP,
        rf"\| restore \| {NUMBER} \| {NUMBER} \| {NUMBER} \| {NUMBER}",
        "{2} s CPU on SQLite, {3} s on PostgreSQL",
    ),
    Figure(
        "answer look-ups of a score",
        "one worker, 8 connections",
        SERVING,
        rf"^\| Regulars \| {NUMBER} \| {NUMBER} \| {NUMBER} \| {NUMBER}",
        "{1} a second, p50 {2} ms, p99 {3} ms",
    ),
    Figure(
        "score a posted history",
        "50 orders",
        SERVING,
        rf"posted history of 50 orders, median \| [^|]*\| {NUMBER} ms, p99 {NUMBER} ms",
        "median {0} ms, p99 {1} ms",
    ),
    Figure("keep a server's worker", "idle", SERVING, rf"idle memory of a worker \| [^|]*\| {NUMBER} MB RSS", "{0} MB"),
)


def sizing_page() -> str:
    """Return the page as Markdown."""
    return HEAD + "\n".join(_rows()) + "\n" + TAIL


def _rows() -> Iterator[str]:
    yield from (figure.row() for figure in FIGURES)
