"""Reads orders and events in partitions of whole customers: the log of each on disk, and what all of them say together.

The file is read once and split; then each partition is cleaned, rolled up and written down on its own, by the very
functions that read a file as a whole. A rule that decides by the whole file is given the facts of all partitions, see
`features/sources/file_facts.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from features.clock import day_number
from features.errors import InputError
from features.faults import faults_at
from features.log import Log
from features.machine import Machine
from features.memory import give_back
from features.money import RIALS
from features.questions import Question
from features.sources.balance.iran_units import unit_questions
from features.sources.balance.limits import Months, doubts
from features.sources.balance.sheet import BalanceSheet
from features.sources.file_facts import together
from features.sources.mapped_file import open_mapped
from features.sources.mapping import EventsMapping, OrdersMapping, Shop
from features.sources.partitions.bounded import bounded
from features.sources.partitions.kept_log import read_log
from features.sources.partitions.one import Partition, Reading
from features.sources.partitions.split import split
from features.sources.partitions.sums import counts_of, outlines_together, sheet_of, with_streams
from features.sources.people.forgotten import Forgotten
from features.sources.people.merges import read_merges
from features.sources.reader import asking, counted, nothing_left, read_events
from features.sources.rules import RuleCount
from features.sources.violations import Findings, findings
from features.tables import ORDERS

MOST_READINGS = 5  # of a partition, until its rules decide as the whole file does
DATABASE_SHARE = 0.4  # of the memory; the rest is for the rows of a partition


@dataclass(frozen=True, eq=False)
class PartitionedLog:
    """A log whose partitions lie on disk, each of whole customers.

    Args:
        outline: the order days of all customers and the kinds of events; nothing else of the log.
        rules: how many rows each stated rule touched.
        sheet: accounts for every row and every unit of money of the orders.
        folders: of the partitions.
        streams: stream → its columns, of all partitions.
    """

    outline: Log
    rules: tuple[RuleCount, ...]
    sheet: BalanceSheet
    folders: tuple[Path, ...]
    streams: Mapping[str, Sequence[str]]

    def logs(self) -> Iterator[Log]:
        """Yield the log of each partition."""
        for folder in self.folders:
            yield with_streams(read_log(folder), self.streams, has_money=self.outline.has_money)
            give_back()


def read_partitions(
    shop: Shop,
    orders: OrdersMapping,
    events: EventsMapping | None,
    folder: Path,
    partitions: int,
    machine: Machine,
    *,
    until: date | None = None,
    latest: date | None = None,
    forgotten: Forgotten | None = None,
) -> PartitionedLog:
    """Read orders and events in partitions.

    Args:
        shop: zone, currency, business day, exchange rates.
        orders: the orders file.
        events: the events file, if any; it is read as a whole.
        folder: where the partitions are written.
        partitions: how many.
        machine: how much of it may be used.
        until: nothing on or after this business day is read.
        latest: a date after it is a mistake; None = dates are not checked against a clock.
        forgotten: says which customers were forgotten.

    Raises:
        InputError: with the broken rules, what is asked, or what can only be read as a whole.
    """
    days = (None if until is None else day_number(until), None if latest is None else day_number(latest))
    limits = dict(zip(("until", "latest"), days, strict=True))
    happened, found = (
        (None, Findings()) if events is None else read_events(events, shop, limits, forgotten, orders.merge)
    )
    clean_events = None if happened is None else happened.events
    with (
        open_mapped(orders, ORDERS, before=until) as opened,
        bounded(opened.file.connection, machine, DATABASE_SHARE, folder / "spilled"),
        faults_at(folder, "nothing was written"),
    ):
        merges = read_merges(orders.merge)
        file, paths, moved = split(opened, folder, partitions, merges)
        found.add(findings(file, []))
        reading = Reading(file, orders, shop, limits, forgotten, merges, clean_events, tuple(paths), moved, folder)
        parts = _read_until_agreed(reading)
    of_events = {} if happened is None else happened.counts
    counts = counts_of([*(part.counts for part in parts), file.file.counts, of_events])
    for part in parts:
        found.add(part.found)
    if found.violations:
        raise InputError(f"{orders.source_name} cannot be used{_set_aside(orders)}", found.violations)
    return _together(parts, counts, orders, shop, until)


def _read_until_agreed(reading: Reading) -> list[Partition]:
    parts = [reading.partition(number, {}) for number in range(len(reading.paths))]
    for _ in range(MOST_READINGS):
        known = together([part.facts for part in parts])
        differing = [number for number, part in enumerate(parts) if not part.facts.agrees_with(known)]
        if not differing:
            return parts
        for number in differing:
            parts[number] = reading.partition(number, known)
    raise InputError(
        f"{reading.orders.source_name} cannot be read in partitions: what its rules decide by changes with each reading"
    )


def _set_aside(orders: OrdersMapping) -> str:
    return ": in partitions no row is set aside" if orders.on_broken == "set_aside" else ""


def _together(
    parts: Sequence[Partition], counts: dict[str, int], orders: OrdersMapping, shop: Shop, until: date | None
) -> PartitionedLog:
    sheet = sheet_of([part.sheet for part in parts if part.sheet is not None])
    outline = outlines_together([part.outline for part in parts if part.outline is not None])
    counts |= {line.rule: line.rows for line in sheet.left_out}
    if not len(outline.streams["orders"]):
        raise InputError(f"{orders.source_name} cannot be used", [nothing_left(orders, counts, until)])
    asked = (*_asked(parts), *_doubts(parts, sheet, outline, orders, shop))
    if asked:
        raise asking(orders.source_name, asked)
    streams = {name: columns for part in parts for name, columns in part.streams.items()}
    return PartitionedLog(outline, counted(counts), sheet, tuple(part.folder for part in parts), streams)


def _asked(parts: Sequence[Partition]) -> Iterator[Question]:
    return (question for part in parts for question in part.questions)


def _doubts(
    parts: Sequence[Partition], sheet: BalanceSheet, outline: Log, orders: OrdersMapping, shop: Shop
) -> Iterator[Question]:
    months = Months.added([part.months for part in parts if part.months is not None])
    yield from doubts(sheet, outline, months, orders.accept, orders.most_left_out)
    if shop.currency in RIALS:
        yield from unit_questions(sheet, outline, shop.new_rial_from, orders.accept)
