"""From the outbox to the receivers: what is due now, once, or all the time beside a server.

Each webhook has at most one batch under way, in a thread of its own, so a slow receiver holds up nobody else; after a
failure it rests, so that one that is down is not asked for each of a hundred thousand messages. What several workers
claim never overlaps: the book's leases see to that. Logs tell of webhooks, never of bodies, secrets or customers.
"""

from __future__ import annotations

import logging
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from serving.book import Book
from serving.book.connection import BUSY_SECONDS
from serving.book.sql_rows import utc_now
from serving.webhooks.http_send import BOUNDS, WHOLE_SECONDS, Bounds, send
from serving.webhooks.outbox import Message, claim, due_webhooks, mark_delivered, mark_failed, release

LOG = logging.getLogger("regulars.webhooks")
FAILURES_ENDURED = 3  # of a webhook in a row, by `deliver_once`: then it waits for the next time


@dataclass(frozen=True)
class Pace:
    """How messages are sent.

    Args:
        batch: messages claimed at once, of one webhook.
        lease_seconds: how long they are claimed: what a worker leaves behind that dies comes again after so long.
        spare_seconds: no message is sent later than so long before the lease is over. It covers a message that takes as
            long as one may, a name that is looked up slowly, and a run that holds the book when the result is noted.
        workers: webhooks at the same time.
        poll_seconds: how often an idle courier looks.
        longest_rest_seconds: of a webhook that keeps failing: 1 second after its first failure, then 2, 4 …
        bounds: how long a receiver may take.
        trust: whose certificates count; None = those that the machine trusts.
    """

    batch: int = 50
    lease_seconds: float = 240.0
    spare_seconds: float = WHOLE_SECONDS + BUSY_SECONDS + 40.0
    workers: int = 8
    poll_seconds: float = 2.0
    longest_rest_seconds: float = 60.0
    bounds: Bounds = BOUNDS
    trust: ssl.SSLContext | None = None


@dataclass(frozen=True)
class DeliveryCounts:
    """How many messages arrived, how many failed and come again, and how many were given up.

    >>> DeliveryCounts(sent=3) + DeliveryCounts(failed=1)
    DeliveryCounts(sent=3, failed=1, given_up=0)
    """

    sent: int = 0
    failed: int = 0
    given_up: int = 0

    def __add__(self, other: DeliveryCounts) -> DeliveryCounts:
        return DeliveryCounts(self.sent + other.sent, self.failed + other.failed, self.given_up + other.given_up)

    @property
    def well(self) -> bool:
        """Whether something arrived and nothing failed."""
        return self.sent > 0 and not self.failed and not self.given_up


def deliver_once(book: Book, pace: Pace | None = None) -> DeliveryCounts:
    """Send what is due now, to every webhook at the same time, and return what came of it.

    A webhook that fails three times in a row is left until the next time.

    Args:
        book: the database of record.
        pace: how messages are sent.
    """
    pace = pace or Pace()
    with ThreadPoolExecutor(pace.workers) as pool:
        return sum(pool.map(lambda each: _all_of(book, each, pace), due_webhooks(book)), DeliveryCounts())


def _all_of(book: Book, webhook_id: str, pace: Pace) -> DeliveryCounts:
    done, failures = DeliveryCounts(), 0
    while failures < FAILURES_ENDURED:
        batch = send_batch(book, webhook_id, pace, lambda: False)
        if batch == DeliveryCounts():
            break
        done, failures = done + batch, 0 if batch.well else failures + 1
    return done


def send_batch(book: Book, webhook_id: str, pace: Pace, stopping: Callable[[], bool]) -> DeliveryCounts:
    """Claim some messages of a webhook, send them one after the other until one fails, and note what came of them.

    Args:
        book: the database of record.
        webhook_id: whose.
        pace: how messages are sent.
        stopping: asked before each message; what is then not sent is given back.
    """
    messages = claim(book, pace.batch, pace.lease_seconds, webhook_id)
    sent, trouble = _send(messages, pace, stopping)
    mark_delivered(book, messages[:sent])
    if trouble is None:
        release(book, messages[sent:])
        return DeliveryCounts(sent)
    gave_up = mark_failed(book, messages[sent], trouble)
    release(book, messages[sent + 1 :])
    return DeliveryCounts(sent, int(not gave_up), int(gave_up))


def _send(messages: tuple[Message, ...], pace: Pace, stopping: Callable[[], bool]) -> tuple[int, str | None]:
    """Return how many messages arrived, and why the one after them did not, where it was tried."""
    for place, message in enumerate(messages):
        if stopping() or utc_now() > message.leased_until - timedelta(seconds=pace.spare_seconds):
            return place, None
        answer = send(message.receiver, message.message_id, message.body.encode(), pace.bounds, pace.trust)
        if not answer.arrived:
            return place, answer.trouble or "the receiver did not take it"
    return len(messages), None


@dataclass
class _Lane:
    """How a webhook fares: whether a batch is under way, how often it failed in a row, until when it rests."""

    busy: bool = False
    failures: int = 0
    rests_until: float = 0.0
    served_at: float = 0.0


class DeliveryLoop:
    """Sends what is due all the time, in threads beside a server; several of them on one book are fine.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     book = Book(folder)
    ...     courier = DeliveryLoop(book)
    ...     courier.start()
    ...     courier.stop()
    ...     book.close()
    True
    """

    def __init__(self, book: Book, pace: Pace | None = None) -> None:
        self._book, self._pace = book, pace or Pace()
        self._lanes: dict[str, _Lane] = {}
        self._change = threading.Condition()
        self._woken = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._troubled = False

    def start(self) -> None:
        """Begin; a courier that is on its way already stays so."""
        if self._thread is None:
            self._stopping = threading.Event()
            run = threading.Thread(target=self._run, args=(self._stopping,), name="regulars-courier", daemon=True)
            self._thread = run
            run.start()

    def stop(self, wait_seconds: float = 5.0) -> bool:
        """Begin nothing more, and wait a little for what is in flight; returns whether all of it came to its end.

        What is still in flight then may arrive, and is sent again after its lease.
        """
        last = time.monotonic() + wait_seconds
        with self._change:
            self._stopping.set()
            self._wake()
            ended = self._change.wait_for(lambda: not self._busy(), wait_seconds)
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(max(0.0, last - time.monotonic()))
        return ended and (thread is None or not thread.is_alive())

    def _run(self, stopping: threading.Event) -> None:
        while not stopping.is_set():
            due = self._due()
            with self._change:
                for each in self._in_turn(due):
                    self._begin(each, stopping)
                # A batch that ends wakes us: its webhook may have more, and its place is free.
                self._change.wait_for(lambda: self._woken or stopping.is_set(), self._pace.poll_seconds)
                self._woken = False

    def _wake(self) -> None:
        self._woken = True
        self._change.notify_all()

    def _busy(self) -> int:
        return sum(lane.busy for lane in self._lanes.values())

    def _due(self) -> tuple[str, ...]:
        try:
            found = due_webhooks(self._book)
        except Exception as error:  # noqa: BLE001 — a database can fail in any way; the next round may find it well
            self._note(error)
            return ()
        self._troubled = False
        return found

    def _in_turn(self, due: tuple[str, ...]) -> list[str]:
        """Return the webhooks that may be served now, the one that has waited longest first."""
        now = time.monotonic()
        lanes = {each: self._lanes.setdefault(each, _Lane()) for each in due}
        free = [each for each, lane in lanes.items() if not lane.busy and lane.rests_until <= now]
        return sorted(free, key=lambda each: lanes[each].served_at)[: max(0, self._pace.workers - self._busy())]

    def _begin(self, webhook_id: str, stopping: threading.Event) -> None:
        if not stopping.is_set():
            self._lanes[webhook_id].busy = True
            serve = threading.Thread(target=self._serve, args=(webhook_id, stopping), daemon=True)
            serve.start()

    def _serve(self, webhook_id: str, stopping: threading.Event) -> None:
        well = False
        try:
            done = send_batch(self._book, webhook_id, self._pace, stopping.is_set)
            well = not (done.failed or done.given_up)
            if not well:
                LOG.info("webhook %s did not take a message; %d arrived before it", webhook_id, done.sent)
            if done.given_up:
                LOG.warning("webhook %s: a message is given up", webhook_id)
        except Exception as error:  # noqa: BLE001 — what was claimed comes again after its lease
            self._note(error)
        finally:
            self._ended(webhook_id, well=well)

    def _ended(self, webhook_id: str, *, well: bool) -> None:
        with self._change:
            lane, now = self._lanes[webhook_id], time.monotonic()
            lane.busy, lane.served_at, lane.failures = False, now, 0 if well else lane.failures + 1
            rest = 0.0 if well else min(self._pace.longest_rest_seconds, 2.0 ** min(lane.failures - 1, 20))
            lane.rests_until = now + rest
            self._wake()

    def _note(self, error: Exception) -> None:
        """Log that the book cannot be used, once until it can be again; a database's own words may quote values."""
        if not self._troubled:
            said = type(error.orig).__name__ if isinstance(error, sa.exc.DBAPIError) else type(error).__name__
            LOG.warning("the outbox cannot be used at the moment: %s", said)
        self._troubled = True
