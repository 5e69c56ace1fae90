"""Receivers on loopback that behave well, badly or not at all, and books with something to tell them."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from serving.webhooks.receivers import Receiver
from serving.webhooks.signing import new_secret, verify
from tests.serving.book.conftest import book, empty_database, empty_file, lend_database, place, publish

__all__ = [
    "book",
    "empty_database",
    "empty_file",
    "lend_database",
    "place",
    "publish",
]  # a fixture is there once its name is


@dataclass
class Inbox:
    """A receiver and what it got: headers and body of each request, in the order in which they came."""

    secret: str = field(default_factory=new_secret)
    statuses: list[int] = field(default_factory=list)  # of the next answers; then 204
    answer: Callable[[BaseHTTPRequestHandler], None] | None = None  # instead of a status
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0
    scheme: str = "http"
    together: int = 0  # most requests at the same time
    _open: int = 0
    _lock: Any = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.port}/hook?shop=7"

    @property
    def receiver(self) -> Receiver:
        return Receiver("hook", self.url, self.secret, allow_private=True)

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]

    def verified(self) -> int:
        """How many messages there are, each of which is signed with the secret."""
        for headers, body in self.got:
            verify(body, headers, self.secret, time.time())
        return len(self.got)

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["content-length"]))
        with self._lock:
            self.got.append((dict(request.headers.items()), body))
            status = self.statuses.pop(0) if self.statuses else 204
            self._open += 1
            self.together = max(self.together, self._open)
        time.sleep(0.001)  # long enough for a second request at the same time to be noticed
        with self._lock:
            self._open -= 1  # before the answer: whoever has it may send the next one
        with suppress(OSError):  # the sender may have had enough
            if self.answer is not None:
                self.answer(request)
            else:
                request.send_response(status)
                request.send_header("location", "http://localhost:1/elsewhere")
                request.send_header("content-length", "0")
                request.end_headers()


@contextmanager
def listening(inbox: Inbox, trust: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Inbox]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            inbox.handle(self)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128

        def handle_error(self, *_: Any) -> None:
            pass  # a sender that has had enough is no error of a test

    server = Server((host, inbox.port), Handler)
    if trust is not None:
        server.socket = trust.wrap_socket(server.socket, server_side=True)
    inbox.port, inbox.scheme = server.server_port, "http" if trust is None else "https"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield inbox
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """A receiver that answers 204, or what a test wants."""
    with listening(Inbox()) as opened:
        yield opened


@pytest.fixture
def other_inbox() -> Iterator[Inbox]:
    """Another one."""
    with listening(Inbox()) as opened:
        yield opened


def drip(request: BaseHTTPRequestHandler) -> None:
    """Answer for ever, a byte at a time, so that no wait for the next byte is ever too long."""
    request.wfile.write(b"HTTP/1.1 500 No\r\n")
    while True:
        request.wfile.write(b"a: b\r\n"[:1])
        time.sleep(0.05)


def hang(request: BaseHTTPRequestHandler) -> None:
    """Answer nothing until the sender goes."""
    request.connection.settimeout(10)
    request.rfile.read(1)


def close_early(request: BaseHTTPRequestHandler) -> None:
    """Go without a word."""
    request.connection.shutdown(socket.SHUT_RDWR)
    request.close_connection = True
