"""What training says of the columns of the customers file that it learns from: a leak is nobody's to find later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from features.churn.labels import ChurnDefinition, complete_until
from features.clock import date_of
from features.log import Log
from training.attribute_codes import judged


def attribute_notes(log: Log, definition: ChurnDefinition) -> Iterator[str]:
    """Say which attributes were learnt from, since when they are known, and which were left out as a likely leak.

    Args:
        log: the shop's log.
        definition: population and horizon.
    """
    if not log.attributes:
        return
    found = judged(log, definition, date_of(complete_until(log)))
    if dated := [name for name in found.used if log.is_dated(name)]:
        yield f"of the customers: {_named(dated)} learnt from, of each from the day on that it was known"
    if undated := [name for name in found.used if not log.is_dated(name)]:
        yield (
            f"of the customers: {_named(undated)} learnt from; nothing says since when they are known: one that is "
            "written by what customers did later is a leak, and belongs out of use under [features]"
        )
    for name, auroc in found.suspicious.items():
        yield (
            f"of the customers: {_named([name])} left out: alone it tells who churned with an AUROC of {auroc:.2f}, so "
            "it was most likely written afterwards; a column known_from says since when it is known"
        )
    if found.by_chance:
        yield (
            f"of the customers: {_named(found.by_chance)} left out: groups of it churned as their rhythm says, no more "
            "and no less than chance allows"
        )


def _named(names: Sequence[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)
