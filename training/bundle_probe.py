"""The probe of a bundle: twenty made-up customers, with the features and log-odds that training computed for them.

Loading a bundle computes them again from the orders. A difference means that the serving code is not the code that
trained, and the bundle is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from features.attributes import Attributes, with_attributes
from features.build import feature_table
from features.clock import day_number
from features.codes import Codes
from features.feature import FeatureSet
from features.log import Coded, Events, Lines
from features.roll_up import roll_up
from training.dataset import Flags, Floats
from training.models.fitted import from_nullable, nullable

CUSTOMERS = 20
AS_OF = date(2024, 3, 1)
# Powers and roots may differ in the last bit between processors; a changed definition differs in the first digits.
TOLERANCE = 1e-9
LINE_COLUMNS = ("customer_id", "day", "amount", "order_id", "product_id", "discount", "units", "returned")
_IDS = np.array([f"probe-{number:02}" for number in range(CUSTOMERS)], dtype=object)
EVENT_COLUMNS = ("customer_id", "kind", "day", "second", "value")


@dataclass(frozen=True, eq=False)
class Probe:
    """The orders and events of the made-up customers, and what training computed from them.

    Args:
        lines: order lines, one list per column of `Lines`.
        events: events, one list per column of `Events`, values in whole units.
        values: customers × features.
        log_odds: calibrated, one per customer.
        attributes: attribute → the customers' values, '' = none.
    """

    lines: dict[str, list[Any]]
    events: dict[str, list[Any]]
    values: Floats
    log_odds: Floats
    attributes: dict[str, list[str]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        rows = [nullable(row) for row in self.values]
        made = {"lines": self.lines, "events": self.events, "attributes": self.attributes}
        return {**made, "values": rows, "log_odds": nullable(self.log_odds)}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Probe:
        """Read what `to_dict` gave."""
        values = np.array([from_nullable(row) for row in content["values"]], dtype=np.float64)
        log_odds = from_nullable(content["log_odds"])
        return cls(content["lines"], content["events"], values, log_odds, content.get("attributes", {}))

    def differing(self, features: FeatureSet) -> tuple[str, ...]:
        """Return the names of features that are computed differently now; all of them when customers are missing."""
        now = probe_values(self.lines, self.events, features, self.attributes)
        if now.shape != self.values.shape:
            return features.names
        near: Flags = np.isclose(now, self.values, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
        return tuple(name for name, column in zip(features.names, near.T, strict=True) if not column.all())


def probe_values(
    lines: dict[str, list[Any]],
    events: dict[str, list[Any]],
    features: FeatureSet,
    attributes: dict[str, list[str]],
) -> Floats:
    """Return the features of the made-up customers, customers × features, as `feature_table` computes them."""
    orders = Lines.of(**{name: lines[name] for name in LINE_COLUMNS})
    log = roll_up(orders, Events.of(**{name: events[name] for name in EVENT_COLUMNS}))
    log = with_attributes(log, Attributes(_IDS, {name: Coded.of(values) for name, values in attributes.items()}))
    # The made-up customers lived before the shop's own did: they are read by what the shop knows last.
    features = replace(features, codes=features.codes.latest_as_of(day_number(AS_OF)))
    table = feature_table(log, [AS_OF], features)
    return np.ascontiguousarray(table[list(features.names)].to_numpy(dtype=np.float64))


def made_up(kinds: Sequence[str], seed: int = 1) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """Return the lines and events of twenty made-up customers: rare and frequent, with returns and discounts.

    >>> lines, events = made_up(["visit"])
    >>> len(set(lines["customer_id"])), set(events["kind"])
    (20, {'visit'})
    """
    random = np.random.default_rng(seed)
    lines: dict[str, list[Any]] = {name: [] for name in LINE_COLUMNS}
    events: dict[str, list[Any]] = {name: [] for name in EVENT_COLUMNS}
    for number in range(CUSTOMERS):
        customer = str(_IDS[number])
        for order, day in enumerate(_days(random, most=1 + 2 * number)):
            for product in range(int(random.integers(1, 4))):
                returned = bool(order > 0 and random.random() < 0.08)
                amount, what = int(random.integers(100, 9_000)), f"p{product + order % 3}"
                row = (customer, day, amount, f"{customer}-{order}", what)
                rest = (int(random.integers(0, 2) * random.integers(0, 300)), int(random.integers(1, 5)), returned)
                _append(lines, (*row, *rest))
        for kind in kinds:
            for day in _days(random, most=number):
                value = float(random.integers(1, 6)) if random.random() < 0.8 else None
                _append(events, (customer, kind, day, int(random.integers(0, 86_400)), value))
    return lines, events


def made_up_attributes(codes: Codes) -> dict[str, list[str]]:
    """Return the values of the made-up customers: those that the codes know, in turn, one that they do not, and none.

    >>> made_up_attributes(Codes())
    {}
    """
    found = codes.tables.items()
    return {name: _in_turn(sorted({value for table in tables for value in table.log_odds})) for name, tables in found}


def _in_turn(known: Sequence[str]) -> list[str]:
    return [(*known, "?", "")[place % (len(known) + 2)] for place in range(CUSTOMERS)]


def _days(random: np.random.Generator, most: int) -> list[int]:
    """Return ascending day numbers, the last of them one day to two months before the date of the probe."""
    gaps = random.integers(1, 60, size=int(random.integers(0, most + 1)) + 1)
    ages = np.cumsum(gaps)[::-1]
    return [day_number(AS_OF - timedelta(days=int(age))) for age in ages]


def _append(table: dict[str, list[Any]], row: Sequence[Any]) -> None:
    for column, value in zip(table.values(), row, strict=True):
        column.append(value)
