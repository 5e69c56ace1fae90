"""Simulated shops of four years whose data is tampered with from a day on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from features.churn.labels import ChurnDefinition
from features.clock import date_of, day_number
from features.definitions import default_features
from features.definitions.engagement import event_kinds
from features.log import Events, Lines, Log
from features.roll_up import roll_up
from features.simulation.simulate import simulate
from features.sources.mapping import Shop
from tests.bundles import bundle_of
from training.bundle import Bundle
from training.dataset import build_dataset
from training.drift_reference import references
from training.splits import latest_dates

START, DAYS, CUSTOMERS = date(2020, 1, 6), 1_560, 1_500
DEFINITION = ChurnDefinition(30, 120)
Columns = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Tampered:
    """Orders and events as plain columns, so that a test can change them from a day on.

    Args:
        lines: columns of Lines.
        events: columns of Events.
        segment_of: customer → segment.
    """

    lines: Columns
    events: Columns
    segment_of: dict[str, str]

    @property
    def log(self) -> Log:
        return roll_up(_made(Lines, self.lines), _made(Events, self.events))

    def dearer(self, day: int, times: float) -> Tampered:
        """All prices are other ones from a day on."""
        amount = np.where(self.lines["day"] >= day, np.rint(self.lines["amount"] * times), self.lines["amount"])
        return replace(self, lines={**self.lines, "amount": amount.astype(int)})

    def without_orders(self, day: int, one_in: int) -> Tampered:
        """One order in so many is no longer in the export from a day on."""
        number = np.unique(self.lines["order_id"], return_inverse=True)[1]
        return replace(self, lines=_kept(self.lines, (self.lines["day"] < day) | (number % one_in > 0)))

    def without_events(self, day: int, kind: str) -> Tampered:
        """A tracking source sends nothing any more from a day on."""
        return replace(self, events=_kept(self.events, (self.events["day"] < day) | (self.events["kind"] != kind)))

    def with_campaign(self, day: int, customers: int) -> Tampered:
        """So many strangers order once in the four weeks from a day on."""
        new = {
            "customer_id": np.array([f"N{each}" for each in range(customers)]),
            "day": np.random.default_rng(1).integers(day, day + 28, customers),
            "amount": np.full(customers, 2_000),
            "order_id": np.array([f"N{each}" for each in range(customers)]),
            "product_id": np.full(customers, "P0"),
        }
        return replace(self, lines={name: np.concatenate([self.lines[name], new[name]]) for name in self.lines})


def shop_of(seed: int, christmas_factor: float = 1.0) -> Tampered:
    """Simulate a shop; its customers have segments."""
    shop = simulate(CUSTOMERS, seed, days=DAYS, start=START, christmas_factor=christmas_factor)
    sold = shop.orders[~shop.orders["returned"].astype(bool)]
    lines = {name: sold[name].astype(str).to_numpy() for name in ("customer_id", "order_id", "product_id")}
    cents = (sold["amount"].astype(float) * 100).round().astype(int).to_numpy()
    events = {name: shop.events[name].astype(str).to_numpy() for name in ("customer_id", "kind")}
    segment = shop.customers["segment"].fillna("none")
    return Tampered(
        lines={**lines, "day": _days(sold["ordered_at"]), "amount": cents},
        events={**events, "day": _days(shop.events["happened_at"])},
        segment_of=dict(zip(shop.customers["customer_id"], segment, strict=True)),
    )


def model_of(log: Log, day: int) -> Bundle:
    """Return what a logistic regression learns from a log by a day, with the distributions of its newest rows."""
    known = log.before(day)
    data = build_dataset(known, latest_dates(known, DEFINITION), DEFINITION, default_features(event_kinds(known)))
    bundle = bundle_of("logistic", data, known, Shop(zone="UTC", currency="EUR"))
    newest = data.on([data.days[-1]])
    p = bundle.probability(newest.values, date_of(data.days[-1]))
    reference = references(data.features.names, newest.values) | references(["probability"], p[:, None])
    return replace(bundle, reference=reference)


def day_of(days: int) -> int:
    """Return the day number so many days after the start."""
    return day_number(START) + days


def _days(moments: Any) -> Any:
    return moments.to_numpy().astype("datetime64[D]").astype(int)


def _made(kind: Any, columns: Columns) -> Any:
    return kind.of(**{name: values.tolist() for name, values in columns.items()})


def _kept(columns: Columns, rows: Any) -> Columns:
    return {name: values[rows] for name, values in columns.items()}
