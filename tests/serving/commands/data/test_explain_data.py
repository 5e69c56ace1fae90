"""`regulars explain-data`: what it says, its document, and its run; what it measures is tested where it is measured."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from features.churn.labels import ChurnDefinition
from features.language.languages import GREEK
from features.money import Money
from serving.commands.data import explain_data as command
from tests.foreign_words import CODES, english_left, speaks
from tests.serving.conftest import shown
from tests.training.conftest import renewal_shop
from training.budget import Sample
from training.data_worth.paired import Added
from training.data_worth.worth import DataWorth, SourceWorth
from training.tracking.records import BACKTEST_EXPERIMENT

CLICKS, RETURNS = Added(0.021, 0.012, 0.03, 0.0001), Added(0.0002, -0.001, 0.0014, 0.4)
WORTH = DataWorth(
    definition=ChurnDefinition(30, 90),
    sources=(
        SourceWorth("events: κλικ", 8, CLICKS, CLICKS, Added(123_456.0, 1.0, 2.0, 0.1), is_sure=True),
        SourceWorth("returns", 6, RETURNS, RETURNS, None),
    ),
    absent=("discounts",),
    unused=("age_group",),
    test_dates=(date(2026, 1, 5), date(2026, 2, 4)),
    customers=1_234,
    base_auroc=0.81,
    notes=("the budget was enough for 2 of 5 dates",),
)


@pytest.fixture
def asked(shop, tmp_path, monkeypatch):
    """The shop's folder, and what it was asked for."""
    shop.copy_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    given: dict[str, object] = {}
    monkeypatch.setattr(command, "data_worth", lambda *_, **options: given.update(options) or WORTH)
    return given


def test_it_says_what_tells_first_and_leaves_a_run(call, asked, tmp_path, tracking_in):
    tracking = tracking_in(tmp_path)
    code, out, err = call("explain-data", "--json")
    assert code == 0
    document = json.loads(out)
    assert document["sources"][0]["adds"]
    assert document["sources"][1]["held_on_a_list"] is None
    assert document["absent"][0]["kind"] == "discounts"
    assert document["sentences"][0] in err
    assert "Beside who ordered when, these tell who churns: events: κλικ (AUROC +0.021, +0.0120 to +0.0300)" in err
    assert "These add nothing measurable to the forecast, at most +0.001 of AUROC each: returns" in err
    assert "left out of training, as chance tells their groups apart as well or they know the future: age group" in err
    assert "€1,234.56 (€0.01 to €0.02)" in err
    assert asked["list_size"] is None or asked["list_size"] > 0
    with tracking.store.open() as client:
        experiment = client.get_experiment_by_name(BACKTEST_EXPERIMENT)
        (run,) = client.search_runs([experiment.experiment_id])
    assert run.data.metrics == {"data/auroc_added/events/1": 0.021, "data/auroc_added/returns": 0.0002}
    assert run.data.tags["adds"] == "events: κλικ"


@pytest.mark.usefixtures("asked")
def test_it_may_leave_no_run(call, tmp_path):
    code, out, _ = call("explain-data", "--no-record")
    assert code == 0
    assert "with a source beside without it, out of time, 30 days ahead (2026-01-05, 2026-02-04)" in out
    assert not (tmp_path / "mlruns").exists()


@pytest.mark.usefixtures("asked")
def test_a_budget_that_is_none_is_refused_before_anything_is_read(call):
    code, _, err = call("explain-data", "--budget", "soon")
    assert code == 2
    assert "--budget is quick, full, or a number of minutes" in err


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("code", CODES)
def test_it_speaks_the_shops_language(call, tmp_path, code):
    speaks(tmp_path, code)
    said = shown(call, "explain-data", "--no-record")
    assert english_left(said, {"log", "loss", "nats", "nat", "holm", "age", "group"}) == []
    assert "κλικ" in "".join(said)


def test_what_is_noted_of_a_sample_is_known_again():
    (note,) = Sample(renewal_shop(10, 60, leaving=True), 1_200, 4_000).notes
    told = command.DataExplained(replace(WORTH, notes=(note,)), Money("EUR"), GREEK).lines()
    assert [line for line in told if "1.200 από τους 4.000 πελάτες" in str(line)]
