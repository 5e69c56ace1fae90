"""Writes tables for machines: CSV, Parquet or JSON in plain UTF-8, no text defused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from features.atomic_write import whole
from features.errors import InputError
from features.file_access import OWNER_ONLY, Access
from serving.outreach.exports.list_json import json_rows
from serving.outreach.exports.safe_text import joined

if TYPE_CHECKING:  # Arrow is imported where Parquet is written
    import pyarrow as pa


def write_table(frame: pd.DataFrame, path: Path, access: Access = OWNER_ONLY, schema: pa.Schema | None = None) -> None:
    r"""Write a table as CSV, Parquet or JSON, by the suffix of the file.

    Dates are ISO 8601. Money is decimal with the currency's digits, a string in JSON. Lists of sentences are lists in
    Parquet and JSON, joined with '; ' in CSV. What is unknown is empty in CSV, null in Parquet and JSON.

    Args:
        frame: the table.
        path: of the file.
        access: who may read it.
        schema: of a Parquet file; None = as the values show.

    Raises:
        InputError: the suffix is none of the three, or the file cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_table(pd.DataFrame({"customer_id": ["007"]}), Path(folder, "scores.csv"))
    ...     Path(folder, "scores.csv").read_text()
    'customer_id\n007\n'
    """
    write_batches([frame], path, access, schema)


def write_batches(
    batches: Iterable[pd.DataFrame], path: Path, access: Access = OWNER_ONLY, schema: pa.Schema | None = None
) -> int:
    r"""Write the rows of a table batch by batch, as `write_table` does; return how many rows.

    Args:
        batches: frames of the same columns, at least one; memory holds one at a time.
        path: of the file.
        access: who may read it.
        schema: of a Parquet file; None = as the values of the first batch show.

    Raises:
        InputError: the suffix is none of the three, or the file cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     frames = (pd.DataFrame({"customer_id": [who]}) for who in ("007", "008"))
    ...     rows = write_batches(frames, Path(folder, "scores.json"))
    ...     rows, Path(folder, "scores.json").read_text()
    (2, '[\n{"customer_id":"007"},\n{"customer_id":"008"}\n]\n')
    """
    path = Path(path)
    write = writer_of(path, schema)
    with whole(path, access) as temporary:
        return write(batches, temporary)


def writer_of(path: Path, schema: pa.Schema | None = None) -> Callable[[Iterable[pd.DataFrame], Path], int]:
    """Return what writes a file of this suffix: who computes for hours asks before.

    Args:
        path: of the file.
        schema: of a Parquet file; None = as the values of the first batch show.

    Raises:
        InputError: the suffix is none of the three.
    """
    writers: dict[str, Callable[[Iterable[pd.DataFrame], Path], int]]
    writers = {".csv": _write_csv, ".parquet": partial(_write_parquet, schema=schema), ".json": _write_json}
    write = writers.get(path.suffix.lower())
    if write is None:
        raise InputError(f"{path}: the suffix says how to write it; known are .csv, .parquet and .json")
    return write


def _write_csv(batches: Iterable[pd.DataFrame], path: Path) -> int:
    rows = 0
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        for number, frame in enumerate(batches):
            flat = _dated(frame)
            for name in frame.columns:
                if frame[name].dtype == object:
                    flat[name] = [joined(value) for value in frame[name]]
            flat.to_csv(file, index=False, header=not number, lineterminator="\n")
            rows += len(frame)
    return rows


def _write_parquet(batches: Iterable[pd.DataFrame], path: Path, schema: pa.Schema | None) -> int:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    writer, rows = None, 0
    try:
        for frame in batches:
            table = pa.Table.from_pandas(_dated(frame), schema, preserve_index=False)
            schema = table.schema
            writer = writer or parquet.ParquetWriter(path, schema, compression="zstd")
            writer.write_table(table)
            rows += len(frame)
    finally:
        if writer is not None:
            writer.close()
    return rows


def _dated(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with days in place of times."""
    dated = frame.copy(deep=False)
    for name in frame.columns:
        if frame[name].dtype.kind == "M":
            dated[name] = frame[name].dt.date
    return dated


def _write_json(batches: Iterable[pd.DataFrame], path: Path) -> int:
    rows = 0
    with path.open("wb") as file:
        file.write(b"[")
        for frame in batches:
            file.writelines(json_rows(frame, rows))
            rows += len(frame)
        file.write(b"\n]\n")
    return rows
