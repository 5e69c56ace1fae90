"""Spark is held to the contract of all engines, on the seeded shop; `whole`, since its JVM takes half a minute."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from ibis.backends import BaseBackend

from features.clock import day_number
from features.engines import relational
from features.engines.spark import masters
from features.engines.spark.session import spark
from features.engines.spark.written import DAY, refuse_another, write_day
from features.engines.statements import statement
from features.engines.stream_tables import stream_tables
from features.errors import InputError
from features.feature import FeatureSet
from tests.features.engines.test_contract import ACTIVE_DAYS, HALVES, UNSHRUNK, asked, seeded
from tests.laws.agreement import assert_agree
from tests.laws.shops import DEFAULTS, Shop, crowds, table

__all__ = ["seeded"]  # a fixture
FEW = FeatureSet(DEFAULTS.features[:12])


@pytest.mark.slow
@pytest.mark.whole
@pytest.mark.filterwarnings("default")  # PySpark's own, of half-closed sockets and old names
def test_spark_gives_the_numbers_of_the_single_pass_and_a_folder_has_each_day_once(
    spark_connection: BaseBackend, seeded: Shop, tmp_path: Path
) -> None:
    expected, folder = table(seeded, DEFAULTS, ACTIVE_DAYS), tmp_path / "features"
    last = seeded.dates[0]
    days = [last - timedelta(days=30), last, last]
    connection = spark_connection
    tables = stream_tables(seeded.log, connection)
    found = relational.feature_table(tables, seeded.dates, DEFAULTS, ACTIVE_DAYS)
    printed = connection._session.sql(statement("spark", seeded.log, last, DEFAULTS, ACTIVE_DAYS))
    answers = printed.toArrow().to_pandas()
    for day in days:
        asked = relational.query(tables, day_number(day), FEW, ACTIVE_DAYS)
        write_day(connection, asked, folder, day)
    assert_agree(DEFAULTS, expected, found)
    answers = answers.assign(as_of=expected["as_of"].iloc[0]).sort_values("customer_id", ignore_index=True)
    assert_agree(DEFAULTS, expected, answers)
    _holds_each_day_once(folder, seeded, set(days))


@pytest.mark.slow
@pytest.mark.whole
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("features", [DEFAULTS, *HALVES], ids=["features", "aggregates", "more aggregates"])
@given(shop=crowds())
@settings(max_examples=2, phases=UNSHRUNK, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_spark_agrees_on_random_shops(spark_connection: BaseBackend, features: FeatureSet, shop: Shop) -> None:
    """Few, since Spark plans for ten seconds what it computes in one."""
    assert_agree(features, table(shop, features, ACTIVE_DAYS), asked(spark_connection, shop, features))


def _holds_each_day_once(folder: Path, shop: Shop, days: set[date]) -> None:
    written = pd.read_parquet(folder)
    assert {str(day) for day in written["as_of"]} == {str(day) for day in days}
    for day in days:
        wanted = table(Shop(shop.lines, shop.events, (day_number(day),), shop.known), FEW, ACTIVE_DAYS)
        rows = written[written["as_of"].astype(str) == str(day)].assign(as_of=pd.Timestamp(day))
        assert_agree(FEW, wanted, rows.sort_values("customer_id", ignore_index=True)[list(wanted)])


@pytest.mark.parametrize("held", ["orders.csv", "as_of=yesterday", "part-0.parquet"])
def test_a_folder_of_something_else_is_refused(tmp_path: Path, held: str) -> None:
    (tmp_path / held).touch()
    with pytest.raises(InputError, match="no folder of features"):
        refuse_another(tmp_path, [DAY], "features")


def test_a_new_folder_and_one_of_days_are_taken(tmp_path: Path) -> None:
    refuse_another(tmp_path / "new", [DAY], "features")
    for name in ("as_of=2026-03-02", "_SUCCESS", "._SUCCESS.crc"):
        (tmp_path / name).mkdir()
    refuse_another(tmp_path, [DAY], "features")


@pytest.mark.parametrize(
    ("missing", "message"), [("find_spec", "needs PySpark: pip install"), ("has_java", "needs Java 17: install it")]
)
def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, missing: str, message: str) -> None:
    monkeypatch.setattr(masters, "find_spec", lambda _: object())
    monkeypatch.setattr(masters, "has_java", lambda: True)
    monkeypatch.setattr(masters, missing, lambda *_: None)
    with pytest.raises(InputError, match=message), spark():
        pass
