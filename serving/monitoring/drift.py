"""What moved in the shop: every feature and score of its customers, its orders and its segments, period by period.

Each is one figure a period of four weeks, back from the day that is looked from, so that the same figures can be had
for any day of the past. `movement.py` says whether the last one is usual.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from features.build import FeatureColumns, feature_columns
from features.clock import date_of, day_number, window
from features.language.messages import Message, Sentence, in_a_row, sentence
from features.language.typed_values import Digits
from features.log import PRODUCT, Ints, Log, Stream
from serving.monitoring.alarm import Alarm, Kind
from serving.monitoring.movement import Usual, usual
from training.bundle import Bundle
from training.dataset import Floats, sample_customers
from training.metrics import known

PERIOD_DAYS, YEAR = 28, 13
MOST_PERIODS = 3 * YEAR
CUSTOMERS = 20_000
MOST_SEGMENTS = 20
# How often a figure that moves as usual may be called unusual: of some 200 features about 20 move by themselves, of the
# shop's own figures all five. A watch every week asks 156 times in three years, and the errors of a feature that comes
# in waves have heavier tails than t's: far rarer than the sum would need.
CHANCES: dict[Kind, float] = {"feature": 1e-6, "population": 1e-6, "orders": 2.5e-5}
# Smaller movements do not matter: of a position or a share, and of a natural logarithm.
LEAST_POSITION, LEAST_SHARE, LEAST_LOG, LEAST_PRICE = 0.04, 0.03, 0.1, 0.02
LEAST_PRODUCTS = 10
SCORE = "probability"


@dataclass(frozen=True, eq=False)
class Figure:
    """One figure of a shop, period by period.

    Args:
        kind: of the alarm where it moves too far.
        name: of the feature, kind of event or segment.
        what: what is measured, in words.
        values: one per period, oldest first; NaN where it is not known.
        least: a smaller movement does not matter.
        family: figures that mean much the same raise one alarm.
        is_log: whether the values are natural logarithms.
        index: stability of the feature against training; None where there is none.
        meaning: of the feature, in English.
    """

    kind: Kind
    name: str
    what: Sentence
    values: Floats
    least: float
    family: str
    is_log: bool = False
    index: float | None = None
    meaning: str = ""

    def usual_until(self, end: int) -> Usual | None:
        """Return what is usual of the figure of a period, as known then; `end` counts the periods up to it."""
        return usual(self.values[:end], self.least, YEAR, CHANCES[self.kind])

    def words(self, found: Usual) -> Sentence:
        """What was found and what is usual, one sentence."""
        now, low, high = (self._text(value) for value in (found.now, found.low, found.high))
        what = self.what.message
        return sentence("{what}: {now}, usual is {low} to {high}", what=what, now=now, low=low, high=high)

    def _text(self, value: float) -> Digits | Message:
        if self.is_log:
            return Digits(f"{np.exp(value):,.3g}")
        return Message("{share}%", {"share": Digits(f"{100 * np.clip(value, 0, 1):.1f}")})


def figures(log: Log, days: Sequence[date], bundle: Bundle, segment_of: Mapping[str, str]) -> tuple[Figure, ...]:
    """Return every figure on some days.

    Args:
        log: the shop's log; nothing on or after a day is read for it.
        days: a period apart, oldest first.
        bundle: the model that serves, with the distributions in training.
        segment_of: customer → segment, of those that have one.
    """
    some = sample_customers(log, CUSTOMERS)
    table = feature_columns(some, days, bundle.features, bundle.definition.active_days)
    parts = [np.flatnonzero(table.as_of == day_number(day)) for day in days]
    return (
        *_of_features(table, parts, bundle),
        _of_scores(table, parts, days, bundle),
        *_of_orders(log, days),
        *_of_prices(log, days),
        *_of_segments(table, parts, segment_of),
    )


def periods_before(log: Log, as_of: date, active_days: int) -> tuple[date, ...]:
    """Return days a period apart up to one, oldest first; from when the log shows most of a population on."""
    first = log.first_day + max(PERIOD_DAYS, active_days // 2) + PERIOD_DAYS
    found = range(day_number(as_of), first, -PERIOD_DAYS)[:MOST_PERIODS]
    return tuple(date_of(day) for day in reversed(found))


def drift_alarms(found: Sequence[Figure], end: int | None = None) -> Iterator[Alarm]:
    """Yield an alarm for each family of figures of which one moved too far: of the one that moved farthest.

    Args:
        found: the figures.
        end: only so many periods are known; None = all.
    """
    unusual: dict[tuple[Kind, str], list[tuple[float, Figure, Usual]]] = {}
    for figure in found:
        judged = figure.usual_until(len(figure.values) if end is None else end)
        if judged is not None and judged.is_unusual:
            unusual.setdefault((figure.kind, figure.family), []).append((judged.off, figure, judged))
    for (kind, _), members in unusual.items():
        _, figure, judged = max(members, key=lambda each: each[0])
        words, more = figure.words(judged), len(members) - 1
        also = [sentence("and {more} more that mean much the same", more=more)] if more else []
        yield Alarm(kind, figure.name, Sentence.of(in_a_row([words, *also])))


def drift_document(found: Sequence[Figure], days: Sequence[date]) -> dict[str, Any]:
    """Return every figure with what is usual of it, for JSON."""
    return {
        "periods": len(days),
        "period_days": PERIOD_DAYS,
        "figures": [_figure(each) for each in found],
    }


def _figure(figure: Figure) -> dict[str, Any]:
    judged = figure.usual_until(len(figure.values))
    ends = (None, None) if judged is None else (judged.low, judged.high)
    return {
        "kind": figure.kind,
        "name": figure.name,
        "what": str(figure.what),
        "meaning": figure.meaning or None,
        "now": known(float(figure.values[-1])) if len(figure.values) else None,
        "usual_low": ends[0],
        "usual_high": ends[1],
        "is_unusual": None if judged is None else judged.is_unusual,
        "stability_index": figure.index,
        "is_logarithm": figure.is_log,
    }


def _of_features(table: FeatureColumns, parts: Sequence[Ints], bundle: Bundle) -> Iterator[Figure]:
    for feature in bundle.features:
        reference, column = bundle.reference.get(feature.name), table[feature.name]
        missing = np.array([np.isnan(column[part]).mean() if len(part) else np.nan for part in parts])
        without = sentence("customers without {feature}", feature=feature.name)
        yield Figure("feature", feature.name, without, missing, LEAST_POSITION, feature.family)
        if reference is not None and reference.quantiles:
            at = np.array([reference.position(column[part]) for part in parts])
            what = sentence(
                "{feature}: how much of what the model learnt from lies below today's values", feature=feature.name
            )
            index = reference.stability_index(column[parts[-1]]) if parts else None
            yield Figure(
                "feature", feature.name, what, at, LEAST_POSITION, feature.family, index=index, meaning=feature.meaning
            )


def _of_scores(table: FeatureColumns, parts: Sequence[Ints], days: Sequence[date], bundle: Bundle) -> Figure:
    """Return how high the probabilities lie at an ordinary level: the level itself is judged by the windows."""
    flat, matrix = bundle.at_ordinary_level, bundle.matrix(table)
    scores = [flat.probability(matrix[part], day) for part, day in zip(parts, days, strict=True)]
    reference = bundle.reference.get(SCORE)
    at = [np.nan if reference is None else reference.position(each) for each in scores]
    index = None if reference is None or not scores else reference.stability_index(scores[-1])
    what = sentence("the probability: how much of what came out in training lies below today's values")
    return Figure("feature", SCORE, what, np.array(at, dtype=np.float64), LEAST_POSITION, SCORE, index=index)


def _of_orders(log: Log, days: Sequence[date]) -> Iterator[Figure]:
    """Yield how many order, how often, for how much, and how many are new, in the period before each day."""
    orders = log.streams["orders"]
    first_days = orders.day[orders.starts[:-1][np.diff(orders.starts) > 0]]
    rows: dict[str, list[float]] = {"orders": [], "customers": [], "new": [], "spend": []}
    for day in days:
        begin, end = window(day_number(day), PERIOD_DAYS)
        inside = (orders.day >= begin) & (orders.day < end)
        count = float(orders.columns["orders"][inside].sum())
        rows["orders"].append(count)
        rows["customers"].append(float(len(np.unique(orders.customer[inside]))))
        rows["new"].append(float(((first_days >= begin) & (first_days < end)).sum()))
        rows["spend"].append(float(orders.columns["spend"][inside].sum()) / max(count, 1.0))
    named = {
        "orders": sentence("orders in four weeks"),
        "customers": sentence("customers who ordered in four weeks"),
        "new": sentence("new customers in four weeks"),
    }
    for name, what in named.items():
        yield Figure("orders", name, what, _logs(rows[name]), LEAST_LOG, name, is_log=True)
    if log.has_money:
        what = sentence("spend per order, minor units")
        yield Figure("orders", "spend_per_order", what, _logs(rows["spend"]), LEAST_LOG, "spend", is_log=True)


def _of_prices(log: Log, days: Sequence[date]) -> Iterator[Figure]:
    """Yield the price level: how much dearer the products of a period were than the same ones before.

    Each product is compared with itself over the year before the period, and counts by how surely both are known: what
    is bought instead does not move it.
    """
    items, products = log.streams["items"], len(log.words.get(PRODUCT, ()))
    if not log.has_money or products < LEAST_PRODUCTS:
        return
    values = []
    for day in days:
        begin, end = window(day_number(day), PERIOD_DAYS)
        year = window(begin, YEAR * PERIOD_DAYS)
        values.append(_dearer(_sold(items, products, begin, end), _sold(items, products, *year)))
    what = sentence("prices of the same products, as times those of the year before")
    yield Figure("orders", "prices", what, np.array(values, dtype=np.float64), LEAST_PRICE, "prices", is_log=True)


def _sold(items: Stream, products: int, begin: int, end: int) -> tuple[Floats, Floats]:
    """Return how often each product was bought on the days begin … end − 1, and the sum of log prices per unit."""
    spend, units = items.columns["item_spend"], items.columns["item_units"]
    inside = (items.day >= begin) & (items.day < end) & (spend > 0) & (units > 0)
    product, price = items.columns["product"][inside], np.log(spend[inside] / units[inside])
    count = np.bincount(product, minlength=products).astype(np.float64)
    return count, np.bincount(product, price, products).astype(np.float64)


def _dearer(now: tuple[Floats, Floats], before: tuple[Floats, Floats]) -> float:
    """Return how much dearer products became, in logarithms, each weighted by how surely that is known."""
    both = (now[0] > 0) & (before[0] > 0)
    if both.sum() < LEAST_PRODUCTS:
        return math.nan
    (count, total), (former, former_total) = ((part[both] for part in each) for each in (now, before))
    return float(np.average(total / count - former_total / former, weights=count * former / (count + former)))


def _logs(values: Sequence[float]) -> Floats:
    return np.log(np.maximum(np.asarray(values, dtype=np.float64), 0.5))


def _of_segments(table: FeatureColumns, parts: Sequence[Ints], segment_of: Mapping[str, str]) -> Iterator[Figure]:
    if not segment_of:
        return
    segment = pd.Series(table.customer_ids).map(segment_of).fillna("").to_numpy()
    for name in pd.Series(segment[segment != ""]).value_counts().index[:MOST_SEGMENTS]:
        shares = np.array([(segment[part] == name).mean() if len(part) else np.nan for part in parts])
        what = sentence("share of customers in segment {name}", name=str(name))
        yield Figure("population", str(name), what, shares, LEAST_SHARE, "segments")
