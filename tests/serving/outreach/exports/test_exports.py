"""Out to files: whole or not at all, unharmed and harmless."""

from __future__ import annotations

import csv
import json
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import DiskFull, InputError
from serving.outreach.exports.file_names import SHEET_NAME_LENGTH, file_names, sheet_names
from serving.outreach.exports.list_csv import people_csv
from serving.outreach.exports.safe_text import printable
from serving.outreach.exports.write_table import write_table


def test_csv_keeps_ids_dates_money_and_sentences(tmp_path: Path, make_scores: Any) -> None:
    """The score file as a program reads it: plain UTF-8, no byte order mark."""
    told = {"reasons": ["silent; long", "two"], "overdue": float("nan")}
    write_table(make_scores(("007", 0.6, "12.50", told)), tmp_path / "s.csv")
    raw = (tmp_path / "s.csv").read_bytes()
    row = next(csv.DictReader(raw.decode().splitlines()))
    assert raw.startswith(b"customer_id,as_of,")
    assert (row["customer_id"], row["as_of"], row["value_at_risk"]) == ("007", "2026-03-02", "12.50")
    assert (row["reasons"], row["overdue"], row["protective"]) == ("silent; long; two", "", "")
    assert (row["next_order_from"], row["value_at_risk_high"]) == ("2026-03-05", "25.00")


def test_parquet_keeps_types(tmp_path: Path, make_scores: Any) -> None:
    """Ids are strings, money is decimal, sentences are lists, days are dates."""
    write_table(make_scores(("007", 0.6, "12.50")), tmp_path / "s.parquet")
    table = pq.read_table(tmp_path / "s.parquet")
    row = table.to_pylist()[0]
    assert (row["customer_id"], row["as_of"]) == ("007", date(2026, 3, 2))
    assert row["value_at_risk"] == Decimal("12.50")
    assert row["reasons"] == ["no order for 74 days, usually every 31"]
    assert (row["next_order_on"], row["silent_30d"]) == (date(2026, 3, 23), 0.6)
    assert str(table.schema.field("next_order_until").type) == "date32[day]"
    assert str(table.schema.field("as_of").type) == "date32[day]"


def test_json_is_one_array_with_money_as_text(tmp_path: Path, make_scores: Any) -> None:
    """As in the API; unknown is null."""
    frame = make_scores(("007", 0.6, "12.50", {"overdue": float("nan")}), ("8", 0.1, "1.00", {"reasons": None}))
    write_table(frame, tmp_path / "s.json")
    rows = json.loads((tmp_path / "s.json").read_text())
    assert (rows[0]["customer_id"], rows[0]["as_of"], rows[0]["value_at_risk"]) == ("007", "2026-03-02", "12.50")
    assert (rows[0]["next_order_until"], rows[0]["value_at_risk_low"]) == ("2026-05-11", "6.25")
    assert (rows[0]["overdue"], rows[0]["protective"], rows[1]["reasons"]) == (None, [], None)


@pytest.mark.parametrize("suffix", [".csv", ".json", ".parquet"])
def test_feature_tables_and_empty_ones_are_written_too(tmp_path: Path, suffix: str) -> None:
    """Dates at midnight are days; no rows are a file with columns."""
    frame = pd.DataFrame({"customer_id": ["1"], "as_of": pd.to_datetime(["2026-03-02"]), "overdue": [0.1 + 0.2]})
    write_table(frame, tmp_path / f"f{suffix}")
    write_table(frame[:0], tmp_path / f"none{suffix}")
    if suffix != ".parquet":
        text = (tmp_path / f"f{suffix}").read_text()
        assert "2026-03-02" in text
        assert "00:00" not in text
        assert "0.30000000000000004" in text


def test_other_suffixes_are_refused(tmp_path: Path) -> None:
    """The message names the three."""
    with pytest.raises(InputError, match=r"\.csv, \.parquet and \.json"):
        write_table(pd.DataFrame(), tmp_path / "s.xlsx")


def test_a_file_that_cannot_be_written_is_an_input_error(tmp_path: Path) -> None:
    """A folder stands where the file should go."""
    (tmp_path / "s.csv").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        write_table(pd.DataFrame({"a": [1]}), tmp_path / "s.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["s.csv"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a file never stands under the name."""
    path = tmp_path / "s.csv"
    write_table(pd.DataFrame({"a": [1]}), path)

    def fail(frame: pd.DataFrame, to: Path) -> None:
        to.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("serving.outreach.exports.write_table._write_csv", fail)
    with pytest.raises(DiskFull, match="the former file is as it was"):
        write_table(pd.DataFrame({"a": [2]}), path)
    assert path.read_text() == "a\n1\n"
    assert [file.name for file in tmp_path.iterdir()] == ["s.csv"]


@settings(deadline=None)
@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_any_text_survives_the_people_csv_and_no_cell_is_a_formula(texts: list[str]) -> None:
    """Names with formulas, newlines, right-to-left text and emoji pass unharmed and harmless."""
    text = people_csv(pd.DataFrame({"name": texts})).decode("utf-8-sig")
    cells = [row[0] if row else "" for row in csv.reader(StringIO(text, newline=""))][1:]
    shown = [printable(text) for text in texts]
    assert [cell if cell == t else cell.removeprefix("'") for cell, t in zip(cells, shown, strict=True)] == shown
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in cells)


@settings(deadline=None)
@given(st.lists(st.text(max_size=300), max_size=8, unique=True))
def test_file_names_are_safe_and_differ_on_every_system(owners: list[str]) -> None:
    """Case-blind systems, reserved names, slashes, dots, length."""
    names = file_names(owners)
    assert len({name.casefold() for name in names.values()}) == len(owners)
    for name in names.values():
        assert 0 < len(name.encode()) <= 80
        assert not set(name) & set('/\\:*?"<>|.\0\n')
        assert name.casefold() not in {"con", "nul", "com1"}


@settings(deadline=None)
@given(st.lists(st.text(max_size=60) | st.sampled_from(["Summary", "history", "'a'", "[]", "A", "a"]), unique=True))
def test_sheet_names_are_what_excel_takes_and_differ(owners: list[str]) -> None:
    """Length in UTF-16, forbidden characters, names of its own, case."""
    names = sheet_names(owners)
    assert list(names) == owners
    assert len({name.casefold() for name in names.values()}) == len({name.lower() for name in names.values()})
    assert len({name.lower() for name in names.values()}) == len(owners)
    for name in names.values():
        assert 0 < len(name.encode("utf-16-le")) <= 2 * SHEET_NAME_LENGTH
        assert not set(name) & set("[]:*?/\\'\0\n")
        assert name.casefold() not in {"summary", "history"}


def test_a_name_that_looks_like_a_mark_takes_nothing_from_another() -> None:
    """No two owners share a file, whatever they are called."""
    owners = ["a/b", "A b", "a-b-c14cdd", "con"]
    assert len({name.casefold() for name in file_names(owners).values()}) == len(owners)
