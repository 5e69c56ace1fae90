"""Out to files: tables for machines, and lists for people.

A file appears whole or not at all: it is written under another name beside its place, then renamed. A table for
machines is plain UTF-8; a list for people opens in a spreadsheet, so it carries a byte order mark and no cell of it
can act as a formula.
"""

from __future__ import annotations

import csv
import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from features.errors import InputError
from features.writing import whole
from serving.outreach.lists import ENTRY_NAMES, OutreachList

SENTENCES = "; "
GROUP_FILES = ("list.csv", "new-customers.csv", "win-back.csv")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # full-width ones act too
FILE_NAME_LENGTH = 60
RESERVED_NAMES = frozenset({"con", "prn", "aux", "nul", *(f"{p}{n}" for p in ("com", "lpt") for n in range(1, 10))})


def write_table(frame: pd.DataFrame, path: Path) -> None:
    r"""Write a table as CSV, Parquet or JSON, by the suffix of the file.

    Dates are ISO 8601, money is decimal with the currency's digits (a string in JSON), lists of sentences are lists
    in Parquet and JSON and joined with '; ' in CSV; what is unknown is empty, null in Parquet and JSON.

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
    with whole(path) as temporary:
        write(frame, temporary)


def write_list(outreach: OutreachList, folder: Path) -> list[Path]:
    """Write a list for people and return the files.

    They are list.csv with the regular customers at risk, new-customers.csv, win-back.csv with the lapsed, and
    owners/<owner>.csv with all three of each owner, told apart by the column `state`. Files of owners of a former list
    in this folder are removed when they no longer have anyone to call.

    Raises:
        InputError: the folder cannot be written to.
    """
    folder = Path(folder)
    everyone, groups = outreach.everyone, (outreach.entries, outreach.newcomers, outreach.winback)
    files = {folder / name: frame for name, frame in zip(GROUP_FILES, groups, strict=True)}
    for owner, name in file_names(outreach.owners).items():
        files[folder / "owners" / f"{name}.csv"] = everyone[everyone["owner"] == owner]
    for path, frame in files.items():
        with whole(path) as temporary:
            temporary.write_bytes(people_csv(frame))
    _remove_former(folder / "owners", keep=set(files))
    return list(files)


def people_csv(frame: pd.DataFrame) -> bytes:
    r"""Return a frame as CSV for a spreadsheet: UTF-8 with a byte order mark, and formulas defused.

    A text cell that a spreadsheet would run is preceded by an apostrophe, which the spreadsheet shows as text.

    >>> people_csv(pd.DataFrame({"name": ["=1+1"]}))
    b"\xef\xbb\xbfname\r\n'=1+1\r\n"
    """
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(frame.columns)
    columns = [[_for_people(value) for value in frame[name]] for name in frame.columns]
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue().encode("utf-8-sig", "backslashreplace")


def file_names(owners: Iterable[str]) -> dict[str, str]:
    """Return a file name without suffix for each owner: readable, safe on every system, and no two alike.

    >>> file_names(["Åsa Berg", "a/b", "A b"])
    {'Åsa Berg': 'Åsa-Berg', 'a/b': 'a-b-c14cdd', 'A b': 'A-b-a760b0'}
    """
    stems = {owner: _stem(owner) for owner in owners}
    folded = [stem.casefold() for stem in stems.values()]
    return {
        owner: stem if folded.count(stem.casefold()) == 1 and stem.casefold() not in RESERVED_NAMES else _marked(owner)
        for owner, stem in stems.items()
    }


def _stem(owner: str) -> str:
    words = re.sub(r"[^\w]+", "-", unicodedata.normalize("NFC", owner)).strip("-_")
    return words.encode()[:FILE_NAME_LENGTH].decode("utf-8", "ignore") or "owner"


def _marked(owner: str) -> str:
    mark = hashlib.sha256(owner.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"{_stem(owner)}-{mark}"


def _remove_former(folder: Path, keep: set[Path]) -> None:
    """Remove what an earlier list left, known by its first line; other files of that folder are not ours."""
    header = people_csv(pd.DataFrame(columns=list(ENTRY_NAMES)))
    for path in folder.glob("*.csv"):
        if path not in keep and path.read_bytes().startswith(header):
            path.unlink()


def _write_csv(frame: pd.DataFrame, path: Path) -> None:
    flat = frame.copy(deep=False)
    for name in frame.columns:
        if frame[name].dtype == object:
            flat[name] = [_joined(value) for value in frame[name]]
        elif frame[name].dtype.kind == "M":
            flat[name] = frame[name].dt.date
    flat.to_csv(path, index=False, encoding="utf-8", errors="backslashreplace", lineterminator="\n")


def _write_parquet(frame: pd.DataFrame, path: Path) -> None:
    dated = frame.copy(deep=False)
    for name in frame.columns:
        if frame[name].dtype.kind == "M":
            dated[name] = frame[name].dt.date
    dated.to_parquet(path, index=False, compression="zstd")


def _write_json(frame: pd.DataFrame, path: Path) -> None:
    names = list(frame.columns)
    encode = msgspec.json.Encoder(decimal_format="string").encode
    rows = zip(*([_plain(value) for value in frame[name]] for name in names), strict=True)
    with path.open("wb") as file:
        file.write(b"[")
        for number, row in enumerate(rows):
            file.write((b",\n" if number else b"\n") + encode(dict(zip(names, row, strict=True))))
        file.write(b"\n]\n")


def _joined(value: Any) -> Any:
    return SENTENCES.join(value) if isinstance(value, list | tuple) else value


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return list(value)
    if value is None or (not isinstance(value, Decimal) and pd.isna(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date()
    return value.item() if hasattr(value, "item") else value


def _for_people(value: Any) -> str:
    value = _joined(value)
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA_STARTS) else text
