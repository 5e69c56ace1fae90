"""The requests of the walk: every operation of the API with each role, and every way to be refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.unchanged.shops import Rows, read

CSV = {"Accept": "text/csv"}
HISTORY: Mapping[str, Any] = {
    "customer_id": "visitor",
    "as_of": "2023-11-20",
    "orders": [
        {"order_id": "A-1", "ordered_at": "2023-06-03T18:20:00", "amount": "42.90"},
        {"order_id": "A-2", "ordered_at": "2023-08-04", "amount": 51, "quantity": 2, "discount": "1.10"},
        {"order_id": "A-3", "ordered_at": "2023-10-04T09:00:00+02:00", "amount": "17.25", "product_id": "P0034"},
        {"order_id": "A-3", "ordered_at": "2023-10-09", "amount": "-17.25", "returned": True},
    ],
    "events": [{"kind": "mail_clicked", "happened_at": "2023-10-20T10:00:00", "value": "1"}],
}


@dataclass(frozen=True)
class Request:
    """A request, and by which name its answer is kept.

    Args:
        key: the name of the key that is shown; "" = none.
        json: the body as JSON, unless `raw` is given.
    """

    name: str
    method: str
    path: str
    key: str = ""
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: str | None = None

    @property
    def body(self) -> bytes | None:
        """What is sent."""
        shown = self.shown
        return shown.encode() if shown else None

    @property
    def shown(self) -> str:
        """The body as text."""
        if self.raw is not None:
            return self.raw
        return "" if self.json is None else json.dumps(self.json, ensure_ascii=False)

    @property
    def all_headers(self) -> Mapping[str, str]:
        """The headers, with the type of a body."""
        return {**({"Content-Type": "application/json"} if self.shown else {}), **self.headers}


def requests(listed: Path) -> Iterator[Request]:
    """Yield the requests in their order; later ones see what earlier ones recorded.

    Args:
        listed: the shop's current list as CSV, for the ids of entries.
    """
    entries = read(listed)
    yield from _around()
    yield from _scores(entries)
    yield from _lists(entries)
    yield from _customers(entries)
    yield from _reports(entries)
    yield from _figures()
    yield from _refused()
    yield from _erasing(entries)
    yield Request("readyz", "GET", "/readyz")
    yield Request("metrics", "GET", "/metrics", "admin")


def _around() -> Iterator[Request]:
    for path in ("livez", "healthz"):
        yield Request(path, "GET", f"/{path}")
    yield Request("start-page", "GET", "/", "scores")
    yield Request("openapi", "GET", "/v1/openapi.json", "scores")
    yield Request("viewer", "GET", "/static_content/no-such-file.js", "scores")
    yield Request("model", "GET", "/v1/model", "scores")
    yield Request("model-of-owner", "GET", "/v1/model", "eleni")
    yield Request("reload", "POST", "/v1/model/reload", "admin")


def _scores(entries: Rows) -> Iterator[Request]:
    ids = [row["customer_id"] for row in entries[:5]]
    asked = [*ids, "C000", "nobody", "C050"]
    yield Request("scores", "POST", "/v1/scores", "scores", {"customer_ids": asked})
    yield Request("scores-twice", "POST", "/v1/scores", "scores", {"customer_ids": ["C050", *asked]})
    yield Request("scores-of-owner", "POST", "/v1/scores", "eleni", {"customer_ids": [f"C{n:03d}" for n in range(60)]})
    yield Request("scores-fresh", "POST", "/v1/scores", "scores", {"customer_ids": asked, "fresh": True})
    yield Request("score", "POST", "/v1/score", "scores", HISTORY)
    yield Request("score-one-order", "POST", "/v1/score", "scores", {**HISTORY, "orders": HISTORY["orders"][2:3]})
    yield Request("score-too-old", "POST", "/v1/score", "scores", {**HISTORY, "as_of": "2026-01-01"})


def _lists(entries: Rows) -> Iterator[Request]:
    day = "/v1/lists/2023-11-20"
    yield Request("list", "GET", "/v1/lists/current", "lists")
    yield Request("list-csv", "GET", "/v1/lists/current", "lists", headers=CSV)
    yield Request("list-of-owner", "GET", "/v1/lists/current?limit=500", "eleni")
    yield Request("list-of-owner-csv", "GET", "/v1/lists/current", "eleni", headers=CSV)
    yield Request("list-of-day", "GET", f"{day}?limit=3", "lists")
    yield Request("list-filtered", "GET", f"{day}?kind=regular&band=high&owner={entries[0]['owner']}", "lists")
    yield Request("list-by-state", "GET", f"{day}?state=at_risk&playbook=check-in", "lists")
    yield Request("list-winback-csv", "GET", f"{day}?kind=winback", "lists", headers=CSV)
    yield Request("list-bad-cursor", "GET", f"{day}?cursor=nonsense", "lists")
    yield Request("list-bad-filter", "GET", f"{day}?band=hihg&limit=0&what=1", "lists")
    yield Request("list-bad-day", "GET", "/v1/lists/soon", "lists")
    yield Request("list-none", "GET", "/v1/lists/2020-01-01", "lists")


def _customers(entries: Rows) -> Iterator[Request]:
    for number, row in enumerate(entries[:4]):
        yield Request(f"customer-{number}", "GET", f"/v1/customers/{row['customer_id']}", "lists")
    yield Request("customer-unlisted", "GET", "/v1/customers/C050", "lists")
    yield Request("customer-unknown", "GET", "/v1/customers/no%2Fbody%20here", "lists")
    other = next(row["customer_id"] for row in entries if row["owner"] != "Eleni")
    yield Request("customer-of-another-owner", "GET", f"/v1/customers/{other}", "eleni")


def _reports(entries: Rows) -> Iterator[Request]:
    for name, body in _told(entries).items():
        resource = name.partition("-")[0]
        yield Request(f"post-{name}", "POST", f"/v1/{resource}", "outcomes", body)
        yield Request(f"post-{name}-again", "POST", f"/v1/{resource}", "outcomes", body)
    yield Request("post-outcomes-of-owner", "POST", "/v1/outcomes", "eleni", _told(entries)["outcomes"])
    yield Request(
        "scores-fresh-after-orders", "POST", "/v1/scores", "scores", {"customer_ids": ["C001"], "fresh": True}
    )
    yield Request("customer-after-reports", "GET", f"/v1/customers/{entries[-1]['customer_id']}", "lists")


def _told(entries: Rows) -> dict[str, Any]:
    day, last = "2023-11-28", entries[-1]
    outcome = {"entry_id": last["entry_id"], "outcome": "saved", "happened_on": day, "note": "orders on Friday"}
    line = {"ordered_at": "2023-12-20T10:00:00+02:00", "amount": "19.90"}
    order = {"order_id": "A-4", "customer_id": "C001", "lines": [line]}
    event = {"event_id": "m-77", "customer_id": "C001", "kind": "mail_clicked", "happened_at": "2023-12-20T10:00:00"}
    contact = {"customer_id": "C050", "channel": "call", "cost": "2.00", "contacted_on": day}
    consent = {"customer_id": "C050", "channel": "mail", "allowed": False, "decided_on": day}
    return {
        "outcomes": {"outcomes": [outcome, {**outcome, "outcome": "reached", "by": "Ann", "cost": 1.5}]},
        "contacts": {"contacts": [contact, {**contact, "customer_id": "stranger", "key": "k-1"}]},
        "consent": {"consents": [consent]},
        "orders": {"orders": [order]},
        "orders-changed": {"orders": [{**order, "lines": [line, {**line, "amount": 5, "product_id": "P1"}]}]},
        "events": {"events": [event]},
        "outcomes-wrong": {"outcomes": [{**outcome, "entry_id": "nothing", "happened_on": "2999-01-01"}]},
        "contacts-wrong": {"contacts": [{**contact, "channel": "pigeon", "cost": "much"}]},
        "orders-wrong": {"orders": [{**order, "lines": [{**line, "amount": "free", "ordered_at": "yesterday"}]}]},
        "events-wrong": {"events": [{**event, "value": "x", "happened_at": "2023-13-01"}]},
    }


def _figures() -> Iterator[Request]:
    for query in ("", "?period=quarter&by=owner", "?period=year&by=segment&until=2023-10-01", "?period=week"):
        yield Request(f"kpis-{query.strip('?').replace('&', '-') or 'plain'}", "GET", f"/v1/kpis{query}", "lists")
    yield Request("effect", "GET", "/v1/effect", "lists")
    yield Request("effect-until", "GET", "/v1/effect?until=2023-12-15", "lists")
    yield Request("kpis-of-owner", "GET", "/v1/kpis", "eleni")
    yield Request("effect-of-owner", "GET", "/v1/effect", "eleni")
    yield Request("metrics-of-owner", "GET", "/metrics", "eleni")


def _refused() -> Iterator[Request]:
    scores = {"customer_ids": ["C001"]}
    yield Request("no-key", "POST", "/v1/scores", "", scores)
    yield Request("no-key-page", "GET", "/")
    yield Request("no-key-no-path", "GET", "/v1/nothing")
    yield Request("wrong-key", "GET", "/v1/model", "reg_000000000000_nothing")
    yield Request("no-path", "GET", "/v1/nothing", "admin")
    yield Request("no-method", "PUT", "/v1/scores", "admin", scores)
    yield Request("head", "HEAD", "/v1/model", "admin")
    yield Request("no-role-scores", "POST", "/v1/scores", "outcomes", scores)
    yield Request("no-role-lists", "GET", "/v1/lists/current", "scores")
    yield Request("no-role-outcomes", "POST", "/v1/consent", "lists", {"consents": []})
    yield Request("no-role-reload", "POST", "/v1/model/reload", "scores")
    yield Request("no-role-erase", "DELETE", "/v1/customers/C001", "lists")
    yield Request(
        "no-json", "POST", "/v1/scores", "scores", raw="{customer_ids", headers={"Content-Type": "application/json"}
    )
    yield Request("wrong-type", "POST", "/v1/scores", "scores", scores, {"Content-Type": "text/plain"})
    yield Request("too-long", "POST", "/v1/scores", "scores", raw="{}", headers={"Content-Length": str(16 * 2**20 + 1)})
    yield Request("too-many", "POST", "/v1/scores", "scores", {"customer_ids": ["C001"] * 10_001})
    yield Request("wrong-field", "POST", "/v1/scores", "scores", {"customers": ["C001"]})
    yield Request("wrong-cell", "POST", "/v1/score", "scores", {"orders": [{"ordered_at": 3, "amount": "x"}]})
    yield Request("no-orders", "POST", "/v1/score", "scores", {"orders": [], "as_of": "2023-11-20"})
    yield Request("wrong-day", "POST", "/v1/score", "scores", {**HISTORY, "as_of": "2023-02-30"})
    yield Request("wrong-amounts", "POST", "/v1/score", "scores", {**HISTORY, "orders": [_broken_order()]})
    yield Request("before-revoked", "GET", "/v1/model", "ended")
    yield Request("revoked", "GET", "/v1/model", "ended")


def _broken_order() -> dict[str, str]:
    return {"ordered_at": "soon", "amount": "free", "currency": "XYZ"}


def _erasing(entries: Rows) -> Iterator[Request]:
    path = f"/v1/customers/{entries[0]['customer_id']}"
    yield Request("erase", "DELETE", path, "admin")
    yield Request("erase-again", "DELETE", path, "admin")
    yield Request("customer-erased", "GET", path, "lists")
    yield Request("list-after-erasing", "GET", "/v1/lists/current?limit=5", "lists")
