"""Scores of Spark are those of `regulars score`; most are `whole`, since the JVM takes half a minute."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ibis.backends import BaseBackend

from features.engines.spark.histories import histories
from features.errors import InputError
from serving.scores import SCORE_COLUMNS
from serving.spark import score as on_spark
from serving.spark.score import score
from tests.serving.conftest import Call, SmallShop

RUN = ("as_of", "model_version", "run_id")


@pytest.mark.slow
@pytest.mark.whole
@pytest.mark.filterwarnings("default")  # PySpark's own, of half-closed sockets and old names
def test_spark_writes_the_scores_of_the_command_once(
    spark_connection: BaseBackend, office: Path, call: Call, tmp_path: Path
) -> None:
    config, folder = ("--config", office / "regulars.toml"), tmp_path / "scores"
    assert call("score", *config, "--out", tmp_path / "scores.parquet")[0] == 0
    answers = []
    for _ in range(2):
        code, out, err = call("score", *config, "--engine", "spark", "--into", folder, "--json")
        assert code == 0, err
        answers.append(json.loads(out))
    expected = pd.read_parquet(tmp_path / "scores.parquet")
    assert answers[0] == answers[1]
    assert answers[0]["rows"] == len(expected)
    same(written(folder, answers[0]), expected)
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*.parquet")} == {0o600}


@pytest.mark.slow
@pytest.mark.whole
@pytest.mark.filterwarnings("default")
def test_of_a_large_shop_the_most_valuable_are_explained_by_what_a_sample_has_in_common(
    spark_connection: BaseBackend, shop: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What "large" means is made small on both sides; a model of who buys less is off in this shop."""
    bundle = shop.bundles["lightgbm"]
    for name, small in (("EXPLAIN_ALL_BELOW", 20), ("EXPLAIN_TOP", 9)):
        monkeypatch.setattr(f"serving.scorer.{name}", small)
        monkeypatch.setattr(on_spark, name, small)
    monkeypatch.setattr("training.explain.SAMPLE", 40)
    monkeypatch.setattr(on_spark, "SAMPLE", 40)
    known = spark_connection._session.createDataFrame(histories(shop.log))
    found = score(known, bundle, "7", shop.as_of).toPandas()
    expected = on_spark_expected(shop)
    assert expected["reasons"].notna().sum() == 9
    same(found, expected)
    with pytest.raises(InputError, match="nobody to score: no customer ordered in the 120 days before 2030"):
        score(known, bundle, "7", shop.as_of.replace(year=2030))


def on_spark_expected(shop: SmallShop) -> pd.DataFrame:
    from serving.scorer import score as by_the_scorer

    return by_the_scorer(shop.log, shop.bundles["lightgbm"], "7", shop.as_of)


def written(folder: Path, answer: dict[str, Any]) -> pd.DataFrame:
    """The scores of the only run of a folder."""
    [run] = folder.glob("as_of=*/model_version=*/run_id=*")
    assert run == folder.joinpath(*(f"{name}={answer[name]}" for name in RUN))
    return pa.concat_tables(pq.ParquetFile(path).read() for path in run.glob("*.parquet")).to_pandas()


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Texts and whole numbers exactly, real numbers to 1e-9."""
    found, expected = found.sort_values("customer_id", ignore_index=True), expected.reset_index(drop=True)
    for column in (column for column in SCORE_COLUMNS if column.name not in RUN):
        left, right = found[column.name], expected[column.name]
        if column.type == "number":
            pd.testing.assert_series_equal(left.astype(float), right.astype(float), rtol=1e-9, atol=1e-9)
        else:
            assert list(map(plain, left)) == list(map(plain, right)), column.name


def plain(value: Any) -> Any:
    """A cell for comparing: lists as tuples, what is missing as None."""
    if hasattr(value, "__len__") and not isinstance(value, str):
        return tuple(value)
    return None if value is None or value != value else value


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "say where the scores go: --out FILE, or --engine spark --into FOLDER"),
        (("--into", "scores"), "--into, --url and --from are of Spark: add --engine spark"),
        (("--out", "s.csv", "--url", "local"), "--into, --url and --from are of Spark: add --engine spark"),
        (("--engine", "spark", "--out", "s.csv"), "--engine spark writes a partition of a folder: --into FOLDER"),
        (("--out", "s.csv", "--from", "lake/"), "--into, --url and --from are of Spark: add --engine spark"),
        (("--engine", "duckdb", "--out", "s.csv"), '"duckdb" is not known'),
    ],
)
def test_what_does_not_fit_together_is_said(office: Path, call: Call, options: tuple[str, ...], message: str) -> None:
    code, _, err = call("score", "--config", office / "regulars.toml", *options)
    assert code == 2
    assert message in err
    assert not (office / "scores").exists()


def test_a_folder_of_something_else_is_refused_before_spark_is_started(office: Path, call: Call) -> None:
    code, _, err = call("score", "--config", office / "regulars.toml", "--engine", "spark", "--into", office)
    assert code == 2
    assert "is no folder of scores: name one that is new, or holds as_of=…/model_version=…/run_id=… alone" in err


@pytest.mark.parametrize("command", ["score", "features"])
def test_an_object_store_is_refused_before_a_folder_of_its_name_is_made(
    office: Path, call: Call, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(office)
    before = sorted(office.iterdir())
    config = ("--config", office / "regulars.toml")
    code, _, err = call(command, *config, "--engine", "spark", "--into", "s3a://lake/scores")
    assert code == 2
    assert "--into s3a://lake/scores: name a folder that this process and the workers share" in err
    assert sorted(office.iterdir()) == before
