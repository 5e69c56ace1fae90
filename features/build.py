"""The one producer: a log, dates and features in, one table keyed by customer and date out.

Training passes many dates, serving one. Nothing else in Regulars computes a feature, and nothing accepts one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
from features.log import Ints, Log

KEYS = ("customer_id", "as_of")


def feature_table(
    log: Log,
    as_of_dates: Sequence[date],
    features: FeatureSet,
    active_days: int | None = None,
    *,
    chunk_customers: int = CHUNK_CUSTOMERS,
) -> pd.DataFrame:
    """Compute features for every customer of the population on every date.

    Args:
        log: the shop's log; rows on or after a date do not touch that date's features.
        as_of_dates: the dates, each looked at from its start.
        features: what to compute; money comes in minor units, None as NaN.
        active_days: the population: an order in the last so many days; None for anyone with an order before.
        chunk_customers: how many customers are held at once; changes memory, never a value.

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
    return _table(log, parts, as_of, matrix, features)


def fill(out: npt.NDArray[np.float64], chunk: Log, as_of: Ints, rows: Rows, features: FeatureSet) -> None:
    """Write the features of one chunk into `out`, features × pairs."""
    engine = SinglePass(chunk, as_of, rows, features.aggregates)
    columns: dict[str, Reals] = {}
    with np.errstate(divide="ignore", invalid="ignore"):
        for place, feature in enumerate(features):
            raw = feature.value(Values(columns)) if callable(feature.value) else engine.column(feature.value)
            out[place] = raw if feature.if_none is None else np.where(np.isnan(raw), feature.if_none, raw)
            columns[feature.name] = out[place]


def _table(
    log: Log, parts: Iterable[tuple[int, Rows, Log]], as_of: Ints, matrix: Reals, features: FeatureSet
) -> pd.DataFrame:
    pairs = [(rows.customer + first, rows.date) for first, rows, _ in parts]
    customer = np.concatenate([np.zeros(0, dtype=np.int64), *(c for c, _ in pairs)])
    dates = np.concatenate([np.zeros(0, dtype=np.int64), *(d for _, d in pairs)])
    ids = pd.Series(log.customer_ids[customer], dtype=str)  # said, or an empty table would have another type
    keys = pd.DataFrame({"customer_id": ids, "as_of": timestamps(as_of)[dates]})
    values = pd.DataFrame(matrix.T, columns=list(features.names), copy=False)
    return pd.concat([keys, values], axis=1)
