"""From the outbox to real receivers: each message at least once, none twice while nobody dies, nobody held up."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from serving.book import Book
from serving.book.schema import OUTBOX
from serving.webhooks import delivery
from serving.webhooks.delivery import DeliveryCounts, DeliveryLoop, Pace, deliver_once
from serving.webhooks.http_send import Bounds
from serving.webhooks.messages import ENTERED, EVENTS
from serving.webhooks.outbox import due_webhooks
from serving.webhooks.receivers import add_webhook, remove_webhook, webhooks
from tests.loopback import await_that
from tests.serving.book.test_outbox import make_due, rows
from tests.serving.webhooks.conftest import Inbox, close_early, listening

QUICK = Pace(poll_seconds=0.05, longest_rest_seconds=0.2, bounds=Bounds(1.0, 1.0, 2.0))


Dispatch = Callable[..., DeliveryLoop]


@pytest.fixture
def dispatch() -> Iterator[Dispatch]:
    """Start delivery loops, all of which are stopped at the end, whatever becomes of the test."""
    begun: list[DeliveryLoop] = []

    def started(book: Book, pace: Pace = QUICK) -> DeliveryLoop:
        begun.append(DeliveryLoop(book, pace))
        begun[-1].start()
        return begun[-1]

    yield started
    for loop in begun:
        loop.stop()


def subscribe(book: Book, inbox: Inbox, *events: str) -> str:
    """Add a webhook that leads to a receiver, which is told the secret."""
    receiver = add_webhook(book, inbox.url, events, allow_private=True)
    inbox.secret = receiver.secret
    return receiver.webhook_id


def left(book: Book) -> int:
    return sum(each.waiting for each in webhooks(book))


def waiting_for(gate: threading.Event) -> Callable[[BaseHTTPRequestHandler], None]:
    """Answer nothing before the gate is open, and then go."""

    def answering(request: BaseHTTPRequestHandler) -> None:
        gate.wait(60)
        close_early(request)

    return answering


def slowly(seconds: float) -> Callable[[BaseHTTPRequestHandler], None]:
    def answering(request: BaseHTTPRequestHandler) -> None:
        time.sleep(seconds)
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    return answering


def test_everything_due_is_sent_once_oldest_first(book: Book, publish: Any, inbox: Inbox) -> None:
    subscribe(book, inbox)
    publish(70)
    assert deliver_once(book, QUICK) == DeliveryCounts(sent=71)
    assert deliver_once(book, QUICK) == DeliveryCounts()
    assert inbox.verified() == len(set(inbox.ids)) == 71
    assert inbox.ids == [row["message_id"] for row in rows(book)]
    assert [body for _, body in inbox.got] == [row["body"].encode() for row in rows(book)]
    assert all(row["delivered_at"] and row["attempts"] == 1 and row["next_at"] is None for row in rows(book))


def test_a_failure_comes_again_as_the_same_message(book: Book, publish: Any, inbox: Inbox) -> None:
    subscribe(book, inbox, EVENTS[0])
    publish(1)
    inbox.statuses = [500]
    assert deliver_once(book, QUICK) == DeliveryCounts(failed=1)
    assert webhooks(book)[0].trouble == "the receiver answered 500"
    assert deliver_once(book, QUICK) == DeliveryCounts()
    make_due(book)
    assert deliver_once(book, QUICK) == DeliveryCounts(sent=1)
    assert inbox.verified() == 2
    assert len(set(inbox.ids)) == 1
    assert inbox.got[0][1] == inbox.got[1][1]


def test_one_bad_message_holds_up_none_behind_it(book: Book, publish: Any, inbox: Inbox) -> None:
    subscribe(book, inbox, ENTERED)
    publish(6)
    inbox.statuses = [204, 400, 204, 422, 204]
    assert deliver_once(book, QUICK) == DeliveryCounts(sent=4, failed=2)


def test_who_is_down_is_not_asked_for_every_message(book: Book, publish: Any, inbox: Inbox) -> None:
    subscribe(book, inbox, ENTERED)
    publish(50)
    inbox.answer = close_early
    assert deliver_once(book, QUICK) == DeliveryCounts(failed=3)
    assert len(inbox.got) == 3
    inbox.answer = None
    make_due(book)
    assert deliver_once(book, QUICK) == DeliveryCounts(sent=50)


def test_what_never_arrives_is_given_up(book: Book, publish: Any, inbox: Inbox) -> None:
    subscribe(book, inbox, EVENTS[0])
    publish(1)
    inbox.statuses = [503] * 9
    done = []
    for _ in range(9):
        done.append(deliver_once(book, QUICK))
        make_due(book)
    assert done == [DeliveryCounts(failed=1)] * 8 + [DeliveryCounts(given_up=1)]
    assert deliver_once(book, QUICK) == DeliveryCounts()
    assert webhooks(book)[0].given_up == 1


def test_nothing_is_sent_when_the_lease_is_nearly_over(book: Book, publish: Any, inbox: Inbox) -> None:
    """Somebody else may send it then; it is due as before."""
    subscribe(book, inbox)
    publish(3)
    before = rows(book)
    assert deliver_once(book, Pace(lease_seconds=5, spare_seconds=6)) == DeliveryCounts()
    assert not inbox.got
    assert rows(book) == before


def test_a_delivery_loop_sends_what_comes(book: Book, publish: Any, inbox: Inbox, dispatch: Dispatch) -> None:
    """Also of a webhook that is added meanwhile, one message at a time, and nothing after it was removed."""
    loop = dispatch(book)
    loop.start()
    webhook = subscribe(book, inbox)
    publish(60)
    await_that(lambda: left(book) == 0)
    assert inbox.verified() == len(set(inbox.ids)) == 61
    assert inbox.together == 1
    inbox.statuses = [500]
    publish(2, rank_by="probability")
    await_that(lambda: len(inbox.got) >= 62)
    remove_webhook(book, webhook)
    assert loop.stop()
    assert due_webhooks(book) == ()


def test_a_receiver_that_hangs_holds_up_nobody(
    book: Book, publish: Any, inbox: Inbox, other_inbox: Inbox, dispatch: Dispatch
) -> None:
    gate = threading.Event()
    inbox.answer = waiting_for(gate)
    slow = subscribe(book, inbox)
    subscribe(book, other_inbox)
    publish(60)
    loop = dispatch(book, Pace(poll_seconds=0.05, bounds=Bounds(1.0, 60.0, 60.0)))
    await_that(lambda: len(other_inbox.got) == 61)
    assert other_inbox.verified() == 61
    assert len(inbox.got) == 1
    remove_webhook(book, slow)
    gate.set()
    loop.stop()


def test_stopping_waits_a_little_and_no_longer(book: Book, publish: Any, inbox: Inbox, dispatch: Dispatch) -> None:
    gate = threading.Event()
    inbox.answer = waiting_for(gate)
    subscribe(book, inbox)
    publish(3)
    loop = dispatch(book, Pace(poll_seconds=0.05, bounds=Bounds(1.0, 60.0, 60.0)))
    await_that(lambda: bool(inbox.got))
    began = time.monotonic()
    assert not loop.stop(0.5)
    assert time.monotonic() - began < 30
    gate.set()
    await_that(lambda: rows(book)[0]["attempts"] == 1)  # it notes what came of it all the same


def test_stopping_drains_what_is_in_flight(book: Book, publish: Any, inbox: Inbox, dispatch: Dispatch) -> None:
    """What was claimed and not begun is given back at once."""
    inbox.answer = slowly(0.3)
    subscribe(book, inbox)
    publish(20)
    loop = dispatch(book)
    await_that(lambda: len(inbox.got) == 2)
    assert loop.stop()
    arrived = [row for row in rows(book) if row["delivered_at"]]
    assert len(arrived) == len(inbox.got)
    inbox.answer = None
    assert deliver_once(book, QUICK).sent == 21 - len(arrived)
    assert len(set(inbox.ids)) == len(inbox.ids) == 21


def test_two_delivery_loops_on_one_book_send_nothing_twice(
    book: Book, place: Any, publish: Any, inbox: Inbox, other_inbox: Inbox, dispatch: Dispatch
) -> None:
    """Each with a book of its own, as two servers have."""
    for each in (inbox, other_inbox):
        each.answer = slowly(0.002)
        subscribe(book, each)
    others = [Book(place) for _ in range(2)]
    pace = Pace(batch=7, poll_seconds=0.02)
    loops = [dispatch(each, pace) for each in others]
    publish(60)
    await_that(lambda: left(book) == 0, seconds=60)
    for loop in loops:
        assert loop.stop()
    for each in (inbox, other_inbox):
        assert each.verified() == len(set(each.ids)) == 61
    for opened in others:
        opened.close()


def test_a_book_that_is_down_is_logged_once_and_survived(
    book: Book,
    publish: Any,
    inbox: Inbox,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    dispatch: Dispatch,
) -> None:
    caplog.set_level(logging.DEBUG, logger="regulars.webhooks")
    subscribe(book, inbox)
    publish(2)
    asked = threading.Event()
    tries: list[int] = []

    def down(_: Book) -> tuple[str, ...]:
        tries.append(1)
        if len(tries) > 5:
            asked.set()
        raise sa.exc.OperationalError("SELECT", {}, ConnectionError("password=hidden"))

    with monkeypatch.context() as patched:
        patched.setattr(delivery, "due_webhooks", down)
        loop = dispatch(book)
        assert asked.wait(10)
        assert not inbox.got
    await_that(lambda: left(book) == 0)
    assert loop.stop()
    assert [record.getMessage() for record in caplog.records] == [
        "the outbox cannot be used at the moment: ConnectionError"
    ]


def test_logs_tell_no_secret_and_no_customer(
    book: Book, publish: Any, inbox: Inbox, caplog: pytest.LogCaptureFixture, dispatch: Dispatch
) -> None:
    caplog.set_level(logging.DEBUG)
    webhook = subscribe(book, inbox, ENTERED)
    publish(3)
    inbox.statuses = [500, 204, 204]
    loop = dispatch(book)
    await_that(lambda: len(inbox.got) >= 3)
    assert loop.stop()
    logged = [record.getMessage() for record in caplog.records if record.name == "regulars.webhooks"]
    assert logged == [f"webhook {webhook} did not take a message; 0 arrived before it"]
    text = "".join(logged)
    ids = [json.loads(body)["data"]["customer_id"] for _, body in inbox.got]
    assert not [word for word in (inbox.secret, inbox.url, *ids) if word in text.replace(webhook, "")]


WORKER = """
import sys, time
from pathlib import Path
from serving.book import Book
from serving.webhooks.delivery import DeliveryLoop, Pace

place = sys.argv[1]
DeliveryLoop(Book(place if "://" in place else Path(place)), Pace(10, 2.0, 1.0, poll_seconds=0.05)).start()
time.sleep(60)
"""


@pytest.mark.slow
def test_a_killed_worker_loses_nothing(book: Book, place: Path | str, publish: Any, inbox: Inbox) -> None:
    """SIGKILL in the midst of a batch, again and again: at the end each message has arrived, some of them twice."""
    inbox.answer = slowly(0.02)
    subscribe(book, inbox)
    publish(60)
    for kills in range(2):
        worker = subprocess.Popen([sys.executable, "-c", WORKER, str(place)])
        seen = len(inbox.got)
        await_that(lambda seen=seen: len(inbox.got) >= seen + 13, seconds=60)  # type: ignore[misc]
        worker.kill()
        worker.wait()
        assert left(book) > 0, f"it had sent all before kill {kills}"
    make_due(book)  # as if its lease were over
    assert deliver_once(book, QUICK).failed == 0
    assert left(book) == 0
    with book.reading() as connection:
        everything = set(connection.scalars(sa.select(OUTBOX.c.message_id)))
    assert set(inbox.ids) == everything
    assert len(everything) == 61
    assert 61 < inbox.verified() <= 61 + 2 * 10


def test_more_webhooks_than_workers_take_turns(book: Book, publish: Any, dispatch: Dispatch) -> None:
    """Each gets its messages."""
    with ExitStack() as stack:
        inboxes = [stack.enter_context(listening(Inbox())) for _ in range(5)]
        for each in inboxes:
            subscribe(book, each)
        publish(20)
        loop = dispatch(book, Pace(batch=3, workers=2, poll_seconds=0.05))
        await_that(lambda: left(book) == 0)
        assert loop.stop()
        assert [each.verified() for each in inboxes] == [21] * 5
