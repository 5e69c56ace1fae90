"""The arithmetic that a feature does over earlier features, for both engines.

A feature's `value` may be a function of earlier ones, `lambda f: ratio(f.days_since_order, f.usual_gap_days)`. `+`, `-`
and `*` work as written; what differs between NumPy and Ibis is here. None goes in, None comes out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np

# A NumPy array of float64 (NaN = None) in the single pass, an Ibis column in a query.
Column = Any


def ratio(above: Column, below: Column) -> Column:
    """Divide; None where the divisor is 0 or either side is None.

    >>> ratio(np.array([1.0, 1.0]), np.array([2.0, 0.0]))
    array([0.5, nan])
    """
    if isinstance(below, np.ndarray):
        divisor = np.where(below == 0, np.nan, below)
        return above / divisor
    numerator = above.cast("float64") if hasattr(above, "cast") else float(above)
    return numerator / below.cast("float64").nullif(0)


def at_most(column: Column, limit: float) -> Column:
    """Cut off values above a limit.

    >>> at_most(np.array([1.0, 9.0, np.nan]), 5)
    array([ 1.,  5., nan])
    """
    if isinstance(column, np.ndarray):
        return np.minimum(column, limit)
    return (column > limit).ifelse(limit, column)


def smoothed_ratio(above: Column, below: Column) -> Column:
    """Divide with 1 added to both sides, which keeps small counts from swinging; 1 means no change.

    >>> smoothed_ratio(np.array([3.0]), np.array([1.0]))
    array([2.])
    """
    return ratio(above + 1, below + 1)


class Values:
    """The earlier features, by name.

    >>> Values({"spend_90d": np.array([1.0])}).spend_90d
    array([1.])
    """

    def __init__(self, columns: dict[str, Column]) -> None:
        self._columns = columns

    def __getattr__(self, name: str) -> Column:
        try:
            return cast("Column", self._columns[name])
        except KeyError:
            raise AttributeError(f'no earlier feature is called "{name}"') from None

    def __getitem__(self, name: str) -> Column:
        return self.__getattr__(name)


class _NamesRead(Values):
    """Notes the names of the features that are read."""

    def __init__(self) -> None:
        super().__init__({})
        self.names: set[str] = set()

    def __getattr__(self, name: str) -> Column:
        self.names.add(name)
        return cast("Column", np.ones(1))


def names_read(value: Callable[[Values], Column]) -> frozenset[str]:
    """Return the names of the features that a feature is worked out from.

    >>> sorted(names_read(lambda f: f.spend_90d / f.spend_365d))
    ['spend_365d', 'spend_90d']
    """
    noted = _NamesRead()
    value(noted)
    return frozenset(noted.names)
