"""Checks against leaks, made on the shop's own log in every training run: nothing that is learnt from knows the future.

future cut        features of a date are the same to the bit when everything on or after it is gone
future shuffled   and when everybody has somebody else's future
labels apart      no training label reads a day on or after the test date that it is judged on
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from features.build import feature_table
from features.churn.labels import ChurnDefinition
from features.clock import day_number
from features.feature import FeatureSet
from features.log import Log, Stream
from training.attribute_codes import coded
from training.dataset import Floats, sample_customers
from training.splits import Split

# As many show a leak as all of them would: a feature that reads the future does so for everybody.
CUSTOMERS = 200


@dataclass(frozen=True)
class LeakCheck:
    """One check against leaks.

    Args:
        name: in words.
        passed: whether nothing leaked.
    """

    name: str
    passed: bool


def leak_checks(
    log: Log, as_of: date, definition: ChurnDefinition, features: FeatureSet, splits: Sequence[Split]
) -> tuple[LeakCheck, ...]:
    """Return what was checked against leaks, on 200 customers drawn at random.

    Args:
        log: the shop's log.
        as_of: a date with orders after it, such as the latest training date.
        definition: population and horizon.
        features: those that are learnt from.
        splits: the test dates, each with its training dates.
    """
    some, day = sample_customers(log, CUSTOMERS), day_number(as_of)
    logs = (some, some.before(day), with_shuffled_future(some, day))
    known, gone, others = (_values(each, as_of, coded(features, each, [as_of], definition)) for each in logs)
    ends = timedelta(definition.horizon_days)
    apart = all(max(split.train_dates) + ends <= split.test_date for split in splits)
    return (
        LeakCheck("future cut", np.array_equal(known, gone, equal_nan=True)),
        LeakCheck("future shuffled", np.array_equal(known, others, equal_nan=True)),
        LeakCheck("labels apart", apart),
    )


def with_shuffled_future(log: Log, day: int) -> Log:
    """Return the log in which everybody has somebody else's rows from a day on.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> log = roll_up(Lines.of(["ann", "ann", "bob"], [1, 9, 2], [700, 300, 50]))
    >>> with_shuffled_future(log, 5).streams["orders"].customer
    array([0, 1, 1])
    """
    moved = np.roll(np.arange(log.n_customers), 1)  # nobody keeps the own one
    streams = {
        name: _merged(stream.keep(stream.day < day), stream.keep(stream.day >= day).take(moved))
        for name, stream in log.streams.items()
    }
    return replace(log, streams=streams)


def _merged(past: Stream, future: Stream) -> Stream:
    order = np.argsort(np.concatenate([past.customer, future.customer]), kind="stable")
    columns = {name: np.concatenate([past.columns[name], future.columns[name]])[order] for name in past.columns}
    return Stream(past.starts + future.starts, np.concatenate([past.day, future.day])[order], columns)


def _values(log: Log, as_of: date, features: FeatureSet) -> Floats:
    return feature_table(log, [as_of], features)[list(features.names)].to_numpy(dtype=np.float64)
