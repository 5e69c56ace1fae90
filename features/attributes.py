"""Attributes: what the shop knows about a customer besides orders and events, such as region, segment or age group.

An attribute is a stream of its own, `attribute:<name>`: a row per customer of whom a value is known, on the day from
which it is known. So it is cut at a date as orders are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from features.codes import ATTRIBUTE
from features.log import NULL, Coded, Ints, Log, Stream, Texts


@dataclass(frozen=True, eq=False)
class Attributes:
    """One row per customer.

    Args:
        customer_ids: of each row, each once.
        values: attribute → texts, one per row; '' = nothing is known.
        known_from: day number from which the row is known, NULL where nobody knows it; None = the file does not say.

    >>> Attributes(np.array(["ann"], dtype=object), {"region": Coded.of(["north"])}).dated
    False
    """

    customer_ids: Texts
    values: Mapping[str, Coded]
    known_from: Ints | None = None

    @property
    def dated(self) -> bool:
        """Whether it is said since when the rows are known."""
        return self.known_from is not None


def with_attributes(log: Log, attributes: Attributes) -> Log:
    """Return the log with the attributes of its customers.

    A row with a day is known from the day after it on, as an order is; a row whose day is missing is not used. Without
    days every row counts as known from the log's first day on, which may be a leak: nobody can tell from the file.

    Args:
        log: a log with an order.
        attributes: of customers; who is not in the log is left out.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> known = Attributes(np.array(["ann", "zoe"], dtype=object), {"region": Coded.of(["north", "south"])})
    >>> with_attributes(roll_up(Lines.of(["ann"], [10], [500])), known).words["attribute:region"]
    array(['north'], dtype=object)
    """
    customer, row = _places(log, attributes.customer_ids)
    day = np.full(len(row), log.first_day) if attributes.known_from is None else attributes.known_from[row]
    streams, words = dict(log.streams), dict(log.words)
    for name, coded in attributes.values.items():
        value = Coded(coded.values, coded.codes[row]).in_order()
        known = (value.values != "")[value.codes] & (day != NULL) if len(row) else np.zeros(0, dtype=bool)
        value = Coded(value.values, value.codes[known]).in_order()
        stream = _stream(customer[known], day[known], value.codes.astype(np.int64), log.n_customers)
        streams[ATTRIBUTE + name], words[ATTRIBUTE + name] = stream, value.values
    return replace(log, streams=streams, words=words)


def _places(log: Log, customer_ids: Texts) -> tuple[Ints, Ints]:
    """Return the customers of the log who have a row, ascending, and the row of each."""
    place = np.searchsorted(log.customer_ids, customer_ids) if len(customer_ids) else np.zeros(0, dtype=np.int64)
    inside = np.flatnonzero(place < log.n_customers)
    row = inside[log.customer_ids[place[inside]] == customer_ids[inside]]
    row = row[np.argsort(place[row], kind="stable")]
    return place[row].astype(np.int64), row.astype(np.int64)


def _stream(customer: Ints, day: Ints, code: Ints, size: int) -> Stream:
    starts = np.concatenate([[0], np.cumsum(np.bincount(customer, minlength=size))]).astype(np.int64)
    return Stream(starts, day.astype(np.int64), {"code": code})
