"""The command line as a newcomer uses it: his own files, an odd CSV, and every way to get it wrong."""

import json
from importlib.metadata import version

import pandas as pd
import pytest

from serving.scores import SCORE_NAMES

SHOP = ("--config", "regulars.toml")


@pytest.fixture
def shop(readme_shop, monkeypatch):
    """The trained shop as the current folder."""
    monkeypatch.chdir(readme_shop)
    return readme_shop


@pytest.fixture
def few(shop, tmp_path):
    """The orders of a few customers: a backtest of them says the same things sooner."""
    orders = pd.read_csv(shop / "orders.csv", dtype=str)
    orders[orders["customer_id"].isin(orders["customer_id"].unique()[:25])].to_csv(tmp_path / "few.csv", index=False)
    return tmp_path / "few.csv"


def test_it_says_its_version(call):
    code, out, _ = call("--version")
    assert (code, out) == (0, f"regulars {version('regulars')}\n")


def test_scores_have_the_columns_of_the_contract(shop, call, tmp_path):
    code, out, _ = call("score", "--out", tmp_path / "s.csv", "--json")
    assert code == 0
    document = json.loads(out)
    scores = pd.read_csv(tmp_path / "s.csv", dtype=str)
    assert document["rows"] == len(scores) > 50
    assert tuple(scores.columns) == SCORE_NAMES
    assert sum(document["states"].values()) == len(scores)
    assert list(document["states"]) == ["new", "active", "at_risk", "lapsed"]


@pytest.mark.parametrize("suffix", ["csv", "parquet", "json"])
def test_the_suffix_says_how_to_write(shop, call, tmp_path, suffix):
    assert call("features", "--as-of", "2022-12-01", "--out", tmp_path / f"f.{suffix}")[0] == 0
    readers = {"csv": pd.read_csv, "parquet": pd.read_parquet, "json": pd.read_json}
    assert "days_since_order" in readers[suffix](tmp_path / f"f.{suffix}").columns


def test_another_suffix_is_refused(shop, call, tmp_path):
    code, _, err = call("score", "--out", tmp_path / "s.xls")
    assert code == 2
    assert "known are .csv, .parquet and .json" in err


def test_a_list_is_one_document_and_files(shop, call, tmp_path):
    code, out, err = call("list", "--out", tmp_path / "list", "--json")
    assert code == 0
    assert "on the list" in err
    document = json.loads(out)
    assert document["entries"][0]["position"] == 1
    assert (tmp_path / "list" / "list.csv").exists()
    assert (tmp_path / "list" / "win-back.csv").exists()
    assert {row["state"] for row in document["winback"]} <= {"lapsed"}


def test_backtest_prints_one_document(few, call):
    code, out, _ = call("backtest", "--horizon-days", "30", "--orders", few, "--json")
    document = json.loads(out)
    assert code == 0
    assert document["chosen"] in document["candidates"]
    assert len(document["test_dates"]) >= 3


@pytest.mark.slow  # two backtests, to compare them
def test_until_never_reads_an_order_on_or_after_it(few, call, tmp_path):
    cut = tmp_path / "cut.csv"
    orders = pd.read_csv(few, dtype=str)
    orders[orders["ordered_at"] < "2022-10-01"].to_csv(cut, index=False)
    said = []
    for file in (few, cut):
        code, out, _ = call("backtest", "--horizon-days", "14", "--orders", file, "--until", "2022-10-01", "--json")
        assert code == 0
        said.append(json.loads(out))
    assert said[0] == said[1]


def test_check_says_that_all_is_well(shop, call):
    code, out, _ = call("check", "--json")
    document = json.loads(out)
    assert code == 0
    assert document["ok"]
    assert document["sufficiency"]["customers"] == 250


def test_a_champion_of_another_horizon_is_not_asked(shop, call, tmp_path):
    code, _, err = call("score", "--out", tmp_path / "s.csv", "--horizon-days", "111")
    assert code == 2
    assert "run regulars train" in err
    assert not (tmp_path / "s.csv").exists()


def test_init_does_not_overwrite(shop, call):
    code, _, err = call("init", "orders.csv")
    assert code == 2
    assert "--force" in err


GOOD = ["o1,ann,2024-01-05,10.00", "o2,ann,2024-02-05,11.00", "o3,bob,2024-01-09,12.50", "o4,bob,2024-03-01,9.00"]
HEADER = "order_id,customer_id,ordered_at,amount"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "empty"),
        ([HEADER], "holds no order"),
        ([HEADER, *GOOD, "o5,cat,not a day,3.00"], "line 6, column ordered_at"),
        ([HEADER, *GOOD, "o5,cat,2024-01-05T10:00:00+02:00,3.00"], "some have a zone and some have none"),
        ([HEADER, *GOOD, "o5,cat,2999-01-01,3.00"], "line 6, column ordered_at"),
        ([HEADER, *GOOD, "o5,cat,2024-01-05,NaN"], "line 6, column amount"),
        ([HEADER, *GOOD, "o5,cat,2024-01-05,9e99"], "line 6, column amount"),
        ([HEADER, *GOOD, "o1,cat,2024-01-05,3.00"], "order_id"),
    ],
    ids=["empty", "header only", "date", "mixed zones", "future", "NaN", "huge", "one order of two customers"],
)
def test_bad_orders_are_refused_with_line_and_column(call, tmp_path, monkeypatch, lines, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.csv").write_text("\n".join([HEADER, *GOOD]) + "\n")
    assert call("init", "good.csv")[0] == 0
    (tmp_path / "orders.csv").write_text("\n".join(lines) + ("\n" if lines else ""))
    for command in (("check",), ("train",), ("features", "--out", "f.csv")):
        code, out, err = call(*command, "--orders", "orders.csv")
        assert code == 2
        assert said in out + err
        assert "Traceback" not in err


def test_a_missing_file_and_a_missing_column(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = call("init", "nowhere.csv")
    assert (code, "nowhere.csv" in err) == (2, True)
    (tmp_path / "odd.csv").write_text("a,b\n1,2\n")
    code, _, err = call("init", "odd.csv")
    assert code == 2
    assert "customer_id" in err


@pytest.mark.slow
@pytest.mark.parametrize("days", [1, 40])
def test_a_tiny_shop_gets_an_answer_in_words(call, tmp_path, monkeypatch, tracking_in, days):
    """One customer, or forty days of history: no traceback, and what is possible is said."""
    monkeypatch.chdir(tmp_path)
    tracking_in(tmp_path)
    rows = [f"o{d},ann,2024-01-{d % 28 + 1:02d},5.00" for d in range(min(days, 28))]
    (tmp_path / "orders.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    assert call("init", "orders.csv")[0] == 0
    code, out, _ = call("check")
    assert code == 0
    assert out.strip()
    code, _, err = call("train")
    assert code in (0, 2)
    assert "Traceback" not in err


def test_scoring_without_a_model_says_how_to_get_one(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orders.csv").write_text("\n".join([HEADER, *GOOD]) + "\n")
    assert call("init", "orders.csv")[0] == 0
    code, _, err = call("score", "--out", "s.csv")
    assert code == 3
    assert "regulars train" in err


def test_an_error_is_a_document_too(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, _ = call("check", "--json", "--config", "none.toml")
    assert code == 2
    assert json.loads(out)["error"] == "ConfigError"
