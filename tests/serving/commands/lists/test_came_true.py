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
from serving.book.judged import lists_stamp
from serving.book.runs import record_scores
from serving.book.withdrawals import withdraw
from serving.commands.lists.came_true import came_true
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


def publish(book: Book, day: date, probability: float = 0.6, **other: float) -> None:
    """Publish a list of who is at risk; everybody has a probability, some another one."""
    said = dict.fromkeys((*STAYS, *LEAVES), probability) | other
    scores = build_scores(*((who, p, "9.00", {"as_of": day}) for who, p in said.items()))
    frame = pd.DataFrame({"customer_id": list(said)}).assign(name=None, owner="Eleni", segment=None, consent=None)
    made = plan(scores, frame.astype(object), currency="EUR", policy=Policy(holdout_share=0.0, cooldown_days=0))
    publish_and_enqueue(book, made, record_scores(book, scores, currency="EUR", data_digest=f"{day} {said}"))


def test_counted_by_hand(book: Book, log: Log) -> None:
    publish(book, FIRST, ann=0.2, bob=0.6, cem=0.7, dan=0.8, eva=0.4)
    [truth] = came_true(book, log).truths
    assert (truth.as_of, truth.until) == (FIRST, date(2026, 3, 31))
    assert (truth.customers, truth.churned) == (5, 3)
    assert (truth.listed, truth.listed_churned) == (4, 3)  # ann is not at risk
    assert (truth.high, truth.high_churned) == (3, 2)
    assert truth.said == pytest.approx(0.54)
    assert truth.lift == pytest.approx((3 / 4) / (3 / 5))
    assert truth.auroc == pytest.approx(5 / 6)  # of six pairs eva against bob alone stands the wrong way round


def test_whom_the_files_no_longer_name_is_not_counted(book: Book, log: Log) -> None:
    publish(book, FIRST, gone=0.9)
    [truth] = came_true(book, log).truths
    assert (truth.customers, truth.listed) == (5, 5)


def test_lists_are_told_once_their_horizon_has_ended(book: Book, log: Log) -> None:
    last = FIRST + timedelta(days=60)
    for day in (FIRST, FIRST + timedelta(days=7), FIRST + HORIZON, last):
        publish(book, day)
    found = came_true(book, log)
    assert [each.as_of for each in found.truths] == [FIRST + HORIZON, FIRST + timedelta(days=7), FIRST]
    assert [each.churned for each in found.truths] == [4, 3, 3]
    # The list of the second week shares days with both others.
    assert (found.lists, sum(band.customers for band in found.bands)) == (2, 10)
    assert found.pending is not None
    assert (found.pending.as_of, found.pending.known_on, found.pending.listed) == (last, last + HORIZON, 5)
    assert found.pending.hits.low <= 3 <= found.pending.hits.high
    assert found.pending.so_far is None  # no model serves that could say how many should be silent by now


def test_nothing_is_told_before(book: Book, log: Log) -> None:
    found = came_true(book, log)
    assert (found.truths, found.bands, found.pending, found.alarms) == ((), (), None, ())
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
    assert came_true(book, log).truths == ()
    with book.reading() as connection:
        assert lists_stamp(connection) != before
