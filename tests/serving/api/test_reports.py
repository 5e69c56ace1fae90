"""What others tell us: recorded once, whole or not at all, and every wrong field named at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from serving.api.app import create_app
from serving.api.state import ServerState
from serving.book import Book
from serving.book.schema import CONSENT, CONTACTS, OUTCOMES, POSTED_EVENTS, POSTED_ORDERS
from serving.config import load_settings
from serving.shop import today
from tests.serving.api.conftest import admitting, calls
from tests.serving.read_back import current_list

LINE = {"ordered_at": "2022-12-01T10:00:00+02:00", "amount": "19.90"}


@pytest.fixture
def server(office: Path) -> Iterator[ServerState]:
    """A server over a shop that a test may change."""
    settings = load_settings(office / "regulars.toml")
    made = ServerState(settings, Book(settings.book_place))
    yield made
    made.close()


@pytest.fixture
def post(server: ServerState) -> Any:
    """Send a report and return status and answer."""
    call = calls(admitting(create_app(server)))

    def posted(name: str, *rows: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        path = "consent" if name == "consents" else name
        answer = call("POST", f"/v1/{path}", json={name: list(rows)})
        return answer.status_code, answer.json()

    return posted


@pytest.fixture
def reports(server: ServerState) -> dict[str, dict[str, Any]]:
    """One good row of each kind, with entries and customers of the shop."""
    entry = current_list(server.need_book()).entries.iloc[0]  # type: ignore[union-attr]
    customer = entry["customer_id"]
    return {
        "outcomes": {"entry_id": entry["entry_id"], "outcome": "saved", "cost": "2.00"},
        "contacts": {"customer_id": customer, "channel": "call", "cost": "2.00"},
        "consents": {"customer_id": customer, "channel": "mail", "allowed": False},
        "orders": {"order_id": "n-1", "customer_id": customer, "lines": [LINE]},
        "events": {"event_id": "e-1", "customer_id": customer, "kind": "mail_clicked", "happened_at": "2022-12-01"},
    }


TABLES = {
    "outcomes": OUTCOMES, "contacts": CONTACTS, "consents": CONSENT, "orders": POSTED_ORDERS, "events": POSTED_EVENTS,
}  # fmt: skip
WRONG = {
    "outcomes": ({"entry_id": "none"}, {"outcome": "svaed"}, {"happened_on": "2999-01-01"}, {"cost": "two"}),
    "contacts": ({"channel": "pigeon"}, {"contacted_on": "2999-01-01"}, {"cost": "-1"}, {"customer_id": "null"}),
    "consents": ({"channel": "pigeon"}, {"decided_on": "2999-01-01"}, {"customer_id": "  "}),
    "orders": ({"lines": [{**LINE, "amount": "x"}]}, {"lines": [{**LINE, "order_id": "another"}]}),
    "events": ({"happened_at": "yesterday"}, {"value": "many"}),
}


def count(server: ServerState, name: str) -> int:
    """Count the rows of a kind."""
    with server.need_book().reading() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(TABLES[name])) or 0)


@pytest.mark.parametrize("name", TABLES)
def test_the_same_again_changes_nothing(post: Any, reports: Any, server: ServerState, name: str) -> None:
    """In one request or in two."""
    before, row = count(server, name), reports[name]
    status, answer = post(name, row, row)
    assert (status, answer["new"], answer["known"]) == (200, 1, 1)
    status, answer = post(name, row)
    assert (status, answer["new"], answer["known"]) == (200, 0, 1)
    assert count(server, name) == before + 1


@pytest.mark.parametrize("name", TABLES)
def test_nothing_is_recorded_where_one_row_is_wrong(post: Any, reports: Any, server: ServerState, name: str) -> None:
    """And its field is named."""
    before = count(server, name)
    for wrong in WRONG[name]:
        status, answer = post(name, reports[name], {**reports[name], **wrong})
        assert (status, len(answer["errors"])) == (422, 1), answer
        (field,) = wrong
        assert answer["errors"][0]["path"].startswith(f"$.{name}[1].{field}"), answer
        assert answer["errors"][0]["message"]
    assert count(server, name) == before


def test_an_order_replaces_what_was_there(post: Any, reports: Any) -> None:
    """An order system sends an order again when it changes."""
    assert post("orders", reports["orders"])[1] == {"new": 1, "changed": 0, "known": 0, "forgotten": 0}
    changed = {**reports["orders"], "lines": [LINE, {**LINE, "amount": "5"}]}
    assert post("orders", changed)[1] == {"new": 0, "changed": 1, "known": 0, "forgotten": 0}
    assert post("orders", changed)[1] == {"new": 0, "changed": 0, "known": 1, "forgotten": 0}


@pytest.mark.parametrize(("cost", "minor"), [("2.50", 250), (2, 200), (2.5, 250), (0, 0), ("0.005", 1), (None, None)])
def test_a_cost_is_text_or_number(post: Any, reports: Any, server: ServerState, cost: Any, minor: int | None) -> None:
    """In major units, whatever way it is written."""
    assert post("contacts", {**reports["contacts"], "cost": cost, "key": "k"})[0] == 200
    with server.need_book().reading() as connection:
        assert connection.scalar(sa.select(CONTACTS.c.cost).where(CONTACTS.c.key == "k")) == minor


def test_today_is_the_shops_and_tomorrow_is_refused(post: Any, reports: Any, server: ServerState) -> None:
    """A day left out is today in the shop's zone."""
    now = today(server.need_settings())
    assert post("contacts", {**reports["contacts"], "contacted_on": str(now + timedelta(1))})[0] == 422
    assert post("contacts", reports["contacts"])[1]["new"] == 1
    assert post("contacts", {**reports["contacts"], "contacted_on": str(now)})[1]["known"] == 1


def test_every_wrong_field_is_named_at_once(post: Any, reports: Any) -> None:
    """Rows and fields alike."""
    _, answer = post(
        "contacts",
        {**reports["contacts"], "contacted_on": "2999-01-01", "cost": "x"},
        reports["contacts"],
        {**reports["contacts"], "customer_id": "null"},
    )
    assert [each["path"] for each in answer["errors"]] == [
        "$.contacts[0].contacted_on", "$.contacts[0].cost", "$.contacts[2].customer_id",
    ]  # fmt: skip


def test_the_story_tells_what_was_posted_and_decodes_what_is_kept_as_text(
    server: ServerState, post: Any, reports: Any
) -> None:
    """Somebody whom only posted orders know has a story too: what can be erased can be asked for."""
    call = calls(admitting(create_app(server)))
    customer = reports["contacts"]["customer_id"]
    assert post("orders", reports["orders"], {"order_id": "n-2", "customer_id": "stranger", "lines": [LINE]})[0] == 200
    assert post("events", reports["events"])[0] == 200
    history = call("GET", f"/v1/customers/{customer}").json()["history"]
    assert history["posted_orders"] == [{"order_id": "n-1", "lines": [LINE | {"returned": False}]}]
    assert [event["event_id"] for event in history["posted_events"]] == ["e-1"]
    assert isinstance(history["scores"][0]["reasons"], list)
    stranger = call("GET", "/v1/customers/stranger").json()
    assert [order["order_id"] for order in stranger["history"]["posted_orders"]] == ["n-2"]


def test_customers_whom_nobody_knows_are_told_and_kept(server: ServerState, post: Any, reports: Any) -> None:
    """A consent of somebody who has not ordered yet is valid, and a typing error is seen."""
    strange = [reports["consents"], {"customer_id": "NOPE", "channel": "mail", "allowed": False}]
    assert post("consents", *strange) == (200, {"new": 2, "known": 0, "unknown": ["NOPE"], "closed": 0, "forgotten": 0})
    assert post("contacts", {"customer_id": "NOPE", "channel": "call"})[1]["unknown"] == ["NOPE"]
    assert post("contacts", reports["contacts"])[1]["unknown"] == []
