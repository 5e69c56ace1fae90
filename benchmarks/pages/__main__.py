"""Ask every page of a shop with 100,000 scored customers, and print what each took; no page is written.

python -m benchmarks.pages --customers 100000

The first look at a report counts its figures from all orders; the median is of those after it. The time is the whole
request inside the process, without a network; on a busy machine the CPU tells more.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import httpx
import numpy as np
import pandas as pd

from benchmarks.lists.runs import CURRENCY, made_up_scores, people_of
from serving.api.app import create_app
from serving.api.state import ServerState
from serving.book import Book
from serving.book.runs import record_scores
from serving.book.snapshot import snapshot_on
from serving.config import load_settings
from serving.outreach.plan.plan import plan
from serving.outreach.plan.policy import Policy
from serving.pages.app import page_routes
from serving.shop import today
from serving.webhooks.outbox import publish_and_enqueue
from serving.worker_environment import HOST_VARIABLE

LOOKS, ORDERS_EACH, LOG_DAYS, PER_OWNER = 21, 9, 500, 25
LISTS_DAYS_AGO = (90, 60, 31, 0)
LONGEST_SECONDS = 600.0
TOML = f"""
[shop]
zone = "UTC"
currency = "{CURRENCY}"

[orders]
file = "orders.csv"

[orders.columns]
order_id = "order_id"
customer_id = "customer_id"
ordered_at = "ordered_at"
amount = "amount"

[customers]
file = "customers.csv"

[customers.columns]
customer_id = "customer_id"
name = "name"
owner = "owner"

[churn]
horizon_days = 30
active_days = 120
"""


@dataclass(frozen=True)
class Took:
    """One page: its size, the first look, and the median and the slowest of those after it, and the CPU they took."""

    path: str
    status: int
    kilobytes: float
    first_ms: float
    median_ms: float
    slowest_ms: float
    cpu_ms: float


def main() -> None:
    """Print what each page took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000, help="how many are scored")
    print(f"{'page':24} {'status':>6} {'kB':>6} {'first ms':>9} {'median ms':>9} {'slowest ms':>10} {'CPU ms':>7}")
    for one in measured(parser.parse_args().customers):
        print(
            f"{one.path:24} {one.status:6} {one.kilobytes:6.1f} {one.first_ms:9.0f} {one.median_ms:9.1f} "
            f"{one.slowest_ms:10.1f} {one.cpu_ms:7.1f}"
        )


def measured(customers: int) -> list[Took]:
    """Return what each page of a made-up shop took."""
    os.environ[HOST_VARIABLE] = "127.0.0.1"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _shop(folder, customers)
        settings = load_settings(folder / "regulars.toml")
        server = ServerState(settings, Book(folder, known_in=settings.state_folder))
        try:
            return asyncio.run(_all(server))
        finally:
            server.close()


def _shop(folder: Path, customers: int) -> None:
    random = np.random.default_rng(1)
    ids = np.array([f"C{number:07}" for number in range(customers)], dtype=object)
    people = people_of(ids, random)
    people[["customer_id", "name", "owner"]].to_csv(folder / "customers.csv", index=False)
    (folder / "regulars.toml").write_text(TOML, encoding="utf-8")
    settings = load_settings(folder / "regulars.toml")
    _orders(ids, today(settings), random).to_csv(folder / "orders.csv", index=False)
    book = Book(folder, known_in=settings.state_folder)
    for ago in LISTS_DAYS_AGO:
        day = today(settings) - timedelta(days=ago)
        scores = made_up_scores(ids, random).assign(as_of=day)
        policy = Policy(capacity=PER_OWNER, cooldown_days=0)
        made = plan(scores, people, currency=CURRENCY, policy=policy, snapshot=snapshot_on(book, day))
        publish_and_enqueue(book, made, record_scores(book, scores, currency=CURRENCY, data_digest=str(day)))
    book.close()


def _orders(ids: np.typing.NDArray[np.object_], end: date, random: np.random.Generator) -> pd.DataFrame:
    lines = len(ids) * ORDERS_EACH
    ago = random.integers(1, LOG_DAYS, lines)
    return pd.DataFrame(
        {
            "order_id": np.arange(lines),
            "customer_id": np.repeat(ids, ORDERS_EACH),
            "ordered_at": (np.datetime64(end) - ago.astype("timedelta64[D]")).astype(str),
            "amount": random.integers(500, 9_000, lines) / 100,
        }
    )


async def _all(server: ServerState) -> list[Took]:
    transport = httpx.ASGITransport(create_app(server, pages=page_routes(server)), client=("127.0.0.1", 1))
    base = "http://127.0.0.1:3000/pages/"
    async with httpx.AsyncClient(transport=transport, base_url=base, timeout=LONGEST_SECONDS) as browser:
        found = (await browser.get("")).text.partition('class="open" href="/pages/')[2].partition("?")[0]
        return [await _took(browser, path) for path in ("", "?q=customer+77", found, "desk", "right", "pays")]


async def _took(browser: httpx.AsyncClient, path: str) -> Took:
    began = time.perf_counter()
    while (answer := await browser.get(path)).status_code == 202 and time.perf_counter() - began < LONGEST_SECONDS:
        await asyncio.sleep(0.5)
    first = 1_000 * (time.perf_counter() - began)
    wall, cpu = zip(*[each async for each in _looks(browser, path)], strict=True)
    size, middle = len(answer.content) / 1_000, statistics.median
    return Took(f"/pages/{path}"[:24], answer.status_code, size, first, middle(wall), max(wall), middle(cpu))


async def _looks(browser: httpx.AsyncClient, path: str) -> AsyncIterator[tuple[float, float]]:
    """Yield the milliseconds of each look, of the clock and of this process's CPU."""
    for _ in range(LOOKS):
        began, busy = time.perf_counter(), time.process_time()
        await browser.get(path)
        yield 1_000 * (time.perf_counter() - began), 1_000 * (time.process_time() - busy)


if __name__ == "__main__":
    main()
