"""Small tables that people hand in: read as they meant them, or refused with every place at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import InputError
from features.money import Money, minor_units
from serving.commands.lists.csv_input import Sheet, open_table

COLUMNS = ("entry_id", "day", "cost", "note")
EURO = Money("EUR")


def read(folder: Path, content: str | bytes) -> Sheet:
    file = folder / "report.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Sheet(open_table(file), COLUMNS, COLUMNS[:2])


@pytest.mark.parametrize(
    "content",
    [
        "entry_id,day,cost,note\ne1,2026-03-03,12.50,fine\n",
        "\ufeffEntry ID;Day;Cost;Note\r\ne1;2026-03-03;12.50;fine\r\n;;;\r\n\r\n",
        "note\tcost\tday\tentry-id\nfine\t12.50\t2026-03-03\te1",
        "entry_id,day,cost,note,,\n e1 , 2026-03-03 ,12.50,fine,,\n,,,,,\n",
    ],
    ids=["commas", "Excel", "tabs, another order, no last line end", "empty columns"],
)
def test_the_same_row_however_it_is_written(tmp_path: Path, content: str) -> None:
    sheet = read(tmp_path, content)
    (row,) = sheet.rows
    assert row.line == 2
    assert (sheet.text(row, "entry_id"), sheet.text(row, "note")) == ("e1", "fine")
    assert (sheet.day(row, "day"), sheet.money(row, "cost", EURO)) == (date(2026, 3, 3), 1250)
    assert sheet.wrong == []


def test_a_note_may_hold_lines_quotes_and_rare_line_ends(tmp_path: Path) -> None:
    """A row ends where a spreadsheet ends it; the line is that of the file."""
    note = 'a\nb, "c"\u2028d\x85e\x0bf'
    quoted = note.replace('"', '""')
    sheet = read(tmp_path, f'entry_id,day,note\ne1,2026-03-03,"{quoted}"\ne2,2026-03-04,x\u2028y\n')
    assert [sheet.text(row, "note") for row in sheet.rows] == [note, "x\u2028y"]
    assert [row.line for row in sheet.rows] == [3, 4]


def test_wrong_cells_are_collected_with_their_lines(tmp_path: Path) -> None:
    sheet = read(tmp_path, "entry_id,day,cost\ne1,3 March,12\n\ne2,2026-03-03,dear\ne3,,NaN\n")
    for row in sheet.rows:
        sheet.day(row, "day")
        sheet.money(row, "cost", EURO)
    found = [(each.line, each.column, each.value) for each in sheet.wrong]
    assert found == [(2, "day", "3 March"), (4, "cost", "dear"), (5, "day", ""), (5, "cost", "NaN")]
    assert str(sheet.wrong[2]).endswith("line 5, column day: is empty; write it as 2026-03-31")
    assert "write it as 2026-03-31" in str(sheet.wrong[0])


def test_a_row_that_is_too_short_has_empty_cells(tmp_path: Path) -> None:
    """It is refused cell by cell, and does not end the program."""
    sheet = read(tmp_path, "entry_id,day,cost\ne1\n")
    (row,) = sheet.rows
    assert (row.cells["day"], sheet.text(row, "cost")) == ("", None)
    sheet.day(row, "day")
    assert [each.column for each in sheet.wrong] == ["day"]


@pytest.mark.parametrize("row", ["e1,2026-03-03,12,50,fine", "e1,2026-03-03,12,called, no answer"])
def test_a_comma_too_many_does_not_move_what_follows(tmp_path: Path, row: str) -> None:
    """12,50 in a file with commas would be 12, and 50 the note."""
    sheet = read(tmp_path, f"entry_id,day,cost,note\n{row}\n")
    (wrong,) = sheet.wrong
    assert (wrong.line, wrong.rule) == (2, "under any heading")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "column entry_id: is missing"),
        ("entry_id;cost\n", "column day: is missing"),
        (
            "entry_id,dy,day\n",
            'column dy: no such column; known columns are entry_id, day, cost, note. Did you mean "day"?',
        ),
        ("entry_id,day,Day\n", "column day: stands there twice"),
        (b"entry_id,day\n\xff\xfe", "cannot be read as a CSV in UTF-8"),
        ('entry_id,day\n"' + "x" * 200_000 + '",\n', "line 2: it cannot be read as a CSV"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: str | bytes, message: str) -> None:
    """With what is wrong."""
    with pytest.raises(InputError) as caught:
        read(tmp_path, content)
    assert message in str(caught.value)


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"nowhere\.csv cannot be read"):
        open_table(tmp_path / "nowhere.csv")
    monkeypatch.setattr("serving.commands.lists.csv_input.MOST_BYTES", 5)
    with pytest.raises(InputError, match="hand it in in parts"):
        read(tmp_path, "entry_id,day\n")


@pytest.mark.parametrize("text", ["", "12,50", "€12", "NaN", "Infinity", "1e40", "92233720368547758.08"])
def test_what_is_no_amount_that_the_book_can_hold_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        minor_units(text, EURO)


def test_an_amount_is_exact_to_the_last_unit() -> None:
    assert minor_units("92233720368547758.07", EURO) == 2**63 - 1
    assert minor_units(" 12.5 ", Money("IRR")) == 13


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=60) | st.text(max_size=60).map(lambda rest: "entry_id,day\n" + rest))
def test_no_bytes_end_the_program(tmp_path: Path, content: str | bytes) -> None:
    """Read or refused, and every row has every column of the header."""
    try:
        if isinstance(content, str):
            content = content.encode("utf-8", "surrogatepass")
        rows = read(tmp_path, content).rows
    except InputError:
        return
    assert all({"entry_id", "day"} <= set(row.cells) for row in rows)
