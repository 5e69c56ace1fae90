"""The asking side, a process of its own: so many connections kept open, every answer read, checked and timed.

    python -m benchmarks.serving.load < plan.json

It is written to be cheap beside any of the servers: bytes are made beforehand, and an answer is searched, not parsed.
A server that is asked at a steady rate is timed from when a request was due, so that it cannot hide a pause by keeping
the asker waiting.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import uvloop

CUT = b"\r\n\r\n"
ANSWER_SECONDS = 60.0


@dataclass(frozen=True)
class Plan:
    """What is asked of whom, for how long.

    Args:
        port: on loopback.
        requests: (bytes to send, bytes that the answer holds, how often they stand there), as texts; asked in turn.
        connections: each asks again once it was answered.
        seconds: measured, after `warm_seconds` that are not.
        per_second: requests in all; None for as many as are answered.
        statuses: that are right.
        keep: a file for each answer: when it was due, how long it took, which request it was.
    """

    port: int
    requests: list[tuple[str, str, int]]
    connections: int = 8
    seconds: float = 3.0
    warm_seconds: float = 0.5
    per_second: float | None = None
    statuses: tuple[int, ...] = (200,)
    keep: str | None = None


@dataclass
class Answers:
    """When answers were due, how long they took, in seconds, and what was wrong with them."""

    due: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    which: list[int] = field(default_factory=list)
    errors: int = 0
    first_error: str = ""


class Connection(asyncio.Protocol):
    """One connection, one question at a time."""

    def __init__(self) -> None:
        self._got, self._needs = bytearray(), -1
        self._answer: asyncio.Future[bytes] | None = None
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:  # noqa: D102 — asyncio.Protocol says what it is
        self._transport = transport

    def ask(self, request: bytes) -> asyncio.Future[bytes]:
        """Send a request; the future holds the answer, head and body."""
        if self._transport.is_closing():
            raise ConnectionError("closed by the server")
        self._got, self._needs = bytearray(), -1
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:  # noqa: D102
        self._got += data
        if self._needs < 0 and CUT in self._got:
            self._needs = _length(self._got)
        if 0 <= self._needs <= len(self._got) and self._answer is not None and not self._answer.done():
            self._answer.set_result(bytes(self._got))

    def connection_lost(self, error: Exception | None) -> None:  # noqa: D102
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionError("closed by the server"))

    def close(self) -> None:
        """Ask nothing more."""
        self._transport.close()


def _length(got: bytearray) -> int:
    """Return how many bytes an answer has; servers here say it, a chunked one would be a mistake of the benchmark."""
    head, _, _ = bytes(got).partition(CUT)
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(head) + len(CUT) + int(line.partition(b":")[2])
    raise ValueError("an answer without a length")


async def asked(plan: Plan) -> dict[str, Any]:
    requests = [(sent.encode(), held.encode(), times) for sent, held, times in plan.requests]
    begin = time.perf_counter() + 0.05
    measured, end = begin + plan.warm_seconds, begin + plan.warm_seconds + plan.seconds
    answers, due = Answers(), _due(plan.per_second, begin, end)
    turns = itertools.cycle(enumerate(requests))
    await asyncio.gather(*(_keep_asking(plan, turns, due, answers) for _ in range(plan.connections)))
    if plan.keep is not None:
        np.savez(plan.keep, due=answers.due, took=answers.took, which=answers.which)
    return _summary(answers, measured, end)


def _due(per_second: float | None, begin: float, end: float) -> Iterator[float]:
    """Give when each request is due, until the end."""
    if per_second is None:
        while (now := time.perf_counter()) < end:
            yield max(now, begin)
        return
    for number in range(int((end - begin) * per_second)):
        yield begin + number / per_second


async def _keep_asking(plan: Plan, turns: Iterator[Any], due: Iterator[float], answers: Answers) -> None:
    connection, right = await _connected(plan.port), tuple(b"HTTP/1.1 %d " % status for status in plan.statuses)
    for at in due:
        if (wait := at - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        wrong = await _one(connection, next(turns), at, answers, right)
        if wrong:
            answers.errors, answers.first_error = answers.errors + 1, answers.first_error or wrong
            connection.close()
            connection = await _connected(plan.port)
    connection.close()


async def _one(
    connection: Connection, turn: tuple[int, tuple[bytes, bytes, int]], at: float, answers: Answers, statuses: Any
) -> str:
    number, (sent, held, times) = turn
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            answer = await connection.ask(sent)
    except (OSError, ValueError, TimeoutError) as error:
        return f"{type(error).__name__}: {error}"
    answers.due.append(at)
    answers.took.append(time.perf_counter() - at)
    answers.which.append(number)
    right = answer.startswith(statuses) and answer.count(held) == times
    return "" if right else answer[:600].decode(errors="replace")


async def _connected(port: int) -> Connection:
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    return connection


def _summary(answers: Answers, begin: float, end: float) -> dict[str, Any]:
    due, took = np.array(answers.due), np.array(answers.took) * 1000
    inside = (due >= begin) & (due < end)
    due, took = due[inside], took[inside]
    if not len(took):
        raise SystemExit(f"no answer: {answers.first_error}")
    quarters = np.minimum(3, ((due - begin) / (end - begin) * 4).astype(int))
    p50, p99 = np.percentile(took, [50, 99])
    return {
        "per_second": len(took) / (max(end, float((due + took / 1000).max())) - begin),
        "answers": len(took),
        "p50_ms": p50,
        "p99_ms": p99,
        "max_ms": float(took.max()),
        "quarters_p99_ms": [float(np.percentile(took[quarters == each], 99)) for each in np.unique(quarters)],
        "errors": answers.errors,
        "first_error": answers.first_error,
    }


def main() -> None:
    plan = Plan(**json.load(sys.stdin))
    print(json.dumps(uvloop.run(asked(plan))))


def as_text(plan: Plan) -> str:
    return json.dumps(asdict(plan))


if __name__ == "__main__":
    main()
