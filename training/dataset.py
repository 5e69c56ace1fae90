"""Training data: features joined with labels, one row per customer and date."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.build import feature_table
from features.churn.labels import ChurnDefinition, label_table
from features.feature import FeatureSet
from features.log import Ints, Log, Texts
from training.attribute_codes import coded

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Dataset:
    """One row per customer and date: features, whether the customer churned, and the spend.

    Args:
        X: one float64 column per feature, NaN = unknown, money in minor units.
        y: whether the customer churned.
        as_of: the day number of each row.
        customer_id: the customer of each row.
        spend_next: money spent in the horizon, minor units.
        wait_days: whole days from the row's date to the next order; the horizon where none came within it.
        features: the features in the columns of `X`, in their order.
        definition: the population and horizon of `y`.
    """

    X: pd.DataFrame
    y: Flags
    as_of: Ints
    customer_id: Texts
    spend_next: Floats
    wait_days: Ints
    features: FeatureSet
    definition: ChurnDefinition

    def __len__(self) -> int:
        return len(self.y)

    @cached_property
    def values(self) -> Floats:
        """`X` as a row-major array, as the models take it; the same memory where `X` was made of one."""
        return np.ascontiguousarray(self.X.to_numpy(dtype=np.float64))

    @property
    def days(self) -> tuple[int, ...]:
        """The day numbers of the rows, each once, ascending."""
        return tuple(int(day) for day in np.unique(self.as_of))

    def on(self, days: Iterable[int]) -> Dataset:
        """Return the rows of the given day numbers."""
        return self.where(np.isin(self.as_of, list(days)))

    def where(self, keep: Flags) -> Dataset:
        """Return the rows that are flagged."""
        columns = ("y", "as_of", "customer_id", "spend_next", "wait_days")
        kept = {name: getattr(self, name)[keep] for name in columns}
        return replace(self, X=table_of(self.values[keep], self.features.names), **kept)

    def hold_out_last(self) -> tuple[Dataset, Dataset] | None:
        """Return (earlier, latest): the rows of the latest date, and those of the dates whose labels were known on it.

        None where the horizon of no earlier date had ended by then.
        """
        latest = self.days[-1]
        known = [day for day in self.days if day + self.definition.horizon_days <= latest]
        return (self.on(known), self.on([latest])) if known else None


def table_of(values: Floats, names: Sequence[str]) -> pd.DataFrame:
    """Return a table over a row-major array, without a copy: the rows of a large shop fill the memory once.

    >>> table_of(np.array([[1.0, 2.0]]), ("a", "b")).columns.tolist()
    ['a', 'b']
    """
    return pd.DataFrame(values, columns=list(names), copy=False)


def sample_customers(log: Log, most: int) -> Log:
    """Return the log of at most so many customers, always the same ones.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> sample_customers(roll_up(Lines.of(["ann", "bob", "cid"], [1, 5, 9], [700, 300, 50])), 2).n_customers
    2
    """
    if log.n_customers <= most:
        return log
    drawn = np.sort(np.random.default_rng(1).permutation(log.n_customers)[:most])
    return log.only(str(one) for one in log.customer_ids[drawn])


def build_dataset(log: Log, as_of_dates: Sequence[date], definition: ChurnDefinition, features: FeatureSet) -> Dataset:
    """Return features and labels of every customer of the population on every date.

    Args:
        log: the shop's log; it must reach to the end of the last date's horizon.
        as_of_dates: the dates.
        definition: population and horizon.
        features: of a customer; what is not known yet of the values of their attributes is learnt for each date.

    >>> from features.definitions import default_features
    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> log = roll_up(Lines.of(["ann", "bob", "bob"], [1, 5, 12], [700, 300, 50]))
    >>> data = build_dataset(log, [date(1970, 1, 8)], ChurnDefinition(10, 30), default_features())
    >>> data.y, data.spend_next
    (array([ True, False]), array([ 0., 50.]))
    """
    features = coded(features, log, as_of_dates, definition)
    table = feature_table(log, as_of_dates, features, active_days=definition.active_days)
    labels = label_table(log, as_of_dates, definition)
    values = np.ascontiguousarray(table[list(features.names)].to_numpy(dtype=np.float64))
    return Dataset(
        X=table_of(values, features.names),
        y=labels["churned"].to_numpy(dtype=bool),
        as_of=table["as_of"].to_numpy().astype("datetime64[D]").astype(np.int64),
        customer_id=table["customer_id"].to_numpy(dtype=object),
        spend_next=labels["spend_next"].to_numpy(dtype=np.float64),
        wait_days=labels["wait_days"].to_numpy(dtype=np.int64),
        features=features,
        definition=definition,
    )
