"""Predicted customer lifetime value: what the active customers are expected to spend, by the model that serves.

Over the next horizon it is (1 − probability of churn) × spend if kept, since who churns orders nothing in it. Over
twelve months that is continued by the shop's measured retention. It is not told where no model serves, where the model
answers another question than the settings ask, or where it knows days that are not to be known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated

import msgspec
import numpy as np
import pandas as pd
from msgspec import Meta

from features.build import feature_table
from features.clock import date_of, day_number
from features.errors import InputError, ModelNotFound, ModelRefused
from features.kpis.retention import NO_GROUP
from features.kpis.yearly import Yearly, twelve_months
from features.language.messages import sentence
from features.log import Log
from features.money import Money
from serving.scorer import CUSTOMERS_AT_ONCE
from serving.shop import OpenShop
from training.bundle import Bundle
from training.dataset import Floats


class PredictedSpend(msgspec.Struct, frozen=True):
    """What the active customers of a group are expected to spend, by the model that serves."""

    customers: Annotated[int, Meta(description="active on `known_until`")]
    horizon_days: int
    expected_spend: Annotated[
        Decimal, Meta(description="mean per customer over the horizon, major units", examples=["24.10"])
    ]
    expected_spend_12_months: Annotated[
        Decimal | None,
        Meta(
            description="over twelve months at an ordinary level, by the shop's retention; null: that is not known",
            examples=["236.89"],
        ),
    ]
    model_version: str


def expected_values(
    shop: OpenShop, log: Log, end: int, group_of: Mapping[str, str] | None, year: Yearly | None
) -> tuple[dict[str, PredictedSpend], tuple[str, ...]]:
    """Return what is expected of each group and of all, NO_GROUP, or nothing and why.

    Args:
        shop: the open shop.
        log: its log, before `end`.
        end: day number of the prediction; only what came before it is read.
        group_of: customer → group; None for all alone.
        year: the shop's retention in a year; None where it is not known.
    """
    if not log.has_money:
        return {}, (sentence("no value is told or predicted: the orders hold no money"),)
    try:
        bundle, version = shop.champion()
    except ModelNotFound:
        return {}, (sentence("no lifetime value is predicted: no model serves yet; run regulars train"),)
    except (ModelRefused, InputError) as error:
        return {}, (sentence("no lifetime value is predicted: {error}", error=str(error).splitlines()[0]),)
    if day_number(bundle.trained_until) > end:
        said = sentence(
            "no lifetime value is predicted: version {version} has learnt from days up to {until:table}",
            version=version,
            until=bundle.trained_until,
        )
        return {}, (said,)
    customers, spends = _spends(log, bundle, end)
    groups = {NO_GROUP: spends} if len(spends) else {}
    if group_of is not None and len(spends):
        named = np.array([group_of.get(customer, NO_GROUP) for customer in customers], dtype=object)
        groups |= {str(name): spends[named == name] for name in np.unique(named)}
    return {name: _predicted(part, bundle, version, year, shop.settings.money) for name, part in groups.items()}, ()


def _predicted(spends: Floats, bundle: Bundle, version: str, year: Yearly | None, money: Money) -> PredictedSpend:
    days, (coming, ordinary) = bundle.definition.horizon_days, spends.mean(axis=0).tolist()
    in_a_year = None if year is None else money.major(twelve_months(ordinary, days, year.retention))
    return PredictedSpend(len(spends), days, money.major(coming), in_a_year, version)


def _spends(log: Log, bundle: Bundle, end: int) -> tuple[list[str], Floats]:
    """Return who is active, and what each is expected to spend over the horizon, minor units, customers × 2.

    First over the coming horizon, then over one at the ordinary level: the season of one is not that of a year.
    """
    parts = list(_chunks(log, bundle, end))
    return [customer for some, _ in parts for customer in some], np.concatenate([spends for _, spends in parts])


def _chunks(log: Log, bundle: Bundle, end: int) -> Iterator[tuple[list[str], Floats]]:
    as_of = date_of(end)
    for first in range(0, max(log.n_customers, 1), CUSTOMERS_AT_ONCE):
        chunk = log.slice(first, min(first + CUSTOMERS_AT_ONCE, log.n_customers))
        table = feature_table(chunk, [as_of], bundle.features, bundle.definition.active_days)
        spends = np.zeros((0, 2))
        if len(table):
            matrix = table[list(bundle.features.names)]
            levels = (bundle, bundle.at_ordinary_level)
            spends = np.column_stack([_expected(each, matrix, as_of) for each in levels])
        yield list(table["customer_id"]), spends


def _expected(bundle: Bundle, matrix: pd.DataFrame, as_of: date) -> Floats:
    return (1 - bundle.probability(matrix, as_of)) * bundle.expected_spend(matrix, as_of)
