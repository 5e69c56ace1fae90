"""Writes tables for machines: CSV, Parquet or JSON in plain UTF-8, no text defused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from features.atomic_write import whole
from features.errors import InputError
from features.file_access import OWNER_ONLY, Access
from serving.outreach.exports.list_json import json_rows
from serving.outreach.exports.safe_text import joined


def write_table(frame: pd.DataFrame, path: Path, access: Access = OWNER_ONLY) -> None:
    r"""Write a table as CSV, Parquet or JSON, by the suffix of the file.

    Dates are ISO 8601. Money is decimal with the currency's digits, a string in JSON. Lists of sentences are lists in
    Parquet and JSON, joined with '; ' in CSV. What is unknown is empty in CSV, null in Parquet and JSON.

    Args:
        frame: the table.
        path: of the file.
        access: who may read it.

    Raises:
        InputError: the suffix is none of the three, or the file cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_table(pd.DataFrame({"customer_id": ["007"]}), Path(folder, "scores.csv"))
    ...     Path(folder, "scores.csv").read_text()
    'customer_id\n007\n'
    """
    writers: dict[str, Callable[[pd.DataFrame, Path], None]] = {
        ".csv": _write_csv,
        ".parquet": _write_parquet,
        ".json": _write_json,
    }
    path = Path(path)
    write = writers.get(path.suffix.lower())
    if write is None:
        raise InputError(f"{path}: the suffix says how to write it; known are .csv, .parquet and .json")
    with whole(path, access) as temporary:
        write(frame, temporary)


def _write_csv(frame: pd.DataFrame, path: Path) -> None:
    flat = _dated(frame)
    for name in frame.columns:
        if frame[name].dtype == object:
            flat[name] = [joined(value) for value in frame[name]]
    flat.to_csv(path, index=False, encoding="utf-8", errors="backslashreplace", lineterminator="\n")


def _write_parquet(frame: pd.DataFrame, path: Path) -> None:
    _dated(frame).to_parquet(path, index=False, compression="zstd")


def _dated(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with days in place of times."""
    dated = frame.copy(deep=False)
    for name in frame.columns:
        if frame[name].dtype.kind == "M":
            dated[name] = frame[name].dt.date
    return dated


def _write_json(frame: pd.DataFrame, path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"[")
        file.writelines(json_rows(frame))
        file.write(b"\n]\n")
