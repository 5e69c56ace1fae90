"""One partition of a file: its rows cleaned, rolled up and written down, and what it has to say to the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from features.log import Events, Log
from features.memory import give_back, memory_kept
from features.money import RIALS
from features.questions import Question
from features.roll_up import roll_up
from features.sources.balance.draw import draw, with_log
from features.sources.balance.limits import Months
from features.sources.balance.sheet import BalanceSheet
from features.sources.cells.cells_sql import read_again
from features.sources.cleaning import clean_lines
from features.sources.file_facts import Known, PartitionFacts
from features.sources.mapped_file import MappedFile
from features.sources.mapping import OrdersMapping, Shop
from features.sources.partitions.kept_log import write_log
from features.sources.partitions.keys import Moved, customer_keys, partition_of
from features.sources.partitions.split import opened, rows_of_file
from features.sources.partitions.sums import outline
from features.sources.people.forgotten import Forgotten, marked
from features.sources.people.merges import MERGED, Merges, merged
from features.sources.row_checks import CleanTable
from features.sources.rules import FORGOTTEN
from features.sources.violations import Findings, findings, without_headers


@dataclass(frozen=True, eq=False)
class Partition:
    """What a partition has to say to the whole; its log lies in `folder`.

    `sheet`, `months` and `outline` are None where rows break a rule.
    """

    folder: Path
    facts: PartitionFacts
    counts: Mapping[str, int]
    found: Findings = field(default_factory=Findings)
    questions: tuple[Question, ...] = ()
    sheet: BalanceSheet | None = None
    months: Months | None = None
    outline: Log | None = None
    streams: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Reading:
    """How the partitions of a file are read: the arguments of `read_partitions`, and what `split` gave."""

    file: MappedFile
    orders: OrdersMapping
    shop: Shop
    limits: Mapping[str, int | None]
    forgotten: Forgotten | None
    merges: Merges
    events: Events | None
    paths: tuple[Path, ...]
    moved: Moved
    folder: Path

    def partition(self, number: int, known: Known) -> Partition:
        """Read a partition.

        Args:
            number: of the partition, from 0.
            known: what is known of the whole file.
        """
        with memory_kept():
            found = self._read(number, PartitionFacts(known))
        give_back()
        return found

    def _read(self, number: int, facts: PartitionFacts) -> Partition:
        folder = self.folder / f"log-{number}"
        table, found = self._cleaned(self.paths[number], facts)
        if found.violations or table.lines is None or table.rows is None:
            return Partition(folder, facts, table.counts, found)
        sheet = draw(self.shop.currency, table.rows, table.lines)
        months, lines, counts, questions = (
            Months.of(sheet, table.rows.day),
            [table.lines],
            table.counts,
            table.questions,
        )
        del table  # a partition's rows and its days are not held beside each other
        log = roll_up(lines.pop(), self._events_of(number))
        write_log(log, folder)
        orders = log.streams["orders"].columns["orders"]
        return Partition(
            folder,
            facts,
            {**counts, "same-day splits": int((orders - 1).sum())},
            questions=questions,
            sheet=with_log(sheet, log),
            months=months,
            outline=outline(log, with_spend=self.shop.currency in RIALS),
            streams={name: tuple(stream.columns) for name, stream in log.streams.items()},
        )

    def _cleaned(self, path: Path, facts: PartitionFacts) -> tuple[CleanTable, Findings]:
        file = opened(self.file, path, facts)
        typed, again = without_headers(replace(read_again(file), place=rows_of_file(path)), file)
        typed, n_merged = merged(marked(typed, FORGOTTEN, self.forgotten, self.merges), self.merges)
        until, latest = self.limits["until"], self.limits["latest"]
        table = clean_lines(typed, self.orders.rules, self.shop, until=until, latest=latest)
        table = replace(table, counts={**table.counts, MERGED: n_merged})
        return table, findings(file, [*again, *table.problems])

    def _events_of(self, number: int) -> Events | None:
        if self.events is None:
            return None
        of = partition_of(customer_keys(self.events.customer_id), len(self.paths), self.moved)
        return self.events.where(np.asarray(of == number, dtype=bool))
