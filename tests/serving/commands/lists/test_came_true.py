"""What came of the lists: counted by hand on a few customers, and which lists are told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from features.clock import day_number
from features.log import Lines, Log
from features.roll_up import roll_up
from serving.book import Book
from serving.book.inbox.said import lists_made, lists_stamp
from serving.book.runs import record_scores
from serving.book.withdrawals import withdraw
from serving.commands.lists.came_true import came_true, turned_out
from serving.outreach.plan.plan import plan
from serving.outreach.plan.policy import Policy
from serving.webhooks.outbox import publish_and_enqueue
from tests.serving.conftest import build_scores

FIRST, HORIZON = date(2026, 3, 2), timedelta(days=30)
STAYS, LEAVES = ("ann", "bob"), ("cem", "dan", "eva")


@pytest.fixture
def log() -> Log:
    """Everybody orders before the first list; two of five in its horizon, on its first and its last day."""
    rows = [(who, FIRST - timedelta(days=20 + n)) for n, who in enumerate((*STAYS, *LEAVES))]
    rows += [("ann", FIRST), ("bob", FIRST + HORIZON - timedelta(days=1)), ("cem", FIRST + HORIZON)]
    rows += [("ann", FIRST + timedelta(days=75))]
    return roll_up(Lines.of([who for who, _ in rows], [day_number(day) for _, day in rows], [700] * len(rows)))


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """An empty book."""
    made = Book(tmp_path)
    yield made
    made.close()


def publish(book: Book, day: date, probability: float = 0.6) -> None:
    """Publish a list of everybody."""
    people = [*STAYS, *LEAVES]
    scores = build_scores(*((who, probability, "9.00", {"as_of": day}) for who in people))
    frame = pd.DataFrame({"customer_id": people}).assign(name=None, owner="Eleni", segment=None, consent=None)
    made = plan(scores, frame.astype(object), currency="EUR", policy=Policy(holdout_share=0.0))
    publish_and_enqueue(book, made, record_scores(book, scores, currency="EUR", data_digest=f"{day} {probability}"))


def said(**probabilities: float) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": list(probabilities), "probability": list(probabilities.values())})


def test_counted_by_hand(log: Log) -> None:
    scores = said(ann=0.2, bob=0.6, cem=0.7, dan=0.8, eva=0.4)
    found = turned_out(log, FIRST, HORIZON.days, scores, {"bob", "cem", "dan"})
    assert found is not None
    truth = found.truth
    assert (truth.as_of, truth.until) == (FIRST, date(2026, 3, 31))
    assert (truth.customers, truth.churned) == (5, 3)
    assert (truth.listed, truth.listed_churned) == (3, 2)
    assert (truth.high, truth.high_churned) == (3, 2)
    assert truth.said == pytest.approx(0.54)
    assert truth.lift == pytest.approx((2 / 3) / (3 / 5))
    assert truth.auroc == pytest.approx(5 / 6)  # of six pairs eva against bob alone stands the wrong way round


def test_whom_the_files_no_longer_name_is_not_counted(log: Log) -> None:
    found = turned_out(log, FIRST, HORIZON.days, said(ann=0.2, gone=0.9), ["gone"])
    assert found is not None
    assert (found.truth.customers, found.truth.listed, found.truth.lift) == (1, 0, None)
    assert turned_out(log, FIRST, HORIZON.days, said(gone=0.9), []) is None


def test_lists_are_told_once_their_horizon_has_ended(book: Book, log: Log) -> None:
    last = FIRST + timedelta(days=60)
    for day in (FIRST, FIRST + timedelta(days=7), FIRST + HORIZON, last):
        publish(book, day)
    found = came_true(book, log)
    assert [each.as_of for each in found.truths] == [FIRST + HORIZON, FIRST + timedelta(days=7), FIRST]
    assert [each.churned for each in found.truths] == [4, 3, 3]
    # The list of the second week shares days with both others.
    assert (found.lists, sum(band.customers for band in found.bands)) == (2, 10)
    assert (found.next_as_of, found.next_known_on) == (last, last + HORIZON)
    assert came_true(book, log, most=1).older == 2


def test_nothing_is_told_before(book: Book, log: Log) -> None:
    found = came_true(book, log)
    assert (found.truths, found.bands, found.next_known_on) == ((), (), None)
    publish(book, FIRST + timedelta(days=60))
    assert came_true(book, log).truths == ()


def test_of_a_day_the_last_list_counts_and_none_that_was_taken_back(book: Book, log: Log) -> None:
    publish(book, FIRST, 0.6)
    publish(book, FIRST, 0.9)
    assert [each.said for each in came_true(book, log).truths] == pytest.approx([0.9])
    with book.reading() as connection:
        before = lists_stamp(connection)
    with book.writing() as connection:
        withdraw(connection, FIRST, "Maria", "a wrong file")
    with book.reading() as connection:
        assert lists_made(connection) == []
        assert lists_stamp(connection) != before
