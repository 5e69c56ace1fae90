"""Computes the feature table: from a log and dates, one row per customer and date.

Training passes many dates, serving one. Nothing else in Regulars computes a feature, and nothing accepts one from
outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.arithmetic import Values
from features.clock import day_numbers, timestamps
from features.engines.single_pass import SinglePass
from features.engines.tracks import Reals
from features.engines.windows import CHUNK_CUSTOMERS, Rows, chunks, population
from features.feature import FeatureSet
from features.log import Ints, Log, Texts
from features.memory import memory_kept

KEYS = ("customer_id", "as_of")


@dataclass(frozen=True, eq=False)
class FeatureColumns:
    """Features of customers on dates, sorted by customer, then date; not a frame, which is slow to make for one row.

    Args:
        customer_ids: of each row.
        as_of: the day number of each row.
        names: of the features.
        values: features × rows; money in minor units, None as NaN.
    """

    customer_ids: Texts
    as_of: Ints
    names: tuple[str, ...]
    values: Reals

    def __len__(self) -> int:
        return len(self.customer_ids)

    def __getitem__(self, name: str) -> Reals:
        column: Reals = self.values[self.names.index(name)]
        return column

    def matrix(self, names: tuple[str, ...]) -> Reals:
        """Return the named features row by row, rows × names."""
        rows = self.values if names == self.names else self.values[[self.names.index(name) for name in names]]
        return np.ascontiguousarray(rows.T)

    def frame(self) -> pd.DataFrame:
        """Return `customer_id`, `as_of` and one float64 column per feature."""
        ids = pd.Series(self.customer_ids, dtype=str)  # the type is given, or an empty table would have another
        keys = pd.DataFrame({"customer_id": ids, "as_of": timestamps(self.as_of)})
        values = pd.DataFrame(self.values.T, columns=list(self.names), copy=False)
        return pd.concat([keys, values], axis=1)


def feature_table(
    log: Log,
    as_of_dates: Sequence[date],
    features: FeatureSet,
    active_days: int | None = None,
    *,
    chunk_customers: int = CHUNK_CUSTOMERS,
) -> pd.DataFrame:
    """Compute features for every customer of the population on every date, as a table.

    Args:
        log: the shop's log.
        as_of_dates: the dates, each looked at from its start.
        features: what to compute.
        active_days: the population, as for `feature_columns`.
        chunk_customers: how many customers are held at once.

    Returns:
        `customer_id`, `as_of` and one float64 column per feature, sorted by customer, then date.

    >>> from datetime import date
    >>> from features.definitions import default_features
    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> log = roll_up(Lines.of(["ann", "ann", "bob"], [1, 5, 9], [700, 300, 50]))
    >>> feature_table(log, [date(1970, 1, 8)], default_features())[["customer_id", "days_since_order"]]
      customer_id  days_since_order
    0         ann               2.0
    """
    # The arrays of one chunk serve the next. A small log has one, and a server that is asked for it waits for nothing.
    with memory_kept() if log.n_customers > chunk_customers else nullcontext():
        return feature_columns(log, as_of_dates, features, active_days, chunk_customers=chunk_customers).frame()


def feature_columns(
    log: Log,
    as_of_dates: Sequence[date],
    features: FeatureSet,
    active_days: int | None = None,
    *,
    chunk_customers: int = CHUNK_CUSTOMERS,
) -> FeatureColumns:
    """Compute features for every customer of the population on every date.

    Args:
        log: the shop's log; rows on or after a date do not touch that date's features.
        as_of_dates: the dates, each looked at from its start.
        features: what to compute; money comes in minor units, None as NaN.
        active_days: the population: an order in the last so many days; None for anyone with an order before.
        chunk_customers: how many customers are held at once; changes memory, never a value.

    >>> from datetime import date
    >>> from features.definitions import default_features
    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> log = roll_up(Lines.of(["ann", "ann", "bob"], [1, 5, 9], [700, 300, 50]))
    >>> feature_columns(log, [date(1970, 1, 8)], default_features())["days_since_order"]
    array([2.])
    """
    as_of = np.unique(day_numbers(as_of_dates))
    parts = [
        (first, rows, chunk)
        for first, chunk in chunks(log, chunk_customers)
        if len((rows := population(chunk, as_of, active_days)).customer)
    ]
    matrix = np.empty((len(features), sum(len(rows.customer) for _, rows, _ in parts)))
    end = 0
    for _, rows, chunk in parts:
        start, end = end, end + len(rows.customer)
        fill(matrix[:, start:end], chunk, as_of, rows, features)
    return FeatureColumns(*_keys(log, parts, as_of), features.names, matrix)


def fill(out: npt.NDArray[np.float64], chunk: Log, as_of: Ints, rows: Rows, features: FeatureSet) -> None:
    """Write the features of one chunk into `out`, features × pairs."""
    engine = SinglePass(chunk, as_of, rows, features.aggregates, features.codes)
    columns: dict[str, Reals] = {}
    unknown = frozenset() if chunk.has_money else features.of_money
    for index, feature in enumerate(features):
        if feature.name in unknown:
            out[index] = np.nan  # nothing was spent is another thing than nobody knows
            continue
        if callable(feature.value):
            with np.errstate(divide="ignore", invalid="ignore"):
                raw = feature.value(Values(columns))
        else:
            raw = engine.column(feature.value)
        out[index] = raw if feature.if_none is None else np.where(np.isnan(raw), feature.if_none, raw)
        columns[feature.name] = out[index]


def _keys(log: Log, parts: Iterable[tuple[int, Rows, Log]], as_of: Ints) -> tuple[Texts, Ints]:
    pairs = [(rows.customer + first, rows.date) for first, rows, _ in parts]
    customer = np.concatenate([np.zeros(0, dtype=np.int64), *(c for c, _ in pairs)])
    dates = np.concatenate([np.zeros(0, dtype=np.int64), *(d for _, d in pairs)])
    return log.customer_ids[customer], as_of[dates]
