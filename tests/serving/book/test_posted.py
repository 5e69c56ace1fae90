"""What is posted: refused whole or kept whole, known by its id, and read as a file's lines are."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import InputError
from features.sources.mapping import LineRules, OrdersMapping, Shop
from features.sources.reader import read_log
from serving.book import Book, posted
from serving.book.posted import Posted, PostedEvent, PostedOrder, record_events, record_orders
from serving.book.posted_log import PostedLog, Reader, posted_version
from serving.book.privacy.erasure import erase
from serving.book.schema import POSTED_EVENTS, POSTED_ORDERS

NOBODY = np.zeros(0, dtype=object)
READER = Reader(Shop("Europe/Athens", "EUR"), LineRules(), date(2026, 3, 2))
LINE = {"ordered_at": "2026-02-20", "amount": "12.50"}


def order(order_id: str = "7", customer_id: str = "ann", *lines: dict[str, Any]) -> PostedOrder:
    return PostedOrder(order_id, customer_id, lines or (LINE,))


def event(
    event_id: str = "e1", kind: str = "visit", customer_id: str = "ann", at: object = "2026-02-20"
) -> PostedEvent:
    return PostedEvent(event_id, customer_id, kind, at)


def rows(book: Book, table: sa.Table) -> list[tuple[Any, ...]]:
    with book.reading() as connection:
        return [tuple(row) for row in connection.execute(sa.select(table).order_by(sa.text("1")))]


def amounts(book: Book) -> list[int]:
    found = PostedLog(book, READER).lines(NOBODY)
    return [] if found is None else sorted(found.amount.tolist())


def refused(call: Callable[[], object]) -> list[str]:
    with pytest.raises(InputError, match="nothing of it was recorded") as error:
        call()
    return [f"{each.column}: {each.rule}" for each in error.value.violations]


def test_an_order_is_kept_once_and_its_last_word_stays(book: Book) -> None:
    assert record_orders(book, [order(), order("8")], READER) == Posted(2, 0, 0)
    first = rows(book, POSTED_ORDERS)
    assert record_orders(book, [order(), order("8")], READER) == Posted(0, 0, 2)
    assert rows(book, POSTED_ORDERS) == first
    again = order("7", "ann", {**LINE, "status": "cancelled"})
    assert record_orders(book, [again, order("9")], READER) == Posted(1, 1, 0)
    changed = rows(book, POSTED_ORDERS)
    assert changed[1] == first[1]
    assert changed[0][3] > first[0][3]
    assert amounts(book) == [1250, 1250]


def test_the_same_content_is_known_however_it_is_written(book: Book) -> None:
    record_orders(book, [order("7", "Ann@Example.com ", {**LINE, "product_id": "p"})], READER)
    same = {"product_id": "p", "status": None, "amount": "12.50", "ordered_at": "2026-02-20"}
    assert record_orders(book, [order(" 7", "ann@example.com", same)], READER) == Posted(0, 0, 1)
    assert [row[:2] for row in rows(book, POSTED_ORDERS)] == [("7", "ann@example.com")]


def test_plain_values_come_back_as_they_were(book: Book) -> None:
    line = {"ordered_at": datetime(2026, 2, 20, 10), "amount": Decimal("12.5"), "quantity": 2, "returned": True}
    record_orders(book, [order("7", "ann", line)], READER)
    found = PostedLog(book, READER).lines(NOBODY)
    assert found is not None
    assert (found.amount.tolist(), found.units.tolist(), found.returned.tolist()) == ([1250], [2], [True])
    record_events(book, [PostedEvent("e", "ann", "Mail sent", date(2026, 2, 20), 4.5)], READER)
    events = PostedLog(book, READER).events(NOBODY)
    assert events is not None
    assert (events.kind.values.tolist(), events.value.tolist()) == (["mail_sent"], [4500])


def test_every_wrong_cell_of_all_orders_is_named_and_nothing_is_kept(book: Book) -> None:
    record_orders(book, [order("1")], READER)
    bad = [
        order("2"),
        order("3", "ann", LINE, {"ordered_at": "soon", "amount": "5"}),
        order("4", "null", {"ordered_at": "2026-02-20", "amount": "x"}),
        order("", "ann"),
        PostedOrder("5", "ann", ()),
        order("6", "ann", {"ordered_at": "2026-03-03", "amount": "5"}),
        order("8", "ann", {**LINE, "currency": "USD"}),
        order("9\ud800", "ann"),
        order("9\0", "ann"),
        order("10", "ann", {**LINE, "status": "cancelled", "amount": "much"}),
    ]
    violations = refused(lambda: record_orders(book, bad, READER))
    assert {each.split(":")[0] for each in violations} == {
        "orders[1].lines[1].ordered_at",
        "orders[2].customer_id",
        "orders[2].lines[0].amount",
        "orders[3].order_id",
        "orders[4].lines",
        "orders[5].lines[0].ordered_at",
        "orders[6].lines[0].currency",
        "orders[7].order_id",
        "orders[8].order_id",
        "orders[9].lines[0].amount",
    }
    assert [row[0] for row in rows(book, POSTED_ORDERS)] == ["1"]


def test_an_order_of_another_customer_is_refused_by_its_place(book: Book) -> None:
    record_orders(book, [order("1"), order("2")], READER)
    violations = refused(
        lambda: record_orders(book, [order("3"), order("2", "bob"), order("4"), order("4", "bob")], READER)
    )
    rule = "the order_id of this customer"
    assert violations == [f"orders[1].order_id: {rule}", f"orders[3].order_id: {rule}"]
    assert len(rows(book, POSTED_ORDERS)) == 2


def test_of_an_order_that_comes_twice_at_once_the_last_word_stays(book: Book) -> None:
    """And each stands on its own: the second does not borrow its date from the first."""
    paid, back = order("7"), order("7", "ann", {**LINE, "status": "refunded"})
    assert record_orders(book, [paid, back, back], READER) == Posted(1, 1, 1)
    assert "refunded" in rows(book, POSTED_ORDERS)[0][2]
    violations = refused(lambda: record_orders(book, [order("8"), order("8", "ann", {"amount": "3"})], READER))
    assert violations == ["orders[1].lines[0].ordered_at: empty where a date is needed"]


def test_events_are_kept_by_their_ids(book: Book) -> None:
    assert record_events(book, [event(), event("e2", "Mail sent")], READER) == Posted(2, 0, 0)
    assert record_events(book, [event(), event("e2", "call")], READER) == Posted(0, 1, 1)
    violations = refused(
        lambda: record_events(
            book, [event("e1", customer_id="bob"), event("e3", at="2026-03-03"), event("e4", "")], READER
        )
    )
    assert sorted(violations) == [
        "events[0].event_id: the event_id of this customer",
        "events[1].happened_at: in the past",
        "events[2].kind: empty where a kind is needed",
    ]


def test_moments_with_and_without_a_zone_may_come_in_turn(book: Book) -> None:
    """Within one request they may not: one of the two is a mistake there."""
    zoned = {"ordered_at": "2026-02-20T23:30:00+00:00", "amount": "1"}  # past midnight in Athens
    record_orders(book, [order("1")], READER)
    record_orders(book, [order("2", "ann", zoned, zoned)], READER)
    record_events(book, [event()], READER)
    record_events(book, [event("e2", at="2026-02-20T23:30:00Z")], READER)
    kept = PostedLog(book, READER)
    found, told = kept.lines(NOBODY), kept.events(NOBODY)
    assert found is not None
    assert told is not None
    assert np.ptp(found.day) == np.ptp(told.day) == 1
    assert refused(lambda: record_orders(book, [order("3"), order("4", "ann", zoned)], READER))


def test_known_ids_and_later_days_are_not_read(book: Book) -> None:
    record_orders(book, [order("1", "ann", {**LINE, "ordered_at": f"2026-02-{day}"}) for day in (10,)], READER)
    record_orders(book, [order("2", "ann", {"ordered_at": "2026-02-21", "amount": "2"})], READER)
    record_events(book, [event(), event("e2", at="2026-02-21")], READER)
    kept = PostedLog(book, READER, until=date(2026, 2, 21))
    found, told = kept.lines(NOBODY), kept.events(NOBODY)
    assert found is not None
    assert told is not None
    assert (found.amount.tolist(), len(told.day)) == ([1250], 1)
    assert kept.lines(np.array(["1", "2", "3"], dtype=object)) is None
    assert PostedLog(book, READER).lines(np.array(["1"], dtype=object)).amount.tolist() == [200]  # type: ignore[union-attr]
    assert kept.events(np.array(["e1", "e2"], dtype=object)) is None


def test_what_is_kept_is_read_in_pieces(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    many = [order(str(n), f"c{n % 3}", LINE, {**LINE, "amount": str(n)}) for n in range(7)]
    record_orders(book, many, READER)
    record_events(book, [event(f"e{n}", f"kind {n}") for n in range(59)], READER)
    record_events(book, [event(f"f{n}", f"more {n}") for n in range(59)], READER)
    monkeypatch.setattr("serving.book.posted_log.ROWS_AT_ONCE", 2)
    assert amounts(book) == sorted([1250] * 7 + [100 * n for n in range(7)])
    monkeypatch.undo()
    events = PostedLog(book, READER).events(NOBODY)
    assert events is not None
    assert len(set(events.kind.values[events.kind.codes])) == 118


def test_what_no_rule_of_today_reads_is_told_by_its_order(book: Book) -> None:
    dollars = Reader(Shop("Europe/Athens", "EUR", exchange_rates={"USD": Decimal("0.9")}), LineRules(), READER.latest)
    record_orders(book, [order("7", "ann", {**LINE, "currency": "USD"})], dollars)
    assert PostedLog(book, dollars).lines(NOBODY).amount.tolist() == [1125]  # type: ignore[union-attr]
    with pytest.raises(InputError, match='posted orders, column currency of order 7: "USD" is not EUR'):
        PostedLog(book, READER).lines(NOBODY)


def test_the_version_tells_every_change(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a clock was set back between two posts."""
    versions = [posted_version(book)]
    for act in (
        lambda: record_orders(book, [order("1")], READER),
        lambda: record_events(book, [event()], READER),
        lambda: record_orders(book, [order("1", "ann", {**LINE, "amount": "3"})], READER),
        lambda: record_orders(book, [order("1", "ann", {**LINE, "amount": "4"})], READER),
    ):
        act()
        versions.append(posted_version(book))
        monkeypatch.setattr(posted, "utc_now", lambda: datetime(2020, 1, 1))
    record_orders(book, [order("1", "ann", {**LINE, "amount": "4"})], READER)
    assert posted_version(book) == versions[-1]
    erase(book, "ann", "key")
    assert versions[0] == posted_version(book) == (0, None)
    assert len(set(versions)) == 5


def test_a_customer_is_forgotten_and_nobody_else(book: Book) -> None:
    record_orders(book, [order("1"), order("2"), order("3", "bob")], READER)
    record_events(book, [event(), event("e2", customer_id="bob")], READER)
    assert erase(book, "ann", "key") == {"posted_orders": 2, "posted_events": 1}
    assert erase(book, "ann", "key") == {}
    assert [row[0] for row in rows(book, POSTED_ORDERS) + rows(book, POSTED_EVENTS)] == ["3", "e2"]


def test_posts_of_several_threads_are_all_kept_once(book: Book) -> None:
    done: list[Posted] = []
    batch = [order(str(n)) for n in range(50)]
    threads = [threading.Thread(target=lambda: done.append(record_orders(book, batch, READER))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.new for each in done) == [0, 0, 0, 50]
    assert len(rows(book, POSTED_ORDERS)) == 50


STATES = st.sampled_from(("paid", "cancelled", "refunded"))
BATCHES = st.lists(st.lists(st.tuples(st.integers(0, 5), STATES), max_size=6), max_size=5)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BATCHES)
def test_law_whatever_comes_the_book_holds_the_last_word(book: Book, batches: list[list[tuple[int, str]]]) -> None:
    with book.writing() as connection:  # what the example before left
        connection.execute(sa.delete(POSTED_ORDERS))
    held: dict[str, str] = {}
    for batch in batches:
        counts = {"new": 0, "changed": 0, "known": 0}
        for number, state in batch:
            counts["new" if str(number) not in held else "known" if held[str(number)] == state else "changed"] += 1
            held[str(number)] = state
        sent = [order(str(number), "ann", {**LINE, "status": state}) for number, state in batch]
        assert record_orders(book, sent, READER) == Posted(**counts)
    kept = {row[0]: row[2] for row in rows(book, POSTED_ORDERS)}
    assert kept.keys() == held.keys()
    assert all(f'"{state}"' in kept[number] for number, state in held.items())


def test_law_a_file_and_the_books_posts_are_one_log(book: Book, tmp_path: Path) -> None:
    head = "order_id,customer_id,ordered_at,amount,quantity,status,returned\n"
    lines = [
        f"{n // 2},c{n // 2 % 5},2026-02-{1 + n // 4:02d} 1{n % 2}:00,{n}.5,2,paid,{n % 7 == 0}" for n in range(80)
    ]
    mapped = OrdersMapping(tmp_path / "orders.csv", {name: name for name in head.strip().split(",")})

    def log_of(some: list[str], kept: PostedLog | None = None) -> str:
        mapped.file.write_text(head + "\n".join(some) + "\n")
        return read_log(READER.shop, mapped, posted=kept).log.digest()

    names = head.strip().split(",")
    cells = [dict(zip(names, line.split(","), strict=True)) for line in lines]
    documents = [{name: cell[name] for name in names[2:]} for cell in cells]
    sent = [order(str(n), cells[2 * n]["customer_id"], *documents[2 * n : 2 * n + 2]) for n in range(15, 40)]
    record_orders(book, sent, READER)
    whole = log_of(lines)
    assert log_of(lines[:30], PostedLog(book, READER)) == whole
    assert log_of(lines[:50], PostedLog(book, READER)) == whole
    assert log_of(lines[:30]) != whole
