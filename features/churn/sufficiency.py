"""Tells whether a history is enough to train and test a model, and what is possible when it is not.

The thresholds are those that vendors state for their own tools: 500 churned and 500 kept cases (Adobe Customer AI),
two windows of history (Dynamics 365), 100 customers for values (Dynamics 365). Below them Regulars does less, and says
so; it does not refuse.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.churn.labels import ChurnDefinition, complete_until, label_table
from features.clock import date_of
from features.log import Log

GOOD_CASES = 500
FEWEST_CASES = 100
CUSTOMERS_FOR_VALUES = 100
MOST_DATES = 12


@dataclass(frozen=True)
class Sufficiency:
    """What a log holds for a churn definition.

    `churned` and `kept` are cases: customers of the population on dates one horizon apart whose future is known.
    `population` are those who can churn after the log's last day.
    """

    customers: int
    repeat_customers: int
    months: float
    order_days: int
    churned: int
    kept: int
    population: int
    enough: bool
    verdict: str
    possible: tuple[str, ...]


def sufficiency(log: Log, definition: ChurnDefinition) -> Sufficiency:
    """Say how much history there is, whether it is enough to train and test a model, and what is possible.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> found = sufficiency(roll_up(Lines.of(["ann"], [10], [500])), ChurnDefinition(30, 90))
    >>> found.enough, found.verdict
    (False, 'Not enough to trust a model: 1 day of history where 150 are needed.')
    """
    days = np.diff(log.streams["orders"].starts)
    history = complete_until(log) - log.first_day
    dates = _dates(log, definition)
    labels = (
        label_table(log, [date_of(day) for day in dates], definition)["churned"] if dates else np.zeros(0, dtype=bool)
    )
    churned, kept = int(np.count_nonzero(labels)), int(np.count_nonzero(~np.asarray(labels, dtype=bool)))
    lacks = _lacks(history, churned, kept, definition)
    customers = int(np.count_nonzero(days > 0))
    return Sufficiency(
        customers=customers,
        repeat_customers=int(np.count_nonzero(days > 1)),
        months=round(history / 30.44, 1),
        order_days=int(days.sum()),
        churned=churned,
        kept=kept,
        population=_population(log, definition),
        enough=not lacks,
        verdict=_verdict(lacks, churned, kept),
        possible=_possible(lacks, customers, history, definition),
    )


def history_needed(definition: ChurnDefinition) -> int:
    """Return the days of history that one training date and one test date take.

    >>> history_needed(ChurnDefinition(30, 90))
    150
    """
    return 2 * definition.horizon_days + definition.active_days


def _dates(log: Log, definition: ChurnDefinition) -> list[int]:
    """Return dates one horizon apart, from the last one whose future is known back to the first with a full past."""
    last = complete_until(log) - definition.horizon_days
    earliest = log.first_day + definition.active_days
    return list(range(last, earliest - 1, -definition.horizon_days))[:MOST_DATES][::-1]


def _population(log: Log, definition: ChurnDefinition) -> int:
    orders = log.streams["orders"]
    recent = orders.day >= complete_until(log) - definition.active_days
    return len(np.unique(orders.customer[recent]))


def _lacks(history: int, churned: int, kept: int, definition: ChurnDefinition) -> list[str]:
    needed = history_needed(definition)
    lacks = []
    if history < needed:
        lacks.append(f"{history} {'day' if history == 1 else 'days'} of history where {needed} are needed")
    else:
        if churned < FEWEST_CASES:
            lacks.append(f"{churned} churned cases where {FEWEST_CASES} are needed")
        if kept < FEWEST_CASES:
            lacks.append(f"{kept} kept cases where {FEWEST_CASES} are needed")
    return lacks


def _verdict(lacks: list[str], churned: int, kept: int) -> str:
    if lacks:
        return f"Not enough to trust a model: {', '.join(lacks)}."
    if min(churned, kept) < GOOD_CASES:
        return (
            f"Enough to train and test a model, with some uncertainty: {churned:,} churned and {kept:,} kept cases, "
            f"{GOOD_CASES} of each are better."
        )
    return f"Enough to train and test a model: {churned:,} churned and {kept:,} kept cases."


def _possible(lacks: list[str], customers: int, history: int, definition: ChurnDefinition) -> tuple[str, ...]:
    steps = []
    if not lacks:
        steps.append("train and backtest every candidate; the best out of time is served")
    elif history >= history_needed(definition):
        steps.append("train and backtest all the same; with so few cases a rule mostly wins, and then the rule serves")
    else:
        steps.append("train: where no date can be tested the recency rule serves, untested, and says so")
        shorter = (history - definition.active_days) // 2
        if shorter >= 7:
            steps.append(f"or a horizon of at most {shorter} days, which this history can test")
    if customers < CUSTOMERS_FOR_VALUES:
        steps.append(f"expected spend rests on few customers: {CUSTOMERS_FOR_VALUES} make it steady")
    return tuple(steps)
