"""A shop as commit 7f580c7 wrote it opens with the code of today: nothing is lost, and everything answers as it did.

The archive is never made again from a later commit: it is what lies on the disks of those who began then. A change that
must refuse a part of it, such as a bundle of another form, tests here that the refusal names the command that goes on.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.lateness import whole_days
from serving.api.app import create_app
from serving.api.state import ServerState
from serving.book.migrate import HEAD, VERSION_TABLE
from serving.config import load_settings
from tests.serving.api.conftest import calls
from tests.serving.conftest import Call
from tests.serving.conftest import call as call  # the fixture of the commands' own tests
from tools.former_shop import unpack
from training.tracking import Tracking

ARCHIVE = Path(__file__).parent / "7f580c7.tar.xz"
LAST_DAY = "2024-01-03"
WORTH_LESS = ("not yet due", "no gain", "little gain")  # since then
IN_OTHER_WORDS = ["reasons", "protective"]  # sentences may be put better, and entries have other ids than then
OF_WHO_HAS_LEFT = ("state", "value_at_risk", "value_at_risk_low", "value_at_risk_high")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shop as it was left, as the current folder."""
    unpack(ARCHIVE, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(shop: Path, name: str) -> Any:
    """What the commit itself answered."""
    return json.loads((shop / "said" / f"{name}.json").read_text(encoding="utf-8"))


def in_book(shop: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(shop / "book.db")) as book:
        return book.execute(query).fetchall()


def test_everyone_has_the_score_of_then(shop: Path, call: Call) -> None:
    """To the last column, of orders in the file and of those that were posted."""
    assert call("score", "--out", "scores.csv", "--as-of", LAST_DAY)[0] == 0
    then, now = (pd.read_csv(shop / name, dtype={"customer_id": str}) for name in ("said/scores.csv", "scores.csv"))
    columns = [name for name in then.columns if name not in IN_OTHER_WORDS and name not in OF_WHO_HAS_LEFT]
    then["usual_gap_days"] = whole_days(then["usual_gap_days"])  # since then a gap is the whole number that is said
    then["overdue"] = then["days_since_order"] / then["usual_gap_days"]
    then["overdue_days"] = then["days_since_order"] - then["usual_gap_days"]
    pd.testing.assert_frame_equal(now[columns], then[columns], rtol=1e-9)
    # The model of then knows nothing of who has left: the shop's gaps carry its probability on.
    assert (now["left_probability"] <= now["probability"]).all()
    assert (now["value_at_risk"] <= then["value_at_risk"]).all()
    settled = then["state"].isin(["new", "lapsed"])
    assert now.loc[settled, "state"].tolist() == then.loc[settled, "state"].tolist()
    assert in_book(shop, f"SELECT version_num FROM {VERSION_TABLE}") == [(HEAD,)]


def test_the_list_of_the_last_day_is_the_same_again_and_sheets_that_are_out_find_their_entries(
    shop: Path, call: Call
) -> None:
    """Less who is not late, and the rows that gain less than it costs to read one.

    A refusal by the id of then is of the right customer.
    """
    then = said(shop, "second/list")["entries"]
    code, out, err = call("list", "--out", "again", "--as-of", LAST_DAY, "--json")
    assert code == 0, err
    now = json.loads(out)
    late = {each["customer_id"] for each in then if each["days_since_order"] > whole_days(each["usual_gap_days"])}
    listed = {each["customer_id"] for each in now["entries"]}
    assert len(listed) > 0
    assert listed <= late
    assert len(then) - len(listed) <= sum(now["left_out"].get(why, 0) for why in WORTH_LESS)
    told = ("outcome", "--entry", then[0]["entry_id"], "--outcome", "do_not_contact", "--on", LAST_DAY)
    assert call(*told)[0] == 0
    after = call("list", "--out", "next", "--as-of", "2024-01-04", "--json")[1]
    assert then[0]["customer_id"] not in {each["customer_id"] for each in json.loads(after)["entries"]}


def test_the_effect_counts_the_same_people(shop: Path, call: Call) -> None:
    then, code_and_now = said(shop, "effect"), call("effect", "--json")
    now = json.loads(code_and_now[1])
    for name in ("until", "first_on", "last_on", "leaked_contacts", "later_episodes", "currency"):
        assert now[name] == then[name], name
    for name in ("treated", "holdout", "contacted", "leaked", "kept_treated"):
        assert now["overall"][name] == then["overall"][name], name
    assert {group: len(cells) for group, cells in now["groups"].items()} == {
        group: len(cells) for group, cells in then["groups"].items()
    }


def test_retention_is_the_same(shop: Path, call: Call) -> None:
    """But for the money to date: what came back was not taken off it then; and a year has not the coming season."""
    then, now = said(shop, "kpis"), json.loads(call("kpis", "--json")[1])
    for each in (then, now):
        assert Decimal(each["predicted"]["all"].pop("expected_spend_12_months")) == pytest.approx(
            Decimal(322), rel=Decimal("0.01")
        )
    for name in ("known_until", "active_days", "cohorts", "year", "predicted"):
        assert now[name] == then[name], name
    assert [_but_to_date(each) for each in now["periods"]] == [_but_to_date(each) for each in then["periods"]]
    to_date = [
        (float(each[0]["historic_lifetime_value"]), float(each[1]["historic_lifetime_value"]))
        for each in zip(now["periods"], then["periods"], strict=True)
        if each[1]["historic_lifetime_value"] is not None
    ]
    assert all(net <= whole for net, whole in to_date)
    assert any(net < whole for net, whole in to_date)


def _but_to_date(period: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in period.items() if name != "historic_lifetime_value"}


def test_the_story_of_a_customer_is_whole(shop: Path, call: Call) -> None:
    """Scores, lists, what came of them, and the arm that was drawn."""
    then = said(shop, "why")
    now = json.loads(call("why", then["customer_id"], "--json")[1])
    assert [len(then[name]) for name in ("scores", "entries", "outcomes", "contacts", "arms")] == [2, 1, 1, 1, 1]
    assert as_then(now, then) == without_entry_ids(then)


def without_entry_ids(told: Any) -> Any:
    """An answer without the ids of entries: they said who it was, and were drawn anew."""
    if isinstance(told, dict):
        return {name: without_entry_ids(value) for name, value in told.items() if name != "entry_id"}
    return [without_entry_ids(each) for each in told] if isinstance(told, list) else told


def as_then(now: Any, then: Any) -> Any:
    """An answer of today with the names of then alone: later versions tell more."""
    if isinstance(then, dict):
        return {name: as_then(now[name], value) for name, value in then.items() if name != "entry_id"}
    if isinstance(then, list):
        return [as_then(*pair) for pair in zip(now, then, strict=True)]
    return now


def test_the_key_of_then_is_served(shop: Path) -> None:
    """Stored and fresh scores, the current list, a story; what was erased is gone, and nobody else is let in."""
    server = ServerState(load_settings(shop / "regulars.toml"))
    server.open()
    try:
        ask, key = calls(create_app(server)), {"Authorization": f"Bearer {said(shop, 'key')['key']}"}
        assert server.health()["model"] == "registry"
        stored = pd.read_csv(shop / "said" / "scores.csv").iloc[0]
        for fresh in (False, True):
            body = {"customer_ids": [stored["customer_id"]], "fresh": fresh}
            (score,) = ask("POST", "/v1/scores", json=body, headers=key).json()["scores"]
            assert score["probability"] == pytest.approx(stored["probability"], rel=1e-9)
        listed = ask("GET", "/v1/lists/current", headers=key).json()
        assert [each["customer_id"] for each in listed["entries"]] == [
            each["customer_id"] for each in said(shop, "second/list")["entries"]
        ]
        assert "2023-10-02" in ask("GET", f"/v1/customers/{said(shop, 'why')['customer_id']}", headers=key).text
        erased = said(shop, "first/list")["entries"][10]["customer_id"]
        assert "2023-10-02" not in ask("GET", f"/v1/customers/{erased}", headers=key).text
        assert ask("GET", "/v1/lists/current").status_code == 401
    finally:
        server.close()


def test_every_bundle_of_then_passes_its_probe(shop: Path) -> None:
    """The champion is a blend, which holds trees, coefficients and silences; the version before it is one of them."""
    tracking = Tracking(shop)
    assert [tracking.load_version(version).candidate for version in ("1", "2")] == ["bg_nbd", "blend"]
    assert tracking.champion()[1] == "2"


def test_a_bundle_of_another_form_is_refused_with_the_command_that_goes_on(shop: Path, call: Call) -> None:
    """Should the form of bundles change, every command that scores says so; nothing is written."""
    for bundle in shop.glob("mlruns/artifacts/models/*/artifacts/data/bundle/bundle.json"):
        facts = json.loads(bundle.read_text(encoding="utf-8"))
        bundle.write_text(json.dumps(facts | {"format": facts["format"] - 1}), encoding="utf-8")
    for command in (("score", "--out", "s.csv"), ("list", "--out", "l"), ("rollback", "--by", "Ada", "--why", "a try")):
        code, _, err = call(*command)
        assert (code, err.rstrip().endswith("run regulars train")) == (3, True), err
    assert not (shop / "s.csv").exists()
