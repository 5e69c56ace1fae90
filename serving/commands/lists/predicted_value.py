"""Predicted customer lifetime value: what the active customers are expected to spend, by the model that serves.

Over the next horizon it is (1 − probability of churn) × spend if kept, since who churns orders nothing in it. Over
twelve months that is continued by the shop's measured retention. It is not told where no model serves, where the model
answers another question than the settings ask, or where it knows days that are not to be known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from features.build import feature_table
from features.clock import date_of, day_number
from features.errors import InputError, ModelNotFound, ModelRefused
from features.kpis.retention import NO_GROUP
from features.kpis.yearly import Yearly, twelve_months
from features.log import Log
from features.money import Money
from serving.scorer import CUSTOMERS_AT_ONCE
from serving.shop import OpenShop
from training.bundle import Bundle
from training.dataset import Floats


@dataclass(frozen=True)
class Expected:
    """What the active customers of a group are expected to spend.

    Args:
        customers: active on the day.
        horizon_days: of the model.
        over_horizon: mean per customer, minor units.
        over_year: mean per customer over twelve months, minor units; None where the shop's retention is not known.
        model_version: of the model that serves.
    """

    customers: int
    horizon_days: int
    over_horizon: float
    over_year: float | None
    model_version: str

    def to_dict(self, money: Money) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "customers": self.customers,
            "horizon_days": self.horizon_days,
            "expected_spend": money.major(self.over_horizon),
            "expected_spend_12_months": self._year(money),
            "model_version": self.model_version,
        }

    def _year(self, money: Money) -> Decimal | None:
        return None if self.over_year is None else money.major(self.over_year)

    def line(self, group: str, money: Money) -> str:
        """Say it in one line."""
        year = "" if self.over_year is None else f", about {money.text(self.over_year)} in twelve months"
        return (
            f"predicted, {group}: {money.text(self.over_horizon)} a customer in the next {self.horizon_days} days"
            f"{year} ({self.customers:,} active customers, model version {self.model_version})"
        )


def expected_values(
    shop: OpenShop, log: Log, end: int, group_of: Mapping[str, str] | None, year: Yearly | None
) -> tuple[dict[str, Expected], tuple[str, ...]]:
    """Return what is expected of each group and of all, NO_GROUP, or nothing and why.

    Args:
        shop: the open shop.
        log: its log, before `end`.
        end: day number at whose start is looked.
        group_of: customer → group; None for all alone.
        year: the shop's retention in a year; None where it is not known.
    """
    try:
        bundle, version = shop.champion()
    except ModelNotFound:
        return {}, ("no lifetime value is predicted: no model serves yet; run regulars train",)
    except (ModelRefused, InputError) as error:
        return {}, (f"no lifetime value is predicted: {str(error).splitlines()[0]}",)
    if day_number(bundle.trained_until) > end:
        until = bundle.trained_until
        return {}, (f"no lifetime value is predicted: version {version} has learnt from days up to {until}",)
    customers, spends = _spends(log, bundle, end)
    groups = {NO_GROUP: spends} if len(spends) else {}
    if group_of is not None and len(spends):
        named = np.array([group_of.get(customer, NO_GROUP) for customer in customers], dtype=object)
        groups |= {str(name): spends[named == name] for name in np.unique(named)}
    return {name: _expected(part, bundle, version, year) for name, part in groups.items()}, ()


def _expected(spends: Floats, bundle: Bundle, version: str, year: Yearly | None) -> Expected:
    days, mean = bundle.definition.horizon_days, float(spends.mean())
    over_year = None if year is None else twelve_months(mean, days, year.retention)
    return Expected(len(spends), days, mean, over_year, version)


def _spends(log: Log, bundle: Bundle, end: int) -> tuple[list[str], Floats]:
    """Return who is active, and what each is expected to spend over the horizon, minor units."""
    parts = list(_chunks(log, bundle, end))
    return [customer for some, _ in parts for customer in some], np.concatenate([spends for _, spends in parts])


def _chunks(log: Log, bundle: Bundle, end: int) -> Iterator[tuple[list[str], Floats]]:
    as_of = date_of(end)
    for first in range(0, max(log.n_customers, 1), CUSTOMERS_AT_ONCE):
        chunk = log.slice(first, min(first + CUSTOMERS_AT_ONCE, log.n_customers))
        table = feature_table(chunk, [as_of], bundle.features, bundle.definition.active_days)
        spends = np.zeros(0)
        if len(table):
            matrix = table[list(bundle.features.names)]
            spends = (1 - bundle.probability(matrix, as_of)) * bundle.expected_spend(matrix)
        yield list(table["customer_id"]), spends
