"""A simulated shop whose season and whose every churn probability are known, to see what a forecast of the season does.

Orders come twice as fast before Christmas: on the test date far fewer churn than on the dates that are learnt from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.churn.labels import ChurnDefinition
from features.clock import day_number
from features.log import Ints, Lines, Log
from features.roll_up import roll_up
from features.simulation.behaviour import make_calendar
from training.dataset import Floats
from training.models.btyd import BGNBD
from training.models.history import Histories

# A year and a half of history, last year's Christmas in it; the horizon holds the weeks before and of this year's.
GIFT_START, GIFT_TEST_DATE, GIFT_DEFINITION = date(2023, 5, 15), date(2024, 11, 20), ChurnDefinition(45, 180)
GIFT_CUSTOMERS, GIFT_LAW = 6_000, BGNBD(r=1.2, alpha=60.0, a=0.8, b=8.0)


@dataclass(frozen=True, eq=False)
class GiftShop:
    """The shop's log, the question, and its true answer.

    Args:
        log: reaches to the end of the test date's horizon; who learns must not look behind the test date.
        definition: population and horizon.
        test_date: judged on it.
        true_probability: of churn on the test date, by customer id; of everyone with an order before it.
    """

    log: Log
    definition: ChurnDefinition
    test_date: date
    true_probability: pd.Series[float]


def simulate_gift_shop(customers: int = GIFT_CUSTOMERS) -> GiftShop:
    """Draw the shop; the same number of customers makes the same shop.

    Customers follow the BG/NBD of `GIFT_LAW` on a clock that runs faster before Christmas. The truth is its own answer:
    it knows the law, the calendar and each history, as the best of models could, and not what each customer is like.
    """
    random, horizon_days = np.random.default_rng(2024), GIFT_DEFINITION.horizon_days
    days = (GIFT_TEST_DATE - GIFT_START).days
    calendar = make_calendar(GIFT_START, days + horizon_days, stationary=False, christmas_factor=2.0)
    now, then = (float(calendar.operational(float(days + more))) for more in (0, horizon_days))
    begin = calendar.operational(np.where(random.random(customers) < 0.3, 60.0, days) * random.random(customers))
    who, clock = _bg_nbd_orders(begin, then, random)
    ids = np.array([f"G{number:04}" for number in range(customers)])
    amount = np.rint(100 * random.lognormal(3.5, 0.6, len(who))).astype(np.int64).tolist()
    day = (day_number(GIFT_START) + np.floor(calendar.time(clock))).astype(np.int64).tolist()
    orders = [str(number) for number in range(len(who))]
    log = roll_up(Lines.of(ids[who].tolist(), day, amount, order_id=orders))
    return GiftShop(log, GIFT_DEFINITION, GIFT_TEST_DATE, _truth(ids, who, clock, now, then))


def _bg_nbd_orders(begin: Floats, end: float, random: np.random.Generator) -> tuple[Ints, Floats]:
    rate = random.gamma(GIFT_LAW.r, 1 / GIFT_LAW.alpha, len(begin))
    leaves = random.beta(GIFT_LAW.a, GIFT_LAW.b, len(begin))
    return orders_until_they_leave(begin, rate, leaves, end, random)


def orders_until_they_leave(
    begin: Floats, rate: Floats, leaves: Floats, end: float, random: np.random.Generator
) -> tuple[Ints, Floats]:
    """Return who ordered when on a clock: first at `begin`, then at each one's own rate until he leaves.

    Args:
        begin: of each customer, on the clock.
        rate: orders per time of each.
        leaves: the probability that each leaves after a repeat order.
        end: of the clock.
        random: where chance comes from.
    """
    who, when, rounds = np.arange(len(begin)), begin, [(np.arange(len(begin)), begin)]
    while len(who):  # one round = the next order of everyone who still comes
        when = when + random.exponential(size=len(who)) / rate[who]
        here = when < end
        rounds.append((who[here], when[here]))
        stays = here & (random.random(len(who)) >= leaves[who])
        who, when = who[stays], when[stays]
    return np.concatenate([one for one, _ in rounds]), np.concatenate([two for _, two in rounds])


def _truth(ids: npt.NDArray[np.str_], who: Ints, clock: Floats, now: float, then: float) -> pd.Series[float]:
    """Return the probability of no order between `now` and `then` on the clock, of everyone with an order before."""
    seen = clock < now
    times = pd.Series(clock[seen]).groupby(who[seen])
    first, last = (each.reindex(range(len(ids))) for each in (times.min(), times.max()))
    came = first.notna().to_numpy()
    frequency = np.bincount(who[seen], minlength=len(ids))[came].astype(np.float64) - 1.0
    recency, age = (np.asarray(time, dtype=np.float64)[came] for time in (last - first, now - first))
    truth = GIFT_LAW.no_order_probability(Histories(frequency, recency, age), then - now)
    return pd.Series(truth, index=ids[came])
