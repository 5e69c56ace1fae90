"""The database of record: what goes in comes out, once, whole."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from features.language import GREEK, Days, Message, Sentence
from features.language.messages import all_said
from serving.book import Book
from serving.book.audit import audit_trail
from serving.book.runs import record_scores
from serving.book.schema import SCORES
from serving.book.sentences import latest_sentences
from serving.outreach.plan.outreach_list import GROUPS
from serving.outreach.plan.plan import plan
from serving.outreach.plan.policy import Policy
from serving.webhooks.outbox import publish_and_enqueue
from tests.serving.read_back import current_list, latest_run, latest_scores, list_on

Count = Callable[[str], int]
EVERYONE = Policy(holdout_share=0.0)


def record(book: Book, scores: pd.DataFrame, digest: str = "d") -> int:
    return record_scores(book, scores, currency="EUR", data_digest=digest)


def test_a_score_comes_out_as_it_went_in(book: Book, make_scores: Any) -> None:
    """Ids keep their zeros, money its digits, sentences their order, and what is unknown stays unknown."""
    unknown = {"usual_gap_days": float("nan"), "overdue": float("nan"), "state": "new"}
    record(book, make_scores(("007", 0.6, "12.00"), ("=1+1 é 🎈", 0.3, "0.10", unknown)))
    found = latest_scores(book, ["007", "=1+1 é 🎈", "nobody"])
    assert set(found) == {"007", "=1+1 é 🎈"}
    assert found["007"].value_at_risk == Decimal("12.00")
    assert found["007"].reasons == ("no order for 74 days, usually every 31",)
    assert found["007"].protective == ()
    assert (found["007"].next_order_on, found["007"].next_order_until) == (date(2026, 3, 23), date(2026, 5, 11))
    assert (found["007"].overdue_days, found["007"].silent_60d) == (43.0, 0.36)
    assert (found["007"].value_at_risk_low, found["007"].value_at_risk_high) == (Decimal("6.00"), Decimal("24.00"))
    assert found["=1+1 é 🎈"].usual_gap_days is None
    assert found["=1+1 é 🎈"].state == "new"


def test_the_same_run_twice_changes_nothing(book: Book, count: Count, make_scores: Any) -> None:
    """A run is known by its day, model, horizon and data."""
    first = record(book, make_scores(("a", 0.6, "12.00")))
    assert record(book, make_scores(("a", 0.6, "12.00"))) == first
    assert count("runs") == count("scores") == 1
    assert record(book, make_scores(("a", 0.6, "12.00")), digest="other") != first


def test_sentences_that_a_run_left_out_are_filled_in_later(book: Book, make_scores: Any) -> None:
    """A large shop explains its list after it has scored everyone."""
    untold = {"reasons": None, "protective": None}
    record(book, make_scores(("a", 0.6, "12.00", untold), ("b", 0.6, "1.00", untold)))
    assert latest_scores(book, ["a"])["a"].reasons is None
    record(book, make_scores(("a", 0.6, "12.00"), ("b", 0.6, "1.00", untold)))
    assert latest_scores(book, ["a"])["a"].reasons == ("no order for 74 days, usually every 31",)
    assert latest_scores(book, ["b"])["b"].reasons is None


def test_a_reason_keeps_its_message_beside_its_text_and_one_without_stays_as_it_is(
    book: Book, make_scores: Any
) -> None:
    """Whoever reads another language gets the same reason; what was stored before there were messages has its text."""
    late = Sentence.of(Message("no order for {days_since_order}", {"days_since_order": Days(74)}))
    record(book, make_scores(("a", 0.6, "12.00", {"reasons": (late, "as before")}), ("b", 0.5, "1.00")))
    record(book, make_scores(("a", 0.6, "1.00", {"reasons": None}), ("b", 0.5, "1.00")), digest="later")
    record(book, make_scores(("a", 0.6, "1.00", {"reasons": (late,)}), ("b", 0.5, "1.00")), digest="later")
    with book.reading() as connection:
        found = latest_sentences(connection, ["a", "b"])
    assert all_said(found["a"]["reasons"], GREEK) == ("Έχει να παραγγείλει 74 ημέρες.",)
    assert all_said(found["b"]["reasons"], GREEK) == ("no order for 74 days, usually every 31",)
    assert latest_scores(book, ["a"])["a"].reasons == ("no order for 74 days",)


def test_the_latest_day_holds_whatever_was_recorded_last(book: Book, make_scores: Any) -> None:
    """Scoring a past day for a report does not turn back today's scores."""
    record(book, make_scores(("a", 0.6, "12.00")))
    past = make_scores(("a", 0.1, "1.00"))
    past["as_of"] = [pd.Timestamp("2025-01-05").date()]
    record(book, past)
    assert latest_scores(book, ["a"])["a"].probability == 0.6
    run = latest_run(book)
    assert run is not None
    assert (run.model_version, run.customers, run.currency) == ("1", 1, "EUR")


def test_ten_thousand_ids_are_looked_up_in_pieces(book: Book, make_scores: Any) -> None:
    """No database takes ten thousand parameters for granted."""
    ids = [f"{number:05}" for number in range(10_000)]
    record(book, make_scores(*((customer_id, 0.3, "1.00") for customer_id in ids)))
    assert list(latest_scores(book, [*ids, *ids, "nobody"])) == ids


def test_frames_that_mix_runs_are_refused(book: Book, make_scores: Any) -> None:
    """A run is one transaction of one model on one day."""
    with pytest.raises(ValueError, match="this frame holds 2"):
        record(book, make_scores(("a", 0.6, "1"), ("b", 0.6, "1", {"model_version": "2"})))


def test_a_run_that_fails_leaves_the_book_as_it_was(book: Book, count: Count, make_scores: Any) -> None:
    """A customer twice breaks the key in the middle of the insert; nothing of the run stays."""
    record(book, make_scores(("a", 0.6, "12.00")))
    with pytest.raises(sa.exc.IntegrityError):
        record(book, make_scores(("b", 0.6, "1"), ("b", 0.6, "1")), digest="other")
    assert count("runs") == count("scores") == 1


def test_a_list_comes_out_as_it_was_planned(book: Book, make_scores: Any, make_customers: Any) -> None:
    """Every column of every entry, who was suppressed and gone, and the trial that began."""
    scores = make_scores(
        *((f"c{n}", 0.9 - n / 1000, "30") for n in range(40)),
        ("n", 0.7, "5", {"state": "new", "days_since_order": 4}),
        ("low", 0.1, "9"),
        ("lapsed", 0.95, "7", {"state": "lapsed"}),
    )
    customers = make_customers(("c0", "Eleni", {"name": "=1+1 é 🎈"}), ("c1", None), ("n", "Bruno"))
    policy = Policy(capacity=30, holdout_share=0.2, owners=("Ann", "Bob"))
    planned = plan(scores, customers, currency="EUR", policy=policy)
    assert current_list(book) is None
    run_id = record(book, scores)
    published = publish_and_enqueue(book, planned, run_id)
    again = publish_and_enqueue(book, planned, run_id)
    assert (published.is_new, again.is_new, again.list_id) == (True, False, published.list_id)
    for name in GROUPS:
        assert_same_rows(getattr(again.outreach, name), getattr(published.outreach, name))
    planned = published.outreach
    found = current_list(book, whole=True)
    assert found is not None
    for name in GROUPS:
        assert_same_rows(getattr(found, name), getattr(planned, name))
    for name, key in (("suppressed", "customer_id"), ("gone", "customer_id"), ("episodes", "account_id")):
        recorded = getattr(found, name).drop(columns="voided_at", errors="ignore")  # set when a list is taken back
        assert_same_rows(recorded, getattr(planned, name), key)
    assert_same_rows(found.arms, planned.arms, "account_id")
    assert_same_rows(found.owners_given, planned.owners_given, "account_id")
    assert len(planned.suppressed) > 0
    assert set(found.arms["arm"]) == {"treated", "holdout"}
    assert (found.as_of, found.capacity, found.rank_by) == (planned.as_of, 30, "gain")
    assert found.left_out == dict(planned.left_out)
    quick = current_list(book)
    assert quick is not None
    assert_same_rows(quick.entries, planned.entries)
    assert quick.suppressed.empty


def assert_same_rows(found: pd.DataFrame, planned: pd.DataFrame, key: str | None = None) -> None:
    """Compare as values: the book gives objects, and sentences as tuples."""
    assert set(planned.columns) == set(found.columns)
    both = [frame if key is None else frame.sort_values(key) for frame in (found, planned)]
    values = [frame[list(planned.columns)].astype(object).map(_value).values.tolist() for frame in both]
    assert values[0] == values[1]


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return None if isinstance(value, float) and value != value else value


def test_the_list_of_a_day_is_the_last_one_until_then(book: Book, publish: Any) -> None:
    """Between two lists the former one holds."""
    publish(2, date(2026, 3, 2))
    publish(4, date(2026, 3, 9))
    assert list_on(book, date(2026, 3, 1)) is None
    sizes = [len(list_on(book, date(2026, 3, day)).entries) for day in (2, 8, 9, 30)]  # type: ignore[union-attr]
    assert sizes == [2, 2, 4, 4]


def test_a_list_needs_its_run(book: Book, make_scores: Any) -> None:
    """Foreign keys are on."""
    with pytest.raises(sa.exc.IntegrityError):
        publish_and_enqueue(book, plan(make_scores(("a", 0.6, "1")), currency="EUR"), 99)


def test_a_list_that_fails_leaves_the_book_as_it_was(book: Book, count: Count, make_scores: Any, publish: Any) -> None:
    """A customer suppressed twice breaks the key after the entries were written; nothing of the list stays."""
    publish(3)
    scores = make_scores(("x", 0.6, "20"), ("y", 0.6, "20", {"days_since_order": 1}))
    planned = plan(scores, currency="EUR", policy=EVERYONE)
    twice = pd.concat([planned.suppressed, planned.suppressed], ignore_index=True)
    assert len(twice) == 2
    broken = type(planned)(**(vars(planned) | {"suppressed": twice}))
    with pytest.raises(sa.exc.IntegrityError):
        publish_and_enqueue(book, broken, record(book, scores, "other"))
    assert (count("lists"), count("entries"), count("episodes")) == (1, 3, 3)


def test_an_arm_never_changes(book: Book, publish: Any) -> None:
    """A list that was planned without knowing of a draw is refused, and what was drawn stays."""
    drawn = publish(40, holdout_share=0.5).arms
    with pytest.raises(ValueError, match="accounts were drawn for the other arm meanwhile; plan the list again"):
        publish(40, date(2026, 3, 9), holdout_share=0.0)
    found = current_list(book, whole=True)
    assert found is not None
    assert_same_rows(found.arms, drawn, "account_id")


def test_two_runs_at_once_do_not_interleave(place: Path | str, make_scores: Any) -> None:
    """Each run waits for the other, and both are whole."""
    frames = [make_scores(*((f"{run}-{n}", 0.6, "1") for n in range(3_000))) for run in range(2)]
    books = [Book(place) for _ in frames]
    threads = [threading.Thread(target=record, args=(books[n], frames[n], f"d{n}")) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with books[0].reading() as connection:
        counts = (
            connection.execute(sa.select(sa.func.count(SCORES.c.customer_id)).group_by(SCORES.c.run_id)).scalars().all()
        )
        mode = "wal" if isinstance(place, str) else connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    for opened in books:
        opened.close()
    assert counts == [3_000, 3_000]
    assert mode == "wal"


def _write_in_turn(place: Path | str, process: int) -> None:
    with closing(Book(place)) as book:
        for number in range(5):
            with book.writing() as connection:
                seen = connection.exec_driver_sql("SELECT count(*) FROM audit").scalar_one()
                for step in range(10):
                    row = (f"{process}-{number}", str(seen + step))
                    quoted = ", ".join(f"'{text}'" for text in row)
                    connection.exec_driver_sql(
                        "INSERT INTO audit (at, action, who, to_version, why, forced) "
                        f"VALUES ('2026-03-02 00:00:00', 'test', {quoted}, 'why', '0')"
                    )


def test_two_processes_write_one_after_the_other_from_the_first_moment_on(place: Path | str) -> None:
    """Both open the same new book; whatever one counted before it wrote is still so when it has written."""
    context = multiprocessing.get_context("fork")  # they begin together, and at once
    processes = [context.Process(target=_write_in_turn, args=(place, number)) for number in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    with closing(Book(place)) as book:
        trail = audit_trail(book)
    assert [row.to_version for row in trail] == [str(number) for number in range(100)]
    assert all(len({row.who for row in trail[at : at + 10]}) == 1 for at in range(0, 100, 10))


def test_a_reader_does_not_wait_for_a_writer(book: Book, make_scores: Any) -> None:
    """The API answers while a run is being recorded."""
    record(book, make_scores(("a", 0.6, "12.00")))
    with book.writing() as connection:
        connection.execute(sa.delete(SCORES))
        assert latest_scores(book, ["a"])["a"].probability == 0.6
        connection.rollback()


def test_a_reader_sees_one_moment(book: Book, make_scores: Any) -> None:
    """What is recorded while somebody reads does not come in half way."""
    record(book, make_scores(("a", 0.6, "12.00")))
    everything = sa.select(sa.func.count()).select_from(SCORES)
    with book.reading() as connection:
        assert connection.scalar(everything) == 1
        record(book, make_scores(("b", 0.6, "12.00")), digest="other")
        assert connection.scalar(everything) == 1
