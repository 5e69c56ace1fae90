"""Simulates a shop whose truth is known: for tests, for scale, and for a first look without one's own data.

Every customer has an own rhythm: gaps between orders follow an Erlang law around the usual gap, from irregular
(shape 1, a Poisson process) to regular (shape 8), stretched by season, Christmas and weekday. After each order the
customer leaves for good with a probability that a return or a ticket raises. The chance that no order comes in the
horizon therefore has a closed form, see `SimulatedShop.true_probability`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import factorial
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from features.atomic_write import whole
from features.simulation.behaviour import (
    Calendar,
    DrawnOrders,
    Floats,
    Ints,
    People,
    draw_lines,
    draw_orders,
    draw_people,
    make_calendar,
)
from features.simulation.engagement import draw_events
from features.simulation.tables import customer_ids, customers_table, events_table, orders_table, truth_table

START = date(2022, 1, 3)


@dataclass(frozen=True, eq=False)
class SimulatedShop:
    """Orders, events and customers in the columns of the input contract, and the truth behind them.

    Args:
        orders: one row per order line, in time order: order_id, customer_id, ordered_at (shop's local time),
            product_id, quantity, amount and discount (major units), returned. A return has a negative amount.
        events: customer_id, kind, happened_at, value (NaN where a kind has none).
        customers: customer_id, name, owner, segment, consent.
        truth: customer_id, usual_gap_days, regularity (Erlang shape), joined_on (first order), left_on (the order
            after which nothing followed by decision; NaT while a customer), orders.
        start: first day of the log.

    >>> shop = simulate(50, seed=1, days=200)
    >>> list(shop.orders.columns)[:4]
    ['order_id', 'customer_id', 'ordered_at', 'product_id']
    """

    orders: pd.DataFrame
    events: pd.DataFrame
    customers: pd.DataFrame
    truth: pd.DataFrame
    start: date
    _people: People
    _bought: DrawnOrders
    _calendar: Calendar

    def true_probability(self, as_of: date, horizon_days: int) -> pd.DataFrame:
        """Return the probability of no order on the days as_of … as_of + horizon_days - 1, per customer met before.

        It knows all that the simulator knows except whether the customer has left already. With p the chance to leave
        after the last order, S the survival of a gap and s the time since then, it is
        (p + (1-p) S(s+horizon)) / (p + (1-p) S(s)); Fader, Hardie and Lee (2005) with Erlang for exponential gaps.

        >>> truth = simulate(50, seed=1, days=200).true_probability(date(2022, 5, 1), 30)
        >>> bool(truth["probability"].between(0, 1).all())
        True
        """
        at = float((as_of - self.start).days)
        last = self._bought.last_before(at)
        who, since = self._bought.customer[last], self._bought.time[last]
        shape, gap, leaves = self._people.shape[who], self._people.gap[who], self._bought.leaves[last]
        began = self._calendar.operational(since)
        alive = [_survival((self._calendar.operational(at + h) - began) / gap, shape) for h in (0, horizon_days)]
        probability = (leaves + (1 - leaves) * alive[1]) / (leaves + (1 - leaves) * alive[0])
        return pd.DataFrame({"customer_id": customer_ids(who, len(self.customers)), "probability": probability})

    def write(self, folder: Path | str) -> tuple[Path, ...]:
        """Write orders.csv, events.csv, customers.csv and truth.csv; a reader never sees half a file.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     [path.name for path in simulate(5, seed=1, days=60).write(folder)]
        ['orders.csv', 'events.csv', 'customers.csv', 'truth.csv']
        """
        folder = Path(folder)
        names = ("orders", "events", "customers", "truth")
        return tuple(_write_csv(getattr(self, name), folder / f"{name}.csv") for name in names)


def simulate(
    customers: int,
    seed: int,
    *,
    days: int = 730,
    start: date = START,
    usual_gap_days: float = 28.0,
    gap_spread: float = 0.6,
    stationary: bool = False,
    with_events: bool = True,
    christmas_factor: float = 1.0,
    feasts: Sequence[date] = (),
    feast_factor: float = 1.0,
) -> SimulatedShop:
    """Simulate a shop of so many customers; the same seed gives the same shop.

    Args:
        customers: how many order at all, at least 1; about 30 order lines each over the default two years.
        seed: of NumPy's generator.
        days: the log covers the days start … start + days - 1.
        start: its first day.
        usual_gap_days: median over the customers of their usual gap.
        gap_spread: standard deviation of its logarithm: at 0.6 nineteen in twenty lie within a third and three times.
        stationary: constant rates for ever: no season, nobody joins late, nobody leaves.
        with_events: also mails sent and clicked, reviews, tickets and loyalty points; the orders are the same.
        christmas_factor: orders come so many times as fast from 10 to 20 December, rising from 1 November and over
            by 29 December, on top of the mild season that every shop has; 2 = a gift shop, 1 = no Christmas.
        feasts: other days before which orders come faster, such as the Easters of the years.
        feast_factor: so many times as fast in the week before each of them, rising for three weeks.

    Raises:
        ValueError: customers, days, usual_gap_days or a factor is not positive, gap_spread is negative, or a stationary
            shop is asked for a Christmas or another feast.

    >>> shop = simulate(200, seed=7, days=365)
    >>> int(shop.truth["left_on"].notna().sum()) > 10
    True
    >>> int(simulate(200, seed=7, days=365, stationary=True).truth["left_on"].notna().sum())
    0
    """
    factors = (christmas_factor, feast_factor)
    if customers < 1 or days < 1 or usual_gap_days <= 0 or not all(0 < factor < np.inf for factor in factors):
        raise ValueError("simulate needs at least 1 customer, 1 day, a positive usual_gap_days and positive factors")
    if not 0 <= gap_spread < np.inf:
        raise ValueError("gap_spread is a standard deviation: at least 0")
    if stationary and set(factors) != {1}:
        raise ValueError("a stationary shop has no Christmas and no other feast: leave their factors out")
    # One stream of random numbers per subject: leaving the events out leaves the orders as they are.
    crowd, shopping, baskets, contacts = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(4))
    calendar = make_calendar(start, days, stationary, christmas_factor, feasts, feast_factor)
    people = draw_people(customers, days, usual_gap_days, gap_spread, stationary, crowd)
    bought = draw_orders(people, calendar, days, shopping)
    lines = draw_lines(people, bought, baskets)
    events = draw_events(people, bought, lines, days if with_events else 0, contacts)
    return SimulatedShop(
        orders=orders_table(lines, bought, customers, days, start, baskets),
        events=events_table(events, customers, days, start),
        customers=customers_table(people),
        truth=truth_table(people, bought, start),
        start=start,
        _people=people,
        _bought=bought,
        _calendar=calendar,
    )


def _survival(gaps: Floats, shape: Ints) -> Floats:
    """Return P(an Erlang gap of mean 1 is longer than so many usual gaps)."""
    x = gaps * shape
    terms = [np.where(k < shape, x**k / factorial(k), 0.0) for k in range(int(shape.max(initial=1)))]
    return np.asarray(np.exp(-x) * np.sum(terms, axis=0))


def _write_csv(table: pd.DataFrame, path: Path) -> Path:
    # From pandas by Arrow: a missing number is then an empty field, not the word nan.
    with whole(path) as half, duckdb.connect() as connection:
        connection.register("written", pa.Table.from_pandas(table, preserve_index=False))
        connection.sql("SELECT * FROM written").write_csv(str(half), header=True)
    return path
