"""Workers clean parts of the orders as the reader cleans the whole: the same log, and a balance sheet that adds up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from features.engines.spark.histories import log_of
from features.errors import InputError, RegularsError
from features.log import Log
from features.simulation.simulate import simulate
from features.sources.mapping import OrdersMapping, Shop
from features.sources.reader import CleanLog, read_log
from features.sources.spark.asked import questions_about
from features.sources.spark.fits import refuse_what_does_not_fit
from features.sources.spark.orders import _streams
from features.sources.spark.parts import FACTS, Cleaning, RollingUp
from features.sources.spark.summary import Summary, counted_in, refuse_broken, sheet_of

SHOP = Shop("Europe/Athens", "EUR", "04:00")
NAMES = ("order_id", "customer_id", "ordered_at", "amount", "quantity", "discount", "product_id", "returned")
ORDERS = OrdersMapping(Path("orders.parquet"), {name: name for name in NAMES}, keep_repeats=True)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Orders with everything that a rule leaves out or changes."""
    found = simulate(60, seed=3, days=300).orders.reset_index(drop=True)
    found["status"] = "paid"
    found.loc[5:20, "status"] = "cancelled"
    found["amount"] = found["amount"].astype(float)
    found.loc[30:34, "customer_id"] = ""
    found["currency"] = "EUR"
    found.loc[40:50, "currency"] = "USD"
    found.loc[found["order_id"].isin(found["order_id"].iloc[60:75]), "amount"] = 0.0
    return found


def mapped(**settings: Any) -> OrdersMapping:
    columns = {**ORDERS.columns, "status": "status", "currency": "currency"}
    return replace(ORDERS, columns=columns, accept=("cancelled", "guests", "zero-value orders"), **settings)


USD = replace(SHOP, exchange_rates={"USD": "0.9"})


def parts(rows: pd.DataFrame, count: int, key: str) -> list[pd.DataFrame]:
    """Rows by the hash of their key, as Spark brings them together; of three parts one is empty at times."""
    part = pd.util.hash_pandas_object(rows[key], index=False) % count
    return [rows[part == number] for number in range(count)]


def on_workers(rows: pd.DataFrame, orders: OrdersMapping, count: int) -> tuple[list[Summary], pa.Table, list[Any]]:
    """What the workers of both steps give: summaries, histories, and the facts of these."""
    cleaning = Cleaning(USD, orders, {})
    batches = [each for part in parts(rows, count, "order_id") for each in cleaned(cleaning, part)]
    facts = [text for batch in batches for text in batch[FACTS].drop_null().to_pylist()]
    summaries = [Summary.from_json(text, "o") for text in facts]
    lines = pa.Table.from_batches([batch for batch in batches if batch[FACTS].null_count]).to_pandas()
    rolling = RollingUp("EUR", _streams(orders))
    found = [
        each
        for part in parts(lines, count, "customer_id")
        for each in rolling.histories(pa.Table.from_pandas(part, preserve_index=False).to_batches())
    ]
    told = [json.loads(text) for batch in found for text in batch[FACTS].drop_null().to_pylist()]
    kept = [batch for batch in found if batch[FACTS].null_count]
    return summaries, pa.Table.from_batches(kept).drop_columns([FACTS]), told


def cleaned(cleaning: Cleaning, part: pd.DataFrame) -> Iterator[pa.RecordBatch]:
    yield from cleaning.lines(pa.Table.from_pandas(part, preserve_index=False).to_batches(max_chunksize=100))


def whole(rows: pd.DataFrame, orders: OrdersMapping, folder: Path) -> CleanLog:
    rows.to_parquet(folder / "orders.parquet")
    return read_log(USD, orders.read_from(folder / "orders.parquet"))


def digest(log: Log) -> str:
    """Of a log without the words of products, which no history carries."""
    return replace(log, words={}).digest()


@pytest.mark.parametrize("count", [1, 3, 8])
def test_the_log_of_parts_is_that_of_the_whole_and_the_sheet_adds_up(
    rows: pd.DataFrame, tmp_path: Path, count: int
) -> None:
    orders = mapped()
    expected = whole(rows, orders, tmp_path)
    summaries, found, facts = on_workers(rows, orders, count)
    refuse_broken(summaries, "o")
    sheet = sheet_of("EUR", summaries, counted_in(facts))
    for stream in expected.log.streams:
        same_stream(log_of(found), expected.log, stream)
    assert [(each.rule, each.rows, each.money) for each in sheet.lines] == [
        (each.rule, each.rows, each.money) for each in expected.sheet.lines
    ]
    assert {each.rule for each in sheet.left_out} == {"cancelled", "guests", "zero-value orders"}
    assert sheet.counted == expected.sheet.counted
    assert questions_about(sheet, facts, orders.accept, orders.most_left_out) == ()


def same_stream(found: Log, expected: Log, name: str) -> None:
    """The same rows; the number of a product is each worker's own."""
    left, right = found.streams[name], expected.streams[name]
    assert list(found.customer_ids) == list(expected.customer_ids)
    assert left.starts.tolist() == right.starts.tolist()
    if name != "items":
        assert left.day.tolist() == right.day.tolist()
    assert left.columns.keys() == right.columns.keys()
    for column in left.columns.keys() - {"product"}:
        assert sorted(left.columns[column].tolist()) == sorted(right.columns[column].tolist()), column
        if name != "items":
            assert left.columns[column].tolist() == right.columns[column].tolist(), column


def test_a_part_that_was_lost_or_counted_twice_stops_the_reading(rows: pd.DataFrame) -> None:
    summaries, _, facts = on_workers(rows, mapped(), 3)
    for wrong in (facts[1:], [*facts, facts[0]]):
        with pytest.raises(RegularsError, match="does not add up"):
            sheet_of("EUR", summaries, counted_in(wrong))


def test_broken_cells_of_every_part_are_named_with_their_remedy(rows: pd.DataFrame) -> None:
    broken = rows.assign(amount=rows["amount"].astype(str))
    broken.loc[[100, 700], "amount"] = ["12,x", "free"]
    summaries, _, _ = on_workers(broken, mapped(), 3)
    with pytest.raises(InputError, match=r"sales\.orders cannot be used") as refused:
        refuse_broken([Summary.from_json(each.to_json(), "sales.orders") for each in summaries], "sales.orders")
    told = "\n".join(map(str, refused.value.violations))
    assert 'sales.orders, column amount: "12,x" is not a number' in told
    assert 'sales.orders, column amount: "free" is not a number' in told


def test_what_the_shop_as_a_whole_is_asked_is_asked_of_the_parts_too(rows: pd.DataFrame, tmp_path: Path) -> None:
    """A till that is one customer, and most orders on one day."""
    odd = rows.assign(customer_id=rows["customer_id"].where(rows.index % 5 > 0, "A1"))
    odd["ordered_at"] = odd["ordered_at"].where(odd.index % 3 > 0, odd["ordered_at"].iloc[-1])
    odd.loc[200:320, "status"] = "cancelled"
    odd["order_id"] = [f"o{number}" for number in range(len(odd))]
    orders = replace(mapped(), accept=())
    with pytest.raises(InputError) as refused:
        whole(odd, orders, tmp_path)
    summaries, _, facts = on_workers(odd, orders, 3)
    sheet = sheet_of("EUR", summaries, counted_in(facts))
    asked = questions_about(sheet, facts, (), orders.most_left_out)
    told = " ".join(str(each) for each in refused.value.violations)
    assert len(asked) >= 3
    for each in asked:
        assert each.words in told


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"keep_repeats": False}, "write keep_repeats = true under [orders]"),
        ({"on_broken": "set_aside"}, 'write on_broken = "stop" under [orders]'),
        ({"lines": Path("l.csv")}, "is joined with no files beside it"),
        ({"columns": {**ORDERS.columns, "amount": "total#2"}}, "name the column without #"),
    ],
)
def test_a_setting_that_a_worker_cannot_keep_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as refused:
        refuse_what_does_not_fit(replace(ORDERS, **settings), "sales.orders")
    assert message in str(refused.value)
    assert "sales.orders cannot be read on Spark" in str(refused.value)
    refuse_what_does_not_fit(ORDERS, "sales.orders")
