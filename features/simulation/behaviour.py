"""Draws the customers of a simulated shop: who they are, when and what they order, and when they leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

SPARE_DAYS = 1_100  # the calendar runs on past the last order, so that horizons after it have an answer
WEEKDAYS = np.array([0.9, 0.85, 0.9, 1.0, 1.15, 1.3, 0.9])  # Monday first; their mean is 1
CHRISTMAS = (0, 39, 49, 58)  # days after 1 November: first sign, full from and to, over
FEAST = (-24, -7, -2, 1)  # days from a feast: first sign, full from and to, over
OWNERS = ("Amira", "Bruno", "Chloe", "Dariush", "Eleni", "Farid", "Grete", "Hugo")
PRODUCTS = 400
FAVOURITES = 8


@dataclass(frozen=True, eq=False)
class People:
    """What each customer is like; one array element per customer."""

    joined: Floats  # day of the first order, days since start
    gap: Floats  # usual gap in days of an average season
    shape: Ints  # of the Erlang law of the gaps: 1 irregular … 8 regular
    hazard: Floats  # chance per day to leave
    level: Floats  # factor on the price of what is bought
    basket: Floats  # further lines per order
    returns: Floats  # share of orders with a return
    clicks: Floats  # share of mails clicked while a customer
    member: Flags  # collects loyalty points
    consent: Flags
    business: Flags
    owner: Ints

    def __len__(self) -> int:
        return len(self.gap)


def draw_people(
    n: int, days: int, usual_gap_days: float, gap_spread: float, stationary: bool, rng: np.random.Generator
) -> People:
    """Draw what each customer is like."""
    gap = np.clip(rng.lognormal(np.log(usual_gap_days), gap_spread, n), 2.0, 400.0)
    shape = rng.integers(1, 9, n)
    # Who was there before the log begins is met in the middle of a gap: a uniform part of a length-biased gap.
    met = rng.random(n) * rng.standard_gamma(shape + 1.0) * gap / shape
    early = (rng.random(n) < 0.45) | stationary
    return People(
        joined=np.where(early, met, rng.random(n) * days),
        gap=gap,
        shape=shape,
        hazard=np.zeros(n) if stationary else rng.lognormal(np.log(1 / 800), 0.8, n),
        level=rng.lognormal(0.0, 0.4, n),
        basket=rng.gamma(2.0, 0.5, n),
        returns=rng.beta(1.0, 15.0, n),
        clicks=rng.beta(2.0, 6.0, n),
        member=rng.random(n) < 0.3,
        consent=rng.random(n) < 0.9,
        business=rng.random(n) < 0.15,
        owner=rng.integers(0, len(OWNERS), n),
    )


@dataclass(frozen=True, eq=False)
class Calendar:
    """Season and weekday as a clock that runs faster on busy days: operational time at the start of each day."""

    elapsed: Floats

    def operational(self, time: float | Floats) -> Floats:
        """Return the time on the clock that runs faster on busy days."""
        return np.asarray(np.interp(time, np.arange(len(self.elapsed)), self.elapsed))

    def time(self, operational: Floats) -> Floats:
        """Return the days since the start at a time of that clock."""
        return np.asarray(np.interp(operational, self.elapsed, np.arange(len(self.elapsed))))


def make_calendar(
    start: date,
    days: int,
    stationary: bool,
    christmas_factor: float = 1.0,
    feasts: Sequence[date] = (),
    feast_factor: float = 1.0,
) -> Calendar:
    """Make the calendar of a shop: season, Christmas, other feasts and weekdays; a stationary one has none of them."""
    day = np.arange(days + SPARE_DAYS)
    # The year peaks in mid-December.
    season = 1 + 0.25 * np.cos(2 * np.pi * (day + start.timetuple().tm_yday - 348) / 365.25)
    speed = np.ones(len(day)) if stationary else season * WEEKDAYS[(start.weekday() + day) % 7]
    speed = speed * (1 + (christmas_factor - 1) * before_christmas(start, len(day)))
    speed = speed * (1 + (feast_factor - 1) * before_feasts(start, len(day), feasts))
    return Calendar(np.concatenate([[0.0], np.cumsum(speed)]))


def before_christmas(start: date, days: int) -> Floats:
    """Return how much of Christmas is on each day: 0 until October, 1 from 10 to 20 December, 0 from 29 December."""
    day = np.datetime64(start, "D") + np.arange(days)
    november = (day.astype("datetime64[Y]").astype("datetime64[M]") + 10).astype("datetime64[D]")
    risen = np.interp((day - november).astype(np.int64), CHRISTMAS, (0.0, 1.0, 1.0, 0.0))
    return _without_an_edge(risen)


def before_feasts(start: date, days: int, feasts: Sequence[date]) -> Floats:
    """Return how much of a feast is on each day: it rises for three weeks, is full in the last one, and then over.

    >>> before_feasts(date(2024, 4, 1), 3, [date(2024, 4, 4)]).round(2).tolist()
    [1.0, 1.0, 0.75]
    """
    day = np.datetime64(start, "D") + np.arange(days)
    since = [(day - np.datetime64(feast, "D")).astype(np.int64) for feast in feasts]
    risen = [np.interp(each, FEAST, (0.0, 1.0, 1.0, 0.0)) for each in since]
    return _without_an_edge(np.max([np.zeros(days), *risen], axis=0))


def _without_an_edge(risen: Floats) -> Floats:
    return np.asarray(np.sin(np.pi / 2 * risen) ** 2)


@dataclass(frozen=True, eq=False)
class DrawnOrders:
    """The drawn orders: one array element per order, in time order."""

    customer: Ints
    time: Floats  # days since start, with the part of the day
    returned: Flags
    ticket: Flags
    leaves: Floats  # the chance to leave after this order
    left: Flags  # whether the customer left after it

    def last_before(self, time: float) -> Ints:
        """Return the position of the last order before a time for each customer who has one, customers sorted."""
        n = int(np.searchsorted(self.time, time))
        last = np.full(int(self.customer.max(initial=-1)) + 1, -1)
        last[self.customer[:n]] = np.arange(n)  # in time order, so the later order overwrites
        return last[last >= 0]


def draw_orders(people: People, calendar: Calendar, days: int, rng: np.random.Generator) -> DrawnOrders:
    """Draw the orders of all customers, each until the customer leaves or the log ends."""
    who = np.arange(len(people))
    when = calendar.operational(people.joined)
    end = float(calendar.operational(float(days)))
    rounds = []
    while len(who):  # one round = the next order of everyone who still comes
        here = when < end
        who, when = who[here], when[here]
        returned = rng.random(len(who)) < people.returns[who]
        ticket = rng.random(len(who)) < 0.03
        leaves = -np.expm1(-people.hazard[who] * people.gap[who] * (1 + returned + 4 * ticket))
        left = rng.random(len(who)) < leaves
        rounds.append((who, when, returned, ticket, leaves, left))
        who, when = who[~left], when[~left]
        when = when + rng.standard_gamma(people.shape[who]) * people.gap[who] / people.shape[who]
    who, when, returned, ticket, leaves, left = (np.concatenate(parts) for parts in zip(*rounds, strict=True))
    order = np.argsort(when, kind="stable")
    time = np.minimum(calendar.time(when[order]), np.nextafter(float(days), 0))
    return DrawnOrders(who[order], time, returned[order], ticket[order], leaves[order], left[order])


@dataclass(frozen=True, eq=False)
class DrawnLines:
    """The drawn order lines: one array element per line, in order of the orders; money in minor units."""

    order: Ints
    first: Ints  # position of the first line of each order
    product: Ints
    quantity: Ints
    gross: Ints
    discount: Ints


def draw_lines(people: People, bought: DrawnOrders, rng: np.random.Generator) -> DrawnLines:
    """Draw the lines of each order."""
    order = np.repeat(np.arange(len(bought.time)), 1 + rng.poisson(people.basket[bought.customer]))
    product = _choose_products(bought.customer[order], rng)
    # A product comes once per order: the same line twice would read as a duplicate in the export.
    kept = np.sort(np.unique(order * PRODUCTS + product, return_index=True)[1])
    order, product = order[kept], product[kept]
    price = np.maximum(np.random.default_rng(PRODUCTS).lognormal(np.log(1200), 0.7, PRODUCTS), 50.0)
    quantity = 1 + (rng.random(len(order)) < 0.2) + (rng.random(len(order)) < 0.05)
    gross = np.rint(price[product] * people.level[bought.customer[order]]).astype(np.int64) * quantity
    rate = np.where(rng.random(len(order)) < 0.15, rng.integers(1, 4, len(order)) * 10, 0)
    first = np.searchsorted(order, np.arange(len(bought.time)))
    return DrawnLines(order, first, product, quantity, gross, gross * rate // 100)


def _choose_products(customer: Ints, rng: np.random.Generator) -> Ints:
    """Draw a product per line: six times in ten a favourite of the customer, otherwise a popular one more often."""
    n = len(customer)
    favourite = (customer * 7_919 + rng.integers(0, FAVOURITES, n) * 104_729) % PRODUCTS
    any_product = (PRODUCTS * rng.random(n) ** 2.5).astype(np.int64)
    return np.where(rng.random(n) < 0.6, favourite, any_product)
