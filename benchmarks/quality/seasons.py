"""Shops whose level turns with the year, and open logs: each with five dates on which its level is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from benchmarks.quality.logs import CDNOW, JOURNEY, cdnow, complete_journey, stationary_shop, young_shop
from features.churn.labels import ChurnDefinition, complete_until
from features.clock import date_of, day_number
from features.log import Lines, Log
from features.roll_up import roll_up
from features.simulation.simulate import simulate
from training.forecasts.feast_days import feast_days
from training.gift_shop import orders_until_they_leave

DATES = 5
START, LAST = date(2021, 1, 4), date(2024, 7, 31)
FACTOR = 2.0
GROWING_DAYS, GROWTH_DAYS = 910, 400.0
BY_30_DAYS = ChurnDefinition(30, 90)


@dataclass(frozen=True, eq=False)
class Question:
    """A log, a definition, and the dates on which the level of the coming window is asked for.

    Args:
        name: of the shop.
        log: reaches to the end of the last date's horizon at least.
        definition: population and horizon.
        dates: oldest first.
        country: two letters of ISO 3166; empty where feasts that move have no part.
    """

    name: str
    log: Log
    definition: ChurnDefinition
    dates: tuple[date, ...]
    country: str = ""


def before_end(log: Log, definition: ChurnDefinition, apart_days: int) -> tuple[date, ...]:
    """Return five dates so many days apart; the last one's horizon ends with the log."""
    last = complete_until(log) - definition.horizon_days
    return tuple(date_of(last - number * apart_days) for number in reversed(range(DATES)))


def around(day: date, apart_days: int = 14) -> tuple[date, ...]:
    """Return five dates from six weeks before a day on, so many days apart."""
    return tuple(day - timedelta(42) + timedelta(apart_days * number) for number in range(DATES))


def open_questions(cdnow_path: Path | None) -> Iterator[Question]:
    """Yield the open logs."""
    journey, nine = complete_journey(), cdnow(cdnow_path)
    for horizon_days, apart_days in ((14, 28), (30, 35)):
        asked = ChurnDefinition(horizon_days, 90)
        yield Question(f"{JOURNEY}, {horizon_days} d", journey, asked, before_end(journey, asked, apart_days), "US")
    asked = ChurnDefinition(60, 180)
    yield Question(f"{CDNOW}, 60 d", nine, asked, before_end(nine, asked, 35), "US")


def simulated_questions(customers: int) -> Iterator[Question]:
    """Yield the simulated shops, of so many customers."""
    season = simulated(customers, 1)
    yield Question("Season ± 25 %", season, BY_30_DAYS, before_end(season, BY_30_DAYS, 70))
    short = season.before(day_number(START) + 540)
    yield Question("The same, one and a half years old", short, BY_30_DAYS, before_end(short, BY_30_DAYS, 28))
    fresh = season.before(day_number(START) + 300)
    yield Question("The same, ten months old", fresh, BY_30_DAYS, before_end(fresh, BY_30_DAYS, 28))
    gifts = simulated(customers, 2, christmas_factor=FACTOR)
    yield Question("Gifts", gifts, BY_30_DAYS, around(date(2023, 12, 10)))
    yield _feast(customers, 3, "Easter", "GR")
    yield _feast(customers, 4, "Eid al-Fitr", "TR")
    yield _feast(customers, 5, "Nowruz", "IR")
    growing = growing_shop(customers)
    yield Question("Growth and dearer baskets", growing, BY_30_DAYS, before_end(growing, BY_30_DAYS, 70))
    for known in (young_shop(customers), stationary_shop(customers)):
        asked = known.case.definition
        yield Question(known.case.log, known.log, asked, before_end(known.log, asked, 28))


def _feast(customers: int, seed: int, name: str, country: str) -> Question:
    feasts = [date_of(day) for day in feast_days(country, range(START.year, LAST.year + 1))[name]]
    log = simulated(customers, seed, feasts=feasts, feast_factor=FACTOR)
    asked = next(day for day in feasts if day.year == LAST.year)
    return Question(f"{name}, {country}", log, BY_30_DAYS, around(asked), country)


def simulated(
    customers: int, seed: int, *, christmas_factor: float = 1.0, feasts: Sequence[date] = (), feast_factor: float = 1.0
) -> Log:
    """Return the log of a simulated shop of three and a half years, without its returns."""
    shop = simulate(
        customers,
        seed,
        start=START,
        days=(LAST - START).days,
        usual_gap_days=40.0,
        with_events=False,
        christmas_factor=christmas_factor,
        feasts=feasts,
        feast_factor=feast_factor,
    )
    rows = shop.orders[~shop.orders["returned"].astype(bool)]
    day = rows["ordered_at"].to_numpy().astype("datetime64[D]").astype(np.int64)
    cents = (rows["amount"].astype(float) * 100).round().astype(int)
    ids = rows["order_id"].astype(str).tolist()
    return roll_up(Lines.of(rows["customer_id"].tolist(), day.tolist(), cents.tolist(), order_id=ids))


def growing_shop(customers: int) -> Log:
    """A shop of two and a half years: ever more join, season ± 25 %, and baskets a percent dearer each month."""
    random, day = np.random.default_rng(6), np.arange(GROWING_DAYS + 1)
    joined = GROWTH_DAYS * np.log1p(random.random(customers) * np.expm1(GROWING_DAYS / GROWTH_DAYS))
    clock = np.cumsum(1 + 0.25 * np.cos(2 * np.pi * (day - 340) / 365.25))
    rate, leaves = random.gamma(2.0, 1 / 60, customers), np.full(customers, 0.06)
    who, when = orders_until_they_leave(np.interp(joined, day, clock), rate, leaves, float(clock[-1]), random)
    on = np.floor(np.interp(when, clock, day)).astype(np.int64)
    amount = np.rint(100 * random.lognormal(3.3, 0.5, len(who)) * 1.01 ** (on / 30)).astype(np.int64)
    ids, orders = [f"W{place:05}" for place in who], [str(row) for row in range(len(who))]
    return roll_up(Lines.of(ids, (day_number(START) + on).tolist(), amount.tolist(), order_id=orders))
