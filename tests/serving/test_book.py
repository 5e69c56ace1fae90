"""The database of record: what goes in comes out, once, whole."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from serving.book import Book
from serving.book.schema import SCORES
from serving.outreach.lists import plan


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """An empty book."""
    opened = Book(tmp_path)
    yield opened
    opened.close()


def record(book: Book, scores: pd.DataFrame, digest: str = "d") -> int:
    return book.record_scores(scores, currency="EUR", data_digest=digest)


def rows_in(folder: Path, table: str) -> int:
    with closing(sqlite3.connect(folder / "book.db")) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_a_score_comes_out_as_it_went_in(book: Book, make_scores: Any) -> None:
    """Ids keep their zeros, money its digits, sentences their order, and what is unknown stays unknown."""
    unknown = {"usual_gap_days": float("nan"), "overdue": float("nan"), "state": "new"}
    record(book, make_scores(("007", 0.6, "12.00"), ("=1+1 é 🎈", 0.3, "0.10", unknown)))
    found = book.latest_scores(["007", "=1+1 é 🎈", "nobody"])
    assert set(found) == {"007", "=1+1 é 🎈"}
    assert found["007"].value_at_risk == Decimal("12.00")
    assert found["007"].reasons == ("no order for 74 days, usually every 31",)
    assert found["007"].protective == ()
    assert (found["007"].next_order_on, found["007"].next_order_until) == (date(2026, 3, 23), date(2026, 5, 11))
    assert (found["007"].overdue_days, found["007"].silent_60d) == (43.0, 0.36)
    assert (found["007"].value_at_risk_low, found["007"].value_at_risk_high) == (Decimal("6.00"), Decimal("24.00"))
    assert found["=1+1 é 🎈"].usual_gap_days is None
    assert found["=1+1 é 🎈"].state == "new"


def test_a_book_of_an_older_version_gains_the_columns(book: Book, tmp_path: Path, make_scores: Any) -> None:
    """Its runs can still be read, what they did not know is none, and new runs fill every column."""
    record(book, make_scores(("a", 0.6, "12.00")))
    later = [c.name for c in SCORES.c if c.name.startswith(("next_order", "silent", "value_at_risk_", "overdue_days"))]
    with book._writing() as connection:
        for name in later:
            connection.exec_driver_sql(f"ALTER TABLE scores DROP COLUMN {name}")
    book.close()
    again = Book(tmp_path)
    old = again.latest_scores(["a"])["a"]
    assert (old.probability, old.value_at_risk) == (0.6, Decimal("12.00"))
    assert len(later) == 10
    assert {getattr(old, name) for name in later} == {None}
    record(again, make_scores(("a", 0.6, "12.00")), digest="other")
    assert again.latest_scores(["a"])["a"].next_order_on == date(2026, 3, 23)
    again.close()


def test_the_same_run_twice_changes_nothing(book: Book, tmp_path: Path, make_scores: Any) -> None:
    """A run is known by its day, model, horizon and data."""
    first = record(book, make_scores(("a", 0.6, "12.00")))
    assert record(book, make_scores(("a", 0.6, "12.00"))) == first
    assert rows_in(tmp_path, "runs") == rows_in(tmp_path, "scores") == 1
    assert record(book, make_scores(("a", 0.6, "12.00")), digest="other") != first


def test_sentences_that_a_run_left_out_are_filled_in_later(book: Book, make_scores: Any) -> None:
    """A large shop explains its list after it has scored everyone."""
    untold = {"reasons": None, "protective": None}
    record(book, make_scores(("a", 0.6, "12.00", untold), ("b", 0.6, "1.00", untold)))
    assert book.latest_scores(["a"])["a"].reasons is None
    record(book, make_scores(("a", 0.6, "12.00"), ("b", 0.6, "1.00", untold)))
    assert book.latest_scores(["a"])["a"].reasons == ("no order for 74 days, usually every 31",)
    assert book.latest_scores(["b"])["b"].reasons is None


def test_the_latest_day_holds_whatever_was_recorded_last(book: Book, make_scores: Any) -> None:
    """Scoring a past day for a report does not turn back today's scores."""
    record(book, make_scores(("a", 0.6, "12.00")))
    past = make_scores(("a", 0.1, "1.00"))
    past["as_of"] = [pd.Timestamp("2025-01-05").date()]
    record(book, past)
    assert book.latest_scores(["a"])["a"].probability == 0.6
    run = book.latest_run()
    assert run is not None
    assert (run.model_version, run.customers, run.currency) == ("1", 1, "EUR")


def test_ten_thousand_ids_are_looked_up_in_pieces(book: Book, make_scores: Any) -> None:
    """No database takes ten thousand parameters for granted."""
    ids = [f"{number:05}" for number in range(10_000)]
    record(book, make_scores(*((customer_id, 0.3, "1.00") for customer_id in ids)))
    assert list(book.latest_scores([*ids, *ids, "nobody"])) == ids


def test_frames_that_mix_runs_are_refused(book: Book, make_scores: Any) -> None:
    """A run is one transaction of one model on one day."""
    with pytest.raises(ValueError, match="this frame holds 2"):
        record(book, make_scores(("a", 0.6, "1"), ("b", 0.6, "1", {"model_version": "2"})))


def test_a_run_that_fails_leaves_the_book_as_it_was(book: Book, tmp_path: Path, make_scores: Any) -> None:
    """A customer twice breaks the key in the middle of the insert; nothing of the run stays."""
    record(book, make_scores(("a", 0.6, "12.00")))
    with pytest.raises(sa.exc.IntegrityError):
        record(book, make_scores(("b", 0.6, "1"), ("b", 0.6, "1")), digest="other")
    assert rows_in(tmp_path, "runs") == rows_in(tmp_path, "scores") == 1


def test_a_list_comes_out_as_it_was_planned(book: Book, make_scores: Any, make_customers: Any) -> None:
    """Regular customers and newcomers apart, in their order, with owners and left-out counts."""
    scores = make_scores(("a", 0.6, "12"), ("b", 0.9, "30"), ("n", 0.7, "5", {"state": "new"}), ("low", 0.1, "9"))
    scores = pd.concat([scores, make_scores(("gone", 0.95, "7", {"state": "lapsed"}))], ignore_index=True)
    customers = make_customers(("a", "Eleni", {"name": "Ann"}), ("b", None), ("n", "Bruno"))
    planned = plan(scores, customers, currency="EUR", capacity=2)
    assert book.current_list() is None
    run_id = record(book, scores)
    list_id = book.publish_list(planned, run_id)
    assert book.publish_list(planned, run_id) == list_id
    current = book.current_list()
    assert current is not None
    assert current.entries["customer_id"].tolist() == ["b", "a"]
    assert current.entries["owner"].tolist() == ["unassigned", "Eleni"]
    assert current.entries["name"].tolist() == [None, "Ann"]
    assert current.newcomers["customer_id"].tolist() == ["n"]
    assert current.winback[["customer_id", "state"]].values.tolist() == [["gone", "lapsed"]]
    assert current.left_out == planned.left_out == {"low risk": 1, "no consent": 0, "over capacity": 0}
    assert (current.as_of, current.capacity, current.rank_by) == (planned.as_of, 2, "value_at_risk")


def test_a_list_needs_its_run(book: Book, make_scores: Any) -> None:
    """Foreign keys are on."""
    with pytest.raises(sa.exc.IntegrityError):
        book.publish_list(plan(make_scores(("a", 0.6, "1")), currency="EUR"), 99)


def test_two_runs_at_once_do_not_interleave(tmp_path: Path, make_scores: Any) -> None:
    """Each run waits for the other, and both are whole."""
    frames = [make_scores(*((f"{run}-{n}", 0.6, "1") for n in range(3_000))) for run in range(2)]
    books = [Book(tmp_path) for _ in frames]
    threads = [threading.Thread(target=record, args=(books[n], frames[n], f"d{n}")) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for opened in books:
        opened.close()
    with closing(sqlite3.connect(tmp_path / "book.db")) as connection:
        counts = connection.execute("SELECT count(*), min(customer_id) FROM scores GROUP BY run_id").fetchall()
        mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    assert [count for count, _ in counts] == [3_000, 3_000]
    assert mode == "wal"


def test_a_reader_does_not_wait_for_a_writer(book: Book, make_scores: Any) -> None:
    """The API answers while a run is being recorded."""
    record(book, make_scores(("a", 0.6, "12.00")))
    with book._writing() as connection:
        connection.execute(sa.delete(SCORES))
        assert book.latest_scores(["a"])["a"].probability == 0.6
        connection.rollback()
