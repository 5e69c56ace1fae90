"""The contract of all engines: on any shop, the numbers of the single pass.

DuckDB and PostgreSQL are asked; of the others the statement is read in their SQL, carried over to DuckDB and asked
there, which says nothing of how they run it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest
import sqlglot
from hypothesis import Phase, given, settings
from ibis.backends import BaseBackend

from features import aggregates as agg
from features.build import feature_table
from features.clock import date_of
from features.engines import relational
from features.engines.engine_names import DIALECTS
from features.engines.statements import statement
from features.engines.stream_tables import stream_tables
from features.feature import FeatureSet
from features.log import NULL, Lines
from features.roll_up import roll_up
from tests.laws.agreement import assert_agree
from tests.laws.shops import AGGREGATES, CUSTOMERS, DEFAULTS, KINDS, Shop, crowds, table
from tests.oracle import Event, Known, Line
from tests.postgres import new_database

# Ibis 12 asks DuckDB 2 by the old name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

ACTIVE_DAYS = 200
HALVES = tuple(replace(AGGREGATES, features=AGGREGATES.features[half::2]) for half in (0, 1))
# A query of every aggregate takes some seconds: a failing shop is shown as it was found.
UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)
FEW = settings(max_examples=max(settings().max_examples // 8, 1), phases=UNSHRUNK)
# What other databases have, and DuckDB under another name.
MACROS = """
CREATE MACRO ieee_divide(above, below) AS above / below;
CREATE MACRO isnotnull(x) AS x IS NOT NULL;
CREATE MACRO "isnull"(x) AS x IS NULL;
CREATE MACRO sumif(x, chosen) AS sum(x) FILTER (WHERE chosen);
CREATE MACRO minif(x, chosen) AS min(x) FILTER (WHERE chosen);
CREATE MACRO stddevsampif(x, chosen) AS stddev_samp(x) FILTER (WHERE chosen);
CREATE MACRO maxif(x, chosen) AS max(x) FILTER (WHERE chosen);
"""


@pytest.fixture(scope="module")
def duckdb() -> BaseBackend:
    return ibis.duckdb.connect()


@pytest.fixture(scope="module")
def postgres(postgresql: str) -> Iterator[BaseBackend]:
    with new_database(postgresql) as url:
        connection = ibis.connect(url)
        yield connection
        connection.disconnect()


def asked(connection: BaseBackend, shop: Shop, features: FeatureSet) -> pd.DataFrame:
    return relational.feature_table(stream_tables(shop.log, connection), shop.dates, features, ACTIVE_DAYS)


@pytest.mark.parametrize("features", [DEFAULTS, *HALVES], ids=["features", "aggregates", "more aggregates"])
@given(shop=crowds())
@FEW
def test_duckdb(duckdb: BaseBackend, features: FeatureSet, shop: Shop) -> None:
    assert_agree(features, table(shop, features, ACTIVE_DAYS), asked(duckdb, shop, features))


@given(shop=crowds())
@FEW
def test_postgresql(postgres: BaseBackend, shop: Shop) -> None:
    assert_agree(DEFAULTS, table(shop, DEFAULTS, ACTIVE_DAYS), asked(postgres, shop, DEFAULTS))


@pytest.mark.whole
@pytest.mark.parametrize("features", HALVES, ids=["aggregates", "more aggregates"])
@given(shop=crowds())
@FEW
def test_postgresql_on_every_aggregate(postgres: BaseBackend, features: FeatureSet, shop: Shop) -> None:
    assert_agree(features, table(shop, features, ACTIVE_DAYS), asked(postgres, shop, features))


@pytest.fixture(scope="module")
def seeded() -> Shop:
    """A shop in which every default feature says something of somebody."""
    draw, first = random.Random(18), 19_000
    days = [first + draw.randrange(500) for _ in range(900)]
    lines = [
        Line(draw.choice(CUSTOMERS), day, draw.randrange(10**5), draw.choice("123"), draw.choice(("", "p", "q", "r")),
             draw.choice((0, 0, 250)), draw.randrange(5), draw.random() < 0.1)
        for day in days
    ]  # fmt: skip
    events = [
        Event(draw.choice(CUSTOMERS), draw.choice(KINDS).name, day, draw.randrange(9), draw.choice((None, 4.5, -1.25)))
        for day in days[:400]
    ]
    known = [Known(who, first, draw.choice(("", "north", "é", "rare")), "gold") for who in CUSTOMERS]
    return Shop(tuple(lines), tuple(events), (first + 480,), tuple(known))


@pytest.fixture(scope="module")
def loaded(seeded: Shop) -> BaseBackend:
    connection = ibis.duckdb.connect()
    stream_tables(seeded.log, connection)
    connection.con.execute(MACROS)
    return connection


def test_every_default_feature_says_something_of_the_seeded_shop(seeded: Shop) -> None:
    found = table(seeded, DEFAULTS, ACTIVE_DAYS)
    silent = [name for name in DEFAULTS.names if not found[name].nunique()]
    assert silent == []


@pytest.mark.parametrize("engine", sorted(DIALECTS))
def test_the_statement_in_each_sql(loaded: BaseBackend, seeded: Shop, engine: str) -> None:
    written = statement(engine, seeded.log, seeded.dates[0], DEFAULTS, ACTIVE_DAYS)
    [carried] = sqlglot.transpile(written, read=DIALECTS[engine], write="duckdb")
    answers = loaded.con.execute(carried.partition("\nSETTINGS")[0]).df()
    found = answers.assign(as_of=pd.Timestamp(seeded.dates[0])).sort_values("customer_id", ignore_index=True)
    assert_agree(DEFAULTS, table(seeded, DEFAULTS, ACTIVE_DAYS), found)


def test_what_money_would_tell_stays_unknown(duckdb: BaseBackend) -> None:
    log, day = roll_up(Lines.of(["ann", "ann"], [10, 20], [NULL, NULL])), date(1970, 1, 25)
    found = relational.feature_table(stream_tables(log, duckdb), [day], DEFAULTS, has_money=log.has_money)
    assert_agree(DEFAULTS, feature_table(log, [day], DEFAULTS), found)
    assert found[list(DEFAULTS.of_money)].isna().all(axis=None)


def test_a_weight_of_long_ago_is_no_error_to_postgresql(postgres: BaseBackend) -> None:
    log, day = roll_up(Lines.of(["ann", "ann"], [10, 5_000], [700, 300])), date_of(5_001)
    [decayed] = [a for a in AGGREGATES if a.value == agg.Decayed("spend", half_life_days=1)]
    features = FeatureSet((decayed,))
    found = relational.feature_table(stream_tables(log, postgres), [day], features)
    assert_agree(features, feature_table(log, [day], features), found)


def test_texts_reach_postgresql_as_they_are(postgres: BaseBackend) -> None:
    ids = ["", 'a,"b"', "line\nbreak", "\\N", "NULL", "ü"]
    log = roll_up(Lines.of(ids, [10] * len(ids), [5] * len(ids)))
    orders = stream_tables(log, postgres)["orders"]
    assert sorted(orders.customer_id.to_pyarrow().to_pylist()) == sorted(ids)
    assert np.isnan(orders.gap_days.to_pyarrow().to_pandas().astype(float)).all()
