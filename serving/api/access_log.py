"""The access log: one JSON line per request, with nothing about a person in it.

A path is logged as the OpenAPI document writes it, never with a customer's id. Of a key only the id is logged.
"""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

LOG = logging.getLogger("regulars.access")


@dataclass
class Access:
    """What the log says of one request."""

    request_id: str
    method: str
    path: str
    key_id: str | None = None
    status: int = 200


def line_of(access: Access, seconds: float, at: datetime | None = None) -> str:
    """Return the log line of a request.

    >>> line_of(Access("r1", "GET", "/v1/model", "0f3a"), 0.0123, datetime(2026, 3, 2, tzinfo=UTC))
    '{"at":"2026-03-02T00:00:00Z","request_id":"r1","method":"GET","path":"/v1/model","status":200,"ms":12.3,"key":"0f3a"}'
    """
    facts = {
        "at": at or datetime.now(UTC),
        "request_id": access.request_id,
        "method": access.method,
        "path": access.path,
        "status": access.status,
        "ms": round(seconds * 1000, 2),
        "key": access.key_id,
    }
    return msgspec.json.encode(facts).decode()


def write(access: Access, seconds: float) -> None:
    """Write the log line of a request. Looking up the calling line of code, as logging does, would cost more."""
    if LOG.isEnabledFor(logging.INFO):
        LOG.handle(logging.LogRecord(LOG.name, logging.INFO, "", 0, line_of(access, seconds), None, None))


def log_to_stderr() -> None:
    """Send the server's messages and the access lines to stderr.

    Call it once the server runs: BentoML sets up logging when it starts, and silences loggers that existed before.
    """
    for name, form in (("regulars", "%(asctime)s %(levelname)s %(message)s"), (LOG.name, "%(message)s")):
        logger = logging.getLogger(name)
        logger.disabled, logger.propagate = False, False
        logger.setLevel(logging.INFO)
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter(form))
        logger.handlers[:] = [handler]
    # None of our formats shows these, and logging would look them up for every line.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    for name in list(logging.root.manager.loggerDict):
        if name.startswith("regulars."):
            logging.getLogger(name).disabled = False
