"""A shop whose files hold no money: orders are counted, every column of money is empty, and that is said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from features.build import feature_table
from features.clock import date_of
from features.definitions import default_features
from serving.book.history import history_of
from serving.book.pages import EntryFilter, page_of
from serving.book.schema import OUTBOX
from serving.book.score_lookup import ScoreLookup
from serving.config import load_settings
from serving.shop import OpenShop
from serving.webhooks.messages import EVENTS
from serving.webhooks.receivers import add_webhook
from tests.serving.conftest import Call, SmallShop

MONEY = ["expected_spend", "value_at_risk", "value_at_risk_low", "value_at_risk_high"]


@pytest.fixture
def counted(shop: SmallShop, registered: Path, tmp_path: Path) -> Path:
    """The simulated shop, without the columns of money."""
    shutil.copytree(registered, tmp_path, dirs_exist_ok=True)
    orders = pd.read_csv(tmp_path / "orders.csv", dtype=str).drop(columns=["amount", "discount"])
    orders.to_csv(tmp_path / "orders.csv", index=False)
    text = (tmp_path / "regulars.toml").read_text(encoding="utf-8")
    text = text.replace('amount = "amount"\n', "").replace('discount = "discount"\n', "")
    text = text.replace("[orders.columns]", 'amount_is = "none"\n[orders.columns]')
    (tmp_path / "regulars.toml").write_text(text, encoding="utf-8")
    return tmp_path


def test_orders_are_counted_and_features_of_money_are_unknown(counted, shop):
    with OpenShop(load_settings(counted / "regulars.toml")) as opened:
        log = opened.log
    with_money = shop.log.streams["orders"].columns
    assert int(log.streams["orders"].columns["orders"].sum()) >= int(with_money["orders"].sum())
    assert not log.has_money
    features = default_features(log.kinds and ())
    table = feature_table(log, [date_of(log.last_day + 1)], features, 120)
    unknown = features.of_money
    assert {"spend_90d", "spend_per_order_day", "discounted_share", "returned_share_365d", "basket_change"} & unknown
    assert table[sorted(unknown)].isna().all().all()
    assert table[["frequency", "order_days_90d", "units_per_order_day"]].notna().all().all()


def test_scores_lists_and_figures_leave_money_empty_and_say_so(counted, call: Call, monkeypatch):
    monkeypatch.chdir(counted)
    with OpenShop(load_settings(counted / "regulars.toml")) as opened:
        add_webhook(opened.book, "http://127.0.0.1:9/hook", EVENTS, allow_private=True)
    code, out, err = call("score", "--out", "scores.csv")
    assert code == 0, err
    assert "no money is known" in out
    scores = pd.read_csv("scores.csv")
    assert scores[MONEY].isna().all().all()
    assert scores["probability"].notna().all()
    code, out, err = call("list", "--out", "lists", "--format=csv", "--format=html")
    assert code == 0, err
    assert "the orders hold no money: customers are ranked by their risk alone" in out
    entries = pd.read_csv("lists/list.csv", encoding="utf-8-sig")
    assert len(entries)
    assert entries[[*MONEY, "expected_gain"]].isna().all().all()
    assert entries["left_probability"].is_monotonic_decreasing
    with OpenShop(load_settings(counted / "regulars.toml")) as opened:
        lookup, who = ScoreLookup(opened.book), str(scores["customer_id"].iloc[0])
        answer = json.loads(lookup.scores([who])[who])
        lookup.close()
        with opened.book.reading() as connection:
            page = page_of(connection, None, EntryFilter(), opened.today, None, None)
            told = [json.loads(body)["data"] for body in connection.scalars(sa.select(OUTBOX.c.body))]
            history = history_of(opened.book, who)
    assert {answer[name] for name in MONEY} == {None}
    assert {each["value_at_risk"] for each in told if "value_at_risk" in each} == {None}
    assert page is not None
    assert page.entries[[*MONEY, "expected_gain"]].isna().all().all()
    assert history.scores[MONEY].isna().all().all()
    code, out, err = call("kpis", "--json")
    assert code == 0, err
    told = json.loads(out)
    assert {each["spend"] for each in told["periods"]} == {None}
    assert any("hold no money" in note for note in told["notes"])
    assert "0.00" not in out
    code, out, err = call("effect")
    assert code == 0, err
    assert "€" not in out
