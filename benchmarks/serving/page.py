"""The page: what was aimed at, what was measured, on which machine."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version

from benchmarks.serving.runs import MANY, Found, Rounds

OURS, BENTO, FASTAPI, MLFLOW = "Regulars", "BentoML, typed method", "plain FastAPI", "mlflow models serve"
# What issue 5 asks for.
LEAST_TIMES = {MLFLOW: 60.0, BENTO: 2.5, FASTAPI: 0.6}
MOST_P99_TO_P50, LEAST_SCORES_PER_SECOND, MOST_HISTORY_MS = 5.0, 100_000.0, 25.0
MOST_START_SECONDS, MOST_IDLE_MB, MOST_HELP_SECONDS = 8.0, 400.0, 0.3
MOST_GROWTH = 1.05


@dataclass(frozen=True)
class Judged:
    """One line of the page."""

    what: str
    aim: str
    measured: str
    met: bool

    @property
    def line(self) -> str:
        """The line as Markdown."""
        return f"| {self.what} | {self.aim} | {self.measured} | {'met' if self.met else '**not met**'} |"


def page(found: Found, scored: int, command: str) -> str:
    """Return the page as Markdown."""
    judged = [*_look_up(found), *_other(found)]
    return PAGE.format(
        command=command,
        scored=scored,
        judged="\n".join(each.line for each in judged),
        peers="\n".join(_peer(each) for each in found.peers.values()),
        start=_start(found),
        machine=machine(),
    )


def _look_up(found: Found) -> Iterator[Judged]:
    ours = found.peers[OURS]
    for name, least in LEAST_TIMES.items():
        peer = found.peers[name]
        best, median = ours.best / peer.best, ours.median / peer.median
        said = f"{best:.2f} × (best rounds), {median:.2f} × (medians)"
        yield Judged(f"look-up of one score, against {name}", f"≥ {least:g} ×", said, min(best, median) >= least)
    tail = statistics.median(each["p99_ms"] / each["p50_ms"] for each in ours.found)
    said = f"{tail:.1f} × ({ours.middle('p99_ms'):.2f} ms to {ours.middle('p50_ms'):.2f} ms)"
    yield Judged("its p99 to its p50, 8 connections", f"≤ {MOST_P99_TO_P50:g} ×", said, tail <= MOST_P99_TO_P50)


def _other(found: Found) -> Iterator[Judged]:
    scores, (before, after) = found.many.median * MANY, found.many_megabytes
    said = f"{scores:,.0f} (median), {found.many.best * MANY:,.0f} (best)"
    many = f"≥ {LEAST_SCORES_PER_SECOND:,.0f}"
    yield Judged("1,000 ids in a call, scores/s with reasons", many, said, scores >= LEAST_SCORES_PER_SECOND)
    memory = f"{before:.0f} MB before, {after:.0f} MB after"
    yield Judged("its memory", "flat", memory, after <= before * MOST_GROWTH)
    middle, late = found.posted.middle("p50_ms"), found.posted.middle("p99_ms")
    posted = f"{middle:.1f} ms, p99 {late:.1f} ms"
    yield Judged("posted history of 50 orders, median", f"≤ {MOST_HISTORY_MS:g} ms", posted, middle <= MOST_HISTORY_MS)
    start = statistics.median(found.start.ready_seconds)
    said = f"{start:.1f} s (median of {len(found.start.ready_seconds)}), best {min(found.start.ready_seconds):.1f} s"
    yield Judged("start to ready, warm disk", f"≤ {MOST_START_SECONDS:g} s", said, start <= MOST_START_SECONDS)
    idle = found.start.worker.rss
    memory = f"{idle:.0f} MB RSS, {found.start.worker.pss:.0f} MB PSS"
    yield Judged("idle memory of a worker", f"≤ {MOST_IDLE_MB:g} MB", memory, idle <= MOST_IDLE_MB)
    helped = statistics.median(found.help_seconds)
    said = f"{helped:.2f} s (median), best {min(found.help_seconds):.2f} s"
    yield Judged("`regulars --help`", f"< {MOST_HELP_SECONDS:g} s", said, helped < MOST_HELP_SECONDS)


def _peer(rounds: Rounds) -> str:
    p50, p99 = rounds.middle("p50_ms"), rounds.middle("p99_ms")
    return f"| {rounds.name} | {rounds.best:,.0f} | {rounds.median:,.0f} | {p50:.2f} | {p99:.2f} | {rounds.errors} |"


def _start(found: Found) -> str:
    supervisor = found.start.supervisor
    return f"The process that watches the worker holds {supervisor.rss:.0f} MB RSS, {supervisor.pss:.0f} MB PSS."


def machine() -> str:
    """Facts without which the figures mean nothing; the ratios hold elsewhere too."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    day = time.strftime("%Y-%m-%d", time.gmtime())
    names = ("bentoml", "starlette", "uvicorn", "uvloop", "msgspec", "fastapi", "pydantic", "mlflow", "lightgbm")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return (
        f"{day}, {os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB, load "
        f"{os.getloadavg()[2]:.1f} over the last quarter of an hour, Python {platform.python_version()}, {versions}."
    )


PAGE = """# How quickly the HTTP interface answers

`{command}` wrote this page: one worker, its book in SQLite with the scores of {scored:,} customers, each with reasons;
asked from a second process over loopback. Every answer was checked for its status and for the ids asked for.

| what | aim | measured | |
|---|---|---|---|
{judged}

Looking up one stored score by id, over 8 connections that stay open; the servers took turns, all started before:

| server | requests/s, best round | requests/s, median | p50, ms | p99, ms | errors |
|---|---|---|---|---|---|
{peers}

Regulars runs as `regulars serve` starts it: keys, rate limit, strict reading, metrics, access log to a file. The peers
do the same look-up in the same book and give the same JSON (compared before the rounds), without keys, limits and
strict reading: FastAPI and BentoML as they come, each with its own access log to a file, FastAPI also without. They
build an answer from the book's columns through their models; Regulars hands out the JSON that it encoded when the run
was recorded. Its typed method is asked of the same server, by the body that BentoML's clients send to `/scores`.
MLflow's server cannot look up; it scores a posted history of 5 orders, without reasons.

All modules were compiled before, as an installation has them, and each start was preceded by one that is not counted.

{start}

Mixed load for a long time has a page of its own, [soak.md](soak.md); so has what one heavy request does to the others,
[stalls.md](stalls.md).

{machine}
"""
