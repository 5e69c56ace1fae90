"""`regulars horizon` on a small simulated shop, and `horizon_days = "auto"` wherever a log is read."""

import json
from types import SimpleNamespace

import pytest

from features.churn.labels import ChurnDefinition
from features.errors import InputError
from features.money import Money
from features.simulation.simulate import simulate
from serving.config import load_settings
from serving.shop import check_agrees
from tests.serving.conftest import init_shop

OWN = '[churn]\nhorizon_days = "auto"\n'


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("horizon")
    simulate(120, seed=4, days=420, usual_gap_days=12, with_events=False).write(folder)
    init_shop(folder)
    text = (folder / "regulars.toml").read_text(encoding="utf-8")
    before, after = text.split("[churn]\n")
    auto = before + OWN + after.split("\n", 2)[2]
    (folder / "auto.toml").write_text(auto, encoding="utf-8")
    return folder


@pytest.fixture
def shop(made, monkeypatch):
    monkeypatch.chdir(made)
    return made


def test_it_says_what_is_proposed_and_what_follows(shop, call):
    code, out, _ = call("horizon")
    assert code == 0
    assert "proposed: churned = no order for 30 days; who ordered in the last 90 days can churn" in out
    assert "of those silent for 30 days, " in out
    assert "never came back within the log" in out
    assert "30 days ◄" in out
    assert "it leaves 16 training dates and 5 test dates" in out


def test_a_machine_reads_one_document(shop, call, tmp_path):
    code, out, err = call("horizon", "--by-segment", "--out", tmp_path, "--json")
    document = json.loads(out)
    assert code == 0
    assert "proposed" in err
    assert (document["horizon_days"], document["active_days"]) == (30, 90)
    assert [window["horizon_days"] for window in document["windows"]] == [7, 14, 30, 60, 90, 180, 365, 730]
    assert set(document["segments"]) == {"business", "private"}
    assert document["gap_days"]["0.85"] <= 30
    assert (tmp_path / "horizon.png").read_bytes().startswith(b"\x89PNG")
    proposed = next(window for window in document["windows"] if window["horizon_days"] == 30)
    assert 0.1 <= proposed["base_rate"] <= 0.9
    assert 0 < proposed["never"] < 1


def test_the_picture_goes_where_it_is_sent(shop, call, tmp_path):
    assert call("horizon", "--out", tmp_path / "new" / "gaps.png")[0] == 0
    assert (tmp_path / "new" / "gaps.png").exists()


def test_a_horizon_that_the_toml_names_is_shown_among_the_others(shop, call, tmp_path):
    toml = shop / "own.toml"
    toml.write_text((shop / "auto.toml").read_text().replace('"auto"', "45"), encoding="utf-8")
    windows = json.loads(call("horizon", "--config", toml, "--json")[1])["windows"]
    assert [window["horizon_days"] for window in windows] == [7, 14, 30, 45, 60, 90, 180, 365, 730]


def test_until_never_reads_an_order_on_or_after_it(shop, call):
    document = json.loads(call("horizon", "--until", "2022-08-01", "--json")[1])
    assert document["horizon_days"] == 30
    assert max(day for window in document["windows"] for day in window["as_of"]) < "2022-08-01"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("horizon", "--out", "gaps.pdf"), "known is .png"),
        (("horizon", "--config", "none.toml"), "regulars init orders.csv"),
        (("check", "--horizon-days", "long"), 'horizon_days is a number of days or "auto", not "long"'),
        (("check", "--horizon-days", "0"), "from 1 to 3650, not 0"),
    ],
    ids=["suffix", "no toml", "word", "zero"],
)
def test_what_cannot_be_is_told_in_words(shop, call, arguments, said):
    code, _, err = call(*arguments)
    assert code == 2
    assert said in err
    assert "Traceback" not in err


def test_without_segments_it_says_what_to_name(shop, call):
    toml = shop / "alone.toml"
    toml.write_text((shop / "auto.toml").read_text().split("[customers]")[0], encoding="utf-8")
    code, _, err = call("horizon", "--config", toml, "--by-segment")
    assert code == 2
    assert "there are no segments: name the customers file" in err


def test_a_shop_of_one_order_gets_an_answer(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orders.csv").write_text("order_id,customer_id,ordered_at,amount\no1,ann,2024-01-05,10.00\n")
    assert call("init", "orders.csv")[0] == 0
    code, out, _ = call("horizon", "--out", ".")
    assert code == 0
    assert "nobody has come back yet" in out
    assert "the churn rate is not known" in out


@pytest.mark.parametrize("how", [("--config", "auto.toml"), ("--horizon-days", "auto")], ids=["toml", "option"])
def test_auto_reads_the_horizon_off_the_log_and_says_so(shop, call, how, tmp_path):
    code, out, _ = call("check", *how)
    assert code == 0
    assert "horizon_days = auto: 30 days, from the shop's own gaps" in out
    code, out, _ = call("features", *how, "--out", tmp_path / "f.csv")
    assert code == 0
    assert "horizon_days = auto: 30 days" in out


@pytest.mark.parametrize(("given", "days"), [((), 30), (("--horizon-days", "14"), 14)], ids=["auto", "a number"])
def test_auto_trains_and_tests_on_what_is_proposed(shop, call, monkeypatch, given, days):
    asked = []

    def trainer(log, definition, *_, **__):
        asked.append(definition)
        raise InputError("enough seen")

    monkeypatch.setattr("serving.commands.models.train.train", trainer)
    monkeypatch.setattr("serving.commands.models.backtest.backtest_candidates", trainer)
    for command in ("train", "backtest"):
        code, _, err = call(command, "--config", "auto.toml", *given)
        assert code == 2
        assert command != "train" or "reading " in err.splitlines()[0]
    assert asked == [ChurnDefinition(days, 90)] * 2


def test_auto_asks_a_champion_for_no_certain_horizon(shop):
    champion = SimpleNamespace(definition=ChurnDefinition(60, 180), money=Money("EUR"))
    check_agrees(load_settings(shop / "auto.toml"), champion, "1")
    with pytest.raises(InputError, match="horizon of 60 days and 180 active days, not auto and 77"):
        check_agrees(load_settings(shop / "auto.toml", active_days=77), champion, "1")
    with pytest.raises(InputError, match="not 60 and 90"):
        check_agrees(load_settings(shop / "auto.toml", horizon_days=60), champion, "1")
