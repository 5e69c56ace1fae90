"""The score file as a table of Arrow: the type of each column, and a frame of scores there and back.

A column has its type whatever it holds this week: without it, a column that is empty today and full next week would be
two different columns to whoever collects the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from features.money import Money
from serving.scores import SCORE_COLUMNS, ColumnType

MOST_DIGITS, MOST_DECIMALS = 24, 4  # no currency has more
TYPES: Mapping[ColumnType, pa.DataType] = {
    "text": pa.string(),
    "texts": pa.list_(pa.string()),
    "date": pa.date32(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "money": pa.decimal128(MOST_DIGITS, MOST_DECIMALS),
}
Dtypes = Mapping[str, Any]  # column → its type in a frame


def score_schema(money: Money) -> pa.Schema:
    """Return the schema of scores, whose money has the digits of its currency.

    >>> score_schema(Money("JPY")).field("value_at_risk").type
    Decimal128Type(decimal128(24, 0))
    """
    types = {**TYPES, "money": pa.decimal128(MOST_DIGITS, money.decimals)}
    return pa.schema([(column.name, types[column.type]) for column in SCORE_COLUMNS])


def frame_of(rows: pa.RecordBatch | pa.Table, dtypes: Dtypes) -> pd.DataFrame:
    """Return rows as the frame that they were written from.

    Args:
        rows: of scores, all columns or some.
        dtypes: of that frame.

    >>> rows = pa.record_batch({"reasons": [["late"], None]})
    >>> frame_of(rows, {"reasons": object})["reasons"].tolist()
    [['late'], None]
    """
    columns = zip(rows.schema.names, rows.columns, strict=True)
    return pd.DataFrame({name: _series(column, dtypes[name]) for name, column in columns})


def _series(column: pa.Array | pa.ChunkedArray, dtype: Any) -> pd.Series[Any]:
    # Arrow's own way makes arrays of the lists.
    values = column.to_pandas() if pd.api.types.is_numeric_dtype(dtype) else column.to_pylist()
    found: pd.Series[Any] = pd.Series(values, dtype=dtype)
    return found
