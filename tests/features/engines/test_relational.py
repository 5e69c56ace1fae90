"""The relational engine: its tables, its rows, and the text it sends to the database."""

from __future__ import annotations

from datetime import date

import ibis
import pytest
from ibis.backends.duckdb import Backend

from features import aggregates as agg
from features.engines import relational
from features.engines.stream_tables import stream_tables
from features.feature import Example, Feature, FeatureSet
from tests.oracle import Event, Line, log_of

# Ibis 12 asks DuckDB 2 by the old name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

LINES = [
    Line("ann", 10, 300, "1", "tea", discount=20),
    Line("ann", 10, 200, "2", "cup"),
    Line("ann", 40, 500, "3", "tea"),
    Line("ann", 41, 500, "3", "tea", returned=True),
    Line("bob", 45, 100),
    Line("eve", 50, 100),
]
EVENTS = [Event("ann", "review", 20, value=4.5), Event("ann", "review", 20, second=9), Event("zoe", "review", 3)]


@pytest.fixture
def connection() -> Backend:
    return ibis.duckdb.connect()


@pytest.fixture
def tables(connection: Backend) -> relational.Tables:
    return stream_tables(log_of(LINES, EVENTS), connection)


def features(**values: agg.Aggregate) -> FeatureSet:
    return FeatureSet(tuple(feature(name, value) for name, value in values.items()))


def feature(name: str, value: agg.Aggregate, if_none: float | None = None) -> Feature:
    example = Example(None)
    return Feature(name=name, family="test", unit="count", meaning=name, value=value, if_none=if_none, example=example)


def test_each_stream_is_a_table_and_a_missing_value_is_null(tables: relational.Tables) -> None:
    assert sorted(tables) == ["event:review", "items", "orders", "returns"]
    gaps = tables["orders"].order_by("row_number").to_pyarrow()["gap_days"].to_pylist()
    assert gaps == [None, 30, None, None]
    assert tables["event:review"].order_by("row_number").to_pyarrow()["value"].to_pylist() == [4500, None, None]


def test_one_row_per_customer_and_date_sorted(tables: relational.Tables) -> None:
    dates = [date(1970, 2, 20), date(1970, 2, 15)]  # days 50 and 45
    found = relational.feature_table(tables, dates, features(spend=agg.Sum("spend")))
    assert found["customer_id"].tolist() == ["ann", "ann", "bob"]
    assert found["as_of"].dt.day.tolist() == [15, 20, 20]
    assert found["spend"].tolist() == [1000.0, 1000.0, 100.0]


def test_only_who_ordered_in_the_active_days(tables: relational.Tables) -> None:
    found = relational.feature_table(tables, [date(1970, 2, 20)], features(), active_days=5)
    assert found["customer_id"].tolist() == ["bob"]


def test_a_shop_without_the_stream_has_no_rows_of_it(tables: relational.Tables) -> None:
    asked = FeatureSet(
        (
            feature("clicks", agg.Count(on="event:mail_clicked")),
            feature("points", agg.Sum("value", on="event:points"), if_none=0),
            feature("stars", agg.Last("value", on="event:stars")),
        )
    )
    found = relational.feature_table(tables, [date(1970, 2, 20)], asked)
    assert found["clicks"].tolist() == [0.0, 0.0]
    assert found["points"].tolist() == [0.0, 0.0]
    assert found["stars"].isna().all()


def test_a_table_of_nobody_has_all_columns(tables: relational.Tables) -> None:
    found = relational.feature_table(tables, [date(1970, 1, 2)], features(spend=agg.Sum("spend")))
    assert found.columns.tolist() == ["customer_id", "as_of", "spend"]
    assert len(found) == 0


def test_a_stream_is_read_once_for_all_that_needs_no_rank(connection: Backend, tables: relational.Tables) -> None:
    asked = features(a=agg.Count(days=7), b=agg.Sum("spend", days=90), c=agg.Mean("gap_days"), d=agg.First("spend"))
    text = connection.compile(relational.query(tables, 50, asked))
    assert text.upper().count("GROUP BY") == 1


def test_every_division_is_one_of_real_numbers(connection: Backend, tables: relational.Tables) -> None:
    """PostgreSQL cuts the quotient of two integers, without a word."""
    asked = features(a=agg.Mean("spend"), b=agg.Share("spend", where="weekend"), c=agg.Rate(on="returns", per="orders"))
    text = connection.compile(relational.query(tables, 50, asked))
    for part in text.split(" / ")[:-1]:
        assert part.rstrip(")").endswith("AS DOUBLE")
