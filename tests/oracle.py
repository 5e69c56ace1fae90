"""The third reading of every aggregate, in plain Python: slow, one customer and one date at a time, and obvious.

It starts from the lines and events themselves, cut at `as_of` before anything else is done, so that it also checks the
roll-up and the cut of the engines. It shares nothing with them but the definitions.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from features import aggregates as agg
from features.arithmetic import Values
from features.attributes import Attributes, with_attributes
from features.codes import Codes
from features.feature import FeatureSet
from features.log import EVENT, VALUE_SCALE, Coded, Events, Lines, Log
from features.roll_up import roll_up

Row = dict[str, Any]
Number = float | None


@dataclass(frozen=True)
class Line:
    """One order line, as `features.log.Lines` takes it."""

    customer: str
    day: int
    amount: int = 100
    order_id: str = ""
    product_id: str = ""
    discount: int = 0
    units: int = 1
    returned: bool = False


@dataclass(frozen=True)
class Event:
    """One event, as `features.log.Events` takes it; the value in whole units."""

    customer: str
    kind: str
    day: int
    second: int = 0
    value: float | None = None


@dataclass(frozen=True)
class Known:
    """What the customers file says of one customer, known from a day on; '' = nothing."""

    customer: str
    day: int
    region: str = ""
    tier: str = ""


ATTRIBUTES = ("region", "tier")


def log_of(lines: Sequence[Line], events: Sequence[Event] = (), known: Sequence[Known] | None = None) -> Log:
    """Roll plain lines and events up through the one way in; `known` is a customers file, None = there is none."""
    columns = {
        name: [getattr(line, name) for line in lines]
        for name in ("order_id", "product_id", "discount", "units", "returned")
    }
    rows = Lines.of([x.customer for x in lines], [x.day for x in lines], [x.amount for x in lines], **columns)
    happened = Events.of(
        [x.customer for x in events],
        [x.kind for x in events],
        [x.day for x in events],
        second=[x.second for x in events],
        value=[x.value for x in events],
    )
    log = roll_up(rows, happened)
    return log if known is None else with_attributes(log, attributes_of(known))


def attributes_of(known: Sequence[Known]) -> Attributes:
    """The rows of a customers file."""
    values = {name: Coded.of([getattr(x, name) for x in known]) for name in ATTRIBUTES}
    days = np.array([x.day for x in known], dtype=np.int64)
    return Attributes(np.array([x.customer for x in known], dtype=object), values, days)


def features_of(
    features: FeatureSet,
    lines: Iterable[Line],
    events: Iterable[Event],
    customer: str,
    as_of: int,
    known: Sequence[Known] | None = None,
) -> dict[str, Number]:
    """Every feature of one customer on one day."""
    bought = [line for line in lines if line.customer == customer and line.day < as_of]
    heard = [event for event in events if event.customer == customer and event.day < as_of]
    values: dict[str, Number] = {}
    for feature in features:
        if isinstance(feature.value, agg.LearntNumber):
            value = learnt(feature.value, features.codes, customer, known, as_of)
        elif isinstance(feature.value, agg.Rate):
            value = rate(feature.value, bought, heard, as_of)
        elif isinstance(feature.value, agg.Aggregate):
            value = read(feature.value, stream(feature.value.stream, bought, heard), as_of)
        else:
            value = feature.value(Values({name: Maybe(number) for name, number in values.items()})).number
        values[feature.name] = feature.if_none if value is None else value
    return values


def population(lines: Iterable[Line], as_of: int, active_days: int | None) -> list[str]:
    """Who has an order in the last so many days, sorted by id."""
    reach = math.inf if active_days is None else active_days
    return sorted({x.customer for x in sold(list(lines)) if 1 <= as_of - x.day <= reach})


def sold(lines: list[Line]) -> list[Line]:
    """The lines of orders; an order whose lines sum to zero is none."""
    total: dict[tuple[str, int, str], int] = {}
    for line in lines:
        if not line.returned:
            total[order_of(line)] = total.get(order_of(line), 0) + line.amount
    return [line for line in lines if not line.returned and total[order_of(line)] > 0]


def order_of(line: Line) -> tuple[str, int, str]:
    """An order is one customer's, of one day: what is added on a later day cannot change what was known before."""
    return line.customer, line.day, line.order_id


def stream(name: str, lines: list[Line], events: list[Event]) -> list[Row]:
    """The rows of one customer's stream, earliest first."""
    if name == "orders":
        return order_days(sold(lines))
    if name == "items":
        return items([line for line in sold(lines) if line.product_id])
    if name == "returns":
        return returns([line for line in lines if line.returned])
    mine = [event for event in events if EVENT + event.kind == name]
    rows = [(x.day, x.second, -math.inf if x.value is None else round(x.value * VALUE_SCALE), x.value) for x in mine]
    return [
        {"day": day, "value": None if value is None else thousandths / VALUE_SCALE}
        for day, _, thousandths, value in sorted(rows, key=lambda row: row[:3])
    ]


def order_days(lines: list[Line]) -> list[Row]:
    """One row per day with an order."""
    rows: list[Row] = []
    for day in sorted({line.day for line in lines}):
        on_it = [line for line in lines if line.day == day]
        row = {
            "day": day,
            "spend": sum(line.amount for line in on_it),
            "orders": len({line.order_id for line in on_it}),
            "lines": len(on_it),
            "units": sum(line.units for line in on_it),
            "discount": sum(line.discount for line in on_it),
            "discounted": int(any(line.discount > 0 for line in on_it)),
            "weekend": int((day - 2) % 7 in (0, 1)),  # day 2, 1970-01-03, was a Saturday
            "week": (day - 4) // 7,  # day 4, 1970-01-05, was a Monday; any number will do that changes there
            "gap_days": day - rows[-1]["day"] if rows else None,
        }
        rows.append(row)
    return rows


def items(lines: list[Line]) -> list[Row]:
    """One row per day and known product."""
    rows = []
    for day, product in sorted({(line.day, line.product_id) for line in lines}):
        these = [line for line in lines if (line.day, line.product_id) == (day, product)]
        spend, units = sum(line.amount for line in these), sum(line.units for line in these)
        rows.append({"day": day, "product": product, "item_spend": spend, "item_units": units})
    return rows


def returns(lines: list[Line]) -> list[Row]:
    """One row per day with a return."""
    rows = []
    for day in sorted({line.day for line in lines}):
        on_it = [line for line in lines if line.day == day]
        rows.append({"day": day, "returned": sum(line.amount for line in on_it), "returned_lines": len(on_it)})
    return rows


def read(aggregate: agg.Aggregate, rows: list[Row], as_of: int) -> Number:
    """One aggregate over one stream of one customer."""
    known = aged(rows, as_of)
    if isinstance(aggregate, agg.Share):
        whole = sum(row[aggregate.column] for row in chosen(aggregate, known, None))
        part = sum(row[aggregate.column] for row in chosen(aggregate, known, aggregate.where))
        return None if whole == 0 else part / whole
    return READINGS[type(aggregate)](aggregate, chosen(aggregate, known, aggregate.where))


def rate(aggregate: agg.Rate, lines: list[Line], events: list[Event], as_of: int) -> Number:
    """Rows of one stream for each row of another."""
    streams = (aged(stream(name, lines, events), as_of) for name in (aggregate.stream, aggregate.per))
    rows, per = (len(chosen(aggregate, rows, None)) for rows in streams)
    return None if per == 0 else rows / per


def learnt(
    aggregate: agg.LearntNumber, codes: Codes, customer: str, known: Sequence[Known] | None, as_of: int
) -> Number:
    """What was learnt by the date about the customer's value, where that was known by the date, too."""
    tables = [table for table in codes.tables.get(aggregate.attribute, ()) if table.day <= as_of]
    if not tables:
        return None
    if known is None or aggregate.attribute not in ATTRIBUTES:
        return tables[-1].usual_share if aggregate.learnt == "share" else 0.0
    values = [getattr(x, aggregate.attribute) for x in known if x.customer == customer and x.day < as_of]
    if not any(values):
        return None
    table, value = tables[-1], next(value for value in values if value)
    if aggregate.learnt == "share":
        return table.shares.get(value, 0.0)
    return table.log_odds.get(value, table.rest_log_odds)


def aged(rows: list[Row], as_of: int) -> list[Row]:
    return [row | {agg.AGE: as_of - row["day"]} for row in rows]


def chosen(aggregate: agg.Aggregate, rows: list[Row], where: str | None) -> list[Row]:
    """The rows that count: in the window, through the filter, with a value."""
    reach = math.inf if aggregate.days is None else aggregate.skip + aggregate.days
    inside = [row for row in rows if aggregate.skip < row[agg.AGE] <= reach]
    filtered = [row for row in inside if where is None or row[where] == 1]
    valued = [row for row in filtered if row[aggregate.column] is not None]
    return valued if aggregate.last is None else valued[-aggregate.last :]


def values_of(aggregate: agg.Aggregate, rows: list[Row]) -> list[Any]:
    return [row[aggregate.column] for row in rows]


def exact_sum(values: Iterable[float]) -> Fraction:
    return sum((Fraction(value) for value in values), Fraction(0))


def count(_: agg.Aggregate, rows: list[Row]) -> Number:
    return len(rows)


def total(aggregate: agg.Aggregate, rows: list[Row]) -> Number:
    return float(exact_sum(values_of(aggregate, rows))) if rows else None


def mean(aggregate: agg.Aggregate, rows: list[Row]) -> Number:
    return float(exact_sum(values_of(aggregate, rows)) / len(rows)) if rows else None


def least(aggregate: agg.Aggregate, rows: list[Row]) -> Number:
    return min(values_of(aggregate, rows), default=None)


def greatest(aggregate: agg.Aggregate, rows: list[Row]) -> Number:
    return max(values_of(aggregate, rows), default=None)


def spread(aggregate: agg.Aggregate, rows: list[Row]) -> Number:
    values = [Fraction(value) for value in values_of(aggregate, rows)]
    return float(statistics.stdev(values)) if len(values) > 1 else None


def first(aggregate: agg.Aggregate, rows: list[Row]) -> Number:
    return values_of(aggregate, rows)[0] if rows else None


def last(aggregate: agg.Aggregate, rows: list[Row]) -> Number:
    assert isinstance(aggregate, agg.Last)
    return values_of(aggregate, rows)[-1 - aggregate.back] if len(rows) > aggregate.back else None


def distinct(aggregate: agg.Aggregate, rows: list[Row]) -> Number:
    return len(set(values_of(aggregate, rows)))


def decayed(aggregate: agg.Aggregate, rows: list[Row]) -> Number:
    assert isinstance(aggregate, agg.Decayed)
    weighted = [row[aggregate.column] * 0.5 ** (row[agg.AGE] / aggregate.half_life_days) for row in rows]
    return math.fsum(weighted) if rows else None


def quantile(aggregate: agg.Aggregate, rows: list[Row]) -> Number:
    """Type 7: between the two values around place q (n - 1), in proportion."""
    assert isinstance(aggregate, agg.Quantile)
    ordered = sorted(values_of(aggregate, rows))
    if not ordered:
        return None
    place = aggregate.q * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (ordered[above] - ordered[below]) * (place - below))


READINGS: dict[type[agg.Aggregate], Callable[[agg.Aggregate, list[Row]], Number]] = {
    agg.Count: count,
    agg.Sum: total,
    agg.Mean: mean,
    agg.Min: least,
    agg.Max: greatest,
    agg.Std: spread,
    agg.First: first,
    agg.Last: last,
    agg.Distinct: distinct,
    agg.Decayed: decayed,
    agg.Quantile: quantile,
}


@dataclass(frozen=True)
class Maybe:
    """A number or None with the few operations that features are written in: None goes in, None comes out."""

    number: Number

    def _with(self, other: Maybe | float, operation: Callable[[float, float], float]) -> Maybe:
        right = other.number if isinstance(other, Maybe) else other
        return Maybe(None if self.number is None or right is None else operation(self.number, right))

    def __add__(self, other: Maybe | float) -> Maybe:
        return self._with(other, lambda a, b: a + b)

    def __sub__(self, other: Maybe | float) -> Maybe:
        return self._with(other, lambda a, b: a - b)

    def __mul__(self, other: Maybe | float) -> Maybe:
        return self._with(other, lambda a, b: a * b)

    def __truediv__(self, other: Maybe | float) -> Maybe:
        return self._with(other, lambda a, b: a / b)

    def __rsub__(self, other: float) -> Maybe:
        return Maybe(other) - self

    def __gt__(self, other: Maybe | float) -> Maybe:
        return self._with(other, lambda a, b: float(a > b))

    __radd__, __rmul__ = __add__, __mul__

    def cast(self, _: str) -> Maybe:
        """Every number is a float here."""
        return self

    def nullif(self, value: float) -> Maybe:
        """None where the number is the value."""
        return Maybe(None if self.number == value else self.number)

    def ifelse(self, yes: Maybe | float, no: Maybe | float) -> Maybe:
        """SQL's CASE WHEN: an unknown condition takes the second way."""
        taken = yes if self.number else no
        return taken if isinstance(taken, Maybe) else Maybe(taken)
