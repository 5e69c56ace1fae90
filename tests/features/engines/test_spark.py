"""Spark gives the numbers of the single pass, and a folder of it holds each day once; skipped where there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.build import feature_table
from features.clock import date_of, day_number
from features.definitions import default_features
from features.engines import relational
from features.engines.spark import spark_session, spark_tables, write_day
from features.errors import InputError
from features.log import Log
from features.simulation.simulate import simulate
from features.sources.mapping import OrdersMapping, Shop
from features.sources.reader import read_log
from tests.laws.agreement import assert_agree

FEATURES = default_features()
pytest.importorskip("pyspark", reason="pip install 'regulars[spark]' to run it")
# PySpark 4.0 calls pandas as before its version 3, and leaves sockets to the collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.mark.parametrize("url", ["postgresql://host/db", "local[2]"])
def test_another_url_is_refused_before_spark_starts(url: str) -> None:
    with pytest.raises(InputError, match="sc://"), spark_session(url):
        raise AssertionError("it began")


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    with spark_session() as found:
        found.sparkContext.setLogLevel("ERROR")
        yield found


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    path = tmp_path_factory.mktemp("shop") / "orders.parquet"
    orders = simulate(120, seed=3, days=500, with_events=False).orders
    orders.to_parquet(path)
    same = ("order_id", "customer_id", "ordered_at", "product_id", "quantity", "amount", "discount", "returned")
    return read_log(Shop("UTC", "EUR"), OrdersMapping(path, {name: name for name in same})).log


def last_day(log: Log) -> date:
    return date_of(int(log.streams["orders"].day.max()) + 1)


@pytest.mark.slow
@pytest.mark.whole
def test_it_gives_the_numbers_of_the_single_pass(session: Any, log: Log) -> None:
    day = last_day(log)
    found = relational.feature_table(spark_tables(log, session)[1], [day], FEATURES, 180)
    assert_agree(FEATURES, feature_table(log, [day], FEATURES, 180), found)


@pytest.mark.slow
@pytest.mark.whole
def test_a_day_that_is_written_again_takes_the_place_of_that_day(session: Any, log: Log, tmp_path: Path) -> None:
    """And the other days stay."""
    folder, last = tmp_path / "features", last_day(log)
    connection, tables = spark_tables(log, session)
    few = type(FEATURES)(FEATURES.features[:12])
    days = [last - timedelta(days=30), last, last]
    for day in days:
        write_day(connection, session, relational.query(tables, day_number(day), few, 180), str(folder), day)
    written = pd.read_parquet(folder)
    for day in set(days):
        rows = written[written["as_of"].astype(str) == str(day)].assign(as_of=pd.Timestamp(day))
        wanted = feature_table(log, [day], few, 180)
        assert_agree(few, wanted, rows.sort_values("customer_id", ignore_index=True)[list(wanted)])
