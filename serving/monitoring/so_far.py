"""A window that has run for half of its days or more: how many have not ordered so far, beside how many should not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from features.build import feature_columns
from features.language.messages import Message, Sentence, sentence
from features.language.typed_values import Digits
from serving.monitoring.windows import Window, positions
from training.bundle import Bundle
from training.dataset import Floats
from training.log_odds import log_odds_of, sigmoid
from training.metrics import Z_95


@dataclass(frozen=True)
class SoFar:
    """The survival of a window that is under way.

    Args:
        as_of: its first day, in ISO 8601.
        days: how many of its days the log shows.
        horizon_days: of how many.
        customers: of the run.
        silent: how many of them have not ordered so far.
        expected: how many were expected not to.
        low: lower end of its 95 % interval, which counts the forecast of the level, and chance.
        high: upper end.
    """

    as_of: str
    days: int
    horizon_days: int
    customers: int
    silent: int
    expected: float
    low: float
    high: float

    @property
    def words(self) -> Sentence:
        """What is seen so far, in one sentence."""
        holds = self.low <= self.silent <= self.high
        return sentence(
            "{days} of {horizon} days after {day:table}, {silent} of {customers} have not ordered yet; expected were "
            "{expected}, {low} to {high}: {it}",
            days=self.days,
            horizon=self.horizon_days,
            day=date.fromisoformat(self.as_of),
            silent=self.silent,
            customers=self.customers,
            expected=Digits(f"{self.expected:,.0f}"),
            low=Digits(f"{self.low:,.0f}"),
            high=Digits(f"{self.high:,.0f}"),
            it=Message("as expected") if holds else Message("not as expected"),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {**vars(self)}


def under_way(windows: Sequence[Window]) -> Window | None:
    """Return the earliest window that has run for at least half of its days, and goes on; None where there is none."""
    going = [each for each in windows if not each.has_ended and 2 * each.elapsed_days >= each.run.horizon_days]
    return going[0] if going else None


def survival(window: Window, bundle: Bundle) -> SoFar | None:
    """Return the survival so far; None where nobody of the run is in the population of the log any more.

    Args:
        window: under way.
        bundle: the model that made its run.
    """
    table = feature_columns(window.log, [window.run.as_of], bundle.features, bundle.definition.active_days)
    known = positions(window.log, window.said["customer_id"])
    rows = {who: row for row, who in enumerate(positions(window.log, table.customer_ids).tolist())}
    asked = np.array([rows.get(who, -1) for who in known.tolist()], dtype=np.int64)
    found = asked >= 0
    if not found.any():
        return None
    matrix, p, days = bundle.matrix(table)[asked[found]], window.p[found], window.elapsed_days

    def silent_at(off: float) -> Floats:
        moved = sigmoid(log_odds_of(p) + off)
        return np.asarray(bundle.timing.no_order_probability(matrix, moved, [days])[:, 0], dtype=np.float64)

    middle, error = silent_at(0.0), Z_95 * window.level_error
    chance = Z_95 * float(np.sqrt((middle * (1 - middle)).sum()))
    low, expected, high = (float(each.sum()) for each in (silent_at(-error), middle, silent_at(error)))
    return SoFar(
        as_of=window.run.as_of.isoformat(),
        days=days,
        horizon_days=window.run.horizon_days,
        customers=int(found.sum()),
        silent=int(window.silent[found].sum()),
        expected=expected,
        low=expected - float(np.hypot(expected - low, chance)),
        high=expected + float(np.hypot(high - expected, chance)),
    )
