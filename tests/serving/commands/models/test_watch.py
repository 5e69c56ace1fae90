"""The command: what it keeps, whom it tells, and where its figures are read again."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from features.clock import date_of
from features.language.languages import GREEK, PERSIAN, Language
from features.language.messages import sentence
from features.log import Lines
from features.roll_up import roll_up
from serving.api.metrics import Metrics
from serving.api.state import ServerState
from serving.book import Book
from serving.commands.models.watch import ALARM_EXIT_CODE, watch_shop
from serving.commands.models.watch_in_words import alarm_in_words
from serving.commands.result import spoken
from serving.config import load_settings
from serving.monitoring.alarm import TO_DO, Alarm
from serving.monitoring.arrivals import age_alarms
from serving.monitoring.last_watch import last_watch
from serving.monitoring.late_data import Changed, late_alarms
from serving.monitoring.report import realised_alarms, so_far_alarms
from serving.monitoring.said_and_done import GROUPS
from serving.monitoring.schema import schema_alarms, unknown_kinds
from serving.monitoring.so_far import SoFar
from serving.webhooks.receivers import add_webhook
from tests.foreign_words import CODES, english_left, speaks
from tests.serving.conftest import in_book, in_shop
from training.tracking import WATCH_EXPERIMENT

EVERY_DAY = roll_up(Lines.of(["ann"] * 60, list(range(60)), [100] * 60))


def listening(folder: Path) -> None:
    book = Book(folder)
    add_webhook(book, "http://127.0.0.1:9/alarms", ["model.alarm"], allow_private=True)
    book.close()


def told(folder: Path) -> list[dict]:
    return [json.loads(row[0]) for row in in_book(folder, "SELECT body FROM outbox ORDER BY id")]


def with_column(folder: Path, name: str) -> None:
    """Rewrite the orders with one more column, as a shop system does after an update."""
    orders = folder / "orders.csv"
    head, *rows = orders.read_text(encoding="utf-8").splitlines()
    orders.write_text("\n".join([f"{head},{name}", *(f"{row},x" for row in rows)]) + "\n", encoding="utf-8")


def test_a_new_column_is_an_alarm_that_webhooks_are_told_of_once(office: Path, call):
    config = office / "regulars.toml"
    listening(office)
    call("watch", "--config", config, "--no-record")
    before = len(told(office))
    with_column(office, "channel")
    code, out, _ = call("watch", "--config", config, "--no-record")
    assert code == ALARM_EXIT_CODE
    assert "alarm: columns of orders.csv: new channel" in out
    assert "  to do: see that the columns still mean what regulars.toml says" in out
    (message,) = told(office)[before:]
    assert message["type"] == "model.alarm"
    assert [alarm["subject"] for alarm in message["data"]["alarms"]] == ["columns of orders.csv"]
    call("watch", "--config", config, "--no-record")
    assert len(told(office)) == before + 1


def test_a_look_at_the_past_keeps_and_tells_nothing(office: Path):
    listening(office)
    in_shop(load_settings(office / "regulars.toml"), watch_shop, until=date(2023, 1, 26))
    assert told(office) == []
    assert not last_watch(office / ".regulars").document


def test_the_run_in_mlflow_stands_apart_and_names_no_owner(office: Path):
    in_shop(load_settings(office / "regulars.toml"), watch_shop)
    with closing(sqlite3.connect(office / "mlruns" / "mlflow.db")) as runs:
        (row,) = runs.execute(
            "SELECT r.name, r.status, r.artifact_uri FROM runs r JOIN experiments e USING (experiment_id) "
            "WHERE e.name = ?",
            (WATCH_EXPERIMENT,),
        )
        metrics = {name for (name,) in runs.execute("SELECT DISTINCT key FROM metrics")}
    assert row[0].startswith("watch ")
    assert row[1] == "FINISHED"
    assert {"expected_auroc", "realised_auroc", "alarms"} <= metrics
    text = (Path(row[2].removeprefix("file://")) / "watch.json").read_text(encoding="utf-8")
    owners = {row[0] for row in in_book(office, "SELECT DISTINCT owner FROM entries WHERE owner IS NOT NULL")}
    assert owners
    assert not [owner for owner in owners if owner in text]


def test_the_document_has_no_customer_and_is_what_prometheus_reads(office: Path, call):
    code, out, _ = call("watch", "--config", office / "regulars.toml", "--no-record", "--json")
    assert code in (0, ALARM_EXIT_CODE)
    document = json.loads(out)
    assert dict(last_watch(office / ".regulars").document) == document
    ids = {row[0] for row in in_book(office, "SELECT customer_id FROM scores")}
    assert not [each for each in ids if f'"{each}"' in out]
    text = Metrics().text(None, "1", date(2023, 5, 30), document).decode()
    expected = document["now"]["expected"]["auroc"]["value"]
    assert f'regulars_quality{{is="expected",measure="auroc"}} {expected}' in text
    assert 'regulars_quality{is="realised",measure="churned"}' in text
    assert "regulars_watch_age_days" in text
    assert "regulars_quality" not in Metrics().text(None, "1", date(2023, 5, 30)).decode()


def test_the_server_reads_the_last_watch(office: Path):
    settings = load_settings(office / "regulars.toml")
    assert not ServerState(settings).last_watch()
    found = in_shop(settings, watch_shop, record=False)
    assert ServerState(settings).last_watch() == json.loads(json.dumps(found.to_dict()))
    assert not ServerState().last_watch()


def test_a_window_far_from_what_was_said_is_an_alarm(office: Path):
    found = in_shop(load_settings(office / "regulars.toml"), watch_shop, record=False).watch
    (window,) = found.windows
    assert list(realised_alarms(found.windows)) == []
    low = window.said.assign(probability=0.01)
    said_low = type(window)(**{**vars_of(window), "said": low, "level_error": 0.05})
    assert [alarm.kind for alarm in realised_alarms([said_low])][:1] == ["level"]


def vars_of(window) -> dict:
    return {name: getattr(window, name) for name in window.__dataclass_fields__}


def test_who_only_looks_makes_no_book(registered: Path, tmp_path: Path, call):
    shutil.copytree(registered, tmp_path / "shop")
    _, out, _ = call("watch", "--config", tmp_path / "shop" / "regulars.toml", "--no-record")
    assert "Nothing was scored yet" in out
    assert not (tmp_path / "shop" / "book.db").exists()


@pytest.mark.parametrize("code", CODES)
def test_it_speaks_the_shops_language(office: Path, call, code: str):
    """Sentences, alarms and what to do, and each table; days since the last order are counted in their own number."""
    toml = speaks(office, code)
    call("watch", "--config", toml, "--no-record")
    with_column(office, "channel")
    groups = [word for group in GROUPS for word in ("--by", group)]
    found, out, err = call("watch", *groups, "--config", toml, "--no-record")
    assert found == ALARM_EXIT_CODE, err
    assert english_left(out.splitlines(), {"log", "loss", "channel", *names_in(office)}) == []
    document = json.loads(call("watch", "--config", toml, "--no-record", "--json")[1])
    assert document["alarms"][0]["to_do"].startswith(("see ", "bring ", "score ", "run ", "look "))


def names_in(office: Path) -> set[str]:
    """Owners and segments: words of the shop."""
    with (office / "customers.csv").open(encoding="utf-8", newline="") as text:
        return {row[name].casefold() for row in csv.DictReader(text) for name in ("owner", "segment")}


@pytest.mark.parametrize("language", [PERSIAN, GREEK], ids=CODES)
def test_every_alarm_has_its_wording(language: Language):
    """Of each kind one, as it is found: none of them falls back to English."""
    late = [Changed(f"2026-0{month}-02", 1_000, changed, 0) for month, changed in ((1, 10), (2, 12), (3, 90), (4, 0))]
    far = SoFar("2026-03-02", 20, 30, 1_000, 700, 500.0, 480.0, 520.0)
    alarms = [
        *age_alarms(EVERY_DAY, date_of(EVERY_DAY.last_day + 400)),
        *schema_alarms({"columns of a.csv": list("abcdefgh")}, {"columns of a.csv": ["x"]}),
        *schema_alarms({"currencies": []}, {"currencies": ["EUR"]}),
        *unknown_kinds(["visit"], []),
        *late_alarms(late),
        *so_far_alarms(far),
        *(Alarm(kind, "", sentence("as expected")) for kind in TO_DO),
    ]
    assert {alarm.kind for alarm in alarms} == set(TO_DO)
    lines = [line for alarm in alarms for line in spoken(alarm_in_words(alarm), language)]
    assert english_left(lines, {"eur"}) == []


def test_a_day_is_one_day_and_many_are_days():
    (alarm,) = age_alarms(EVERY_DAY, date_of(EVERY_DAY.last_day + 10_396))
    assert alarm.words.endswith("10,396 days ago; the longest pause of the year before was 1 day")
