"""How much of what a run knew has changed since, because orders came late: the features that the book keeps of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from features.build import feature_columns
from features.definitions import default_features
from features.feature import FeatureSet
from features.language.messages import sentence
from features.language.typed_values import Percent
from features.lateness import whole_days
from serving.monitoring.alarm import Alarm
from serving.monitoring.windows import Window, positions
from training.dataset import Flags

FACTS = ("days_since_order", "usual_gap_days")
RUNS = 9
# Under one customer in fifty nobody's list changes by it; and a share is unusual at twice the largest of before.
LEAST_SHARE, TIMES = 0.02, 2.0
LEAST_RUNS = 3


@dataclass(frozen=True)
class Changed:
    """A run, and how many of its customers would be scored from other facts today.

    Args:
        as_of: its day, in ISO 8601.
        customers: of the run.
        changed: of these, whose facts are others now.
        came: customers who were missing from it: all their orders came late.
    """

    as_of: str
    customers: int
    changed: int
    came: int

    @property
    def share(self) -> float:
        """The share of its customers that changed or were missing."""
        return (self.changed + self.came) / max(1, self.customers)

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {**asdict(self), "share": self.share}


def changed_since(windows: Sequence[Window], active_days: int) -> tuple[Changed, ...]:
    """Return the latest runs, oldest first, with what late orders changed.

    Args:
        windows: of scoring runs, oldest first.
        active_days: who is scored: an order in the last so many days.
    """
    return tuple(_changed(window, active_days) for window in windows[-RUNS:])


def late_alarms(found: Sequence[Changed]) -> Iterator[Alarm]:
    """Yield an alarm where far more changed after the run before the last than after those before it.

    The last run is often of the same files, where nothing can be late yet.
    """
    if len(found) < LEAST_RUNS:
        return
    latest, before = found[-2], [each.share for each in found[:-2]]
    if latest.share > max(LEAST_SHARE, TIMES * max(before)):
        yield Alarm(
            "late_data",
            "",
            sentence(
                "late orders changed {share} of the {customers} customers scored on {day:table}; at most {most} is "
                "usual",
                share=Percent(latest.share),
                customers=latest.customers,
                day=date.fromisoformat(latest.as_of),
                most=Percent(max(before)),
            ),
        )


def _changed(window: Window, active_days: int) -> Changed:
    known = default_features()
    features = FeatureSet(tuple(known[name] for name in FACTS))
    table = feature_columns(window.log, [window.run.as_of], features, active_days)
    at = pd.Index(table.customer_ids).get_indexer(pd.Index(window.said["customer_id"]))
    other: Flags = at < 0
    for name in FACTS:
        column = whole_days(table[name]) if name == "usual_gap_days" else table[name]
        now = np.where(at >= 0, column[at], np.nan) if len(column) else np.full(len(at), np.nan)
        then = window.said[name].to_numpy(dtype=np.float64)
        other = other | ~np.isclose(now, then, equal_nan=True)
    came = int(
        (~np.isin(positions(window.log, table.customer_ids), positions(window.log, window.said["customer_id"]))).sum()
    )
    return Changed(window.run.as_of.isoformat(), len(window.said), int(other.sum()), came)
