"""`regulars backtest` on a small simulated shop: what it says, what it writes, and the size of the shop's list."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.log import Lines
from features.roll_up import roll_up
from features.simulation.simulate import simulate
from serving.commands.models.backtest import _run
from serving.commands.models.list_size import list_size
from serving.config import ListSettings, load_settings
from serving.shop import OpenShop
from tests.serving.conftest import in_shop, init_shop
from training.backtest.segments import order_days
from training.tracking import Stages, Tracking


@pytest.fixture(scope="module")
def shop(tmp_path_factory, tracking_in):
    folder = tmp_path_factory.mktemp("report")
    tracking_in(folder)
    simulate(150, seed=4, days=300, usual_gap_days=12, with_events=False).write(folder)
    people = pd.read_csv(folder / "customers.csv", dtype=str)
    people.assign(owner_group=["a", "b"] * 75).to_csv(folder / "customers.csv", index=False)
    init_shop(folder)
    return folder


@pytest.fixture
def call(call, monkeypatch, shop):
    """Call the command line in the shop's folder; returns exit code, stdout and stderr."""
    monkeypatch.chdir(shop)
    return call


def test_backtest_says_how_well_it_does_and_writes_it(call, shop, tmp_path):
    asked = ("--by", "segment", "--by", "owner_group", "--by-segment", "--random-split")
    code, out, err = call("backtest", *asked, "--out", tmp_path / "out", "--json")
    assert code == 0
    document = json.loads(out)
    told = document["report"]
    assert told["candidate"] == document["chosen"]
    assert told["grade"]["letter"] in "ABC"
    assert f"grade {told['grade']['letter']}: " in err
    rows = sum(date["customers"] for date in told["dates"])
    assert sum(band["customers"] for band in told["bands"]) == rows
    assert [band["name"] for band in told["product_bands"]] == ["low", "medium", "high"]
    names = [segment["name"] for segment in told["segments"]]
    assert "regulars" in names
    assert len(names) >= 3
    served = told["fairness"]
    assert list(served["columns"]) == ["segment", "owner_group"]
    assert sum(group["customers"] for group in served["columns"]["segment"]) == rows
    assert served["verdict"] in err
    assert "how the groups of owner_group are served" in err
    assert "of those we called " in err
    assert "a random split would have claimed" in err
    assert told["list"]["sentence"] in err
    pictures = {f"{name}.png" for name in ("reliability", "reliability_by_date", "base_rate", "list_size")}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*pictures, "report.json", "report.md"}
    written = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert written["report"] == told
    assert "## Is a group served worse?" in (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "## Of those we called" in (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    recorded(shop, told)


def recorded(shop, told):
    """The run in MLflow holds the same report, and each candidate in a run of its own."""
    tracking = Tracking(shop)
    with tracking.store.open() as client:
        (experiment,) = (each for each in client.search_experiments() if each.name == "regulars backtest")
        runs = client.search_runs([experiment.experiment_id])
        (whole,) = (run for run in runs if run.data.tags["kind"] == "backtest")
        files = {file.path for file in client.list_artifacts(whole.info.run_id)}
    assert whole.info.status == "FINISHED"
    assert whole.data.metrics["list/hits_customers"] == told["list"]["by"]["hits"]
    assert {"stage/read_seconds", "stage/backtest_peak_mib", "money/mean_absolute_error_eur"} <= set(whole.data.metrics)
    assert {"report.json", "report.md", "reliability.png"} <= files
    sources = {each.dataset.name: json.loads(each.dataset.source) for each in whole.inputs.dataset_inputs}
    assert sources["orders.csv"] == {"path": "orders.csv"}
    inside = {run.info.run_name for run in runs if run.data.tags.get("mlflow.parentRunId") == whole.info.run_id}
    assert {told["candidate"], "recency_rule", "lightgbm"} <= inside


def test_no_record_leaves_no_run(tmp_path, shop):
    moved = replace(load_settings(shop / "regulars.toml"), folder=tmp_path)
    with OpenShop(moved) as opened, _run(opened, Stages(), record=False) as run:
        assert run is None
    assert not (tmp_path / "mlruns").exists()


def test_segments_that_are_not_there_are_missed_before_the_long_work(call, shop, tmp_path):
    assert call("init", shop / "orders.csv", "--out", tmp_path / "regulars.toml")[0] == 0
    code, _, err = call("backtest", "--config", tmp_path / "regulars.toml", "--by-segment")
    assert code == 2
    assert "there are no segments" in err
    assert "features for" not in err


def test_the_list_is_as_long_as_its_owners_can_handle(shop):
    settings = load_settings(shop / "regulars.toml")
    assert in_shop(replace(settings, list=ListSettings(capacity=None)), list_size) == (None, "")
    customers = settings.customers
    size, why = in_shop(replace(settings, list=ListSettings(capacity=5)), list_size)
    owners = int(why.split()[-2])
    assert why == f"up to 5 for each of {owners} owners"
    assert size == 5 * owners  # each owner has more than five
    assert in_shop(replace(settings, list=ListSettings(capacity=1000)), list_size)[0] == 150
    alone = replace(customers, columns={"customer_id": "customer_id"})
    assert in_shop(replace(settings, customers=alone, list=ListSettings(capacity=5)), list_size) == (
        5,
        "the capacity of 5",
    )


def test_order_days_are_those_before_the_date():
    log = roll_up(Lines.of(["bob", "ann", "bob", "bob"], [1, 5, 5, 9], [100, 100, 100, 100]))
    who = np.array(["ann", "bob"], dtype=object)
    assert order_days(log, who, 9).tolist() == [1, 2]
    assert order_days(log, who, 5).tolist() == [0, 1]


def test_a_sensitive_column_has_to_be_named_by_the_shop_before_groups_are_compared_by_it(call, shop):
    code, _, err = call("backtest", "--by", "Gender")
    assert code == 2
    assert '"Gender" is named sensitive ("gender"); to compare by it, name it under sensitive' in err
