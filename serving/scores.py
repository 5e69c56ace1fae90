"""The output contract: what a score says, column by column, in every file, answer and list.

Bands and states are defined here and nowhere else. A band is read from the calibrated probability alone; a state
also looks at how often and how lately the customer ordered, and in which rhythm. Each customer is in one state: who
ordered on one day is new and never counted with the regulars; who is lost already is lapsed, which is no news.
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
# Lapsed inside the population asks for all of these, because a regular who is written off is not called in time:
# a rhythm (two gaps), a silence of three gaps that are long for this customer (nine in ten were shorter) and of more
# than a whole horizon (which is what churned means), and a model that gives an order at most one chance in four.
RHYTHM_FROM = 3  # order days
LAPSED_LONG_GAPS = 3
LAPSED_FROM = 0.75
SILENT_DAYS = (30, 60, 90, 180)  # fixed, whatever the model's own horizon: a file keeps its columns


@dataclass(frozen=True)
class Column:
    """One column of the score file: its name, its type, its unit and what it means."""

    name: str
    type: Literal["text", "date", "integer", "number", "money", "texts"]
    unit: str
    meaning: str


_GIVEN = "given that the customer orders within the days that the model follows"
# Of those who never order again no date can be told: it is one for those who do.
SCORE_COLUMNS: tuple[Column, ...] = (
    Column("customer_id", "text", "", "the customer's id as in the order source; leading zeros are kept"),
    Column("as_of", "date", "business day", "the day at whose start was looked; all before it is history"),
    Column("horizon_days", "integer", "days", "churned means: no order on the days as_of … as_of + horizon_days − 1"),
    Column("probability", "number", "0 to 1", "calibrated probability that the customer churns within the horizon"),
    Column("band", "text", "", "low below 0.25, medium below 0.5, high from 0.5 on, read from the probability"),
    Column(
        "state",
        "text",
        "",
        "lapsed: no order in active_days, or from 3 order days on silent for more than 3 × long_gap_days and more than "
        "horizon_days with probability from 0.75 on; new: one order day; at_risk: band high; else active",
    ),
    Column("days_since_order", "integer", "days", "whole days from the last order day to as_of; 1 = yesterday"),
    Column("usual_gap_days", "number", "days", "the customer's usual gap between order days; none before the second"),
    Column("overdue", "number", "ratio", "days_since_order ÷ usual_gap_days; above 1 the customer is late"),
    Column(
        "overdue_days",
        "number",
        "days",
        "days_since_order − usual_gap_days; negative: not yet due; none before the second",
    ),
    Column("next_order_on", "date", "business day", f"by when half have ordered; {_GIVEN}"),
    Column("next_order_from", "date", "business day", f"first day of an 80 % interval around next_order_on; {_GIVEN}"),
    Column("next_order_until", "date", "business day", f"last day of that interval; {_GIVEN}"),
    *(Column(f"silent_{days}d", "number", "0 to 1", f"P(no order within {days} days)") for days in SILENT_DAYS),
    Column("expected_spend", "money", "major units", "what the customer spends within the horizon if kept"),
    Column("value_at_risk", "money", "major units", "probability × expected_spend"),
    Column("value_at_risk_low", "money", "major units", "probability × low end of an 80 % interval of the spend"),
    Column("value_at_risk_high", "money", "major units", "probability × its high end"),
    Column("reasons", "texts", "", "up to three sentences on what raises the risk, strongest first"),
    Column("protective", "texts", "", "up to two sentences on what lowers the risk, strongest first"),
    Column("model_version", "text", "", "version of the registered model that gave the probability"),
)
SCORE_NAMES: tuple[str, ...] = tuple(column.name for column in SCORE_COLUMNS)


@dataclass(frozen=True)
class Score:
    """The score of one customer; the fields are the columns of the score file, and `limits` what it rests on.

    Money is in major units of `currency`, with that currency's digits. `reasons` and `protective` are None where
    they were not computed. The next order, the silences and the interval of the value at risk are None where the book
    holds a run that was recorded before there were such columns.
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
    overdue_days: float | None
    next_order_on: date | None
    next_order_from: date | None
    next_order_until: date | None
    silent_30d: float | None
    silent_60d: float | None
    silent_90d: float | None
    silent_180d: float | None
    expected_spend: Decimal
    value_at_risk: Decimal
    value_at_risk_low: Decimal | None
    value_at_risk_high: Decimal | None
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


def states(
    order_days: npt.NDArray[np.float64],
    days_since_order: npt.NDArray[np.float64],
    probabilities: npt.NDArray[np.float64],
    active_days: int,
    lost_after: npt.NDArray[np.float64] | float = np.inf,
) -> npt.NDArray[np.object_]:
    """Return the state of every customer of arrays (n,), the first that fits: lapsed, new, at_risk, active.

    Args:
        order_days: on how many days each ordered before as_of.
        days_since_order: whole days since the last of them.
        probabilities: calibrated, of churn within the horizon.
        active_days: who is silent for longer is outside the model's population.
        lost_after: days of silence, by `lost_after_days`; without it the population alone decides who has lapsed.

    >>> often, since = np.array([1.0, 5.0, 5.0, 5.0]), np.array([4.0, 4.0, 61.0, 61.0])
    >>> lost_after = lost_after_days(often, np.full(4, 20.0), horizon_days=30)
    >>> states(often, since, np.array([0.9, 0.9, 0.9, 0.6]), 365, lost_after).tolist()
    ['new', 'at_risk', 'lapsed', 'at_risk']
    """
    found = np.full(len(probabilities), "active", dtype=object)
    found[probabilities >= HIGH_FROM] = "at_risk"
    found[order_days == 1] = "new"
    found[(days_since_order > lost_after) & (probabilities >= LAPSED_FROM)] = "lapsed"
    found[days_since_order > active_days] = "lapsed"
    return found


def lost_after_days(
    order_days: npt.NDArray[np.float64], long_gap_days: npt.NDArray[np.float64], horizon_days: int
) -> npt.NDArray[np.float64]:
    """Return after how many days of silence each customer may be lost, by the own rhythm; never, where there is none.

    Args:
        order_days: on how many days each ordered.
        long_gap_days: nine in ten gaps of each were shorter; NaN = no gap yet.
        horizon_days: of the model.

    >>> lost_after_days(np.array([2.0, 9.0, 9.0]), np.array([20.0, 20.0, 1.5]), horizon_days=30)
    array([inf, 60., 30.])
    """
    known = (order_days >= RHYTHM_FROM) & ~np.isnan(long_gap_days)
    return np.where(known, np.maximum(LAPSED_LONG_GAPS * long_gap_days, horizon_days), np.inf)
