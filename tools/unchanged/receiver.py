"""A receiver of webhooks on this machine, which keeps what it was told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver(ThreadingHTTPServer):
    """Answers 204 to every message and keeps its text."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.told: list[str] = []

    @property
    def url(self) -> str:
        """Where messages are posted to."""
        return f"http://127.0.0.1:{self.server_address[1]}/hook"

    def text(self) -> str:
        """Return the messages in an order that no clock decides."""
        return "\n".join(sorted(self.told)) + "\n"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        """Keep a message: its body, and which headers it has."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        names = ", ".join(sorted(name.lower() for name in self.headers))
        self.server.told.append(f"{body}\n  {self.path}; headers {names}; {self.headers.get('Content-Type')}")
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: what was told is kept."""


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Run a receiver."""
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
