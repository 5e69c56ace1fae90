"""Texts of a Parquet file are the same however the file holds them, and as those of a CSV file."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from features.errors import InputError
from features.log import Log
from features.sources.mapping import OrdersMapping, Shop
from features.sources.reader import read_log

COLUMNS = {"customer_id": "who", "order_id": "no", "ordered_at": "day", "product_id": "what", "amount": "worth"}
TEXTS = {
    "who": ["a", "a", None, "b", "c"],
    "no": ["1", "1", "2", None, "3"],
    "day": ["2024-01-05", "2024-01-05", "2024-01-06", "2024-01-05", "2024-01-07"],
    "what": ["x", None, "Ω", "x", " x "],
}
WORTH = [5, 6, 7, 8, 9]


def log_of(path: Path) -> Log:
    return read_log(Shop("UTC", "EUR"), OrdersMapping(path, COLUMNS)).log


@pytest.fixture(scope="module")
def as_text(tmp_path_factory: pytest.TempPathFactory) -> str:
    columns = [*TEXTS.values(), [str(each) for each in WORTH]]
    rows = zip(*columns, strict=True)
    lines = [",".join(cell or "" for cell in row) for row in rows]
    path = tmp_path_factory.mktemp("texts") / "orders.csv"
    path.write_text("\n".join([",".join((*TEXTS, "worth")), *lines]) + "\n", encoding="utf-8")
    return log_of(path).digest()


@pytest.mark.parametrize("coded", [True, False, ["no"]])
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())], ids=str)
def test_texts_are_read_as_from_a_text_file(tmp_path: Path, as_text: str, kind: pa.DataType, coded: object) -> None:
    table = pa.table({**{name: pa.array(each).cast(kind) for name, each in TEXTS.items()}, "worth": WORTH})
    parquet.write_table(table, tmp_path / "orders.parquet", use_dictionary=coded, row_group_size=2)
    assert log_of(tmp_path / "orders.parquet").digest() == as_text


@pytest.mark.parametrize("coded", [True, False])
def test_what_is_not_utf_8_is_refused_in_words(tmp_path: Path, coded: bool) -> None:
    bytes_of = pa.array([b"\xff\xfe"])
    who = pa.Array.from_buffers(pa.string(), 1, bytes_of.buffers())
    table = pa.table({"who": who, "no": ["1"], "day": ["2024-01-05"], "what": ["x"], "worth": [5]})
    parquet.write_table(table, tmp_path / "orders.parquet", use_dictionary=coded)
    with pytest.raises(InputError, match="cannot be read"):
        log_of(tmp_path / "orders.parquet")
