"""A shop in weeks whose every potential outcome is known: what each customer does contacted, and what uncontacted.

Customers order by a Poisson process of their own rate and leave for good with a weekly probability of their own
(Pareto/NBD in weeks). A contact by the right playbook saves 20 % of those who would not have ordered within the
horizon; of those who would have, it wakes 5 % up, and they leave. All chance is drawn beforehand, once per customer
and week: two policies meet the same shop, and what differs is what they did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.effect.lists import PLAYBOOKS, START, Standing, weekly_list
from features.log import Coded, Lines, Log
from features.roll_up import roll_up
from serving.scores import bands

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

BEFORE_WEEKS, LIST_WEEKS, HORIZON_WEEKS, ACTIVE_WEEKS = 52, 52, 8, 26
WEEKS = BEFORE_WEEKS + LIST_WEEKS + HORIZON_WEEKS
SAVED_SHARE, SAVED_BY_WRONG_PLAYBOOK, WOKEN_SHARE = 0.20, 0.05, 0.05
MADE_SHARE, LEAKED_SHARE = 0.90, 0.01  # planned contacts that are made; held-out accounts that are called all the same
REASON_IS_RIGHT = 0.85
USUAL_VALUE, VALUE_SPREAD, ORDER_SPREAD = 4_000, 0.9, 0.5
SCORE_NOISE = 0.5

Lister = Callable[[pd.DataFrame, Standing, int], pd.DataFrame]


@dataclass(frozen=True, eq=False)
class Shop:
    """People and all of their chance; arrays of chance are weeks × customers.

    Args:
        joined: the week of each customer's first order.
        rate: orders a week.
        leaving: weekly probability of leaving for good.
        value: mean order value, minor units.
        needs: the place in PLAYBOOKS of the right one.
        reason: the one that the shop's own facts point to, right for most.
    """

    joined: Ints
    rate: Floats
    leaving: Floats
    value: Floats
    needs: Ints
    reason: Ints
    orders: Floats
    leaves: Floats
    amount: Floats
    day: Ints
    noise: Floats
    luck: Floats
    made: Floats
    when: Ints

    def __len__(self) -> int:
        return len(self.joined)

    @cached_property
    def ids(self) -> npt.NDArray[np.object_]:
        """The customers' ids, in the order of the arrays."""
        return np.array([f"{place:06}" for place in range(len(self))], dtype=object)

    @classmethod
    def of(cls, customers: int, seed: int) -> Shop:
        """Draw a shop."""
        random = np.random.default_rng(seed)
        size = (WEEKS, customers)
        needs = random.integers(0, len(PLAYBOOKS), customers)
        wrong = random.integers(0, len(PLAYBOOKS), customers)
        value = USUAL_VALUE * np.exp(VALUE_SPREAD * random.standard_normal(customers))
        return cls(
            joined=random.integers(0, BEFORE_WEEKS + LIST_WEEKS - 8, customers),
            rate=random.gamma(4.0, 0.4 / 4, customers),
            leaving=random.beta(1.0, 60.0, customers),
            value=value,
            needs=needs,
            reason=np.where(random.random(customers) < REASON_IS_RIGHT, needs, wrong),
            orders=random.random(size),
            leaves=random.random(size),
            amount=value * np.exp(ORDER_SPREAD * random.standard_normal(size) - ORDER_SPREAD**2 / 2),
            day=random.integers(0, 7, size),
            noise=SCORE_NOISE * random.standard_normal(size),
            luck=random.random(size),
            made=random.random(size),
            when=random.integers(0, HORIZON_WEEKS, size),
        )

    def step(self, week: int, who: Ints, alive: Flags, returns: Flags) -> tuple[Flags, Flags]:
        """Return who orders in a week, and who is still a customer after it."""
        begins = self.joined[who] == week
        alive = alive | begins | returns
        orders = begins | returns | (alive & (self.orders[week, who] < -np.expm1(-self.rate[who])))
        return orders, alive & (self.leaves[week, who] >= self.leaving[who])

    def ahead(self, week: int, who: Ints, alive: Flags, returns_in: Ints) -> tuple[Flags, Floats]:
        """Return whether each orders within the horizon, and the money; `returns_in` is a week, −1 = never."""
        kept, spent = np.zeros(len(who), dtype=bool), np.zeros(len(who))
        for later in range(week, week + HORIZON_WEEKS):
            orders, alive = self.step(later, who, alive, returns_in == later)
            kept |= orders
            spent += np.where(orders, np.round(self.amount[later, who]), 0.0)
        return kept, spent


@dataclass(eq=False)
class Year:
    """What happened under one policy: the orders, and every episode with all of its potential outcomes."""

    shop: Shop
    ordered: Flags
    episodes: list[pd.DataFrame] = field(default_factory=list)

    @property
    def revenue(self) -> float:
        """Money spent from the first list on, minor units."""
        return float((self.shop.amount * self.ordered)[BEFORE_WEEKS:].sum())

    def all_episodes(self) -> pd.DataFrame:
        """Return the episodes of all weeks in one frame."""
        return pd.concat(self.episodes, ignore_index=True)

    def log(self) -> Log:
        """Return the orders as the project reads them."""
        week, who = np.nonzero(self.ordered)
        lines = len(who)
        nothing = Coded(np.array([""], dtype=object), np.zeros(lines, dtype=np.int64))
        first = (START - date(1970, 1, 1)).days
        return roll_up(
            Lines(
                customer_id=Coded(self.shop.ids, who.astype(np.int64)),
                day=first + 7 * week + self.shop.day[week, who],
                amount=np.round(self.shop.amount[week, who]).astype(np.int64),
                order_id=nothing,
                product_id=nothing,
                discount=np.zeros(lines, dtype=np.int64),
                units=np.ones(lines, dtype=np.int64),
                returned=np.zeros(lines, dtype=bool),
            )
        )


@dataclass(frozen=True, eq=False)
class Known:
    """What the shop has seen of each customer before a week."""

    first: Ints
    last: Ints
    orders: Ints
    money: Floats

    @classmethod
    def before(cls, week: int, ordered: Flags, amount: Floats) -> Known:
        """Read it off the orders of the weeks before."""
        past = ordered[:week]
        return cls(
            first=np.where(past.any(axis=0), past.argmax(axis=0), WEEKS).astype(np.int64),
            last=np.where(past.any(axis=0), week - 1 - past[::-1].argmax(axis=0), -WEEKS).astype(np.int64),
            orders=past.sum(axis=0).astype(np.int64),
            money=(amount[:week] * past).sum(axis=0),
        )

    @classmethod
    def nothing(cls, customers: int) -> Known:
        """Return what is known before the first week."""
        never = np.full(customers, WEEKS)
        return cls(never, -never, np.zeros(customers, dtype=np.int64), np.zeros(customers))

    def add(self, week: int, orders: Flags, amount: Floats) -> Known:
        """Return what is known after one more week."""
        return Known(
            first=np.where(orders, np.minimum(self.first, week), self.first),
            last=np.where(orders, week, self.last),
            orders=self.orders + orders,
            money=self.money + np.where(orders, amount, 0.0),
        )


@dataclass(frozen=True)
class Scorer:
    """A model of the whole shop's rates, never of one customer's: honest, calibrated on the year before, imperfect.

    P(still a customer) given the silence, as in the Pareto/NBD (Schmittlein, Morrison and Colombo 1987) with each
    customer's rate at its posterior mean; noise; then a logistic calibration (Platt 1999).
    """

    intercept: float = 0.0
    slope: float = 1.0

    def raw(self, known: Known, week: int, noise: Floats) -> tuple[Floats, Floats]:
        """Return the log-odds of no order within the horizon before calibration, and the rate, orders a week."""
        seen, silent = np.maximum(known.last - known.first, 0), np.maximum(week - known.last - 1, 0)
        rate = (4.0 + known.orders) / (10.0 + seen)
        both = rate + 1 / 60
        alive = 1 / (1 + (1 / 60) / both * np.expm1(np.minimum(both * silent, 50.0)))
        orders = alive * rate / both * -np.expm1(-both * HORIZON_WEEKS)
        orders = np.clip(orders, 1e-6, 1 - 1e-6)
        return np.log((1 - orders) / orders) + noise, rate

    def scores(self, shop: Shop, known: Known, week: int) -> pd.DataFrame:
        """Return one row per customer who can churn: with an order in the last half year."""
        who = np.flatnonzero((known.last >= week - ACTIVE_WEEKS) & (known.first < week))
        log_odds, rate = self.raw(known, week, shop.noise[week])
        probability = 1 / (1 + np.exp(-(self.intercept + self.slope * log_odds[who])))
        value = (known.money[who] + 2 * USUAL_VALUE) / (known.orders[who] + 2)
        expected = rate[who] * HORIZON_WEEKS / -np.expm1(-rate[who] * HORIZON_WEEKS) * value
        return pd.DataFrame(
            {
                "place": who,
                "probability": probability,
                "band": pd.Series(bands(probability), dtype=object),
                "state": pd.Series(np.where(known.orders[who] == 1, "new", "active"), dtype=object),
                "expected_spend": np.round(expected).astype(np.int64),
                "reason": pd.Series(np.array(PLAYBOOKS, dtype=object)[shop.reason[who]], dtype=object),
            }
        )


def calibrated(shop: Shop, ordered: Flags) -> Scorer:
    """Return a scorer calibrated on the year before the first list, whose horizons have all ended by then."""
    said, churned = [], []
    for week in range(ACTIVE_WEEKS, BEFORE_WEEKS - HORIZON_WEEKS + 1, 6):
        known = Known.before(week, ordered, shop.amount)
        can = (known.last >= week - ACTIVE_WEEKS) & (known.first < week)
        said.append(Scorer().raw(known, week, shop.noise[week])[0][can])
        churned.append(~ordered[week : week + HORIZON_WEEKS].any(axis=0)[can])
    return Scorer(*_logistic(np.concatenate(said), np.concatenate(churned)))


def _logistic(x: Floats, y: Flags) -> tuple[float, float]:
    design, weights = np.column_stack([np.ones(len(x)), x]), np.zeros(2)
    for _ in range(25):
        p = 1 / (1 + np.exp(-(design @ weights)))
        hessian = design.T @ (design * (p * (1 - p))[:, None])
        weights = weights + np.linalg.solve(hessian, design.T @ (y - p))
    return float(weights[0]), float(weights[1])


def live(shop: Shop, standing: Standing | None, lister: Lister = weekly_list) -> Year:
    """Let the shop live through the year of lists; without a standing nobody is ever contacted."""
    everyone = np.arange(len(shop))
    alive, returns_in = np.zeros(len(shop), dtype=bool), np.full(len(shop), -1)
    year = Year(shop, np.zeros((WEEKS, len(shop)), dtype=bool))
    known, scorer = Known.nothing(len(shop)), Scorer()
    for week in range(WEEKS):
        if week == BEFORE_WEEKS:
            scorer = calibrated(shop, year.ordered)
        if standing is not None and BEFORE_WEEKS <= week < BEFORE_WEEKS + LIST_WEEKS:
            listed = _listed(shop, scorer.scores(shop, known, week), standing, week, lister)
            episodes = _outcomes(shop, listed, week, alive)
            year.episodes.append(episodes)
            done = episodes[episodes["contacted"]]
            alive[done["place"][done["woken"]]] = False
            saved = done[done["saved"]]
            returns_in[saved["place"]] = saved["returns_in"]
        orders, alive = shop.step(week, everyone, alive, returns_in == week)
        year.ordered[week] = orders
        known = known.add(week, orders, shop.amount[week])
    return year


def _listed(shop: Shop, scores: pd.DataFrame, standing: Standing, week: int, lister: Lister) -> pd.DataFrame:
    scores = scores.assign(customer_id=pd.Series(shop.ids[scores["place"]], dtype=object))
    listed = lister(scores, standing, week)
    rows = scores.set_index(scores["customer_id"].to_numpy(dtype=object)).loc[list(listed["customer_id"])]
    return pd.concat([listed.reset_index(drop=True), rows.drop(columns="customer_id").reset_index(drop=True)], axis=1)


def _outcomes(shop: Shop, listed: pd.DataFrame, week: int, alive: Flags) -> pd.DataFrame:
    """Return the list with what each would do uncontacted (0) and contacted (1), and what was done to it."""
    who = listed["place"].to_numpy(dtype=np.int64)
    kept_0, spent_0 = shop.ahead(week, who, alive[who], np.full(len(who), -1))
    right = np.array(PLAYBOOKS, dtype=object)[shop.needs[who]] == listed["playbook"].to_numpy(dtype=object)
    luck = shop.luck[week, who]
    saved = ~kept_0 & (luck < np.where(right, SAVED_SHARE, SAVED_BY_WRONG_PLAYBOOK))
    woken = kept_0 & (luck < WOKEN_SHARE)
    returns_in = np.where(saved, week + shop.when[week, who], -1)
    kept_1, spent_1 = shop.ahead(week, who, alive[who] & ~woken, returns_in)
    made, leaked = shop.made[week, who] < MADE_SHARE, shop.made[week, who] < LEAKED_SHARE
    treated = listed["arm"].to_numpy(dtype=object) == "treated"
    return listed.assign(
        account_id=listed["customer_id"],
        began_on=START + timedelta(weeks=week),
        horizon_days=7 * HORIZON_WEEKS,
        kind=np.where(listed["state"] == "new", "new", "regular"),
        owner=np.where(who % 2 == 0, "even", "odd"),
        contacted=np.where(treated, made, leaked),
        saved=saved,
        woken=woken,
        returns_in=returns_in,
        kept_if_treated=np.where(made, kept_1, kept_0),
        kept_if_held_out=np.where(leaked, kept_1, kept_0),
        spent_if_treated=np.where(made, spent_1, spent_0),
        spent_if_held_out=np.where(leaked, spent_1, spent_0),
    )
