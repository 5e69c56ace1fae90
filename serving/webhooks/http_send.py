"""One message to one receiver: over a connection to the very address that was checked, in bounded time.

Python's own HTTP client over a socket that is opened here. A client with a connection pool would look the name up
again, or could not be stopped while a receiver drips its answer, or its certificates, byte by byte. Nothing is asked of
the environment: no proxy, no redirect.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse

from serving.webhooks.address import AddressRefused, Target, addresses_of, target_of
from serving.webhooks.receivers import Receiver
from serving.webhooks.signing import sign

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0  # between two signs of life
WHOLE_SECONDS = 20.0  # for all of it, however often there is a sign of life
ANSWER_BYTES = 64 * 1024  # of an answer no more is read
SHOWN_LETTERS = 200  # of an answer no more is shown
TOO_LATE = "no whole answer in time"


@dataclass(frozen=True)
class Answer:
    """What a receiver said: the status, or none where it said nothing, and in words what is wrong with that.

    >>> Answer(204).arrived, Answer(302, "redirects").arrived
    (True, False)
    """

    status: int | None = None
    trouble: str | None = None
    text: str = ""

    @property
    def arrived(self) -> bool:
        """Whether the receiver took the message."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True)
class Bounds:
    """How long a receiver may take, seconds: to take a connection, between two signs of life, and altogether."""

    connect_seconds: float = CONNECT_SECONDS
    read_seconds: float = READ_SECONDS
    whole_seconds: float = WHOLE_SECONDS


BOUNDS = Bounds()


class _Connection(HTTPConnection):
    """A connection over a given socket, which never opens one by itself: that would look the name up again."""

    auto_open = 0

    def __init__(self, target: Target, opened: socket.socket) -> None:
        super().__init__(target.host, target.port)
        self.sock = opened


def send(
    receiver: Receiver, message_id: str, body: bytes, bounds: Bounds = BOUNDS, trust: ssl.SSLContext | None = None
) -> Answer:
    """Send a signed message, and say what came back; whatever goes wrong is said, not raised.

    Args:
        receiver: where to, and how it is signed.
        message_id: the same on every attempt.
        body: as it is signed.
        bounds: how long the receiver may take.
        trust: whose certificates count; by default those that the machine trusts.
    """
    last = time.monotonic() + bounds.whole_seconds
    try:
        target = target_of(receiver.url, allow_private=receiver.allow_private)
        addresses = addresses_of(target, allow_private=receiver.allow_private)
    except AddressRefused as error:
        return Answer(trouble=error.message)
    except OSError:
        return Answer(trouble="the host's name cannot be looked up")
    headers = sign(body, message_id, int(time.time()), receiver.secret)
    try:
        with _reached(addresses, target.port, bounds, last) as raw, _ended(raw, last) as too_late:
            return _said(raw, target, body, headers, trust or _trusted(), too_late)
    except (OSError, HTTPException) as error:
        return Answer(trouble=_words(error))


def _said(
    raw: socket.socket,
    target: Target,
    body: bytes,
    headers: dict[str, str],
    trust: ssl.SSLContext,
    too_late: threading.Event,
) -> Answer:
    try:
        with _secured(raw, target, trust) as opened:
            connection = _Connection(target, opened)
            connection.request("POST", target.path, body, {**_headers(target), **headers})
            response = connection.getresponse()
            # An end in the midst of the headers passes for their end.
            return Answer(trouble=TOO_LATE) if too_late.is_set() else _answer(response)
    except (OSError, HTTPException) as error:
        # The watch ends a connection from outside; what that looks like from inside depends on where it stood.
        return Answer(trouble=TOO_LATE if too_late.is_set() else _words(error))


def _headers(target: Target) -> dict[str, str]:
    return {
        "Host": target.authority,
        "Content-Type": "application/json",
        "User-Agent": "Regulars",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }


def _answer(response: HTTPResponse) -> Answer:
    status = response.status
    if 300 <= status < 400:
        return Answer(status, f"the receiver answered {status}, and redirects are not followed")
    try:
        text = response.read(ANSWER_BYTES).decode("utf-8", "replace")[:SHOWN_LETTERS]
    except (OSError, HTTPException):
        text = ""  # the status has told all that counts
    said = Answer(status, text=text)
    return said if said.arrived else Answer(status, f"the receiver answered {status}", text)


@contextmanager
def _reached(addresses: tuple[str, ...], port: int, bounds: Bounds, last: float) -> Iterator[socket.socket]:
    """Give a connection to the first of the addresses that takes one."""
    trouble: OSError = TimeoutError()
    for address in addresses:
        left = min(bounds.connect_seconds, last - time.monotonic())
        if left <= 0:
            break
        try:
            raw = socket.create_connection((address, port), timeout=left)
        except OSError as error:
            trouble = error
            continue
        raw.settimeout(bounds.read_seconds)
        with raw:
            yield raw
        return
    raise trouble


@contextmanager
def _ended(raw: socket.socket, last: float) -> Iterator[threading.Event]:
    """End a connection from outside when its time is over, whatever it waits for; tells whether that happened."""
    too_late = threading.Event()
    handle = raw.dup()  # stays valid when encryption takes the socket over

    def end() -> None:
        too_late.set()
        with suppress(OSError):  # it may have ended by itself
            handle.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(max(0.0, last - time.monotonic()), end)
    watch.daemon = True
    watch.start()
    try:
        yield too_late
    finally:
        watch.cancel()
        watch.join()
        handle.close()


def _secured(raw: socket.socket, target: Target, trust: ssl.SSLContext) -> socket.socket:
    """Return the connection, encrypted where the URL says so; the certificate has to be the host's."""
    return trust.wrap_socket(raw, server_hostname=target.host) if target.scheme == "https" else raw


@cache
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()


def _words(error: Exception) -> str:
    """Return what happened, in words that hold nothing of the URL."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the receiver's certificate is not trusted: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "the receiver does not answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "the receiver takes no connection"
    return f"the connection failed: {type(error).__name__}"
