"""New and missing columns, words and kinds; and what late orders changed."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from features.churn.labels import complete_until
from features.clock import day_number
from features.file_access import OWNER_ONLY
from features.log import Log
from serving.book import Book
from serving.book.runs import record_scores
from serving.monitoring.last_watch import FILE, LastWatch, last_watch, remember_watch
from serving.monitoring.late_data import Changed, changed_since, late_alarms
from serving.monitoring.schema import schema_alarms, unknown_kinds
from serving.monitoring.windows import read_windows
from serving.scorer import score
from tests.serving.conftest import SmallShop


def test_what_is_new_and_what_is_gone_is_told_apart():
    before = {"columns of orders.csv": ["id", "total"], "currencies": ["EUR"]}
    now = {"columns of orders.csv": ["id", "total_net"], "currencies": ["EUR"], "status words of orders.csv": ["paid"]}
    (alarm,) = schema_alarms(now, before)
    assert alarm.words == "columns of orders.csv: new total_net; gone total"
    assert alarm.to_do.startswith("see that the columns still mean")


def test_many_names_are_counted():
    (alarm,) = schema_alarms({"currencies": list("abcdefgh")}, {"currencies": []})
    assert alarm.words == "currencies: new a, b, c, d, e and 3 more"


def test_kinds_that_the_model_does_not_know_are_raised():
    assert [alarm.words for alarm in unknown_kinds(["visit", "chat"], ["visit"])] == [
        "the model does not know, and does not read, events of kind chat"
    ]
    assert list(unknown_kinds(["visit"], ["visit", "chat"])) == []


def test_the_last_watch_is_read_back_and_a_broken_file_is_none(tmp_path: Path):
    kept = LastWatch({"alarms": [{"kind": "level", "subject": ""}], "as_of": "2026-03-02"}, {"currencies": ["EUR"]})
    remember_watch(tmp_path, kept, OWNER_ONLY)
    assert last_watch(tmp_path) == kept
    assert last_watch(tmp_path).alarm_keys == {"level:"}
    (tmp_path / FILE).write_text("{", encoding="utf-8")
    assert last_watch(tmp_path) == LastWatch()


def test_orders_that_came_late_count_whom_they_changed(shop: SmallShop, tmp_path: Path):
    day = shop.as_of - timedelta(40)
    known = shop.log.before(day_number(day))
    orders = known.streams["orders"]
    missing = orders.day == orders.day.max()  # the export of that day lacked its last day
    assert 0 < missing.sum() < 10
    streams = {**known.streams, "orders": orders.keep(~missing)}
    as_scored = Log(known.customer_ids, streams, known.has_money, known.words)
    scores = score(as_scored, shop.bundles["logistic"], "1", day, reasons="none")
    book = Book(tmp_path)
    record_scores(book, scores, currency="EUR", data_digest="late")
    windows = read_windows(book, shop.log, complete_until(shop.log), lambda *_: 0.1)
    book.close()
    (found,) = changed_since(windows, 120)
    assert found.changed + found.came == missing.sum()
    assert found.share == pytest.approx(missing.sum() / len(scores))


def test_only_a_share_far_above_those_before_is_raised():
    def run(changed: int) -> Changed:
        return Changed(date(2026, 3, 2).isoformat(), 1_000, changed, 0)

    assert list(late_alarms([run(15), run(12), run(18), run(0)])) == []
    (alarm,) = late_alarms([run(15), run(12), run(90), run(0)])
    assert alarm.words == ("late orders changed 9% of the 1,000 customers scored on 2026-03-02; at most 2% is usual")
    assert list(late_alarms([run(500), run(0)])) == []
