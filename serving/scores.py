"""The output contract: what a score says, column by column, in every file, answer and list.

Bands and states are defined here and nowhere else. A band is read from the calibrated probability alone; a state
also looks at how often and how lately the customer ordered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

import numpy as np
import numpy.typing as npt

Band = Literal["low", "medium", "high"]
State = Literal["new", "active", "at_risk", "lapsed"]

BANDS: tuple[Band, ...] = ("low", "medium", "high")
STATES: tuple[State, ...] = ("new", "active", "at_risk", "lapsed")
MEDIUM_FROM = 0.25
HIGH_FROM = 0.5  # from here on a customer is more likely to churn than to order


@dataclass(frozen=True)
class Column:
    """One column of the score file: its name, its type, its unit and what it means."""

    name: str
    type: Literal["text", "date", "integer", "number", "money", "texts"]
    unit: str
    meaning: str


SCORE_COLUMNS: tuple[Column, ...] = (
    Column("customer_id", "text", "", "the customer's id as in the order source; leading zeros are kept"),
    Column("as_of", "date", "business day", "the day at whose start was looked; all before it is history"),
    Column("horizon_days", "integer", "days", "churned means: no order on the days as_of … as_of + horizon_days − 1"),
    Column("probability", "number", "0 to 1", "calibrated probability that the customer churns within the horizon"),
    Column("band", "text", "", "low below 0.25, medium below 0.5, high from 0.5 on, read from the probability"),
    Column("state", "text", "", "new: one order day; at_risk: band high; lapsed: outside the population; else active"),
    Column("days_since_order", "integer", "days", "whole days from the last order day to as_of; 1 = yesterday"),
    Column("usual_gap_days", "number", "days", "the customer's usual gap between order days; none before the second"),
    Column("overdue", "number", "ratio", "days_since_order ÷ usual_gap_days; above 1 the customer is late"),
    Column("expected_spend", "money", "major units", "what the customer spends within the horizon if kept"),
    Column("value_at_risk", "money", "major units", "probability × expected_spend"),
    Column("reasons", "texts", "", "up to three sentences on what raises the risk, strongest first"),
    Column("protective", "texts", "", "up to two sentences on what lowers the risk, strongest first"),
    Column("model_version", "text", "", "version of the registered model that gave the probability"),
)
SCORE_NAMES: tuple[str, ...] = tuple(column.name for column in SCORE_COLUMNS)


@dataclass(frozen=True)
class Score:
    """The score of one customer; the fields are the columns of the score file, and `limits` what it rests on.

    Money is in major units of `currency`, with that currency's digits. `reasons` and `protective` are None where
    they were not computed.
    """

    customer_id: str
    as_of: date
    horizon_days: int
    probability: float
    band: Band
    state: State
    days_since_order: int
    usual_gap_days: float | None
    overdue: float | None
    expected_spend: Decimal
    value_at_risk: Decimal
    currency: str
    reasons: tuple[str, ...] | None
    protective: tuple[str, ...] | None
    model_version: str
    limits: tuple[str, ...] = ()


def band(probability: float) -> Band:
    """Return the band of a calibrated probability; an edge belongs to the band above it.

    >>> band(0.2499), band(0.25), band(0.5)
    ('low', 'medium', 'high')
    """
    if probability >= HIGH_FROM:
        return "high"
    return "medium" if probability >= MEDIUM_FROM else "low"


def bands(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.object_]:
    """Return the band of every probability of an array (n,), as `band` does for one.

    >>> bands(np.array([0.1, 0.9])).tolist()
    ['low', 'high']
    """
    place = np.digitize(probabilities, [MEDIUM_FROM, HIGH_FROM])
    return np.array(BANDS, dtype=object)[place]


def state(order_days: int, days_since_order: int, probability: float, active_days: int) -> State:
    """Return the state of a customer, the first that fits: lapsed, new, at_risk, active.

    `order_days` is how many days the customer ordered on before as_of; `active_days` is the population's rule of the
    model's churn definition.

    >>> state(1, 400, 0.9, active_days=365), state(1, 4, 0.9, 365), state(5, 4, 0.9, 365), state(5, 4, 0.1, 365)
    ('lapsed', 'new', 'at_risk', 'active')
    """
    if days_since_order > active_days:
        return "lapsed"
    if order_days == 1:
        return "new"
    return "at_risk" if band(probability) == "high" else "active"


def states(
    order_days: npt.NDArray[np.float64],
    days_since_order: npt.NDArray[np.float64],
    probabilities: npt.NDArray[np.float64],
    active_days: int,
) -> npt.NDArray[np.object_]:
    """Return the state of every customer of three arrays (n,), as `state` does for one.

    >>> states(np.array([1.0, 5.0]), np.array([4.0, 4.0]), np.array([0.9, 0.9]), 365).tolist()
    ['new', 'at_risk']
    """
    found = np.full(len(probabilities), "active", dtype=object)
    found[probabilities >= HIGH_FROM] = "at_risk"
    found[order_days == 1] = "new"
    found[days_since_order > active_days] = "lapsed"
    return found
