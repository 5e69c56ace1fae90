"""Law: every feature's own example gives its value, through the same path as a shop's orders, in all three readings."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import ibis
import pytest

from features.build import feature_table
from features.codes import Codes
from features.definitions import default_features
from features.definitions.customer import EXAMPLE_TABLE
from features.engines import relational
from features.engines.stream_tables import stream_tables
from features.feature import EventKind, Example, Feature, FeatureSet
from tests import oracle
from tests.oracle import Event, Known, Line, log_of

TODAY = date(1970, 1, 1)  # day 0, a Thursday: ages are then days below 0
KINDS = (
    EventKind("mail_sent", by_shop=True),
    EventKind("mail_clicked", answers="mail_sent", has_value=True),
    EventKind("review", has_value=True),
)
FEATURES = replace(default_features(KINDS, ("region",)), codes=Codes({"region": (EXAMPLE_TABLE,)}))


def lines_of(example: Example) -> list[Line]:
    sold = [sold_line(*row) for row in example.orders]
    return [*sold, *(Line("example", -age, amount, returned=True) for age, amount in example.returns)]


def events_of(example: Example) -> list[Event]:
    return [event(*row) for row in example.events]


def known_of(example: Example, customer: str = "example") -> list[Known]:
    return [Known(customer, day=-999, **example.attributes)] if example.attributes else []


def sold_line(age: int, amount: int, further: dict[str, Any] | None = None) -> Line:
    return Line("example", -age, amount, **(further or {}))


def event(age: int, kind: str, value: float | None = None) -> Event:
    return Event("example", kind, -age, value=value)


def value_of(example: Example, name: str, features: FeatureSet = FEATURES) -> float | None:
    """The one value of the example's only customer, None where it is unknown."""
    found = feature_table(log_of(lines_of(example), events_of(example), known_of(example)), [TODAY], features)
    assert len(found) == 1, "an example needs an order before day 0, otherwise its customer is no population"
    value = float(found[name].iloc[0])
    return None if value != value else value


@pytest.mark.parametrize("feature", FEATURES.features, ids=FEATURES.names)
def test_the_example_gives_its_value(feature: Feature) -> None:
    assert value_of(feature.example, feature.name) == pytest.approx(feature.example.gives, rel=1e-12)


@pytest.mark.parametrize("feature", FEATURES.features, ids=FEATURES.names)
def test_the_example_gives_its_value_in_plain_python(feature: Feature) -> None:
    example = feature.example
    rows = lines_of(example), events_of(example)
    found = oracle.features_of(FEATURES, *rows, "example", 0, known_of(example))
    assert found[feature.name] == pytest.approx(feature.example.gives, rel=1e-12)


@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # Ibis 12 asks DuckDB 2 by the old name
def test_the_examples_give_their_values_in_a_query() -> None:
    lines: list[Line] = []
    events: list[Event] = []
    known: list[Known] = []
    for feature in FEATURES:
        known += known_of(feature.example, feature.name)
        lines += [replace(line, customer=feature.name) for line in lines_of(feature.example)]
        events += [replace(event, customer=feature.name) for event in events_of(feature.example)]
    tables = stream_tables(log_of(lines, events, known), ibis.duckdb.connect())
    found = relational.feature_table(tables, [TODAY], FEATURES).set_index("customer_id")
    for feature in FEATURES:
        expected = float("nan") if feature.example.gives is None else feature.example.gives
        assert found.loc[feature.name, feature.name] == pytest.approx(expected, rel=1e-9, nan_ok=True)
