"""Orders that Spark's workers read themselves give the scores and features of the file; `whole`, as all of Spark is."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from ibis.backends import BaseBackend

from tests.serving.conftest import Call, regulars
from tests.serving.spark.test_score import same, written


@pytest.fixture
def lake(office: Path) -> Path:
    """A shop of orders alone, which lie in a folder of three Parquet files, too; returns the folder."""
    toml = office / "regulars.toml"
    settings = toml.read_text(encoding="utf-8")
    events = settings[settings.index("[events]") : settings.index("[list]")]
    stated = settings.replace(events, "").replace("[orders]\n", "[orders]\nkeep_repeats = true\n")
    toml.write_text(stated, encoding="utf-8")
    orders = pd.read_csv(office / "orders.csv", dtype={"order_id": str, "customer_id": str})
    orders["ordered_at"] = pd.to_datetime(orders["ordered_at"])
    folder = office / "lake"
    folder.mkdir()
    for number in range(3):
        orders[number::3].to_parquet(folder / f"part-{number}.parquet", index=False)
    return folder


@pytest.mark.slow
@pytest.mark.whole
@pytest.mark.filterwarnings("default")  # PySpark's own, of half-closed sockets and old names
def test_workers_read_clean_and_score_what_lies_in_a_folder(
    spark_connection: BaseBackend, lake: Path, call: Call
) -> None:
    config, at = ("--config", lake.parent / "regulars.toml"), ("--engine", "spark", "--from", f"{lake}/")
    expected = {}
    for command in ("score", "features"):
        assert call(command, *config, "--out", lake.parent / f"{command}.parquet")[0] == 0
        expected[command] = pd.read_parquet(lake.parent / f"{command}.parquet")
    answers = []
    for _ in range(2):
        code, out, err = call("score", *config, *at, "--into", lake.parent / "scores", "--json")
        assert code == 0, err
        answers.append(json.loads(out))
    assert answers[0] == answers[1]
    read = answers[0]["orders"]
    assert read["read"] == read["lines"] + read["returns"] + sum(read["left_out"].values())
    assert read["read"] == sum(1 for _ in (lake.parent / "orders.csv").open()) - 1
    same(written(lake.parent / "scores", answers[0]), expected["score"])
    code, out, err = call("features", *config, *at, "--into", lake.parent / "features")
    assert code == 0, err
    assert "rows read on Spark" in out
    found = pd.read_parquet(lake.parent / "features").sort_values("customer_id", ignore_index=True)
    names = [name for name in expected["features"] if name not in ("customer_id", "as_of")]
    assert found["customer_id"].tolist() == expected["features"]["customer_id"].tolist()
    pd.testing.assert_frame_equal(found[names].astype(float), expected["features"][names], rtol=1e-9, atol=1e-9)


@pytest.mark.slow
@pytest.mark.whole
@pytest.mark.filterwarnings("default")
def test_what_cannot_be_read_there_is_said(spark_connection: BaseBackend, lake: Path, call: Call) -> None:
    session = spark_connection._session
    config = ("--config", lake.parent / "regulars.toml")
    orders = pd.read_parquet(lake)
    orders["ordered_at"] = orders["ordered_at"].astype(str)
    orders.loc[7, "ordered_at"] += "+02:00"
    orders.to_parquet(lake.parent / "zones.parquet")
    session.read.parquet(str(lake)).drop("amount").createOrReplaceTempView("without_amount")
    for place, message in (
        ("without_amount", "without_amount, column amount: there is no such column"),
        (str(lake.parent / "zones.parquet"), "some dates have a zone, and some have none"),
    ):
        code, _, err = call("score", *config, "--engine", "spark", "--from", place, "--into", lake.parent / "s")
        assert code == 2, err
        assert message in err
    assert not (lake.parent / "s").exists()


def test_what_this_process_alone_knows_is_said_before_spark_is_started(office: Path, call: Call) -> None:
    code, _, err = call(
        "score", "--config", office / "regulars.toml", "--engine", "spark", "--from", "lake/", "--into", office / "s"
    )
    assert code == 2
    assert "--from reads orders alone, and this shop has more: [events] of the settings; leave --from out" in err
    assert regulars("features", "--config", office / "regulars.toml", "--from", "lake/", "--into", "f") == 2
