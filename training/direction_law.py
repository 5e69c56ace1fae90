"""The direction law: one more order, yesterday, must not raise a customer's predicted risk.

It is tested on real histories, not by moving one feature alone: every sampled customer's last order is repeated on the
day before `as_of`, the features are computed again, and the model predicts again.

Only customers nine in ten of whose gaps fit into the horizon are tested. A customer who buys every ten weeks and bought
yesterday is indeed less likely to buy in the next four: there the law would be wrong, not the model. For the same
reason a rise of up to five points is tolerated: an order after a long time also makes a long gap, the mark of a slow
customer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from features.build import feature_table
from features.clock import date_of
from features.log import Log, Stream
from training.bundle import Bundle
from training.dataset import Flags

CUSTOMERS = 200
# A share of fewer customers is too uncertain to judge.
LEAST_CUSTOMERS = 20
RISE_TOLERANCE = 0.05
MOST_RISING = 0.05


@dataclass(frozen=True)
class Direction:
    """The effect of one more order yesterday on the probability of churn.

    Args:
        customers: how many were tested; fewer than 20 are not judged.
        rising_share: the share of them whose probability rose by more than 0.05.
        mean_change: of the probability.

    >>> Direction(200, 0.01, -0.08).holds, Direction(200, 0.3, -0.01).holds, Direction(5, 1.0, 0.1).holds
    (True, False, True)
    """

    customers: int
    rising_share: float
    mean_change: float

    @property
    def is_judged(self) -> bool:
        """Whether there were enough customers to judge."""
        return self.customers >= LEAST_CUSTOMERS

    @property
    def holds(self) -> bool:
        """Whether the law holds, or too few customers were tested to refute it."""
        return not self.is_judged or (self.rising_share <= self.most_rising and self.mean_change < 0)

    @property
    def most_rising(self) -> float:
        """The share that may rise: 5 %, plus the chance of a sample of this size (one-sided 95 %)."""
        return MOST_RISING + 1.645 * math.sqrt(MOST_RISING * (1 - MOST_RISING) / self.customers)

    @property
    def words(self) -> str:
        """The finding in words."""
        if not self.is_judged:
            return f"not judged: only {self.customers} customers could be asked for the direction law, too few to tell"
        law = "risk falls" if self.holds else "risk does not fall as it must"
        return (
            f"{law} with one more recent order: by {-self.mean_change:.3f} on average, and it rises clearly for "
            f"{self.rising_share:.1%} of {self.customers} customers (at most {self.most_rising:.1%} may)"
        )


def direction(bundle: Bundle, log: Log, as_of: int) -> Direction:
    """Test how a model reacts to one more order yesterday.

    Args:
        bundle: the model.
        log: the shop's log.
        as_of: day number to look from.
    """
    some = _sample(log, as_of, bundle.definition.active_days)
    if not some.n_customers:
        return Direction(0, 0.0, 0.0)
    before, after = (_table(bundle, one, as_of) for one in (some, with_order_yesterday(some, as_of)))
    tested = np.flatnonzero(_fits(before, bundle) & _fits(after, bundle))[:CUSTOMERS]
    if not len(tested):
        return Direction(0, 0.0, 0.0)
    after_p, before_p = (bundle.probability(table, date_of(as_of))[tested] for table in (after, before))
    change = after_p - before_p
    return Direction(len(tested), float((change > RISE_TOLERANCE).mean()), float(change.mean()))


def with_order_yesterday(log: Log, as_of: int) -> Log:
    """Return the log with every customer's last order repeated on the day before `as_of`.

    Every customer must have an order, and none on that day or after it.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> orders = with_order_yesterday(roll_up(Lines.of(["ann", "bob"], [1, 5], [700, 300])), 10).streams["orders"]
    >>> orders.day, orders.columns["spend"], orders.columns["gap_days"][1::2]
    (array([1, 9, 5, 9]), array([700, 700, 300, 300]), array([8, 4]))
    """
    orders, items, day = log.streams["orders"], log.streams["items"], as_of - 1
    last = orders.day[orders.starts[1:] - 1]
    repeated = _with_last_repeated(orders, last, day)
    new = repeated.starts[1:] - 1
    # The columns that roll_up computes from the day; the others are copied from the last order.
    repeated.columns["weekend"][new] = (day + 3) % 7 >= 5
    repeated.columns["week"][new] = (day + 3) // 7
    repeated.columns["gap_days"][new] = day - last
    streams = {**log.streams, "orders": repeated, "items": _with_last_repeated(items, last, day)}
    return replace(log, streams=streams)


def _with_last_repeated(stream: Stream, last: np.typing.NDArray[np.int64], day: int) -> Stream:
    """Return the stream with the rows of each customer's last order day repeated on another day."""
    rows = np.flatnonzero(stream.day == last[stream.customer])
    taken = np.concatenate([np.arange(len(stream)), rows])
    who, days = stream.customer[taken], np.concatenate([stream.day, np.full(len(rows), day)])
    order = np.lexsort((days, who))
    starts = np.concatenate([[0], np.cumsum(np.bincount(who, minlength=len(last)))]).astype(np.int64)
    return Stream(starts, days[order], {name: column[taken][order] for name, column in stream.columns.items()})


def _sample(log: Log, as_of: int, active_days: int) -> Log:
    """Return the log until `as_of` of population customers without an order yesterday: more than will be tested."""
    log = log.before(as_of)
    orders = log.streams["orders"]
    yesterday = orders.day >= as_of - 1
    last = np.full(log.n_customers, as_of - active_days - 1)
    np.maximum.at(last, orders.customer, orders.day)
    ordered_yesterday = np.zeros(log.n_customers, dtype=bool)
    ordered_yesterday[orders.customer[yesterday]] = True
    suitable = np.flatnonzero((last >= as_of - active_days) & ~ordered_yesterday)
    some = np.random.default_rng(0).permutation(suitable)[: 3 * CUSTOMERS]
    return log.only(log.customer_ids[some])


def _table(bundle: Bundle, log: Log, as_of: int) -> pd.DataFrame:
    return feature_table(log, [date_of(as_of)], bundle.features)


def _fits(table: pd.DataFrame, bundle: Bundle) -> Flags:
    """Return for each row whether nine in ten gaps fit into the horizon; true without any gap."""
    if "long_gap_days" not in table:
        return np.ones(len(table), dtype=bool)
    return ~(table["long_gap_days"].to_numpy(dtype=np.float64) > bundle.definition.horizon_days)
