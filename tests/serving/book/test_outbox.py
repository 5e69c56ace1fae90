"""The outbox: filled with the list or not at all, claimed by one at a time, and quiet about whoever is erased."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from features.errors import InputError
from serving.book import Book
from serving.book.privacy.erasure import erase
from serving.book.runs import record_scores
from serving.book.schema import OUTBOX, WEBHOOKS
from serving.book.sql_rows import utc_now
from serving.outreach.plan.plan import plan
from serving.outreach.plan.policy import Policy
from serving.webhooks.messages import ENTERED, EVENTS, LEFT, PUBLISHED
from serving.webhooks.outbox import (
    BACK_OFF_SECONDS,
    JITTER,
    Message,
    claim,
    due_webhooks,
    mark_delivered,
    mark_failed,
    publish_and_enqueue,
    release,
)
from serving.webhooks.receivers import REMOVED, add_webhook, receiver_of, remove_webhook, webhooks

URL = "https://crm.example.com/hook"
MONDAY, NEXT_WEEK = date(2026, 3, 2), date(2026, 3, 9)
Count = Callable[[str], int]


def rows(book: Book) -> list[dict[str, Any]]:
    with book.reading() as connection:
        return [dict(row) for row in connection.execute(sa.select(OUTBOX).order_by(OUTBOX.c.id)).mappings()]


def make_due(book: Book) -> None:
    """Let all the time pass that messages wait."""
    with book.writing() as connection:
        past = utc_now() - timedelta(seconds=1)
        connection.execute(sa.update(OUTBOX).where(OUTBOX.c.next_at.is_not(None)).values(next_at=past))


def bodies(book: Book) -> list[dict[str, Any]]:
    return [json.loads(row["body"]) for row in rows(book)]


def test_a_list_tells_of_itself_and_of_everyone_who_is_new(book: Book, publish: Any) -> None:
    """On the first list everyone is."""
    add_webhook(book, URL, [])
    listed = publish(3)
    messages = bodies(book)
    assert [each["type"] for each in messages] == [PUBLISHED, *[ENTERED] * 3]
    assert messages[0]["data"] == {
        "as_of": "2026-03-02",
        "list_id": 1,
        "horizon_days": 30,
        "model_version": "1",
        "currency": "EUR",
        "rank_by": "gain",
        "capacity": None,
        "entries": {"regular": 3, "new": 0, "winback": 0, "reminder": 0, "shrunk": 0},
        "entered": 3,
        "left": 0,
    }
    first = listed.entries.iloc[0]
    assert messages[1]["data"] == {
        **{
            name: messages[0]["data"][name]
            for name in ("as_of", "list_id", "horizon_days", "model_version", "currency")
        },
        "customer_id": "c0",
        "account_id": "c0",
        "entry_id": first["entry_id"],
        "owner": "unassigned",
        "kind": "regular",
        "playbook": "",
        "title": "",
        "band": first["band"],
        "probability": 0.9,
        "left_probability": 0.9,
        "value_at_risk": "30.00",
        "shrunk_probability": None,
        "missing_spend": None,
    }
    assert len({row["message_id"] for row in rows(book)}) == 4
    assert {row["attempts"] for row in rows(book)} == {0}
    assert all(len(row["message_id"]) <= 32 for row in rows(book))


def test_nothing_personal_stands_in_a_body(book: Book, make_scores: Any, make_customers: Any) -> None:
    """Names, openings and reasons stay in the book."""
    add_webhook(book, URL, [])
    scores = make_scores(("c0", 0.9, "30.00"))
    customers = make_customers(("c0", "Eleni", {"name": "Zoë Papadaki", "consent": True}))
    made = plan(scores, customers, currency="EUR", policy=Policy(holdout_share=0.0))
    made = replace(made, entries=made.entries.assign(opening="Dear Zoë"))
    publish_and_enqueue(book, made, record_scores(book, scores, currency="EUR", data_digest="d"))
    text = "".join(row["body"] for row in rows(book))
    assert '"owner":"Eleni"' in text
    assert not [word for word in ("Zo", "Papadaki", "Dear", "no order for") if word in text]


def test_the_same_list_again_tells_nothing(book: Book, publish: Any, count: Count) -> None:
    add_webhook(book, URL, [])
    publish(3)
    publish(3)
    assert count("outbox") == 4


def test_who_leaves_is_told_with_the_entry_that_was_left(book: Book, publish: Any, make_scores: Any) -> None:
    """And who stays on is not told again."""
    from serving.book.snapshot import snapshot_on

    before = publish(3, MONDAY)
    add_webhook(book, URL, [LEFT, ENTERED])
    scores = make_scores(("c0", 0.9, "30.00"), ("c1", 0.05, "30.00"), ("c9", 0.8, "30.00"))
    scores["as_of"] = pd.Series([NEXT_WEEK] * 3, dtype=object)
    made = plan(scores, currency="EUR", policy=Policy(holdout_share=0.0), snapshot=snapshot_on(book, NEXT_WEEK))
    publish_and_enqueue(book, made, record_scores(book, scores, currency="EUR", data_digest="d"))
    messages = {(each["type"], each["data"]["customer_id"]): each["data"] for each in bodies(book)}
    assert set(messages) == {(ENTERED, "c9"), (LEFT, "c1"), (LEFT, "c2")}
    left = messages[LEFT, "c1"]
    entry = before.entries.set_index("customer_id").loc["c1"]
    assert (left["entry_id"], left["owner"], left["kind"]) == (entry["entry_id"], entry["owner"], "regular")
    assert (left["account_id"], left["reason"]) == ("c1", "would stay")
    assert messages[LEFT, "c2"]["reason"] == "no longer scored"
    assert "detail" not in left


def test_each_webhook_hears_what_it_asked_for(book: Book, publish: Any) -> None:
    """A message to two webhooks is one message: it has one id."""
    one = add_webhook(book, URL, [PUBLISHED]).webhook_id
    other = add_webhook(book, URL, [PUBLISHED, ENTERED]).webhook_id
    gone = add_webhook(book, URL, []).webhook_id
    remove_webhook(book, gone)
    publish(2)
    found = [(row["webhook_id"], row["event"]) for row in rows(book)]
    assert sorted(found) == sorted([(one, PUBLISHED), (other, PUBLISHED), (other, ENTERED), (other, ENTERED)])
    assert len({row["message_id"] for row in rows(book) if row["event"] == PUBLISHED}) == 1


def test_a_list_that_fails_tells_nothing(book: Book, publish: Any, make_scores: Any, count: Count) -> None:
    """Both are one transaction."""
    add_webhook(book, URL, [])
    made = plan(make_scores(("c0", 0.9, "30.00")), currency="EUR", policy=Policy(holdout_share=0.0))
    with pytest.raises(sa.exc.IntegrityError):
        publish_and_enqueue(book, made, 99)
    assert count("outbox") == count("lists") == 0


def test_without_a_webhook_nothing_is_written(book: Book, publish: Any, count: Count) -> None:
    publish(3)
    assert count("outbox") == 0


@pytest.mark.parametrize(
    ("url", "events", "message"),
    [
        (URL, ["list.publish"], 'Did you mean "list.published"'),
        (URL, ["ping"], "is no event"),
        ("http://crm.example.com", [], "begins with https://"),
        ("https://a:b@crm.example.com", [], "no user and no password"),
    ],
)
def test_what_cannot_be_a_webhook_is_refused(
    book: Book, count: Count, url: str, events: list[str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        add_webhook(book, url, events)
    assert count("webhooks") == 0


def test_a_secret_is_shown_once(book: Book) -> None:
    added = add_webhook(book, URL, [PUBLISHED])
    assert added.secret not in repr(added)
    (known,) = webhooks(book)
    assert (known.id, known.url, known.events, known.allow_private) == (added.webhook_id, URL, (PUBLISHED,), False)
    assert added.secret not in str(vars(known))
    assert receiver_of(book, known.id) == added


def test_removing_gives_up_what_waits(book: Book, publish: Any) -> None:
    """Also what a worker holds: it finds that nothing is left to say."""
    webhook = add_webhook(book, URL, []).webhook_id
    publish(3)
    sent, *held = claim(book, 3, 60)
    mark_delivered(book, [sent])
    assert remove_webhook(book, webhook) == 3
    mark_failed(book, held[0], "too late")
    release(book, held[1:])
    after = rows(book)
    assert [row["next_at"] for row in after] == [None] * 4
    assert [row["trouble"] for row in after] == [None, *[REMOVED] * 3]
    assert webhooks(book) == ()
    assert due_webhooks(book) == ()
    for asking in (remove_webhook, receiver_of):
        with pytest.raises(InputError, match="there is no webhook"):
            asking(book, webhook)


def test_the_oldest_come_first_and_none_waits_for_another_webhook(book: Book, publish: Any) -> None:
    one, other = (add_webhook(book, URL, [ENTERED]).webhook_id for _ in range(2))
    publish(5)
    assert set(due_webhooks(book)) == {one, other}
    found = claim(book, 2, 60)
    assert sorted(each.receiver.webhook_id for each in found) == sorted([one, one, other, other])
    for webhook in (one, other):
        named = [json.loads(each.body)["data"]["customer_id"] for each in found if each.receiver.webhook_id == webhook]
        assert named == ["c0", "c1"]
    assert [json.loads(each.body)["data"]["customer_id"] for each in claim(book, 9, 60, one)] == ["c2", "c3", "c4"]
    assert claim(book, 9, 60, one) == ()


def test_what_a_dead_worker_held_comes_again_after_its_lease(book: Book, publish: Any) -> None:
    add_webhook(book, URL, [PUBLISHED])
    publish(1)
    (first,) = claim(book, 5, lease_seconds=0.3)
    assert claim(book, 5, 60) == ()
    threading.Event().wait(0.35)
    (again,) = claim(book, 5, 60)
    assert (again.message_id, again.body, again.attempts) == (first.message_id, first.body, 0)
    # The first one wakes up: what it has to say of its failure counts no more, of its success it does.
    mark_failed(book, first, "late")
    assert rows(book)[0]["attempts"] == 0
    mark_delivered(book, [first])
    assert rows(book)[0]["delivered_at"] is not None
    mark_failed(book, again, "a second copy was refused")
    assert rows(book)[0]["next_at"] is None
    assert rows(book)[0]["trouble"] is None


def test_what_is_given_back_is_due_as_before(book: Book, publish: Any) -> None:
    add_webhook(book, URL, [ENTERED])
    publish(3)
    before = rows(book)
    release(book, claim(book, 2, 60))
    assert rows(book) == before


def test_a_failing_message_is_tried_nine_times_over_two_days(book: Book, publish: Any) -> None:
    add_webhook(book, URL, [PUBLISHED])
    publish(1)
    for attempt, pause in enumerate(BACK_OFF_SECONDS, start=1):
        (message,) = claim(book, 1, 60)
        before = utc_now()
        assert not mark_failed(book, message, f"trouble {attempt}")
        (row,) = rows(book)
        waits = (row["next_at"] - before).total_seconds()
        assert pause <= waits <= pause * (1 + JITTER) + 5
        assert (row["attempts"], row["trouble"], row["gave_up_at"]) == (attempt, f"trouble {attempt}", None)
        assert webhooks(book)[0].trouble == f"trouble {attempt}"
        make_due(book)
    (message,) = claim(book, 1, 60)
    assert mark_failed(book, message, "still")
    (row,) = rows(book)
    assert row["gave_up_at"] is not None
    assert (row["next_at"], row["attempts"]) == (None, 9)
    assert (webhooks(book)[0].waiting, webhooks(book)[0].given_up) == (0, 1)
    assert sum(BACK_OFF_SECONDS) / 3600 == pytest.approx(43.2, abs=0.1)


def test_two_workers_never_claim_the_same(book: Book, publish: Any) -> None:
    for _ in range(2):
        add_webhook(book, URL, [ENTERED])
    publish(60)
    found: list[Message] = []

    def work() -> None:
        while claimed := claim(book, 3, 60):
            found.extend(claimed)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(found) == len({each.id for each in found}) == 120


def test_whoever_is_erased_is_forgotten_sent_or_not(book: Book, publish: Any) -> None:
    add_webhook(book, URL, [])
    add_webhook(book, URL, [])
    publish(3)
    held = claim(book, 3, 60)
    mark_delivered(book, held[:2])
    assert erase(book, "c1", "key")["outbox"] == 2
    assert erase(book, "c1", "key") == {}
    assert not [row for row in rows(book) if '"c1"' in row["body"] or row["customer_id"] == "c1"]
    assert len(rows(book)) == 6
    mark_failed(book, held[2], "no matter")
    mark_delivered(book, held)


def test_what_is_settled_is_kept_for_thirty_days(book: Book, publish: Any) -> None:
    """What waits stays, however old."""
    add_webhook(book, URL, [ENTERED])
    publish(3, MONDAY)
    mark_delivered(book, claim(book, 1, 60))
    with book.writing() as connection:
        connection.execute(sa.update(OUTBOX).values(created_at=utc_now() - timedelta(days=31)))
    publish(2, NEXT_WEEK)
    assert [row["customer_id"] for row in rows(book)] == ["c1", "c2", "c0", "c1"]


def test_a_webhook_holds_no_event_that_is_not_known(book: Book) -> None:
    add_webhook(book, URL, [])
    with book.reading() as connection:
        assert json.loads(connection.scalar(sa.select(WEBHOOKS.c.events)) or "") == list(EVENTS)
