"""Measure how long `/livez` waits while the heaviest requests are answered, and write `stalls.md`.

python -m benchmarks.serving.stalls

Of each heavy request, rounds take turns: `/livez` alone, then beside four connections that send it again and again.
The other round says what this machine adds by itself.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.published import write_page
from benchmarks.serving import servers
from benchmarks.serving.load import Plan
from benchmarks.serving.page import machine
from benchmarks.serving.runs import Request, Result, answered, asked, asking, request, say
from benchmarks.serving.servers import Memory, Server
from benchmarks.serving.shop import Shop, history, made_shop

RESULTS = Path(__file__).with_name("stalls.md")
SCORED, CONNECTIONS, PROBES_PER_SECOND, PROBES = 20_000, 4, 100.0, 8
BODY_BYTES, ROWS, LINES = 16 * 1024**2, 10_000, 50_000
MOST_P99_MS = 50.0
ONCE = "HTTP/1.1 "  # what any answer holds
PROBE: Request = ("GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", '"live":true', 1)


@dataclass(frozen=True)
class Heavy:
    """A heavy request.

    Args:
        name: as the page calls it.
        requests: the same with other content, so that a repeated one is new to the book.
        statuses: that are right.
    """

    name: str
    requests: list[Request]
    statuses: tuple[int, ...] = (200,)


@dataclass(frozen=True)
class Beside:
    """`/livez` alone and beside one heavy request, a result per round, and the worker's memory after them, MB."""

    heavy: Heavy
    alone: list[Result]
    beside: list[Result]
    heavies: list[Result]
    megabytes: float

    @property
    def p99_ms(self) -> float:
        """The median over the rounds beside it."""
        return float(statistics.median(each["p99_ms"] for each in self.beside))

    @property
    def line(self) -> str:
        """The line of the page."""
        alone = statistics.median(each["p99_ms"] for each in self.alone)
        p50 = statistics.median(each["p50_ms"] for each in self.beside)
        longest = max(each["max_ms"] for each in self.beside)
        took = statistics.median(each["p50_ms"] for each in self.heavies)
        met = "met" if self.p99_ms <= MOST_P99_MS else "**not met**"
        size = len(self.heavy.requests[0][0]) / 1024**2
        return (
            f"| {self.heavy.name} | {size:.1f} | {took / 1000:.2f} | {alone:.1f} | {p50:.1f} | {self.p99_ms:.1f} | "
            f"{self.p99_ms / alone:.1f} × | {longest:.0f} | {self.megabytes:.0f} | {met} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="of each request")
    parser.add_argument("--seconds", type=float, default=10.0, help="of one round")
    parser.add_argument("--only", default="", metavar="WORD", help="requests with this word in their name")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the page is written")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as logs:
        say("making the shop …")
        shop = made_shop(Path(folder), SCORED)
        with servers.regulars(shop, Path(logs)) as server:
            heavies = [each for each in heaviest(shop) if chosen.only in each.name]
            found = [measured(server, each, chosen.rounds, chosen.seconds) for each in heavies]
    lines = "\n".join(each.line for each in found)
    write_page(chosen.out, PAGE.format(lines=lines, aim=MOST_P99_MS, machine=machine()))


def measured(server: Server, heavy: Heavy, rounds: int, seconds: float) -> Beside:
    """Let the rounds take turns."""
    probe = Plan(server.port, [PROBE], PROBES, seconds, per_second=PROBES_PER_SECOND)
    load = Plan(server.port, heavy.requests, CONNECTIONS, seconds, 0.0, statuses=heavy.statuses)
    found = Beside(heavy, [], [], [], 0.0)
    for _ in range(rounds):
        found.alone.append(asked("/livez alone", probe))
        loading = asking(load)
        found.beside.append(asked(f"/livez beside {heavy.name}", probe))
        found.heavies.append(answered(heavy.name, loading, 120.0))
    return Beside(heavy, found.alone, found.beside, found.heavies, Memory.of(server.worker()).rss)


def heaviest(shop: Shop) -> Iterator[Heavy]:
    """Yield what costs most of what is allowed, and what is refused only once it was read."""
    day = f"{shop.as_of}T10:00:00+00:00"
    yield Heavy("50,000 lines in 10,000 orders", [_orders(shop, day, ROWS, 5, amount) for amount in ("9.90", "19.90")])
    yield Heavy("340,000 lines in 10,000 orders", [_orders(shop, str(shop.as_of), ROWS, 34, 1)], (200, 422))
    yield Heavy("10,000 events", [_events(shop, day, value) for value in (1, 2)])
    yield Heavy("10,000 contacts with notes", [_contacts(shop, note) for note in "ab"])
    yield Heavy("a history of 50,000 lines and 50,000 events", [_history(shop, day)])
    yield Heavy("10,000 ids", [_ids(shop)])
    yield Heavy("10,000 ids, fresh", [_ids(shop, fresh=True)])
    yield Heavy("the list as CSV", [_got(shop, "/v1/lists/current", "text/csv")])
    yield Heavy("figures by owner", [_got(shop, "/v1/kpis?period=month&by=owner")])
    yield Heavy("millions of empty lists, refused", [_text(shop, '{"customer_ids":[', "[],", "[]]}")], (422,))
    yield Heavy("millions of ids, refused", [_text(shop, '{"customer_ids":[', '"a",', '"a"]}')], (422,))
    yield Heavy("a million fields, refused", [_text(shop, "{", '"a":1,', '"b":1}')], (400, 422))
    yield Heavy("one text of 16 MiB, refused", [_text(shop, '{"customer_ids":["', "a", '"]}')], (422,))
    yield Heavy("no JSON, refused", [_text(shop, '{"customer_ids":[', " ", "?]}")], (400,))


def _orders(shop: Shop, day: str, orders: int, lines: int, amount: str | int) -> Request:
    line = {"ordered_at": day, "amount": amount}
    return request(shop, "/v1/orders", {"orders": [
        {"order_id": f"H-{n}", "customer_id": f"C{n % 1000:07}", "lines": [line] * lines} for n in range(orders)
    ]}, ONCE)  # fmt: skip


def _events(shop: Shop, day: str, value: int) -> Request:
    event = {"kind": "rating", "happened_at": day, "value": value}
    rows = [{"event_id": f"{'e' * 150}-{n}", "customer_id": f"C{n % 1000:07}", **event} for n in range(ROWS)]
    return request(shop, "/v1/events", {"events": rows}, ONCE)


def _contacts(shop: Shop, letter: str) -> Request:
    contact = {"channel": "call", "note": letter * 1_400, "contacted_on": str(shop.as_of)}
    rows = [{"customer_id": f"C{n:07}", "key": f"{letter}{n}", **contact} for n in range(ROWS)]
    return request(shop, "/v1/contacts", {"contacts": rows}, ONCE)


def _history(shop: Shop, day: str) -> Request:
    lines = history(shop.as_of, LINES)
    events = [{"kind": "rating", "happened_at": day, "value": n % 5} for n in range(LINES)]
    return request(shop, "/v1/score", {"as_of": str(shop.as_of), "orders": lines, "events": events}, ONCE)


def _ids(shop: Shop, **more: Any) -> Request:
    return request(shop, "/v1/scores", {"customer_ids": [f"C{n:07}" for n in range(ROWS)], **more}, ONCE)


def _got(shop: Shop, path: str, accept: str = "*/*") -> Request:
    sent, held, times = request(shop, path, None, ONCE, method="GET")
    return sent.replace("\r\n\r\n", f"\r\nAccept: {accept}\r\n\r\n"), held, times


def _text(shop: Shop, begin: str, again: str, end: str) -> Request:
    """Return a body that is as long as one may be, and of no use."""
    sent, held, times = request(shop, "/v1/scores", None, ONCE)
    body = begin + again * ((BODY_BYTES - len(begin) - len(end)) // len(again)) + end
    return sent.replace("Content-Length: 0", f"Content-Length: {len(body)}") + body, held, times


PAGE = """# How long `/livez` waits beside the heaviest requests

`python -m benchmarks.serving.stalls` wrote this page. One worker of `regulars serve`; four connections send a heavy
request again and again, and `/livez` is asked a hundred times a second by another process. Times count from when a
request was due. "Alone" is the same without the heavy request, in rounds that took turns: what the machine adds by
itself. Medians over the rounds; the longest wait is of all rounds. The aim: p99 beside ≤ {aim:g} ms.

| request | MiB | answer, s | p99 alone, ms | p50 beside, ms | p99 beside, ms | to alone | longest, ms | MB after | |
|---|---|---|---|---|---|---|---|---|---|
{lines}

{machine}
"""

if __name__ == "__main__":
    main()
