"""A fault of the machine is answered with 503 and one sentence, which tells no path and no password."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from typing import Any

import pytest
import sqlalchemy as sa

from features.errors import WrongBook
from serving.api.problems import refusal_of
from serving.api.state import MinuteCache
from serving.book.schema import RUNS
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
