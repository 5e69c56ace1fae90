"""Ask `regulars serve` a CRM's mixed load for a long time, and write `soak.md`: errors, memory, and what made p99.

python -m benchmarks.serving.soak --minutes 20

The load is half of what a minute's saturation run answered. A worker is watched from inside, so that what slow answers
had beside them can be named.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.published import write_page
from benchmarks.serving import servers
from benchmarks.serving.explained import LOOK_UP, Answered, Span, causes_table, kinds_table, places, spans_in
from benchmarks.serving.load import Plan
from benchmarks.serving.page import MOST_GROWTH, Judged, machine
from benchmarks.serving.runs import (
    ORDERS,
    Request,
    Result,
    answered,
    asked,
    asking,
    look_ups,
    many_ids,
    posted,
    request,
    say,
)
from benchmarks.serving.servers import Memory, Server
from benchmarks.serving.shop import Shop, made_shop

RESULTS = Path(__file__).with_name("soak.md")
INSIDE, INSIDE_VARIABLE = Path(__file__).with_name("inside"), "REGULARS_BENCHMARK_INSIDE"
CONNECTIONS, PARTS, MEMORY_EVERY_SECONDS = 8, 20, 5.0
MOST_P99_LATER = 1.5
Named = tuple[str, Request]


@dataclass(frozen=True)
class Soak:
    """Mixed load for a long time.

    Args:
        saturation: what was answered when each connection asked again as soon as it was answered.
        saturation_seconds: how long that took.
        asked: per second.
        minutes: how long it was asked.
        result: as the asking side counted it.
        megabytes: of the worker, at the start, and every few seconds.
        answers: each one.
        spans: what the worker did meanwhile.
    """

    saturation: Result
    saturation_seconds: float
    asked: float
    minutes: float
    result: Result
    megabytes: list[float]
    answers: Answered
    spans: list[Span]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000, help="how many have a stored score")
    parser.add_argument("--minutes", type=float, default=20.0, help="of mixed load")
    parser.add_argument("--saturation-seconds", type=float, default=60.0, help="of the run that the load is taken from")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the page is written")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as logs:
        say("making the shop …")
        shop = made_shop(Path(folder), chosen.customers)
        mixed = mixed_load(shop, np.random.default_rng(1), chosen.customers)
        notes = Path(logs) / "inside.jsonl"
        watched = {INSIDE_VARIABLE: str(notes), "PYTHONPATH": str(INSIDE)}
        with servers.regulars(shop, Path(logs), watched) as server:
            found = soaked(server, mixed, notes, chosen.minutes, chosen.saturation_seconds)
    write_page(chosen.out, page(found, chosen.customers))


def soaked(server: Server, mixed: list[Named], notes: Path, minutes: float, saturation_seconds: float) -> Soak:
    """Find out how much of a mixed load is answered, then ask half of it for so many minutes."""
    requests = [each for _, each in mixed]
    full = asked("mixed, as much as it can", Plan(server.port, requests, CONNECTIONS, saturation_seconds))
    rate, kept = full["per_second"] / 2, notes.with_name("answers.npz")
    plan = Plan(server.port, requests, CONNECTIONS, minutes * 60, per_second=rate, keep=str(kept))
    began = time.perf_counter()
    result, megabytes = _watched(server, plan)
    answers = np.load(kept)
    kinds = np.array([kind for kind, _ in mixed])[answers["which"]]
    spans = [each for each in spans_in(notes) if each.begin >= began]
    every = Answered(kinds, answers["due"], answers["took"])
    return Soak(full, saturation_seconds, rate, minutes, result, megabytes, every, spans)


def _watched(server: Server, plan: Plan) -> tuple[Result, list[float]]:
    """Ask, and read the worker's memory every few seconds meanwhile."""
    worker, process = server.worker(), asking(plan)
    megabytes, end = [Memory.of(worker).rss], time.monotonic() + plan.seconds + 60
    while process.poll() is None and time.monotonic() < end:
        time.sleep(min(MEMORY_EVERY_SECONDS, plan.seconds / 8))
        megabytes.append(Memory.of(worker).rss)
    return answered("mixed load", process), megabytes


def mixed_load(shop: Shop, random: np.random.Generator, scored: int) -> list[Named]:
    """Return a CRM's day in parts of a hundred requests, each in an order of its own, with the kind of each."""
    looks, hundreds = iter(look_ups(shop, random, scored)), iter(many_ids(shop, random, scored, 100))
    history = posted(shop, ORDERS)
    listed = request(shop, "/v1/lists/current?limit=50", None, '"entry_id":', 50, "GET")
    model = request(shop, "/v1/model", None, '"candidate":', 1, "GET")
    found = []
    for _ in range(PARTS):
        part: list[Named] = [
            *((LOOK_UP, next(looks)) for _ in range(84)),
            *(("a hundred ids", next(hundreds)) for _ in range(5)),
            *[("a history of 50 orders", history)] * 4,
            *[("a page of the list", listed)] * 3,
            *[("the model", model)] * 2,
            *(("an order posted", _order(shop, number)) for number in random.integers(0, 1_000_000, 2)),
        ]
        found += [part[place] for place in random.permutation(len(part))]
    return found


def _order(shop: Shop, number: int) -> Request:
    line = {"ordered_at": f"{shop.as_of}T10:00:00+00:00", "amount": "19.90", "product_id": "tea"}
    order = {"order_id": f"B-{number}", "customer_id": f"C{number % 1000:07}", "lines": [line]}
    return request(shop, "/v1/orders", {"orders": [order]}, '"known":')


def judged(soak: Soak) -> Iterator[Judged]:
    """Yield the aims, and whether they were met."""
    errors = int(soak.result["errors"])
    yield Judged("errors", "0", f"{errors} of {soak.result['answers']:,}", errors == 0)
    quarter = max(1, len(soak.megabytes) // 4)
    first, last = statistics.median(soak.megabytes[:quarter]), statistics.median(soak.megabytes[-quarter:])
    said = f"{first:.0f} MB to {last:.0f} MB ({last / first - 1:+.1%})"
    yield Judged("memory, last quarter to first", "+ ≤ 5 %", said, last <= first * MOST_GROWTH)
    quarters = soak.result["quarters_p99_ms"]
    times = quarters[-1] / quarters[0]
    said = f"{times:.2f} × ({quarters[0]:.1f} ms to {quarters[-1]:.1f} ms)"
    yield Judged("p99, last quarter to first", f"≤ {MOST_P99_LATER:g} ×", said, times <= MOST_P99_LATER)


def page(soak: Soak, scored: int) -> str:
    """Return the page as Markdown."""
    return PAGE.format(
        minutes=soak.minutes,
        scored=scored,
        judged="\n".join(each.line for each in judged(soak)),
        asked=soak.asked,
        saturation=soak.saturation["per_second"],
        saturation_seconds=soak.saturation_seconds,
        kinds="\n".join(kinds_table(soak.answers)),
        causes="\n".join(causes_table(soak.answers, soak.spans)),
        places=places(soak.spans),
        machine=machine(),
        **{name: soak.result[name] for name in ("p50_ms", "p99_ms", "max_ms")},
    )


PAGE = """# A CRM's mixed load for {minutes:g} minutes

`python -m benchmarks.serving.soak --minutes {minutes:g}` wrote this page: one worker of `regulars serve`, its book in
SQLite with the scores of {scored:,} customers; asked from a second process over loopback. Every answer was checked.

| what | aim | measured | |
|---|---|---|---|
{judged}

The load is {asked:,.0f} requests/s, half of the {saturation:,.0f} that were answered over {saturation_seconds:g}
seconds when each of 8 connections asked again at once. Times count from when a request was due, so waiting counts.
p50 {p50_ms:.1f} ms, p99 {p99_ms:.1f} ms, longest {max_ms:.0f} ms over all.

## What was asked

| kind | share | share of the slowest hundredth | p50, ms | p99, ms |
|---|---|---|---|---|
{kinds}

## What made look-ups slow

For each cause: how often it came, how long it took, how many of the look-ups were waited for while it lasted, and how
many of the slowest hundredth of them. A cause that the slowest met much more often than all is one; a cause that both
met alike is none. The worker wrote these down itself, what took less than a millisecond left out.

| beside it | times | median, ms | longest, ms | of all look-ups | of the slowest hundredth |
|---|---|---|---|---|---|
{causes}

Who had the interpreter while another thread waited for it, by the time waited: {places}.

{machine}
"""

if __name__ == "__main__":
    main()
