"""The numbers of a file of any size: DuckDB reads the usual forms into millionths, Python everything else.

A column that holds numbers already is not written out as text: whatever a text of its digits would mean is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from features.log import Ints
from features.sources import cells
from features.sources.cells.distinct import filled, read_distinct

_DECIMAL: Final = f"DECIMAL(18,{cells.SCALE})"
_WHOLE: Final = (
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
)  # fmt: skip
_FLOATS: Final = ("FLOAT", "DOUBLE")
# Between these a float of 53 bits is written without an exponent, and has digits to spare behind its sixth decimal.
_LEAST_FLOAT, _MOST_FLOAT = "0.001", "1e8"


class NumberReader:
    """Reads a column as numbers in millionths, with the marks of `cells`.

    Args:
        column: SQL of the column.
        sql_type: of its cells; the file's decimal mark counts in texts only.
        decimal: '.' or ','.
    """

    def __init__(self, column: str, sql_type: str = "VARCHAR", decimal: str = ".") -> None:
        self._decimal = decimal if sql_type == "VARCHAR" else "."
        cell = _text(column, sql_type)
        plain = f"plain_{column}"
        self.named: tuple[str, ...] = (f"{_plain_sql(column, sql_type, self._decimal)} AS {plain}",)
        self.select: tuple[str, ...] = (plain, f"CASE WHEN {plain} IS NULL THEN {cell} END")
        self._parts: list[Ints] = []

    def add(self, arrays: Sequence[pa.Array]) -> None:
        """Take over a batch of what `select` gives."""
        plain, other = arrays
        numbers = _integers(plain)
        if plain.null_count:
            read = read_distinct(other, lambda cell: cells.number(cell, self._decimal))
            numbers = np.where(filled(plain), numbers, read)
        self._parts.append(numbers)

    def millionths(self) -> Ints:
        """Return the numbers of all batches, once."""
        parts, self._parts = self._parts, []
        return np.concatenate(parts)


def _text(column: str, sql_type: str) -> str:
    if sql_type == "VARCHAR":
        return column
    written = f"({column})::VARCHAR"
    # "-inf" and "-nan" would be a currency beside an accountant's zero.
    return f"CASE WHEN NOT isfinite({column}) THEN 'nan' ELSE {written} END" if sql_type in _FLOATS else written


def _plain_sql(column: str, sql_type: str, decimal: str) -> str:
    """Return SQL for the millionths of a usual number, NULL for every other cell."""
    if sql_type in _WHOLE:
        inside = f"{column} > -{10 ** (18 - cells.SCALE)} AND {column} < {10 ** (18 - cells.SCALE)}"
        return f"CASE WHEN {inside} THEN {column}::BIGINT * {10**cells.SCALE} END"
    if sql_type == "DOUBLE":
        return _float_sql(column)
    if sql_type.startswith("DECIMAL(") and int(sql_type.rstrip(")").split(",")[1]) <= cells.SCALE:
        return f"TRY_CAST({column} AS {_DECIMAL})"
    return _text_sql(_text(column, sql_type), decimal)


def _float_sql(column: str) -> str:
    """Return SQL for a float whose seventh decimal is far from a half: there its text rounds as it does itself."""
    size, scaled = f"abs({column})", f"{column} * 1e{cells.SCALE}"
    usual = f"{size} < {_MOST_FLOAT} AND ({size} >= {_LEAST_FLOAT} OR {column} = 0)"
    sure = f"abs({scaled} - round({scaled})) < 0.25"
    return f"CASE WHEN {usual} AND {sure} THEN round({scaled})::BIGINT END"


def _text_sql(cell: str, decimal: str) -> str:
    """Return SQL for a number of digits and a decimal mark, NULL for every other text."""
    if decimal == ".":
        # DuckDB takes 1_000 and 1e3. for numbers too.
        odd = " OR ".join(f"contains({cell}, '{mark}')" for mark in "_eE")
        return f"CASE WHEN NOT ({odd}) THEN TRY_CAST({cell} AS {_DECIMAL}) END"
    if decimal == cells.EITHER:  # three digits behind a point may be thousands
        sure = f"regexp_full_match({cell}, '-?[0-9]+([.][0-9]{{1,2}})?')"
        return f"CASE WHEN {sure} THEN TRY_CAST({cell} AS {_DECIMAL}) END"
    comma = f"regexp_full_match({cell}, '-?[0-9]+(,[0-9]+)?')"
    return f"CASE WHEN {comma} THEN TRY_CAST(replace({cell}, ',', '.') AS {_DECIMAL}) END"


def _integers(column: pa.Array) -> Ints:
    """Return millionths, NULL as anything: integers, or decimals of 18 digits, the lower halves of 128 bits."""
    if not pa.types.is_decimal(column.type):
        whole: Ints = (column.fill_null(0) if column.null_count else column).to_numpy()
        return whole.copy()  # a view of one column would keep the texts of its whole batch in memory
    halves = column.type.bit_width // 64
    start = column.offset * halves
    buffer = np.frombuffer(column.buffers()[1], dtype=np.int64) if len(column) else np.zeros(0, dtype=np.int64)
    return buffer[start : start + len(column) * halves : halves].copy()
