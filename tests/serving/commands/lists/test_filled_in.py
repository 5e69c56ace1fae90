"""Lists that come back with outcomes filled in: the same CSV or workbook, in the language it was written in."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

from serving.commands.lists.filled_in import headings, outcome_named
from tests.serving.conftest import MONDAY, Call, in_book, list_of

TUESDAY = MONDAY + timedelta(days=1)
WORDS = {"en": "not saved", "fa": "حفظ نشد", "el": "δεν έμεινε"}
HELD = "SELECT entry_id, outcome, happened_on, note FROM outcomes"


@pytest.fixture(scope="module")
def lists(listed: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Language → a shop that speaks it, whose list lies in the folder `list`."""
    return {language: _speaking(listed, tmp_path_factory.mktemp(language), language) for language in WORDS}


def _speaking(listed: Path, folder: Path, language: str) -> Path:
    shutil.copytree(listed, folder, dirs_exist_ok=True)
    toml = folder / "regulars.toml"
    toml.write_text(toml.read_text().replace("[shop]\n", f'[shop]\nlanguage = "{language}"\n'))
    list_of(folder, MONDAY, "csv", "xlsx")
    return folder


def filled(file: Path, cells: Mapping[int, Mapping[str, object]]) -> list[str]:
    """Fill in rows of every sheet with entries, counted from 2; return the entries of the first such sheet."""
    book, first = load_workbook(file), None
    for sheet in book.worksheets:
        names = [headings().get(str(cell.value).lower().replace(" ", "_")) for cell in sheet[1]]
        if "entry_id" not in names:
            continue
        for row, by_name in cells.items() if first is None else ():
            for name, value in by_name.items():
                sheet.cell(row, names.index(name) + 1, value)
        first = first or [str(row[names.index("entry_id")].value) for row in sheet.iter_rows(min_row=2)]
    book.save(file)
    return first or []


@pytest.mark.parametrize("language", WORDS)
def test_a_workbook_comes_back_with_what_was_chosen(
    lists: Mapping[str, Path], tmp_path: Path, call: Call, language: str
) -> None:
    """A word of its own language, a day, a note; rows without an outcome say nothing; twice is once."""
    shop = Path(shutil.copytree(lists[language], tmp_path / "shop"))
    file = shop / "list" / "list.xlsx"
    told = {"outcome": WORDS[language], "happened_on": datetime(2023, 1, 10), "note": "will think\nabout it"}
    ids = filled(file, {2: told, 3: {"outcome": WORDS[language]}})
    for new, known in ((2, 0), (0, 2)):
        code, out, err = call("outcome", file, "--config", shop / "regulars.toml", "--json")
        assert (code, json.loads(out)) == (0, {"what": "outcomes", "new": new, "known": known}), err
    found = in_book(shop, f"{HELD} ORDER BY note IS NULL")
    assert found[0] == (ids[0], "not_saved", str(TUESDAY), "will think\nabout it")
    assert found[1][:2] == (ids[1], "not_saved")


@pytest.mark.parametrize("day", ["10.01.2023", "10/1/2023"])
def test_a_csv_comes_back_too(lists: Mapping[str, Path], tmp_path: Path, call: Call, day: str) -> None:
    """As a spreadsheet saves it: with semicolons, and days as the country writes them."""
    shop = Path(shutil.copytree(lists["el"], tmp_path / "shop"))
    table = pd.read_csv(shop / "list" / "list.csv", dtype=str, keep_default_na=False)
    table.loc[0, ["Αποτέλεσμα", "Ημερομηνία", "Σημείωση"]] = ["Έμεινε", day, "θα έρθει"]
    table.to_csv(shop / "back.csv", index=False, sep=";", encoding="utf-8-sig")
    code, _, err = call("outcome", shop / "back.csv", "--config", shop / "regulars.toml", "--json")
    assert code == 0, err
    assert in_book(shop, HELD) == [(table.loc[0, "Καταχώριση"], "saved", str(TUESDAY), "θα έρθει")]


def test_every_wrong_cell_is_named_by_sheet_and_row(lists: Mapping[str, Path], tmp_path: Path, call: Call) -> None:
    """A row with a note that spans lines moves no row; a note without an outcome is told, not dropped."""
    shop = Path(shutil.copytree(lists["en"], tmp_path / "shop"))
    file = shop / "list" / "list.xlsx"
    filled(file, {
        2: {"outcome": "perhaps", "happened_on": datetime(2022, 1, 10), "note": "first\nsecond"},
        3: {"note": "asked to call later", "happened_on": "soon"},
    })  # fmt: skip
    code, out, err = call("outcome", file, "--config", shop / "regulars.toml", "--json")
    assert code == 2
    found = [(each["line"], each["column"]) for each in json.loads(out)["violations"]]
    assert sorted(found) == [(2, "happened_on"), (2, "outcome"), (3, "happened_on"), (3, "outcome")]
    assert "list.xlsx, sheet " in err
    assert in_book(shop, HELD) == []


def test_a_workbook_offers_the_words_that_are_read_again(lists: Mapping[str, Path]) -> None:
    for language, shop in lists.items():
        sheet = load_workbook(shop / "list" / "list.xlsx").worksheets[-1]
        offered = next(rule for rule in sheet.data_validations.dataValidation if rule.type == "list")
        words = offered.formula1.strip('"').split(",")
        assert [outcome_named(word) for word in words] == [outcome_named(word) for word in WORDS_IN_ORDER]
        assert WORDS[language] in words
        (day,) = (rule for rule in sheet.data_validations.dataValidation if rule.type == "date")
        assert date(1899, 12, 30) + timedelta(days=int(day.formula1)) == MONDAY


WORDS_IN_ORDER = ("contacted", "reached", "saved", "not saved", "wrong alarm", "already known", "do not contact")


def test_no_heading_means_two_columns_that_are_read() -> None:
    """Of two headings alike, the one that is read wins; so no two that are read may be alike."""
    read = [column for column in headings().values() if column in ("outcome", "happened_on", "note", "entry_id")]
    assert sorted(read) == sorted(["outcome", "happened_on", "note", "entry_id"] * len(WORDS))


def test_a_file_that_is_no_workbook_says_so(office: Path, call: Call) -> None:
    for name, content in (("broken.xlsx", b"PK no zip"), ("none.xlsx", None)):
        if content is not None:
            (office / name).write_bytes(content)
        code, _, err = call("outcome", office / name, "--config", office / "regulars.toml")
        assert code == 2
        assert "cannot be read" in err
