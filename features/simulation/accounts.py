"""Simulates a wholesale shop whose truth is known: accounts that order often, shrink, lose a category, or leave.

Every account has habits: categories that it orders in an own rhythm (Erlang gaps, as in `simulate`). At some time an
account may shrink for good, all its rhythms slowed by one factor; it may drop single habits; and it may leave. A mild
season moves all accounts alike, and shrinks none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.simulation.behaviour import Calendar, make_calendar

Floats = npt.NDArray[np.float64]

START = date(2024, 1, 1)
CATEGORIES = (
    *("filters", "paper", "gloves", "adhesives", "cleaning", "batteries", "cables", "coffee", "labels", "lubricants"),
    *("screws", "tape"),
)
HABITS = (3, 7)  # how many categories an account orders
GAP_DAYS, GAP_SPREAD = 11.0, 0.5  # median over habits of the usual gap, and the deviation of its logarithm
SHAPES = (2, 7)  # of the Erlang law of the gaps: rather irregular to regular
SHRINKS_A_YEAR, LOSES_A_YEAR, LEAVES_A_YEAR = 0.25, 0.12, 0.10  # accounts; habits; accounts
SHRINKS_TO = (0.15, 0.60)  # of the former rate


@dataclass(frozen=True, eq=False)
class SimulatedAccounts:
    """Orders in the columns of the input contract, and the truth behind them.

    Args:
        orders: one row per order line, in time order: order_id, customer_id, ordered_at, category, amount.
        truth: customer_id, shrunk_on and shrunk_to (share of the former rate), left_on; NaT and NaN where it did not.
        habits: customer_id, category, usual_gap_days, lost_on (NaT where it was kept).

    >>> shop = simulate_accounts(20, seed=1, days=200)
    >>> shop.orders.columns.tolist()
    ['order_id', 'customer_id', 'ordered_at', 'category', 'amount']
    """

    orders: pd.DataFrame
    truth: pd.DataFrame
    habits: pd.DataFrame


def simulate_accounts(accounts: int, seed: int, *, days: int = 730, start: date = START) -> SimulatedAccounts:
    """Simulate a wholesale shop of so many accounts; the same seed gives the same shop.

    Args:
        accounts: how many order at all; about 300 order lines each over the default two years.
        seed: of NumPy's generator.
        days: the log covers the days start … start + days − 1.
        start: its first day.

    >>> shop = simulate_accounts(300, seed=1, days=365)
    >>> 40 < int(shop.truth["shrunk_on"].notna().sum()) < 110
    True
    """
    random = np.random.default_rng(seed)
    calendar = make_calendar(start, days, stationary=False)
    joined = np.where(random.random(accounts) < 0.7, 0.0, days * random.random(accounts))
    shrunk, left = (joined + random.exponential(365 / each, accounts) for each in (SHRINKS_A_YEAR, LEAVES_A_YEAR))
    factor, level = random.uniform(*SHRINKS_TO, accounts), random.lognormal(0.0, 0.6, accounts)
    chosen = [random.permutation(len(CATEGORIES))[: random.integers(*HABITS)] for _ in range(accounts)]
    account = np.repeat(np.arange(accounts), [len(each) for each in chosen])
    category, habits = np.concatenate(chosen), len(account)
    gap = random.lognormal(np.log(GAP_DAYS), GAP_SPREAD, habits)
    lost = joined[account] + random.exponential(365 / LOSES_A_YEAR, habits)
    ends = np.minimum(np.minimum(lost, left[account]), days)
    begins, shape = joined[account] + gap * random.random(habits), random.integers(*SHAPES, habits)
    habit, time = _orders(begins, ends, gap, shape, shrunk[account], factor[account], calendar, random)
    price = np.random.default_rng(len(CATEGORIES)).lognormal(np.log(4_000), 0.5, len(CATEGORIES))
    noise = random.lognormal(0.0, 0.4, len(habit))
    cents = np.maximum(np.rint(price[category[habit]] * level[account[habit]] * noise), 1).astype(np.int64)
    ids = np.array([f"A{number:05}" for number in range(accounts)], dtype=object)
    day = time.astype(np.int64)
    orders = pd.DataFrame(
        {
            "order_id": [f"{ids[who]}-{on}" for who, on in zip(account[habit], day, strict=True)],
            "customer_id": ids[account[habit]],
            "ordered_at": _days(start, day.astype(np.float64), days),
            "category": np.array(CATEGORIES, dtype=object)[category[habit]],
            "amount": cents / 100,
        }
    )
    shrunk_on, left_on = (_days(start, each, days) for each in (shrunk, left))
    truth = pd.DataFrame({"customer_id": ids, "shrunk_on": shrunk_on, "left_on": left_on})
    truth = truth.assign(shrunk_to=np.where(truth["shrunk_on"].notna(), factor, np.nan))
    kept = pd.DataFrame(
        {
            "customer_id": ids[account],
            "category": np.array(CATEGORIES, dtype=object)[category],
            "usual_gap_days": gap,
            "lost_on": _days(start, lost, days),
        }
    )
    return SimulatedAccounts(orders, truth, kept)


def _orders(
    begins: Floats,
    ends: Floats,
    gap: Floats,
    shape: npt.NDArray[np.int64],
    shrunk: Floats,
    factor: Floats,
    calendar: Calendar,
    random: np.random.Generator,
) -> tuple[npt.NDArray[np.int64], Floats]:
    """Return habit and time of each order line, in time order; after shrinking a gap is longer by the factor."""
    habit, when, rounds = np.arange(len(begins)), begins, []
    while len(habit):  # one round = the next order of every habit that still goes on
        going = when < ends[habit]
        habit, when = habit[going], when[going]
        rounds.append((habit, when))
        slow = np.where(when >= shrunk[habit], factor[habit], 1.0)
        wait = random.standard_gamma(shape[habit]) * gap[habit] / shape[habit] / slow
        when = calendar.time(calendar.operational(when) + wait)
    habit, when = (np.concatenate(parts) for parts in zip(*rounds, strict=True))
    order = np.argsort(when, kind="stable")
    return habit[order], when[order]


def _days(start: date, after: Floats, days: int) -> pd.Series:
    """Return dates so many days after the start; NaT from the end of the log on."""
    day = pd.Timestamp(start) + pd.to_timedelta(np.floor(np.minimum(after, days)), unit="D")
    return pd.Series(day).where(pd.Series(after < days))
