"""A fault of the machine is answered with 503 and one sentence, which tells no path and no password."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from features.errors import WrongBook
from serving.api.app import create_app
from serving.api.problems import refusal_of
from serving.api.state import CONFIG_VARIABLE, MinuteCache, ServerState
from serving.book.schema import RUNS, SCORES
from tests.serving.api.conftest import admitting, calls
from tests.serving.faults import FAULTS


def of_sqlite(code: int) -> Exception:
    error = sqlite3.OperationalError("at /home/ann/shop")
    error.sqlite_errorcode = code
    return sa.exc.OperationalError("UPDATE …", None, error)


def of_postgresql(state: str) -> Exception:
    error = RuntimeError("server at 10.0.0.7")
    error.sqlstate = state  # type: ignore[attr-defined]
    return sa.exc.OperationalError("UPDATE …", None, error)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/home/ann/shop/scores.csv"), "disk-full"),
        (OSError(errno.EIO, "Input/output error", "/home/ann/shop/orders.csv"), "disk-fails"),
        (OSError(errno.EACCES, "Permission denied", "/home/ann/shop"), "no-access"),
        (OSError(errno.EROFS, "Read-only file system", "/home/ann/shop"), "no-access"),
        (MemoryError(), "out-of-memory"),
        (of_sqlite(sqlite3.SQLITE_FULL), "disk-full"),
        (of_sqlite(sqlite3.SQLITE_IOERR_READ), "disk-fails"),
        (of_sqlite(sqlite3.SQLITE_CORRUPT), "damaged"),
        (of_sqlite(sqlite3.SQLITE_BUSY), "busy"),
        (of_sqlite(sqlite3.SQLITE_READONLY), "no-access"),
        (of_postgresql("53100"), "disk-full"),
        (of_postgresql("55P03"), "busy"),
        (of_postgresql("25006"), "no-access"),
        (of_postgresql("57P01"), "unreachable"),
        (of_postgresql("XX001"), "damaged"),
        (WrongBook("/home/ann/shop/book.db", "is gone", "put the backup back"), "wrong-book"),
    ],
)
def test_a_fault_of_the_machine_is_503_with_its_own_type(error: Exception, code: str) -> None:
    refusal = refusal_of(error)
    assert (refusal.status, refusal.code, refusal.headers["Retry-After"]) == (503, code, "5")
    assert "/home" not in refusal.detail
    assert "10.0.0.7" not in refusal.detail
    assert refusal.response().media_type == "application/problem+json"


def test_a_full_disk_under_a_report_is_answered_and_nothing_is_kept(call: Any, server: Any, shop: Any) -> None:
    """The same post again, once there is room, is recorded."""
    contact = {"contacts": [{"customer_id": str(shop.orders["customer_id"].iloc[0]), "channel": "call"}]}
    server.book.engine.dispose()  # a connection of its own for the time of the fault
    with FAULTS["ENOSPC"].put_in(server.settings.folder):
        answer = call("POST", "/v1/contacts", json=contact)
    server.book.engine.dispose()
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:regulars:disk-full")
    assert answer.json()["detail"].startswith("the disk is full at book.db; nothing of this request is kept")
    assert call("POST", "/v1/contacts", json=contact).json()["new"] == 1


# What answers under each fault: the start meets the book or the registry, a request the book.
SERVED = {"ENOSPC": "disk-full", "damaged book": "damaged", "lock held": "busy", "half a registry": None}
# A server that runs has opened its book and read the shop's files: where neither can be done again, it answers all.
ALL_SERVED = {**SERVED, "no memory": None}


@pytest.mark.parametrize("fault", SERVED)
def test_a_server_answers_under_a_fault_and_goes_on_once_it_is_gone(
    changed: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    serve_under(fault, changed, monkeypatch)


@pytest.mark.whole
def test_a_server_answers_under_every_fault(changed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other, on one shop."""
    for fault in FAULTS:
        serve_under(fault, changed, monkeypatch)


def serve_under(fault: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start a server in the fault, then put it under one that runs: 200 or 503, and all is well after."""
    monkeypatch.setenv(CONFIG_VARIABLE, str(folder / "regulars.toml"))
    server = ServerState()
    app = create_app(server)
    call = calls(app)
    with FAULTS[fault].put_in(folder):
        server._open_quietly()
        admitting(app)
        assert_answers(call, str(folder))
    server._let_go()
    server._open_quietly()
    admitting(app)
    assert server.health() == {"ready": True, "model": "registry", "trouble": None}
    (customer,) = customers_of(server, 1)
    contact = {"contacts": [{"customer_id": customer, "channel": "call", "key": fault}]}
    assert server.book is not None
    server.book.engine.dispose()  # connections of their own for the time of the fault
    with FAULTS[fault].put_in(folder):
        answers = assert_answers(call, str(folder), contact)
        server.book.engine.dispose()
    codes = {each.json()["type"].removeprefix("urn:regulars:") for each in answers if each.status_code == 503}
    expected = ALL_SERVED.get(fault, FAULTS[fault].expected.code)
    assert codes <= {expected}
    assert codes or expected is None
    assert call("POST", "/v1/contacts", json=contact).json()["new"] == len(codes)  # what was refused was not kept
    server.close()


def customers_of(server: ServerState, count: int) -> list[str]:
    with server.need_book().reading() as connection:
        return list(connection.scalars(sa.select(SCORES.c.customer_id).limit(count)))


def assert_answers(call: Any, folder: str, contact: Any = None) -> list[Any]:
    """Ask for everything: health, what is read, what is computed and what is written."""
    asked = [("GET", "/readyz", None), ("GET", "/v1/lists/current", None), ("GET", "/v1/model", None)]
    asked += [("POST", "/v1/contacts", contact)] if contact else []
    answers = [call(method, path, json=body) for method, path, body in asked]
    for answer in answers:
        assert answer.status_code in (200, 503), answer.text
        assert folder not in answer.text
    refused = [each for each in answers[1:] if each.status_code == 503]
    for answer in refused:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"] == "5"
    return refused


def test_an_unexpected_error_over_a_damaged_book_is_told_as_damage(server: Any) -> None:
    """With 503; over a whole book it stays a mistake of ours."""
    mistake, rows = KeyError("ann"), sa.select(RUNS.c.id, RUNS.c.as_of)
    assert asyncio.run(server.damage_behind(mistake)) is mistake
    with server.book.reading() as connection:
        (number, day), *_ = connection.execute(rows).all()
    write_day(server, number, "2026-13-77")
    try:
        found = asyncio.run(server.damage_behind(mistake))
    finally:
        write_day(server, number, day.isoformat())
    assert (refusal_of(found).status, refusal_of(found).code) == (503, "damaged")


def write_day(server: Any, number: int, day: str) -> None:
    """Write a run's day as it is given; what was found of damage is forgotten."""
    server.counts = MinuteCache()
    with server.book.writing() as connection:
        connection.exec_driver_sql("UPDATE runs SET as_of = ? WHERE id = ?", (day, number))
