"""A shop whose truth is known: for tests, for scale, and for a first look without own data.

Every customer has an own rhythm: gaps between orders follow an Erlang law around the usual gap, from irregular
(shape 1, a Poisson process) to regular (shape 8), stretched by season and weekday. After each order the customer
leaves for good with a probability that a return or a ticket raises. The chance that no order comes in the horizon
therefore has a closed form, see `SimulatedShop.true_probability`.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from datetime import date
from math import factorial
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

START = date(2022, 1, 3)
SPARE_DAYS = 1_100  # the calendar runs on past the last order, so that horizons after it have an answer
OPENS, CLOSES = 8 * 3600, 22 * 3600
WEEKDAYS = np.array([0.9, 0.85, 0.9, 1.0, 1.15, 1.3, 0.9])  # Monday first; their mean is 1
OWNERS = ("Amira", "Bruno", "Chloe", "Dariush", "Eleni", "Farid", "Grete", "Hugo")
PRODUCTS = 400
FAVOURITES = 8


@dataclass(frozen=True, eq=False)
class SimulatedShop:
    """Orders, events and customers in the columns of the input contract, and the truth behind them.

    Parameters
    ----------
    orders
        One row per order line, in time order: order_id, customer_id, ordered_at (shop's local time), product_id,
        quantity, amount and discount (major units), returned. A return has a negative amount.
    events
        customer_id, kind, happened_at, value (NaN where a kind has none).
    customers
        customer_id, name, owner, segment, consent.
    truth
        customer_id, usual_gap_days, regularity (Erlang shape), joined_on (first order), left_on (the order after
        which nothing followed by decision; NaT while a customer), orders.

    Examples
    --------
    >>> shop = simulate(50, seed=1, days=200)
    >>> list(shop.orders.columns)[:4]
    ['order_id', 'customer_id', 'ordered_at', 'product_id']
    """

    orders: pd.DataFrame
    events: pd.DataFrame
    customers: pd.DataFrame
    truth: pd.DataFrame
    start: date
    _people: _People
    _bought: _Bought
    _calendar: _Calendar

    def true_probability(self, as_of: date, horizon_days: int) -> pd.DataFrame:
        """The probability of no order on the days as_of … as_of + horizon_days - 1, per customer with an order before.

        It knows all that the simulator knows except whether the customer has left already. With p the chance to leave
        after the last order, S the survival of a gap and s the time since then, it is
        (p + (1-p) S(s+horizon)) / (p + (1-p) S(s)); Fader, Hardie and Lee (2005) with Erlang for exponential gaps.

        Examples
        --------
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
        return pd.DataFrame({"customer_id": _customer_ids(who, len(self.customers)), "probability": probability})

    def write(self, folder: Path | str) -> tuple[Path, ...]:
        """Write orders.csv, events.csv, customers.csv and truth.csv; a reader never sees half a file.

        Examples
        --------
        >>> folder = tempfile.mkdtemp()
        >>> [path.name for path in simulate(5, seed=1, days=60).write(folder)]
        ['orders.csv', 'events.csv', 'customers.csv', 'truth.csv']
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        names = ("orders", "events", "customers", "truth")
        return tuple(_write_csv(getattr(self, name), folder / f"{name}.csv") for name in names)


def simulate(
    customers: int,
    seed: int,
    *,
    days: int = 730,
    start: date = START,
    usual_gap_days: float = 28.0,
    stationary: bool = False,
    with_events: bool = True,
) -> SimulatedShop:
    """A shop of so many customers; the same seed gives the same shop.

    Parameters
    ----------
    customers
        How many customers order at all, at least 1; about 30 order lines each over the default two years.
    seed
        Of NumPy's generator.
    days, start
        The log covers the days start … start + days - 1.
    usual_gap_days
        Median over the customers of their usual gap.
    stationary
        Constant rates for ever: no season, nobody joins late, nobody leaves.
    with_events
        Also mails sent and clicked, reviews, tickets and loyalty points. The orders are the same either way.

    Raises
    ------
    ValueError
        When customers, days or usual_gap_days is not positive.

    Examples
    --------
    >>> shop = simulate(200, seed=7, days=365)
    >>> int(shop.truth["left_on"].notna().sum()) > 10
    True
    >>> int(simulate(200, seed=7, days=365, stationary=True).truth["left_on"].notna().sum())
    0
    """
    if customers < 1 or days < 1 or usual_gap_days <= 0:
        raise ValueError("simulate needs at least 1 customer, 1 day and a positive usual_gap_days")
    # One stream of random numbers per subject: leaving the events out leaves the orders as they are.
    crowd, shopping, baskets, contacts = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(4))
    calendar = _calendar(start, days, stationary)
    people = _people(customers, days, usual_gap_days, stationary, crowd)
    bought = _buy(people, calendar, days, shopping)
    lines = _lines(people, bought, baskets)
    events = _events(people, bought, lines, days if with_events else 0, contacts)
    return SimulatedShop(
        orders=_orders_table(lines, bought, customers, days, start, baskets),
        events=_events_table(events, customers, days, start),
        customers=_customers_table(people),
        truth=_truth_table(people, bought, start),
        start=start,
        _people=people,
        _bought=bought,
        _calendar=calendar,
    )


@dataclass(frozen=True, eq=False)
class _People:
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


def _people(n: int, days: int, usual_gap_days: float, stationary: bool, rng: np.random.Generator) -> _People:
    gap = np.clip(rng.lognormal(np.log(usual_gap_days), 0.6, n), 2.0, 400.0)
    shape = rng.integers(1, 9, n)
    # Who was there before the log begins is met in the middle of a gap: a uniform part of a length-biased gap.
    met = rng.random(n) * rng.standard_gamma(shape + 1.0) * gap / shape
    early = (rng.random(n) < 0.45) | stationary
    return _People(
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
class _Calendar:
    """Season and weekday as a clock that runs faster on busy days: operational time at the start of each day."""

    elapsed: Floats

    def operational(self, time: float | Floats) -> Floats:
        return np.asarray(np.interp(time, np.arange(len(self.elapsed)), self.elapsed))

    def time(self, operational: Floats) -> Floats:
        return np.asarray(np.interp(operational, self.elapsed, np.arange(len(self.elapsed))))


def _calendar(start: date, days: int, stationary: bool) -> _Calendar:
    day = np.arange(days + SPARE_DAYS)
    # The year peaks in mid-December.
    season = 1 + 0.25 * np.cos(2 * np.pi * (day + start.timetuple().tm_yday - 348) / 365.25)
    speed = np.ones(len(day)) if stationary else season * WEEKDAYS[(start.weekday() + day) % 7]
    return _Calendar(np.concatenate([[0.0], np.cumsum(speed)]))


@dataclass(frozen=True, eq=False)
class _Bought:
    """One element per order, in time order."""

    customer: Ints
    time: Floats  # days since start, with the part of the day
    returned: Flags
    ticket: Flags
    leaves: Floats  # the chance to leave after this order
    left: Flags  # and whether it happened

    def last_before(self, time: float) -> Ints:
        """Positions of the last order before a time, one per customer who has one, in customer order."""
        n = int(np.searchsorted(self.time, time))
        last = np.full(int(self.customer.max(initial=-1)) + 1, -1)
        last[self.customer[:n]] = np.arange(n)  # in time order, so the later order overwrites
        return last[last >= 0]


def _buy(people: _People, calendar: _Calendar, days: int, rng: np.random.Generator) -> _Bought:
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
    return _Bought(who[order], time, returned[order], ticket[order], leaves[order], left[order])


@dataclass(frozen=True, eq=False)
class _Lines:
    """One element per order line, in order of the orders; money in minor units."""

    order: Ints
    first: Ints  # position of the first line of each order
    product: Ints
    quantity: Ints
    gross: Ints
    discount: Ints


def _lines(people: _People, bought: _Bought, rng: np.random.Generator) -> _Lines:
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
    return _Lines(order, first, product, quantity, gross, gross * rate // 100)


def _choose_products(customer: Ints, rng: np.random.Generator) -> Ints:
    """Six times in ten one of the customer's favourites, otherwise the popular ones more often than the rest."""
    n = len(customer)
    favourite = (customer * 7_919 + rng.integers(0, FAVOURITES, n) * 104_729) % PRODUCTS
    any_product = (PRODUCTS * rng.random(n) ** 2.5).astype(np.int64)
    return np.where(rng.random(n) < 0.6, favourite, any_product)


@dataclass(frozen=True, eq=False)
class _Events:
    """One element per event; value is NaN where the kind has none."""

    customer: Ints
    kind: Ints  # position in KINDS
    time: Floats
    value: Floats


KINDS = ("mail_sent", "mail_clicked", "review", "ticket", "points_earned")


def _events(people: _People, bought: _Bought, lines: _Lines, days: int, rng: np.random.Generator) -> _Events:
    """Mails once a month to half of those who consent; the rest follows an order by some days."""
    sent = _mails(people, days, rng)
    clicked = _clicks(people, bought, sent, rng)
    after = bought.time + 1 + 6 * rng.random(len(bought.time))
    stars = rng.choice(5, len(after), p=[0.04, 0.06, 0.15, 0.35, 0.4]) + 1.0 - 2.0 * bought.ticket
    review = np.flatnonzero(rng.random(len(after)) < np.where(bought.ticket, 0.3, 0.05))
    paid = np.add.reduceat(lines.gross - lines.discount, lines.first)
    parts = (
        sent,
        clicked,
        (bought.customer[review], after[review], np.clip(stars[review], 1.0, 5.0)),
        (bought.customer[bought.ticket], bought.time[bought.ticket] + 1, np.full(int(bought.ticket.sum()), np.nan)),
        _points(people, bought, paid),
    )
    kind = np.repeat(np.arange(len(KINDS)), [len(part[0]) for part in parts])
    customer, time, value = (np.concatenate([part[i] for part in parts]) for i in range(3))
    # Stable, so that a click in the very second of its mail still follows it; what falls after the log is not in it.
    order = np.argsort(time, kind="stable")
    order = order[: np.searchsorted(time[order], float(days))]
    return _Events(customer[order], kind[order], time[order], value[order])


Part = tuple[Ints, Floats, Floats]


def _mails(people: _People, days: int, rng: np.random.Generator) -> Part:
    campaigns = np.arange(14.0, days, 30.0)
    met = np.searchsorted(campaigns, people.joined)
    customer = np.repeat(np.arange(len(people)), np.where(people.consent, len(campaigns) - met, 0))
    nth = np.arange(len(customer)) - np.searchsorted(customer, customer)
    chosen = np.flatnonzero(rng.random(len(customer)) < 0.5)
    customer, nth = customer[chosen], nth[chosen]
    return customer, campaigns[met[customer] + nth] + 0.1, np.full(len(customer), np.nan)


def _clicks(people: _People, bought: _Bought, sent: Part, rng: np.random.Generator) -> Part:
    """Who has left still clicks, a tenth as often."""
    gone = np.full(len(people), np.inf)
    gone[bought.customer[bought.left]] = bought.time[bought.left]
    customer, time, none = sent
    chance = people.clicks[customer] * np.where(time > gone[customer], 0.1, 1.0)
    clicked = rng.random(len(customer)) < chance
    return customer[clicked], time[clicked] + 2 * rng.random(int(clicked.sum())), none[clicked]


def _points(people: _People, bought: _Bought, paid: Ints) -> Part:
    member = people.member[bought.customer]
    return bought.customer[member], bought.time[member], (paid[member] // 100).astype(np.float64)


def _orders_table(
    lines: _Lines, bought: _Bought, customers: int, days: int, start: date, rng: np.random.Generator
) -> pd.DataFrame:
    """The sold lines and, three days to two weeks later, the first line of each order with a return."""
    back = np.flatnonzero(bought.returned)
    when = bought.time[back] + 3 + 11 * rng.random(len(back))
    back, when = back[when < days], when[when < days]
    line = np.concatenate([np.arange(len(lines.order)), lines.first[back]])
    time = np.concatenate([bought.time[lines.order], when])
    returned = np.arange(len(line)) >= len(lines.order)
    shown = np.argsort(time, kind="stable")
    line, returned, order = line[shown], returned[shown], lines.order[line[shown]]
    net = lines.gross[line] - lines.discount[line]
    width = len(str(len(bought.time)))
    return pd.DataFrame(
        {
            "order_id": _order_ids(order, returned, width),
            "customer_id": _customer_ids(bought.customer[order], customers),
            "ordered_at": _timestamps(time[shown], start),
            "product_id": _coded(_numbered("P", PRODUCTS, 4), lines.product[line]),
            "quantity": lines.quantity[line],
            "amount": np.where(returned, -net, net) / 100,
            "discount": lines.discount[line] / 100,
            "returned": returned,
        }
    )


def _events_table(events: _Events, customers: int, days: int, start: date) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": _customer_ids(events.customer, customers),
            "kind": _coded(list(KINDS), events.kind),
            "happened_at": _timestamps(events.time, start),
            "value": events.value,
        }
    )


def _customers_table(people: _People) -> pd.DataFrame:
    everyone = np.arange(len(people))
    return pd.DataFrame(
        {
            "customer_id": _customer_ids(everyone, len(people)),
            "name": _coded(_numbered("Customer ", len(people), 1), everyone),
            "owner": _coded(list(OWNERS), people.owner),
            "segment": _coded(["private", "business"], people.business.astype(np.int64)),
            "consent": people.consent,
        }
    )


def _truth_table(people: _People, bought: _Bought, start: date) -> pd.DataFrame:
    last, first = bought.last_before(np.inf), np.unique(bought.customer, return_index=True)[1]
    who = bought.customer[last]
    left_on = np.where(bought.left[last], _days(bought.time[last], start), np.datetime64("NaT", "s"))
    return pd.DataFrame(
        {
            "customer_id": _customer_ids(who, len(people)),
            "usual_gap_days": people.gap[who],
            "regularity": people.shape[who],
            "joined_on": _days(bought.time[first], start),
            "left_on": left_on,
            "orders": np.bincount(bought.customer)[who],
        }
    )


def _survival(gaps: Floats, shape: Ints) -> Floats:
    """P(an Erlang gap of mean 1 is longer than so many usual gaps)."""
    x = gaps * shape
    terms = [np.where(k < shape, x**k / factorial(k), 0.0) for k in range(int(shape.max(initial=1)))]
    return np.asarray(np.exp(-x) * np.sum(terms, axis=0))


def _days(time: Floats, start: date) -> npt.NDArray[np.datetime64]:
    return (np.datetime64(start, "D") + np.floor(time).astype(np.int64)).astype("datetime64[s]")


def _timestamps(time: Floats, start: date) -> npt.NDArray[np.datetime64]:
    """A day is squeezed into the opening hours: no order near midnight, where zones and clock changes would move it."""
    second = OPENS + ((time - np.floor(time)) * (CLOSES - OPENS)).astype(np.int64)
    return _days(time, start) + second


def _customer_ids(who: Ints, customers: int) -> pd.Series[str]:
    return _coded(_numbered("C", customers, len(str(customers))), who)


def _order_ids(order: Ints, returned: Flags, width: int) -> pd.Series[str]:
    n = int(order.max(initial=-1)) + 1
    return _coded(_numbered("O", n, width) + _numbered("R", n, width), order + n * returned)


def _numbered(prefix: str, n: int, width: int) -> list[str]:
    return [f"{prefix}{i:0{width}d}" for i in range(n)]


def _coded(values: list[str], codes: Ints) -> pd.Series[str]:
    """Text of few different values: taken by code inside Arrow, so that ten million rows cost no Python objects."""
    text = pa.array(values, pa.large_string()).take(pa.array(codes))
    return pd.Series(text.to_pandas(types_mapper={pa.large_string(): pd.StringDtype("pyarrow", np.nan)}.get))


def _write_csv(table: pd.DataFrame, path: Path) -> Path:
    """Through a temporary name beside the target: the rename is what makes the file appear."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        with duckdb.connect() as connection:
            connection.register("written", _without_nan(table))
            connection.sql("SELECT * FROM written").write_csv(name, header=True)
        os.chmod(name, 0o644)
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)
    return path


def _without_nan(table: pd.DataFrame) -> pa.Table:
    """A missing number is an empty field, not the word nan."""
    return pa.Table.from_pandas(table, preserve_index=False)
