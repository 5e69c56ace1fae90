"""A customer's order history in the three numbers of probability models: frequency, recency and age.

Everything here is in days. The features give the numbers at a date; `final_histories` gives them for all customers of a
dataset, also those who have left its population since.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.log import Ints
from training.dataset import Dataset, Floats

FREQUENCY, TENURE, SINCE_ORDER = "frequency", "tenure_days", "days_since_order"
INPUTS = (FREQUENCY, TENURE, SINCE_ORDER)


@dataclass(frozen=True, eq=False)
class Histories:
    """One row per customer, in one unit of time.

    Args:
        frequency: repeat orders, x in the literature.
        recency: time of the last order, counted from the first, t_x; 0 without a repeat order.
        age: time observed, counted from the first order, T.
    """

    frequency: Floats
    recency: Floats
    age: Floats

    def __len__(self) -> int:
        return len(self.frequency)

    @classmethod
    def of(cls, frequency: Floats, tenure: Floats, since_order: Floats) -> Histories:
        """Make histories from features; impossible values, such as an explanation tries, are made consistent.

        With a single order, the tenure is the time since it. A tenure shorter than the time since the last order is
        extended to it.

        >>> some = Histories.of(np.array([2.0, 0.0, 1.0]), np.array([50.0, 9.0, 5.0]), np.array([10.0, 30.0, 8.0]))
        >>> some.recency, some.age
        (array([40.,  0.,  0.]), array([50., 30.,  8.]))
        """
        since_order = np.maximum(np.nan_to_num(since_order), 0.0)
        frequency = np.floor(np.maximum(np.nan_to_num(frequency), 0.0))
        tenure = np.where(frequency > 0, np.maximum(np.nan_to_num(tenure), since_order), since_order)
        return cls(frequency, tenure - since_order, tenure)

    @property
    def since_order(self) -> Floats:
        """Time since the last order."""
        return self.age - self.recency

    def take(self, rows: Ints) -> Histories:
        """Return the customers at the given positions."""
        return Histories(self.frequency[rows], self.recency[rows], self.age[rows])

    def later(self, time: float) -> Histories:
        """Return the same customers after `time` more without an order."""
        return Histories(self.frequency, self.recency, self.age + time)


def inputs(names: tuple[str, ...], X: Floats) -> Floats:
    """Return the three columns that a history is made of, rows × 3."""
    return X[:, [names.index(name) for name in INPUTS]]


def final_histories(data: Dataset) -> Histories:
    """Return every customer of a dataset once, observed until its last date.

    A customer who was in the population on one date and is missing on a later one has not ordered in between: nobody
    leaves the population by ordering. So the last row of a customer, aged to the last date, is the history on that
    date. Customers who left are thus included; the rows of the last date alone would show that hardly anyone leaves.
    Where dates lie further apart than `active_days`, an order could hide between them: then nothing is aged.

    >>> from datetime import date
    >>> from features.definitions import default_features
    >>> from features.churn.labels import ChurnDefinition
    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> from training.dataset import build_dataset
    >>> log = roll_up(Lines.of(["ann", "ann", "bob"], [1, 5, 30], [700, 300, 50]))
    >>> data = build_dataset(log, [date(1970, 1, 8), date(1970, 2, 7)], ChurnDefinition(10, 20), default_features())
    >>> final_histories(data).age  # the dates are 30 days apart, more than 20
    array([6., 7.])
    """
    last = _last_rows(data)
    found = Histories.of(*inputs(data.features.names, data.values[last]).T)
    steps = np.diff(data.days)
    if len(steps) and steps.max() > data.definition.active_days:
        return found
    aged = data.days[-1] - data.as_of[last] if len(last) else np.zeros(0)
    return Histories(found.frequency, found.recency, found.age + aged)


def followed_histories(data: Dataset) -> Histories:
    """Return the customers of `final_histories`, those of the last date followed through its horizon by their labels.

    A customer without an order is older by the horizon. One who ordered is observed until that order and no further,
    as no label says what came after it; a likelihood allows observation to stop at an order.
    """
    found, last = final_histories(data), _last_rows(data)
    labelled = data.as_of[last] == data.days[-1] if len(last) else np.zeros(0, dtype=bool)
    ordered = labelled & ~data.y[last]
    age = found.age + np.where(labelled, data.wait_days[last], 0)
    return Histories(found.frequency + ordered, np.where(ordered, age, found.recency), age)


def _last_rows(data: Dataset) -> Ints:
    """Return the row number of each customer's last row, customers sorted."""
    order = np.lexsort((data.as_of, data.customer_id))
    customer = data.customer_id[order]
    return order[np.append(customer[1:] != customer[:-1], True)] if len(order) else order
