"""The whole run, the gate, and shops with too little history."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.churn.labels import ChurnDefinition
from features.clock import date_of, day_number
from features.errors import InsufficientHistory, ModelNotFound, ModelRefused
from features.log import Lines
from features.roll_up import roll_up
from tests.training.conftest import DEFINITION, SHOP, renewal_shop
from training.backtest.backtest import backtest_candidates
from training.backtest.fairness.report import fairness
from training.backtest.fairness.rows import judged_rows
from training.backtest.fairness.words import fairness_rows, table_head
from training.backtest.report import report
from training.record.measures import report_measures
from training.splits import labels_end
from training.tracking import ARTIFACTS, CHALLENGER, MODEL, Tracking
from training.train import train

DAY = date(2024, 1, 1)


def test_a_shop_whose_customers_leave_gets_a_model(trained):
    result, _, _ = trained
    assert result.promoted
    assert "beats the best rule" in result.why
    assert result.bundle.metrics["auroc"] > 0.6


def test_the_result_is_json_without_a_customer(trained, log):
    text = json.dumps(trained[0].to_dict(), allow_nan=False)
    assert not any(f'"{customer}"' in text for customer in log.customer_ids)


def test_the_champion_is_what_was_trained(trained, data):
    result, tracking, _ = trained
    bundle, version = tracking.champion()
    assert version == result.model_version == tracking.champion_version() == "1"
    assert np.array_equal(bundle.probability(data.X, DAY), result.bundle.probability(data.X, DAY))
    assert tracking.load(CHALLENGER)[1] == version


def test_a_run_holds_what_a_data_team_looks_for(trained):
    result, tracking, _ = trained
    with tracking.store.open() as client:
        run = client.get_run(result.run_id)
        files = {file.path for file in client.list_artifacts(result.run_id)}
        inside = client.search_runs([run.info.experiment_id], f"tags.mlflow.parentRunId = '{result.run_id}'")
        trees = next(each for each in inside if each.data.tags["mlflow.runName"] == "lightgbm")
        history = client.get_metric_history(trees.info.run_id, "by_date/log_loss_nats")
    documents = {"backtest.json", "importance.json", "gate.json"}
    assert {"reliability.png", "gains.png", "importance.png"} | documents <= files
    assert run.data.params["horizon_days"] == "28"
    assert run.data.tags["data.customers"] == "350"
    assert run.inputs.dataset_inputs[0].dataset.digest == result.bundle.log_digest[:36]
    days = [day_number(split.test_date) for split in result.backtest.splits]
    found = [(point.step, point.timestamp) for point in history]
    assert found == [(step, day * 86_400_000) for step, day in enumerate(days, start=1)]
    assert {each.data.tags["mlflow.runName"] for each in inside} == set(result.backtest.candidates)
    assert run.info.status == "FINISHED"


def test_nothing_is_pickled_and_nobody_is_named(trained):
    _, _, folder = trained
    assert not [path for path in (folder / "mlruns").rglob("*") if path.suffix in {".pkl", ".pickle", ".joblib"}]
    with closing(sqlite3.connect(folder / "mlruns" / "mlflow.db")) as database:
        dump = list(database.iterdump())
    named = [line for line in dump if "mlflow.user" in line or "mlflow.source.name" in line]
    assert named
    assert all("regulars" in line for line in named)


def test_a_moved_folder_still_serves(trained, tmp_path):
    result, _, folder = trained
    shutil.copytree(folder / "mlruns", tmp_path / "mlruns")
    bundle, _ = Tracking(tmp_path).champion()
    assert bundle.candidate == result.bundle.candidate


def test_a_deleted_bundle_is_refused_in_words(trained, tmp_path):
    _, _, folder = trained
    shutil.copytree(folder / "mlruns", tmp_path / "mlruns")
    shutil.rmtree(tmp_path / "mlruns" / ARTIFACTS / "models")
    with pytest.raises(ModelRefused, match="run regulars train"):
        Tracking(tmp_path).champion()


def test_before_the_first_training_there_is_no_champion_and_no_folder(tmp_path):
    with pytest.raises(ModelNotFound, match="regulars train"):
        Tracking(tmp_path).champion()
    assert Tracking(tmp_path).champion_version() is None
    assert list(tmp_path.iterdir()) == []


def test_mlflow_scores_orders_and_takes_no_features(trained):
    import mlflow

    result, tracking, _ = trained
    with tracking.store.open() as client:
        source = client.get_model_version(MODEL, result.model_version).source
        model = mlflow.pyfunc.load_model(source)
    orders = pd.DataFrame(
        {
            "order_id": ["1", "2", "3"],
            "customer_id": ["007", "007", "bob"],
            "ordered_at": ["2024-01-01", "2024-01-15 10:00", "2024-01-10"],
            "amount": [10.0, 20.0, 5.0],
        }
    )
    predicted = model.predict(orders, params={"as_of": "2024-02-01"})
    assert predicted["customer_id"].tolist() == ["007", "bob"]
    assert predicted["probability"].between(0, 1).all()
    assert model.metadata.get_input_schema().input_names() == ["order_id", "customer_id", "ordered_at", "amount"]
    later = pd.concat([orders, orders.assign(order_id=["4", "5", "6"], ordered_at="2024-02-01")])
    pd.testing.assert_frame_equal(model.predict(later, params={"as_of": "2024-02-01"}), predicted)


def test_until_is_as_if_the_orders_after_it_did_not_exist(log):
    until = date_of(log.first_day + 300)
    cut = backtest_candidates(log.before(log.first_day + 300), DEFINITION, until=until, n_tests=1)
    assert backtest_candidates(log, DEFINITION, until=until, n_tests=1).to_dict() == cut.to_dict()


def test_a_stationary_shop_holds_nothing_to_find():
    """Customers who buy at one constant rate for ever: whoever ranks them well has looked at the future."""
    shop = renewal_shop(400, 300, leaving=False, gap_days=14)
    tested = backtest_candidates(shop, ChurnDefinition(14, 90), n_tests=2)
    assert all(candidate.mean["auroc"] < 0.60 for candidate in tested.candidates.values())


@pytest.mark.usefixtures("without_pictures")
def test_where_nothing_can_be_found_the_blend_serves_and_says_so(tracking_in, tmp_path):
    shop = renewal_shop(150, 300, leaving=False, gap_days=14, seed=11)
    result = train(shop, ChurnDefinition(14, 90), SHOP, tracking=tracking_in(tmp_path), n_tests=2)
    assert result.promoted
    assert result.bundle.candidate == result.backtest.default == "blend"
    assert "is no better than the best rule by more than chance" in result.why
    assert result.bundle.quality["grade"]["letter"] == "C"


@pytest.mark.usefixtures("without_pictures")
def test_where_a_rule_tells_customers_better_apart_the_rule_serves(tracking_in, tmp_path, monkeypatch):
    monkeypatch.setattr("training.backtest.results.default_unless_beaten", lambda default, apart: "recency_rule")
    shop = renewal_shop(150, 300, leaving=False, gap_days=14, seed=11)
    tracking = tracking_in(tmp_path)
    result = train(shop, ChurnDefinition(14, 90), SHOP, tracking=tracking, n_tests=1)
    assert not result.promoted
    assert "beats every model by more than chance" in result.why
    assert tracking.champion()[0].candidate == result.backtest.best_rule
    assert tracking.load(CHALLENGER)[0].candidate == result.backtest.best_model
    assert tracking.champion()[0].why == result.why


@pytest.mark.usefixtures("without_pictures")
def test_a_provisional_answer_serves_while_a_long_training_goes_on(tracking_in, tmp_path, monkeypatch):
    """It is recorded before anything is judged, and replaced without a comparison when the training is done."""
    shop, tracking, said = renewal_shop(120, 200, leaving=True), tracking_in(tmp_path), []
    monkeypatch.setattr("training.provisional.ROWS_WORTH_SERVING", 1)

    def stopped(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("training.train.backtest_candidates", stopped)
        with pytest.raises(KeyboardInterrupt):
            train(shop, DEFINITION, SHOP, tracking=tracking, progress=lambda *step: said.append(step))
    served, version = tracking.champion()
    assert (served.candidate, version) == ("gap_hazard", "1")
    assert [step for step in said if "version 1 serves so until training is done" in step[2]]
    result = train(shop, DEFINITION, SHOP, tracking=tracking, n_tests=1)
    assert result.provisional_version is None
    assert (result.former_version, result.gate.against) == ("1", None)
    assert tracking.champion_version() == result.model_version == "2"


@pytest.mark.slow
@pytest.mark.usefixtures("without_pictures")
def test_a_second_training_asks_the_champion_on_new_dates_and_a_third_has_nothing_new(log, tracking_in, tmp_path, data):
    tracking = tracking_in(tmp_path)
    first = train(log, DEFINITION, SHOP, tracking=tracking, n_tests=1, until=date_of(log.last_day - 60))
    served = first.model_version  # the model, or the rule that was registered after it
    assert first.former_version is None
    again = train(log, DEFINITION, SHOP, tracking=tracking, n_tests=1)
    found = {check.name: check for check in again.gate.checks}
    assert again.former_version == again.gate.against == served
    assert "asked on 1 test date that lie" in found["log_loss"].words
    assert found["log_loss"].figures["dates"] >= [first.bundle.trained_until.isoformat()]
    assert again.promoted == all(check.passed for check in again.gate.checks)
    latest = str(int(served) + 1)
    assert again.model_version == tracking.champion_version() == (latest if again.promoted else served)
    assert tracking.challenger_version() == again.challenger_version == latest
    assert tracking.version_tags(latest)["gate"] == ("passed" if again.promoted else "failed")
    before = tracking.champion()[0].probability(data.X, DAY)
    older = train(log, DEFINITION, SHOP, tracking=tracking, n_tests=1, until=date_of(log.last_day - 60))
    assert not older.promoted
    assert np.array_equal(tracking.champion()[0].probability(data.X, DAY), before)
    assert np.array_equal(older.bundle.probability(data.X, DAY), before)
    assert older.challenger_version == str(int(latest) + 1)


@pytest.mark.usefixtures("without_pictures")
def test_who_is_stopped_between_registering_and_promoting_leaves_the_old_champion(tracking_in, tmp_path, monkeypatch):
    shop, tracking = renewal_shop(3, 200, leaving=False), tracking_in(tmp_path)
    train(shop, DEFINITION, SHOP, tracking=tracking, n_tests=1)
    known = tracking.champion_version()

    def stopped(self, former, version):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Tracking, "_move", stopped)
        with pytest.raises(KeyboardInterrupt):
            train(shop, ChurnDefinition(14, 84), SHOP, tracking=tracking, n_tests=1)
    assert tracking.champion_version() == known
    assert tracking.challenger_version() != known
    other = train(shop, ChurnDefinition(14, 84), SHOP, tracking=tracking, n_tests=1)
    assert "answered another question (28 days ahead" in other.why
    assert tracking.champion_version() == other.model_version != known


@pytest.mark.usefixtures("without_pictures")
def test_a_champion_that_was_moved_during_the_training_is_not_replaced(tracking_in, tmp_path, monkeypatch):
    from training.gate import Check, GateDecision

    shop, tracking = renewal_shop(3, 200, leaving=False), tracking_in(tmp_path)
    for _ in range(2):
        train(shop, DEFINITION, SHOP, tracking=tracking, n_tests=1)

    def passed_meanwhile(*_):
        tracking.promote("2")
        return GateDecision(True, (Check("log_loss", True, "a test"),), "a test", "1")

    monkeypatch.setattr("training.train.gate", passed_meanwhile)
    result = train(shop, DEFINITION, SHOP, tracking=tracking, n_tests=1)
    assert not result.promoted
    assert result.model_version == tracking.champion_version() == "2"
    assert "another version became champion" in result.why


@pytest.mark.usefixtures("without_pictures")
@pytest.mark.parametrize("customers", [1, 3])
def test_a_handful_of_customers_gets_a_rule_and_is_told_so(customers, tracking_in, tmp_path):
    shop = renewal_shop(customers, 200, leaving=False)
    result = train(shop, DEFINITION, SHOP, tracking=tracking_in(tmp_path))
    assert not result.promoted
    assert result.bundle.is_rule
    assert "too little history for a model" in result.why


@pytest.mark.usefixtures("without_pictures")
def test_forty_days_get_an_untested_rule(tracking_in, tmp_path):
    shop = renewal_shop(50, 40, leaving=False)
    result = train(shop, ChurnDefinition(28, 84), SHOP, tracking=tracking_in(tmp_path))
    assert result.backtest is None
    assert "untested" in result.why
    assert result.to_dict()["backtest"] is None


def test_less_than_a_horizon_is_refused_with_what_is_possible(tmp_path):
    shop = roll_up(Lines.of(["a", "b"], [0, 20], [100, 100]))
    with pytest.raises(InsufficientHistory, match="a horizon of up to"):
        train(shop, DEFINITION, SHOP, tracking=Tracking(tmp_path))
    with pytest.raises(InsufficientHistory):
        train(shop, DEFINITION, SHOP, tracking=Tracking(tmp_path), until=date(1970, 1, 1))
    assert list(tmp_path.iterdir()) == []


def test_nothing_happens_at_import():
    code = (
        "import sys, os; before = dict(os.environ); import training.train, training.tracking, training.bundle;"
        "heavy = {'mlflow', 'lightgbm', 'sklearn', 'matplotlib'} & set(sys.modules);"
        "assert not heavy, heavy; assert dict(os.environ) == before"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_training_says_whether_a_group_is_served_worse(trained, log):
    result, _, _ = trained
    told = result.bundle.quality["fairness"]
    assert "by Shore, taken together" in told["verdict"]
    assert {group["group"] for group in told["columns"]["Shore"]} == {"left bank", "right bank"}
    rows = judged_rows(result.backtest, result.backtest.chosen, log, labels_end(log), None)
    assert len(rows.y) == sum(date.customers for date in result.backtest.candidates[result.backtest.chosen].by_date)
    assert rows.listed.mean() == pytest.approx(0.1, abs=0.1)
    assert rows.listed.any()
    assert not (rows.gone & ~rows.y).any()  # who orders nothing in three horizons orders nothing in one
    shore = {str(one): "left bank" if place % 2 else "right bank" for place, one in enumerate(log.customer_ids)}
    found = fairness(rows, {"Shore": shore})
    whole = report(result.backtest, fairness=found)
    assert report_measures(whole)["fairness/comparisons"] == len(found.comparisons)
    document = json.dumps(whole.to_dict(), allow_nan=False)
    assert not any(f'"{who}"' in document for who in log.customer_ids)
    assert len(fairness_rows(found.columns["Shore"])[0]) == len(table_head("Shore"))
