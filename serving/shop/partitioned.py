"""Whether a shop's log is read in partitions: as it was chosen, or as its memory needs it."""

from __future__ import annotations

from dataclasses import dataclass

from features.errors import InputError
from features.language.messages import Sentence, sentence
from features.language.typed_values import Digits
from features.machine import Machine
from features.sources.partitions.estimate import lines_of, partitions_for
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
    _refuse_what_needs_the_whole(shop)
    return Partitioning(number, machine, chosen=partitions is not None)


def _refuse_what_needs_the_whole(shop: OpenShop) -> None:
    told = {
        "[features] in regulars.toml takes columns of customers or of first orders": shop.settings.features.use
        or shop.settings.features.first_order,
        "orders or events were posted to the shop's book": shop.posts is not None,
    }
    if whys := [why for why, true in told.items() if true]:
        remedy = "that is read as a whole only: leave --partitions out, or raise memory_gib under [machine]"
        raise InputError(f"the log cannot be read in partitions: {' and '.join(whys)}; {remedy}")
