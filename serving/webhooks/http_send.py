"""Sends one message to one receiver, over a connection to the very address that was checked, in bounded time.

It is Python's own HTTP client over a socket that is opened here. A client with a connection pool would look the name up
again, and could not be stopped while a receiver drips its answer, or its certificates, byte by byte. No proxy of the
environment is used, and no redirect is followed.
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

from serving.webhooks.address import AddressRefused, Lookup, Target, addresses_of, target_of
from serving.webhooks.receivers import Receiver
from serving.webhooks.signing import sign

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0  # between two packets of the receiver
WHOLE_SECONDS = 20.0  # for the whole request, however many packets come
ANSWER_BYTES = 64 * 1024  # the most that is read of an answer
SHOWN_LETTERS = 200  # the most that is shown of an answer
TOO_LATE = "no whole answer in time"


@dataclass(frozen=True)
class Answer:
    """A receiver's answer: the status, or None where none came, and in words what went wrong.

    >>> Answer(204).arrived, Answer(302, "redirects").arrived
    (True, False)
    """

    status: int | None = None
    trouble: str | None = None
    text: str = ""

    @property
    def arrived(self) -> bool:
        """Whether the receiver accepted the message."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True)
class Bounds:
    """The timeouts of a request, in seconds: to connect, between two packets, and for the whole."""

    connect_seconds: float = CONNECT_SECONDS
    read_seconds: float = READ_SECONDS
    whole_seconds: float = WHOLE_SECONDS


BOUNDS = Bounds()


class _Connection(HTTPConnection):
    """An HTTP connection over a given socket; it never opens one itself, which would look the name up again."""

    auto_open = 0

    def __init__(self, target: Target, opened: socket.socket) -> None:
        super().__init__(target.host, target.port)
        self.sock = opened


def send(
    receiver: Receiver,
    message_id: str,
    body: bytes,
    bounds: Bounds = BOUNDS,
    trust: ssl.SSLContext | None = None,
    lookup: Lookup = socket.getaddrinfo,
) -> Answer:
    """Send a signed message and return the answer; a failure is returned, not raised.

    Args:
        receiver: URL and secrets.
        message_id: the same on every attempt.
        body: as it is signed.
        bounds: the timeouts.
        trust: the trusted certificates; None = those of the machine.
        lookup: a function like `socket.getaddrinfo`.
    """
    deadline = time.monotonic() + bounds.whole_seconds
    try:
        target = target_of(receiver.url, allow_private=receiver.allow_private)
        addresses = addresses_of(target, allow_private=receiver.allow_private, lookup=lookup)
    except AddressRefused as error:
        return Answer(trouble=error.message)
    except OSError:
        return Answer(trouble="the host's name cannot be looked up")
    headers = sign(body, message_id, int(time.time()), receiver.secret, receiver.former_secret)
    try:
        with _connected(addresses, target.port, bounds, deadline) as raw, _closed_at(raw, deadline) as too_late:
            return _post(raw, target, body, headers, trust or _trusted(), too_late)
    except (OSError, HTTPException) as error:
        return Answer(trouble=_error_text(error))


def _post(
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
            # The client takes a connection that ends amid the headers for the end of the headers.
            return Answer(trouble=TOO_LATE) if too_late.is_set() else _answer(response)
    except (OSError, HTTPException) as error:
        # The timer closes the connection from another thread; which error that raises here depends on the moment.
        return Answer(trouble=TOO_LATE if too_late.is_set() else _error_text(error))


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
        text = ""  # the status alone decides
    answer = Answer(status, text=text)
    return answer if answer.arrived else Answer(status, f"the receiver answered {status}", text)


@contextmanager
def _connected(addresses: tuple[str, ...], port: int, bounds: Bounds, deadline: float) -> Iterator[socket.socket]:
    """Connect to the first address that accepts, and close the socket at the end."""
    failure: OSError = TimeoutError()
    for address in addresses:
        left = min(bounds.connect_seconds, deadline - time.monotonic())
        if left <= 0:
            break
        try:
            raw = socket.create_connection((address, port), timeout=left)
        except OSError as error:
            failure = error
            continue
        raw.settimeout(bounds.read_seconds)
        with raw:
            yield raw
        return
    raise failure


@contextmanager
def _closed_at(raw: socket.socket, deadline: float) -> Iterator[threading.Event]:
    """Close a connection at its deadline from another thread, whatever it waits for; the event tells whether it was."""
    too_late = threading.Event()
    handle = raw.dup()  # stays valid when TLS wraps the socket

    def close() -> None:
        too_late.set()
        with suppress(OSError):  # it may be closed already
            handle.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, deadline - time.monotonic()), close)
    timer.daemon = True
    timer.start()
    try:
        yield too_late
    finally:
        timer.cancel()
        timer.join()
        handle.close()


def _secured(raw: socket.socket, target: Target, trust: ssl.SSLContext) -> socket.socket:
    """Return the connection, with TLS for an https URL; the certificate must be the host's."""
    return trust.wrap_socket(raw, server_hostname=target.host) if target.scheme == "https" else raw


@cache
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()


def _error_text(error: Exception) -> str:
    """Return the error as a sentence that holds no part of the URL."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the receiver's certificate is not trusted: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "the receiver does not answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "the receiver takes no connection"
    return f"the connection failed: {type(error).__name__}"
