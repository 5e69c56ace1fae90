"""Whether a shop's log is read in partitions: as it was chosen, or as its memory needs it."""

from __future__ import annotations

from dataclasses import dataclass

from features.errors import InputError
from features.faults import faults_at
from features.language.messages import Sentence, sentence
from features.language.typed_values import Digits
from features.machine import Machine
from features.sources.opening.copies import folder_for_copies
from features.sources.partitions.drawn import drawn_customers
from features.sources.partitions.estimate import BYTES_PER_LINE, PARTITION_SHARE, lines_of, partitions_for
from features.sources.reader import CleanLog
from serving.shop.opened import OpenShop


@dataclass(frozen=True)
class Partitioning:
    """In how many partitions a log is read, on which machine.

    Args:
        number: of partitions.
        machine: how much of it may be used.
        chosen: whether the user said so; else the log would not fit.
    """

    number: int
    machine: Machine
    chosen: bool

    @property
    def notes(self) -> tuple[Sentence, ...]:
        """Why the log is read so, where nobody said so."""
        if self.chosen:
            return ()
        memory = Digits(f"{self.machine.memory_gib:.1f}")
        return (
            sentence(
                "The orders would not fit into {memory} GiB of memory; they are read in {partitions} partitions.",
                memory=memory,
                partitions=self.number,
            ),
        )


@dataclass(frozen=True)
class Part:
    """The customers whose log stands for that of the shop.

    Args:
        customers: how many were drawn.
        of: how many the shop has.
        notes: why the log was read so.
    """

    customers: int
    of: int
    notes: tuple[Sentence, ...]


def partitioning_of(shop: OpenShop, partitions: int | None = None) -> Partitioning | None:
    """Return in how many partitions the log of a shop is read; None = as a whole.

    Args:
        shop: whose log.
        partitions: how many; 1 = as a whole, None = as many as the memory needs.

    Raises:
        InputError: what can only be read as a whole.
    """
    machine = shop.settings.machine.machine()
    lines = lines_of(shop.settings.orders) if partitions is None else None
    number = partitions or (1 if lines is None else partitions_for(lines, machine))
    if number == 1:
        return None
    found = Partitioning(number, machine, chosen=partitions is not None)
    _refuse_what_needs_the_whole(shop, found)
    return found


def read_part(shop: OpenShop, partitions: int | None = None) -> Part | None:
    """Let a part of the customers that fits into the memory stand for the log, where the whole of it does not.

    `OpenShop.forget_part` ends that.

    Args:
        shop: whose log; one that was read is in memory, and fits.
        partitions: in how many it is read; 1 = as a whole, None = as many as the memory needs.

    Returns:
        The part; None where the log is read as a whole.

    Raises:
        InputError: every broken rule at once, or what can only be read as a whole.
    """
    needed = None if shop.is_read else partitioning_of(shop, partitions)
    if needed is None:
        return None
    with folder_for_copies() as folder, faults_at(folder):
        log = shop.in_partitions(folder, needed.number, needed.machine)
        of = log.outline.n_customers
        drawn = drawn_customers(log, most_customers(of, log.sheet.read.rows, needed.machine))
    shop.learn_from(CleanLog(drawn, log.rules, shop.until, log.sheet))
    return Part(drawn.n_customers, of, needed.notes)


def most_customers(customers: int, lines: int, machine: Machine) -> int:
    """Return of how many customers the log fits beside what a training holds.

    Args:
        customers: of the shop.
        lines: of their orders.
        machine: how much of it may be used.

    >>> most_customers(5_000_000, 100_000_000, Machine(8 * 2**30, 2))
    644245
    """
    lines_that_fit = machine.memory_bytes * PARTITION_SHARE / BYTES_PER_LINE
    return max(1, min(customers, int(customers * lines_that_fit / max(lines, 1))))


def _refuse_what_needs_the_whole(shop: OpenShop, needed: Partitioning) -> None:
    told = {
        "[features] in regulars.toml takes columns of customers or of first orders": shop.settings.features.use
        or shop.settings.features.first_order,
        "orders or events were posted to the shop's book": shop.posts is not None,
    }
    whys = " and ".join(why for why, true in told.items() if true)
    if whys and needed.chosen:
        raise InputError(
            f"the log cannot be read in partitions: {whys}; that is read as a whole: leave --partitions out"
        )
    if whys:
        raise InputError(
            f"the orders would not fit into {needed.machine.memory_gib:.1f} GiB of memory, and cannot be read in "
            f"partitions: {whys}; --partitions 1 reads the whole all the same, or raise memory_gib under [machine]"
        )
