"""Law: every row and every unit of money of an orders file stands in its balance sheet, once.

The law keeps its own books, with csv and Decimal alone, from the cells as written.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from features.errors import InputError
from features.sources.mapping import OrdersMapping, Shop
from features.sources.reader import CleanLog, read_log

SHOP = Shop("UTC", "EUR", exchange_rates={"USD": Decimal("0.923"), "JPY": Decimal("0.0061")})
LINE = ("order_id", "customer_id", "ordered_at", "amount", "status", "currency", "returned", "line_id")
CENT = Decimal("0.01")

orders = st.builds(
    dict,
    customer_id=st.sampled_from(("ann", "bob", "eve", "", "null")),
    ordered_at=st.sampled_from(("2024-01-05", "2024-01-05 23:59", "2024-02-06")),
    status=st.sampled_from(("paid", "paid", "cancelled", "refunded", "")),
    currency=st.sampled_from(("EUR", "EUR", "USD", "JPY", "")),
)
amounts = st.decimals("-20", "1000", places=3).map(str) | st.sampled_from(("0", "0.004", "0.005", "1,234.50", "€ 7"))
lines = st.builds(
    dict,
    amount=amounts,
    returned=st.sampled_from(("", "no", "no", "yes")),
    line_id=st.sampled_from(("1", "2", "3", "4", "")),
)


@st.composite
def files(draw: st.DrawFn) -> list[dict[str, str]]:
    """Draw the rows of a file: orders with their lines, some without an id, some again further on."""
    rows: list[dict[str, str]] = []
    for number in range(draw(st.integers(1, 6))):
        order, order_id = draw(orders), draw(st.sampled_from((f"o{number}", f"o{number}", "")))
        rows += [{"order_id": order_id, **order, **line} for line in draw(st.lists(lines, min_size=1, max_size=3))]
    rows += draw(st.lists(st.sampled_from(rows), max_size=2))
    return rows


def read(rows: Sequence[Mapping[str, str]], fields: Sequence[str] = LINE, **rules: Any) -> CleanLog | None:
    """Read rows as a file; None where it is refused."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "orders.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, LINE)
            writer.writeheader()
            writer.writerows(rows)
        try:
            return read_log(SHOP, OrdersMapping(path, {name: name for name in fields}, **rules))
        except InputError:
            return None


def as_written(amount: str) -> Decimal:
    """Return the number that an amount says."""
    return Decimal(amount.replace(",", "").removeprefix("€ "))


def to_shop(amount: Decimal, currency: str) -> Decimal:
    """Return an amount in the shop's currency, rounded to the cent."""
    return (amount * SHOP.exchange_rates.get(currency, Decimal(1))).quantize(CENT, ROUND_HALF_UP)


@given(files())
def test_rows_and_money_add_up(rows: list[dict[str, str]]) -> None:
    clean = read(rows)
    if clean is None:
        return
    sheet = clean.sheet
    assert sheet.read.rows == len(rows) == sum(line.rows for line in sheet.lines[1:])
    total: Counter[str] = Counter()
    for row in rows:
        total[row["currency"] or "EUR"] += as_written(row["amount"])
    parts: Counter[str] = Counter()
    for line in sheet.lines[1:]:
        parts.update(line.money)
    assert {c: a for c, a in total.items() if a} == {c: a for c, a in parts.items() if a}


@given(files())
def test_the_log_holds_what_the_sheet_says(rows: list[dict[str, str]]) -> None:
    """Each row that no rule left out is counted in the shop's currency, to the cent, and no other row is."""
    clean = read(rows, ("order_id", "customer_id", "ordered_at", "amount", "status", "currency", "line_id"))
    if clean is None:
        return
    sheet, bought, back = clean.sheet, Decimal(0), Decimal(0)
    for row, fate in zip(rows, sheet.fate, strict=True):
        if sheet.rules[fate]:
            continue
        worth = to_shop(as_written(row["amount"]), row["currency"])
        if row["status"] == "refunded" or worth < 0 or as_written(row["amount"]) < 0:
            back += abs(worth)
        else:
            bought += worth
    streams = clean.log.streams
    assert sheet.counted.spend == bought == Decimal(int(streams["orders"].columns["spend"].sum())) * CENT
    assert sheet.counted.returned == back == Decimal(int(streams["returns"].columns["returned"].sum())) * CENT


@given(files(), st.sampled_from(("line", "order")))
def test_every_row_left_out_names_its_rule(rows: list[dict[str, str]], amount_is: str) -> None:
    clean = read(rows, amount_is=amount_is)
    if clean is None:
        return
    sheet = clean.sheet
    named = [row for line in sheet.left_out for row in sheet.rows_of(line.rule).tolist()]
    assert sorted(named) == [row for row, fate in enumerate(sheet.fate) if fate]
    assert [len(sheet.rows_of(line.rule)) for line in sheet.left_out] == [line.rows for line in sheet.left_out]
