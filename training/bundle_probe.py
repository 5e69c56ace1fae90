"""Twenty made-up customers that travel with a bundle, with the features and the log-odds that training gave them.

Whoever loads the bundle computes them again from the orders. A difference means that the code that serves is not the
code that trained, and the bundle is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from features.build import feature_table
from features.clock import day_number
from features.feature import FeatureSet
from features.log import Events, Lines, Log
from features.roll_up import roll_up
from training.dataset import Floats
from training.models.fitted import from_nullable, nullable

CUSTOMERS = 20
AS_OF = date(2024, 3, 1)
# Powers and roots may differ in the last bit from one processor's library to another's; a changed definition differs in
# the first digits.
TOLERANCE = 1e-9
LINE_COLUMNS = ("customer_id", "day", "amount", "order_id", "product_id", "discount", "units", "returned")
EVENT_COLUMNS = ("customer_id", "kind", "day", "second", "value")


@dataclass(frozen=True, eq=False)
class Probe:
    """The orders and events of made-up customers, and what was computed from them.

    Args:
        lines: order lines, one list per column of `Lines`.
        events: events, one list per column of `Events`, values in whole units.
        values: customers × features.
        log_odds: calibrated, one per customer.
    """

    lines: dict[str, list[Any]]
    events: dict[str, list[Any]]
    values: Floats
    log_odds: Floats

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        rows = [nullable(row) for row in self.values]
        return {"lines": self.lines, "events": self.events, "values": rows, "log_odds": nullable(self.log_odds)}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Probe:
        """Read what `to_dict` gave."""
        values = np.array([from_nullable(row) for row in content["values"]], dtype=np.float64)
        return cls(content["lines"], content["events"], values, from_nullable(content["log_odds"]))

    def differing(self, features: FeatureSet) -> tuple[str, ...]:
        """Return the features that come out otherwise today; all of them when customers are missing."""
        today = probe_values(self.lines, self.events, features)
        if today.shape != self.values.shape:
            return features.names
        near = np.isclose(today, self.values, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
        return tuple(name for place, name in enumerate(features.names) if not near[:, place].all())


def probe_values(lines: dict[str, list[Any]], events: dict[str, list[Any]], features: FeatureSet) -> Floats:
    """Return customers × features of the made-up customers, through the one producer."""
    table = feature_table(_log(lines, events), [AS_OF], features)
    return np.ascontiguousarray(table[list(features.names)].to_numpy(dtype=np.float64))


def _log(lines: dict[str, list[Any]], events: dict[str, list[Any]]) -> Log:
    orders = Lines.of(**{name: lines[name] for name in LINE_COLUMNS})
    return roll_up(orders, Events.of(**{name: events[name] for name in EVENT_COLUMNS}))


def made_up(kinds: Sequence[str], seed: int = 1) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """Return the lines and events of twenty made-up customers: rare and frequent, with returns and discounts.

    >>> lines, events = made_up(["visit"])
    >>> len(set(lines["customer_id"])), set(events["kind"])
    (20, {'visit'})
    """
    random = np.random.default_rng(seed)
    lines: dict[str, list[Any]] = {name: [] for name in LINE_COLUMNS}
    events: dict[str, list[Any]] = {name: [] for name in EVENT_COLUMNS}
    for place in range(CUSTOMERS):
        customer = f"probe-{place:02}"
        for order, day in enumerate(_days(random, most=1 + 2 * place)):
            for product in range(int(random.integers(1, 4))):
                returned = bool(order > 0 and random.random() < 0.08)
                amount, what = int(random.integers(100, 9_000)), f"p{product + order % 3}"
                row = (customer, day, amount, f"{customer}-{order}", what)
                rest = (int(random.integers(0, 2) * random.integers(0, 300)), int(random.integers(1, 5)), returned)
                _append(lines, (*row, *rest))
        for kind in kinds:
            for day in _days(random, most=place):
                value = float(random.integers(1, 6)) if random.random() < 0.8 else None
                _append(events, (customer, kind, day, int(random.integers(0, 86_400)), value))
    return lines, events


def _days(random: np.random.Generator, most: int) -> list[int]:
    """Return ascending day numbers, the last of them at least one before the probe's date and at most two months."""
    gaps = random.integers(1, 60, size=int(random.integers(0, most + 1)) + 1)
    ages = np.cumsum(gaps)[::-1]
    return [day_number(AS_OF - timedelta(days=int(age))) for age in ages]


def _append(table: dict[str, list[Any]], row: Sequence[Any]) -> None:
    for column, value in zip(table.values(), row, strict=True):
        column.append(value)
