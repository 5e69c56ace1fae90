"""A customer's expected course from here: what the model will say, day by day, if no order comes.

The history stays as it is and the days go by, so every day is scored as the day itself will score it. The level of the
shop's season is that of today: what moves here is the silence alone. Silence alone is never good news, so neither risk
falls: a model that is learnt from few customers goes up and down by a few points where nothing has happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from features.build import feature_columns
from features.clock import day_number
from features.definitions import default_features
from features.errors import InputError
from features.feature import FeatureSet
from features.lateness import is_late
from features.log import Log
from training.bundle import Bundle
from training.dataset import Flags, Floats

COURSE_DAYS = 91  # thirteen weeks
LEAST_PROBABILITY = 0.25  # from which on lists begin, unless a shop says otherwise
FACTS = ("days_since_order", "usual_gap_days", "frequency")


@dataclass(frozen=True, eq=False)
class Course:
    """What will be said of a customer if no order comes, one element per day, today first.

    Args:
        dates: the days.
        left: the probability of having left; it never falls.
        probability: of no order within the model's horizon; it never falls.
        listed_on: the first day on which the customer may come on the list: late by the own rhythm, and the risk high
            enough; None where none of these days is one.
        lost_on: the first day without an order in the active window: the customer counts as lost then; None where none
            of these days is one.
    """

    dates: tuple[date, ...]
    left: Floats
    probability: Floats
    listed_on: date | None
    lost_on: date | None

    def at(self, days: int) -> float:
        """Return the probability of having left after so many days without an order."""
        return float(self.left[days])


def expected_course(
    bundle: Bundle,
    log: Log,
    as_of: date,
    *,
    days: int = COURSE_DAYS,
    enter_at: float = LEAST_PROBABILITY,
) -> Course:
    """Return what a model will say of one customer if no order comes.

    Args:
        bundle: the model.
        log: of the customer alone; nothing on or after `as_of` is read.
        as_of: today.
        days: how many days to look ahead.
        enter_at: the probability from which on a customer may come on a list; `enter_at` under [list].

    Raises:
        InputError: the log is not of one customer, or has no order before `as_of`.
    """
    known = log.before(day_number(as_of))
    if known.n_customers != 1 or not len(known.streams["orders"]):
        raise InputError(f"a course is of one customer with an order before {as_of.isoformat()}")
    dates = tuple(as_of + timedelta(days=number) for number in range(days + 1))
    matrix = bundle.matrix(feature_columns(known, dates, bundle.features))
    probability = bundle.probability(matrix, as_of)
    facts = feature_columns(known, dates, _facts())
    since, gap, gaps = (facts[name] for name in FACTS)
    late = is_late(since, gap, gaps, bundle.definition.horizon_days) | np.isnan(gap)
    return Course(
        dates,
        np.maximum.accumulate(bundle.left_probability(matrix, probability)),
        np.maximum.accumulate(probability),
        _first(dates, late & (probability >= enter_at)),
        _first(dates, since > bundle.definition.active_days),
    )


def _facts() -> FeatureSet:
    known = default_features()
    return FeatureSet(tuple(known[name] for name in FACTS))


def _first(dates: tuple[date, ...], holds: Flags) -> date | None:
    return dates[int(np.argmax(holds))] if holds.any() else None
