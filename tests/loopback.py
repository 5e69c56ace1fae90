"""Servers inside the tests, on ports of this machine: a free port, an application served on one, and waiting for it."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import uvicorn
from starlette.applications import Starlette

HOST = "127.0.0.1"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def served_on_a_port(
    app: Starlette, *, ready: Callable[[], bool] = lambda: True, lifespan: Literal["on", "off"] = "off"
) -> Iterator[str]:
    """Serve an application in a thread until the block ends, and give its address once it is ready."""
    listening = socket.create_server((HOST, 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan=lifespan))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
    thread.start()
    try:
        await_that(lambda: server.started and ready(), 60.0)
        yield f"http://{HOST}:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()


def await_that(fact: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something is so."""
    last = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < last, "it did not come to pass"
        time.sleep(0.02)
