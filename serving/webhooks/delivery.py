"""Delivery of the outbox to the receivers: once what is due now, or continuously beside a server.

Each webhook has at most one batch under way, in a thread of its own, so a slow receiver delays no other. After a
failure a webhook rests: a receiver that is down is not tried again for each of a hundred thousand messages. Leases in
the book keep several workers from claiming the same message. Logs name webhooks, never bodies, secrets or customers.
"""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from features.errors import RegularsError
from serving.book import Book
from serving.book.connection import BUSY_SECONDS
from serving.book.sql_rows import utc_now
from serving.webhooks.address import Lookup
from serving.webhooks.http_send import BOUNDS, WHOLE_SECONDS, Bounds, send
from serving.webhooks.outbox import Message, claim, due_webhooks, mark_delivered, mark_failed, release

LOG = logging.getLogger("regulars.webhooks")
MAX_FAILURES = 3  # in a row, of one webhook: `deliver_once` then leaves it until the next call


@dataclass(frozen=True)
class Pace:
    """The limits and intervals of the delivery.

    Args:
        batch: messages of one webhook that are claimed at once.
        lease_seconds: how long a claim lasts; the messages of a worker that dies are due again after it.
        spare_seconds: a message is sent only while this much of its lease is left: enough for the slowest request, a
            slow name look-up, and a run that locks the book when the result is to be written.
        workers: webhooks that are served at the same time.
        poll_seconds: how often an idle delivery loop looks for due messages.
        longest_rest_seconds: a failing webhook rests 1 second after its first failure, then 2, 4 … up to this.
        bounds: the timeouts of a request.
        trust: the trusted certificates; None = those of the machine.
        lookup: of names, a function like `socket.getaddrinfo`.
    """

    batch: int = 50
    lease_seconds: float = 240.0
    spare_seconds: float = WHOLE_SECONDS + BUSY_SECONDS + 40.0
    workers: int = 8
    poll_seconds: float = 2.0
    longest_rest_seconds: float = 60.0
    bounds: Bounds = BOUNDS
    trust: ssl.SSLContext | None = None
    lookup: Lookup = socket.getaddrinfo


@dataclass(frozen=True)
class DeliveryCounts:
    """How many messages arrived, how many failed and will be retried, and how many were given up.

    >>> DeliveryCounts(sent=3) + DeliveryCounts(failed=1)
    DeliveryCounts(sent=3, failed=1, given_up=0)
    """

    sent: int = 0
    failed: int = 0
    given_up: int = 0

    def __add__(self, other: DeliveryCounts) -> DeliveryCounts:
        return DeliveryCounts(self.sent + other.sent, self.failed + other.failed, self.given_up + other.given_up)

    @property
    def all_arrived(self) -> bool:
        """Whether at least one message was sent and every one arrived."""
        return self.sent > 0 and not self.failed and not self.given_up


def deliver_once(book: Book, pace: Pace | None = None) -> DeliveryCounts:
    """Send the messages that are due now, to all webhooks at the same time, and return the counts.

    A webhook that fails three times in a row is left until the next call.

    Args:
        book: the database of record.
        pace: limits and intervals.
    """
    pace = pace or Pace()
    with ThreadPoolExecutor(pace.workers) as pool:
        return sum(pool.map(lambda each: _send_all(book, each, pace), due_webhooks(book)), DeliveryCounts())


def _send_all(book: Book, webhook_id: str, pace: Pace) -> DeliveryCounts:
    done, failures = DeliveryCounts(), 0
    while failures < MAX_FAILURES:
        batch = send_batch(book, webhook_id, pace, lambda: False)
        if batch == DeliveryCounts():
            break
        done, failures = done + batch, 0 if batch.all_arrived else failures + 1
    return done


def send_batch(book: Book, webhook_id: str, pace: Pace, stopping: Callable[[], bool]) -> DeliveryCounts:
    """Claim a batch of a webhook's messages, send them in order until one fails, and record the result.

    Args:
        book: the database of record.
        webhook_id: the webhook.
        pace: limits and intervals.
        stopping: asked before each message; once it is true, unsent messages are released.
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
    """Return how many messages arrived, and the error of the next one if it was tried and failed."""
    for number, message in enumerate(messages):
        if stopping() or utc_now() > message.leased_until - timedelta(seconds=pace.spare_seconds):
            return number, None
        body = message.body.encode()
        answer = send(message.receiver, message.message_id, body, pace.bounds, pace.trust, pace.lookup)
        if not answer.arrived:
            return number, answer.trouble or "the receiver did not take it"
    return len(messages), None


@dataclass
class _WebhookState:
    """Whether a webhook's batch is under way, how often it failed in a row, and until when it rests."""

    busy: bool = False
    failures: int = 0
    rests_until: float = 0.0
    served_at: float = 0.0


class DeliveryLoop:
    """Sends due messages continuously, in threads beside a server; several loops may share one book.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     book = Book(folder)
    ...     loop = DeliveryLoop(book)
    ...     loop.start()
    ...     loop.stop()
    ...     book.close()
    True
    """

    def __init__(self, book: Book, pace: Pace | None = None) -> None:
        self._book, self._pace = book, pace or Pace()
        self._states: dict[str, _WebhookState] = {}
        self._change = threading.Condition()
        self._woken = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._troubled = False

    def start(self) -> None:
        """Start the loop's thread, unless it runs already."""
        if self._thread is None:
            self._stopping = threading.Event()
            run = threading.Thread(target=self._run, args=(self._stopping,), name="regulars-delivery", daemon=True)
            self._thread = run
            run.start()

    def stop(self, wait_seconds: float = 5.0) -> bool:
        """Send nothing more, wait a little for the messages in flight, and return whether all of them ended.

        A message that is still in flight then may arrive, and is sent again after its lease.
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
                for each in self._ready(due):
                    self._begin(each, stopping)
                # A batch that ends wakes the loop: its webhook may have more messages, and its worker is free.
                self._change.wait_for(lambda: self._woken or stopping.is_set(), self._pace.poll_seconds)
                self._woken = False

    def _wake(self) -> None:
        self._woken = True
        self._change.notify_all()

    def _busy(self) -> int:
        return sum(state.busy for state in self._states.values())

    def _due(self) -> tuple[str, ...]:
        try:
            found = due_webhooks(self._book)
        except Exception as error:  # noqa: BLE001 — a database can fail in any way; the next round may find it well
            self._note(error)
            return ()
        self._troubled = False
        return found

    def _ready(self, due: tuple[str, ...]) -> list[str]:
        """Return the webhooks that may be served now, the one that waited longest first."""
        now = time.monotonic()
        states = {each: self._states.setdefault(each, _WebhookState()) for each in due}
        free = [each for each, state in states.items() if not state.busy and state.rests_until <= now]
        return sorted(free, key=lambda each: states[each].served_at)[: max(0, self._pace.workers - self._busy())]

    def _begin(self, webhook_id: str, stopping: threading.Event) -> None:
        if not stopping.is_set():
            self._states[webhook_id].busy = True
            serve = threading.Thread(target=self._serve, args=(webhook_id, stopping), daemon=True)
            serve.start()

    def _serve(self, webhook_id: str, stopping: threading.Event) -> None:
        ok = False
        try:
            done = send_batch(self._book, webhook_id, self._pace, stopping.is_set)
            ok = not (done.failed or done.given_up)
            if not ok:
                LOG.info("webhook %s did not take a message; %d arrived before it", webhook_id, done.sent)
            if done.given_up:
                LOG.warning("webhook %s: a message is given up", webhook_id)
        except Exception as error:  # noqa: BLE001 — claimed messages are due again after their lease
            self._note(error)
        finally:
            self._ended(webhook_id, ok=ok)

    def _ended(self, webhook_id: str, *, ok: bool) -> None:
        with self._change:
            state, now = self._states[webhook_id], time.monotonic()
            state.busy, state.served_at, state.failures = False, now, 0 if ok else state.failures + 1
            rest = 0.0 if ok else min(self._pace.longest_rest_seconds, 2.0 ** min(state.failures - 1, 20))
            state.rests_until = now + rest
            self._wake()

    def _note(self, error: Exception) -> None:
        """Log once that the book cannot be used, in our own words or by its type: a database's may quote values."""
        if not self._troubled:
            name = type(error.orig).__name__ if isinstance(error, sa.exc.DBAPIError) else type(error).__name__
            name = str(error) if isinstance(error, RegularsError) else name
            LOG.warning("the outbox cannot be used at the moment: %s", name)
        self._troubled = True
