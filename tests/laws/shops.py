"""Random small shops with all that has ever broken an engine, and every aggregate over them.

Ties on a day and on a second, one-order customers, empty windows, returns, zero-value orders, order ids shared by days
and by customers, unknown products, events with and without values, ids in any script, days years apart and before 1970.
"""

from __future__ import annotations

import functools
import random
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from features import aggregates as agg
from features.build import feature_table
from features.clock import date_of
from features.codes import Codes, CodeTable, Learnt
from features.definitions import default_features
from features.feature import EventKind, Example, Feature, FeatureSet
from features.log import Log
from tests.oracle import ATTRIBUTES, Event, Known, Line, log_of

CUSTOMERS = ("ann", "Ünal", "王芳", "0012", "12", "a b", "é", "e\u0301", "\U0001f600", 'o\'neil "x"')
KINDS = (
    EventKind("mail_sent", by_shop=True),
    EventKind("mail_clicked", answers="mail_sent"),
    EventKind("review", has_value=True),
    EventKind("points_earned", has_value=True),
)
START_DAYS = (19_000, 4, -400)

bases = st.sampled_from(START_DAYS)
offsets = st.one_of(st.integers(0, 40), st.sampled_from((89, 90, 91, 180, 364, 365, 366, 730, 4_000)))
amounts = st.one_of(st.integers(0, 5), st.integers(0, 10**6), st.just(10**12))
values = st.one_of(st.none(), st.integers(-3_000, 9_000).map(lambda v: v / 1000))


@dataclass(frozen=True)
class Shop:
    """A random shop and the days at whose start it is looked at."""

    lines: tuple[Line, ...]
    events: tuple[Event, ...]
    days: tuple[int, ...]
    known: tuple[Known, ...] = ()

    @property
    def log(self) -> Log:
        return log_of(self.lines, self.events, self.known)

    @property
    def dates(self) -> list[date]:
        return [date_of(day) for day in self.days]

    def before(self, day: int) -> Shop:
        """What was known at the start of a day, cut from the lines themselves."""
        return Shop(
            tuple(line for line in self.lines if line.day < day),
            tuple(event for event in self.events if event.day < day),
            (day,),
            tuple(known for known in self.known if known.day < day),
        )

    def on(self, *days: int) -> Shop:
        """The same rows, looked at on other days."""
        return replace(self, days=days)

    def of(self, customer: str) -> Shop:
        """One customer's history alone."""
        return Shop(
            tuple(line for line in self.lines if line.customer == customer),
            tuple(event for event in self.events if event.customer == customer),
            self.days,
            tuple(known for known in self.known if known.customer == customer),
        )

    def shuffled(self, seed: int) -> Shop:
        """The same rows in another order."""
        lines, events, known = list(self.lines), list(self.events), list(self.known)
        random.Random(seed).shuffle(lines)
        random.Random(seed + 1).shuffle(events)
        random.Random(seed + 2).shuffle(known)
        return Shop(tuple(lines), tuple(events), self.days, tuple(known))

    def renamed(self, suffix: str) -> Shop:
        """The same shop with other customers."""
        return Shop(
            tuple(replace(line, customer=line.customer + suffix) for line in self.lines),
            tuple(replace(event, customer=event.customer + suffix) for event in self.events),
            self.days,
            tuple(replace(known, customer=known.customer + suffix) for known in self.known),
        )

    def plus(self, other: Shop) -> Shop:
        """Both shops' rows, this one's dates; a customer of both is known by this one's file."""
        mine = {known.customer for known in self.known}
        more = tuple(known for known in other.known if known.customer not in mine)
        return Shop(self.lines + other.lines, self.events + other.events, self.days, self.known + more)


def lines_from(first_day: int) -> st.SearchStrategy[list[Line]]:
    """Order lines on or after a day."""
    line = st.builds(
        Line,
        customer=st.sampled_from(CUSTOMERS[:6]) | st.sampled_from(CUSTOMERS),
        day=offsets.map(lambda offset: first_day + offset),
        amount=amounts,
        order_id=st.sampled_from(("", "", "1", "2", "3")),
        product_id=st.sampled_from(("", "p", "q", "r", "ρ")),
        discount=st.sampled_from((0, 0, 0, 1, 250)),
        units=st.integers(0, 5),
        returned=st.sampled_from((False, False, False, False, True)),
    )
    return st.lists(line, min_size=1, max_size=60)


def events_from(first_day: int) -> st.SearchStrategy[list[Event]]:
    """Events on or after a day; many of one second."""
    event = st.builds(
        Event,
        customer=st.sampled_from(CUSTOMERS),
        kind=st.sampled_from([kind.name for kind in KINDS]),
        day=offsets.map(lambda offset: first_day + offset),
        second=st.sampled_from((0, 0, 1, 86_399)),
        value=values,
    )
    return st.lists(event, max_size=30)


def known_from(first_day: int) -> st.SearchStrategy[list[Known]]:
    """Rows of a customers file, known from a day on or after another; some of customers who never bought."""
    row = st.builds(
        Known,
        customer=st.sampled_from((*CUSTOMERS, "nobody")),
        day=offsets.map(lambda offset: first_day + offset),
        region=st.sampled_from(("", "north", "South", "é", "e\u0301", "rare")),
        tier=st.sampled_from(("", "gold")),
    )
    return st.lists(row, max_size=8, unique_by=lambda known: known.customer)


@st.composite
def shops(draw: st.DrawFn) -> Shop:
    """A shop, looked at on up to four days, some of them before its first and after its last row."""
    base = draw(bases)
    days = draw(st.lists(offsets.map(lambda offset: base + offset + 1), min_size=1, max_size=4))
    lines, events, known = draw(lines_from(base)), draw(events_from(base)), draw(known_from(base))
    return Shop(tuple(lines), tuple(events), tuple(sorted(set(days))), tuple(known))


@st.composite
def crowds(draw: st.DrawFn) -> Shop:
    """Many random shops in one, looked at on one day: for an engine whose every query costs much."""
    parts = [draw(shops()).renamed(f"{i}") for i in range(draw(st.integers(1, 12)))]
    whole = functools.reduce(Shop.plus, parts)
    return replace(whole, days=draw(st.sampled_from(parts)).days[-1:])


def later_rows(day: int) -> st.SearchStrategy[Shop]:
    """Rows on or after a day."""
    rows = (lines_from(day), events_from(day), known_from(day))
    return st.builds(lambda *later: Shop(*map(tuple, later[:2]), (day,), tuple(later[2])), *rows)


def table(shop: Shop, features: FeatureSet, active_days: int | None = None, **options: int) -> pd.DataFrame:
    """The single pass over a shop."""
    return feature_table(shop.log, shop.dates, features, active_days, **options)


def same_bits(left: pd.DataFrame, right: pd.DataFrame) -> None:
    """Fail unless two feature tables are equal to the last bit, keys, order and missing values included."""
    pd.testing.assert_frame_equal(left.reset_index(drop=True), right.reset_index(drop=True), check_exact=True)
    for name in left.columns[2:]:
        bits = [frame[name].to_numpy().view(np.int64) for frame in (left, right)]
        # assert_frame_equal lets 0.0 pass for -0.0
        assert (bits[0] == bits[1]).all(), name


# Tables before, between and after the days that shops are looked at; of one attribute nothing is ever learnt.
_FIRST = CodeTable(-390, {"north": 0.25, "é": 0.5}, {"north": 0.75, "é": -0.5}, 0.125, 0.3)
CODES = Codes(
    {
        "region": tuple(replace(_FIRST, day=day, rest_log_odds=day / 1000) for day in (-390, 30, 19_030)),
        "tier": (CodeTable(19_000, {}, {}, 0.25, 0.0),),
        "never_seen": (_FIRST,),
    }
)
LEARNT: tuple[tuple[str, Learnt], ...] = (
    ("region", "share"), ("region", "log_odds"), ("tier", "share"), ("tier", "log_odds"), ("never_learnt", "share"),
    ("never_seen", "share"), ("never_seen", "log_odds"),
)  # fmt: skip


def _every_aggregate() -> tuple[agg.Aggregate, ...]:
    review, clicked, sent = "event:review", "event:mail_clicked", "event:mail_sent"
    windows = ((None, 0), (30, 0), (30, 30), (1, 0), (None, 7))
    over_days = [
        kind(column, days=days, skip=skip)
        for kind in (agg.Count, agg.Sum, agg.Mean, agg.Min, agg.Max, agg.First, agg.Last)
        for column in ("spend", "gap_days", "age_days")
        for days, skip in windows
    ]
    over_rows = [
        kind(column, last=last)
        for kind in (agg.Count, agg.Sum, agg.Mean, agg.Min, agg.Max, agg.First, agg.Last, agg.Std)
        for column in ("gap_days", "orders", "age_days")
        for last in (1, 3)
    ]
    return (
        *over_days,
        *over_rows,
        *(kind("value", on=review) for kind in (agg.Count, agg.Sum, agg.Mean, agg.Min, agg.Max, agg.First, agg.Last)),
        agg.Std("gap_days"),
        agg.Std("units", days=90),
        agg.Std("age_days", skip=7),
        agg.Last("spend", back=1),
        agg.Last("gap_days", back=2),
        agg.Last("spend", back=1, days=30),
        agg.Last("spend", back=1, skip=7),
        agg.Last("spend", where="discounted"),
        agg.Last("value", on=review, back=1),
        agg.Sum("spend", where="weekend", days=90),
        agg.Sum("spend", where="discounted", last=2),
        agg.Max("gap_days", where="weekend"),
        agg.First("gap_days", where="discounted", skip=7),
        agg.Count(on=clicked, days=90),
        agg.Count(on=sent),
        agg.Count(on="event:never_seen"),
        agg.Sum("value", on="event:never_seen"),
        agg.Quantile("value", on="event:never_seen", last=3),
        agg.Rate(on=clicked, per=sent, days=365),
        agg.Rate(on="returns", per="orders"),
        agg.Rate(on="event:never_seen", per=sent),
        agg.Rate(on=clicked, per="event:never_seen"),
        agg.Distinct("product"),
        agg.Distinct("product", days=30),
        agg.Distinct("product", days=30, skip=30),
        agg.Distinct("product", skip=7),
        agg.Distinct("spend", days=90),
        agg.Distinct("gap_days"),
        agg.Distinct("week", days=91),
        agg.Distinct("value", on=review),
        agg.Decayed("spend", half_life_days=1),
        agg.Decayed("orders", half_life_days=90),
        agg.Decayed("gap_days", half_life_days=30),
        agg.Decayed("returned", half_life_days=365),
        agg.Share("spend", where="weekend"),
        agg.Share("orders", where="discounted", days=90),
        agg.Share("units", where="weekend", days=30, skip=30),
        agg.Share("gap_days", where="discounted"),
        *(agg.Quantile("gap_days", q=q, last=last) for q in (0.0, 0.1, 0.5, 0.9, 1.0) for last in (1, 4, 12)),
        agg.Quantile("spend", q=0.75, last=5),
        agg.Quantile("units", q=0.25, last=64, where="weekend"),
        agg.Quantile("value", q=0.5, last=3, on=review),
        agg.Sum("item_spend", days=90),
        agg.Max("item_units"),
        agg.Sum("returned", days=90),
        agg.Sum("returned_lines"),
        agg.Last("age_days", on="returns"),
        agg.Sum("lines"),
        agg.Mean("discount"),
        *(agg.LearntNumber(agg.CODE, on=f"attribute:{name}", learnt=learnt) for name, learnt in LEARNT),
    )


def _feature(name: str, aggregate: agg.Aggregate) -> Feature:
    meaning, example = f"{aggregate}", Example(None)
    return Feature(
        name=name, family="law", unit="count", meaning=meaning, value=aggregate, if_none=None, example=example
    )


AGGREGATES = FeatureSet(tuple(_feature(f"a{i}", a) for i, a in enumerate(_every_aggregate())), KINDS, ATTRIBUTES, CODES)
DEFAULTS = replace(default_features(KINDS, ATTRIBUTES), codes=CODES)
# One set of both, so that one table per random shop serves each law.
EVERYTHING = replace(DEFAULTS, features=(*DEFAULTS, *AGGREGATES))
