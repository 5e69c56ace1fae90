"""An order that comes again in another state counts once, in its latest; lines of an order are no states of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import InputError
from features.log import Coded
from features.sources.cells import SCALE
from features.sources.duplicates import order_keys
from features.sources.mapping import LineRules, OrdersMapping, Shop
from features.sources.order_states import earlier_states
from features.sources.reader import CleanLog, read_log
from features.sources.row_checks import RowChecks, TypedTable
from features.tables import ORDERS, names


def read(folder: Path, header: str, *lines: str, **more: object) -> CleanLog:
    path = folder / "orders.csv"
    path.write_text("\n".join(["customer_id,order_id,ordered_at," + header, *lines]) + "\n", encoding="utf-8")
    columns = {name: name for name in path.read_text(encoding="utf-8").splitlines()[0].split(",")}
    assert set(columns) <= set(names(ORDERS))
    return read_log(Shop("UTC", "EUR"), OrdersMapping(path, columns, **more))


def worth(reading: CleanLog) -> tuple[int, int, dict[str, int]]:
    """Return what was spent, what came back, and what the rules about states and duplicates touched."""
    orders, returns = reading.log.streams["orders"], reading.log.streams["returns"]
    told = {
        each.rule: each.rows
        for each in reading.rules
        if each.rows and each.rule in ("earlier states", "duplicate lines", "overlap of exports")
    }
    return int(orders.columns["spend"].sum()), int(returns.columns["returned"].sum()), told


ONE = ("a,1,2024-01-05,{},x,20", "a,1,2024-01-05,{},y,10")
TWO = ("b,2,2024-01-06,{},x,20", "b,2,2024-01-06,{},z,5")


def state(order: tuple[str, ...], word: str) -> list[str]:
    return [line.format(word) for line in order]


def test_the_latest_state_counts_whole_where_the_lines_come_again(tmp_path):
    lines = [*state(ONE, "processing"), *state(TWO, "processing"), *state(ONE, "completed"), *state(TWO, "refunded")]
    assert worth(read(tmp_path, "status,product_id,amount", *lines)) == (3000, 2500, {"earlier states": 4})


def test_states_are_found_in_a_file_that_was_sorted_by_order(tmp_path):
    lines = [*state(ONE, "processing"), *state(ONE, "completed"), *state(TWO, "processing"), *state(TWO, "cancelled")]
    assert worth(read(tmp_path, "status,product_id,amount", *lines))[:2] == (3000, 0)


def test_an_order_that_was_edited_in_between_counts_as_it_is_now(tmp_path):
    edited = ["a,1,2024-01-05,paid,x,40", "a,1,2024-01-05,paid,w,7"]
    lines = [*state(ONE, "paid"), *state(TWO, "paid"), *edited, *state(TWO, "paid")]
    assert worth(read(tmp_path, "status,product_id,amount", *lines)) == (
        7200, 0, {"earlier states": 2, "duplicate lines": 2},
    )  # fmt: skip


def test_states_of_a_status_that_only_the_first_line_has(tmp_path):
    lines = [
        "a,1,2024-01-05,paid,x,20",
        "a,1,,,y,10",
        "b,2,2024-01-06,paid,x,9",
        "a,1,2024-01-05,refunded,x,20",
        "a,1,,,y,10",
    ]
    assert worth(read(tmp_path, "status,product_id,amount", *lines)) == (900, 3000, {"earlier states": 2})


def test_a_status_of_each_line_is_no_state_of_the_order(tmp_path):
    lines = [
        "a,1,2024-01-05,shipped,x,20",
        "a,1,2024-01-05,returned,y,10",
        "b,2,2024-01-06,shipped,x,5",
        "b,2,2024-01-06,cancelled,z,4",
    ]
    assert worth(read(tmp_path, "status,product_id,amount", *lines)) == (2500, 1000, {})


def test_the_column_that_says_when_decides_against_the_place_in_the_file(tmp_path):
    lines = [
        "a,1,2024-01-05,refunded,2024-02-01,20",
        "b,2,2024-01-06,paid,2024-01-06,5",
        "a,1,2024-01-05,paid,2024-01-05,20",
    ]
    assert worth(read(tmp_path, "status,updated_at,amount", *lines, amount_is="order")) == (
        500,
        2000,
        {"earlier states": 1},
    )


def test_one_total_that_changed_among_many_receipts_is_a_later_state(tmp_path):
    lines = [f"c{row % 7},{row},2024-01-0{1 + row % 9},{10 + row}" for row in range(60)]
    again = "c3,3,2024-01-04,99"
    for amount_is in ("order", "line"):
        spend = worth(read(tmp_path, "amount", *lines, again, amount_is=amount_is))
        assert spend == (100 * (sum(range(10, 70)) - 13 + 99), 0, {"earlier states": 1})


def test_a_refund_under_the_number_of_its_order_is_no_later_state(tmp_path):
    lines = ["a,1,2024-01-05,paid,50", "b,2,2024-01-06,paid,20", "a,1,2024-01-05,refunded,-10"]
    assert worth(read(tmp_path, "status,amount", *lines)) == (7000, 1000, {})


def test_an_order_number_that_another_customer_has_too_is_not_a_state(tmp_path):
    lines = ["a,1,2024-01-05,x,20", "b,2,2024-01-06,x,5", "a,2,2024-01-09,x,7"]
    with pytest.raises(Exception, match="the order id of one customer"):
        read(tmp_path, "product_id,amount", *lines)


def test_lines_are_kept_where_a_number_of_products_was_taken_for_one_of_lines(tmp_path):
    lines = ["a,1,2024-01-05,7,red,20", "a,1,2024-01-05,7,blue,20", "a,1,2024-01-05,8,red,5", "a,1,2024-01-05,8,red,5"]
    assert worth(read(tmp_path, "line_id,product_id,amount", *lines)) == (4500, 0, {"duplicate lines": 1})


def test_what_two_exports_share_is_no_duplicate(tmp_path):
    """Of overlapping exports the later one counts, and nothing is asked; twice within one export is."""
    head = "customer_id,order_id,ordered_at,status,product_id,amount"
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    orders = [f"c{n % 30},{n},2024-01-{1 + n % 28:02},paid,x,10" for n in range(200)]
    first.write_text("\n".join([head, *orders[:120]]) + "\n")
    changed = [line.replace("paid", "refunded") for line in orders[60:70]]
    second.write_text("\n".join([head, *changed, *orders[70:]]) + "\n")
    columns = {name: name for name in head.split(",")}
    together = read_log(Shop("UTC", "EUR"), OrdersMapping(first, columns, files=(first, second)))
    assert worth(together) == (190_000, 10_000, {"earlier states": 10, "overlap of exports": 50})

    second.write_text("\n".join([head, *orders[120:], *orders[150:]]) + "\n")
    with pytest.raises(InputError, match="duplicate lines"):
        read_log(Shop("UTC", "EUR"), OrdersMapping(first, columns, files=(first, second)))


def test_exports_without_order_ids_overlap_row_by_row(tmp_path):
    """Two equal rows of one export are two orders, and so they are in the next export that holds them again."""
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    first.write_text("customer_id,ordered_at,amount\na,2024-01-05,10\na,2024-01-05,10\nb,2024-01-06,20\n")
    second.write_text(
        "customer_id,ordered_at,amount\na,2024-01-05,10\na,2024-01-05,10\na,2024-01-05,10\nc,2024-02-01,5\n"
    )
    columns = {name: name for name in ("customer_id", "ordered_at", "amount")}
    together = OrdersMapping(first, columns, files=(first, second))
    assert worth(read_log(Shop("UTC", "EUR"), together)) == (5500, 0, {"overlap of exports": 2})
    apart = OrdersMapping(first, columns, files=(first, second), keep_repeats=True)
    assert worth(read_log(Shop("UTC", "EUR"), apart)) == (7500, 0, {})


rows_of_orders = st.lists(
    st.tuples(
        st.sampled_from(["", "1", "2", "3", "4", "5"]), st.sampled_from("aab"), st.sampled_from(["", "paid", "new"]),
        st.sampled_from("xyz"), st.sampled_from([5, 5, 7, -5]), st.sampled_from([0, 0, 0, 86400]), st.booleans(),
    ),
    min_size=1, max_size=30,
)  # fmt: skip


@given(rows_of_orders, st.booleans(), st.sampled_from(["line", "order"]), st.booleans())
def test_orders_without_a_doubt_change_nothing_of_the_others(rows, sort, amount_is, with_products):
    columns = list(zip(*(sorted(rows) if sort else rows), strict=True))
    texts = {name: Coded.of(columns[place]) for place, name in enumerate(("order_id", "customer_id", "status"))}
    texts |= {"product_id": Coded.of(columns[3])} if with_products else {}
    time = np.array(columns[5], dtype=np.int64)
    typed = TypedTable(len(rows), texts, {"amount": np.array(columns[4]) * 10**SCALE}, {}, time, time * 0)
    checks = RowChecks(typed)
    checks.alive &= np.array(columns[6])
    order, rules = order_keys(texts["order_id"], len(rows)), LineRules(amount_is=amount_is)

    def states() -> list[list[bool]]:
        found = earlier_states(checks, order, texts["customer_id"], time, rules)
        return [each.tolist() for each in (found.earlier, found.repeated, found.overlapping)]

    some = states()
    with pytest.MonkeyPatch.context() as patch:
        every_key = np.ones(int(order.max()) + 1, dtype=bool)
        patch.setattr("features.sources.order_states.keys_in_doubt", lambda *_: every_key)
        assert states() == some
