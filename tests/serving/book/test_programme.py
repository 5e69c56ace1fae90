"""The programme holdout in the book: remembered, refused on any list, erased, and counted in the effect."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from features.errors import InputError
from serving.book import Book, history_of
from serving.book.decisions import Contact, record_contacts
from serving.book.privacy.erasure import erase
from serving.book.runs import record_scores
from serving.book.snapshot import snapshot_on
from serving.book.trial import programme, programme_leaks
from serving.outreach.plan.outreach_list import OutreachList
from serving.outreach.plan.plan import plan
from serving.outreach.plan.policy import Policy
from serving.webhooks.outbox import publish_and_enqueue
from tests.serving.conftest import build_scores

MONDAY, LATER = date(2026, 3, 2), date(2026, 3, 9)


def published(book: Book, share: float, day: date, customers: int = 60) -> OutreachList:
    scores = build_scores(*((f"c{n}", 0.9, "30.00", {"as_of": day}) for n in range(customers)))
    policy = Policy(holdout_share=0.0, programme_holdout_share=share)
    made = plan(scores, currency="EUR", policy=policy, snapshot=snapshot_on(book, day))
    publish_and_enqueue(book, made, record_scores(book, scores, currency="EUR", data_digest=str(day)))
    return made


def test_it_is_remembered_with_the_share_of_each_list(book: Book) -> None:
    first = published(book, 0.3, MONDAY)
    second = published(book, 0.0, LATER)
    members, shares = programme(book)
    assert set(members["customer_id"]) == set(first.programme["customer_id"]) == set(second.programme["customer_id"])
    assert 5 < len(members) < 35
    assert set(members["since"]) == {MONDAY}
    assert shares == [(MONDAY, 0.3), (LATER, 0.0)]
    assert len(snapshot_on(book, LATER).programme_key) == 32


def test_a_list_planned_before_they_were_drawn_is_refused(book: Book) -> None:
    scores = build_scores(*((f"c{n}", 0.9, "30.00", {"as_of": LATER}) for n in range(60)))
    early = plan(scores, currency="EUR", policy=Policy(holdout_share=0.0))
    published(book, 0.3, MONDAY)
    run = record_scores(book, scores, currency="EUR", data_digest="d")
    with pytest.raises(InputError, match="in the programme holdout since it was planned"):
        publish_and_enqueue(book, early, run)


def test_its_leaks_are_counted_from_the_day_on(book: Book) -> None:
    one, *_ = published(book, 0.3, MONDAY).programme["customer_id"]
    record_contacts(book, [Contact(one, MONDAY, "mail"), Contact(one, date(2026, 2, 20), "mail")])
    assert programme_leaks(book) == 1


def test_the_story_says_it_and_erasure_takes_it_along(book: Book, count: Callable[[str], int]) -> None:
    one, *_ = published(book, 0.3, MONDAY).programme["customer_id"]
    before = count("programme")
    assert history_of(book, one).programme["since"].tolist() == [MONDAY]
    erase(book, one, "the customer")
    assert count("programme") == before - 1
