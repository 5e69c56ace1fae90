"""The list as a sheet, taken along and brought back: who sees what, what is recorded, and every wrong cell named."""

from __future__ import annotations

import asyncio
import csv
import zipfile
from datetime import timedelta
from io import BytesIO, StringIO
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from openpyxl.utils import get_column_letter

from features.language import PERSIAN, day_text
from serving.book.schema import OUTCOMES, VIEWS
from serving.commands.lists.csv_input import snake_case
from serving.commands.lists.filled_in import headings
from serving.pages import forms
from tests.serving.pages.conftest import BRUNOS, ELENIS, MAIL, TOKEN, Browser, Site

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Cells = dict[str, dict[str, object]]


def sheet_of(browser: Browser, query: str = "") -> Any:
    """Download the list and return the workbook."""
    found = browser.get(f"list.xlsx{query}")
    assert (found.status_code, found.headers["content-type"]) == (200, EXCEL)
    return openpyxl.load_workbook(BytesIO(found.content))


def columns_of(sheet: Any) -> list[str]:
    """Return the names of the columns that the headings of a sheet mean, in any language."""
    return [headings().get(snake_case(str(cell.value)), "") for cell in sheet[1]]


def customers_in(book: Any) -> list[str]:
    """Return the customers of all sheets but the summary."""
    sheets = [sheet for sheet in book.worksheets if "customer_id" in columns_of(sheet)]
    return [row[columns_of(sheet).index("customer_id")].value for sheet in sheets for row in sheet.iter_rows(min_row=2)]


def filled(book: Any, cells: Cells) -> bytes:
    """Fill in cells by customer and column, and return the file as it is saved."""
    for sheet in book.worksheets:
        names = columns_of(sheet)
        if "customer_id" not in names:
            continue
        for row in sheet.iter_rows(min_row=2):
            for name, value in cells.get(row[names.index("customer_id")].value, {}).items():
                row[names.index(name)].value = value
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def send(browser: Browser, content: bytes, name: str = "list.xlsx", **other: str) -> Any:
    """Send a sheet by the form of the list."""
    found = TOKEN.search(browser.get().text)
    assert found is not None
    fields = {"form_token": found[1], **other}
    return browser.ask("POST", "upload", data=fields, files={"sheet": (name, content, "application/octet-stream")})


def recorded(site: Site) -> list[tuple[str, str, str | None, str | None]]:
    """Return customer, outcome, by and note of all that is recorded."""
    columns = (OUTCOMES.c[name] for name in ("customer_id", "outcome", "by", "note"))
    with site.book.reading() as connection:
        return [tuple(row) for row in connection.execute(sa.select(*columns).order_by(OUTCOMES.c.customer_id))]


def test_the_sheet_holds_the_own_rows_with_phone_and_mail(site: Site) -> None:
    """Of the tab and the search that are looked at; who took it along is in the audit."""
    manager = site.let_in("Eleni", "Niki")
    book = sheet_of(manager)
    assert sorted(customers_in(book)) == sorted(ELENIS)
    sheet = next(sheet for sheet in book.worksheets if "phone" in columns_of(sheet))
    row = next(sheet.iter_rows(min_row=2, values_only=True))
    assert (row[columns_of(sheet).index("phone")], row[columns_of(sheet).index("mail")]) == ("694 123 4567", MAIL)
    assert customers_in(sheet_of(manager, "?tab=open&q=e09")) == ["e09"]
    assert customers_in(sheet_of(manager, "?tab=done")) == []
    assert customers_in(sheet_of(manager, "?owner=Bruno")) == customers_in(book)
    assert len(customers_in(sheet_of(site.let_in(None, "Maria")))) == len(ELENIS) + len(BRUNOS)
    with site.book.reading() as connection:
        seen = connection.execute(sa.select(VIEWS.c.who, VIEWS.c.owner).where(VIEWS.c.what == "export")).all()
    assert [tuple(each) for each in seen] == [("Niki", "Eleni"), ("Maria", None)]


@pytest.mark.parametrize(("language", "word"), [("en", "saved"), ("fa", "حفظ شد"), ("el", "έμεινε")])
def test_a_sheet_comes_back_and_twice_is_once(site: Site, language: str, word: str) -> None:
    """In the language in which it was taken along; the page counts what was new."""
    manager = site.let_in("Eleni", "Niki")
    manager.sent = {"Accept-Language": language}
    content = filled(sheet_of(manager), {"e03": {"outcome": word, "note": "will order"}, "e04": {"outcome": word}})
    first, second = send(manager, content), send(manager, content)
    assert (first.status_code, first.headers["location"]) == (303, "/pages/upload?new=2&known=0&closed=0")
    assert second.headers["location"] == "/pages/upload?new=0&known=2&closed=0"
    assert recorded(site) == [("e03", "saved", "Niki", "will order"), ("e04", "saved", "Niki", None)]
    manager.sent = {"Accept-Language": "en"}
    assert "2 outcomes are recorded." in manager.get("upload?new=2&known=0&closed=0").text
    assert customers_in(sheet_of(manager, "?tab=done")) == ["e03", "e04"]


def test_a_csv_comes_back_too(site: Site) -> None:
    """As a Persian spreadsheet saves it, with a day of the Jalali calendar."""
    table = StringIO()
    writer = csv.writer(table)
    day = day_text(site.day, PERSIAN, "table")
    writer.writerow(["ردیف", "شناسهٔ مشتری", "نتیجه", "تاریخ", "یادداشت", "مورد"])
    writer.writerow(["1", "e05", "پاسخ داد", day, "", site.entry_of["e05"]])
    manager = site.let_in("Eleni", "Niki")
    answer = send(manager, table.getvalue().encode("utf-8-sig"), "فهرست.csv")
    assert answer.headers["location"] == "/pages/upload?new=1&known=0&closed=0"
    assert recorded(site) == [("e05", "reached", "Niki", None)]


def test_every_wrong_cell_is_named_in_the_visitors_language(site: Site) -> None:
    """By sheet, row and column; nothing is recorded, also not of the rows that are right."""
    manager = site.let_in()
    late = site.day + timedelta(days=3)
    cells: Cells = {"e00": {"outcome": "saved"}, "e01": {"outcome": "perhaps"}, "e02": {"note": "<b>hm</b>"}}
    content = filled(sheet_of(manager), {**cells, "e03": {"outcome": "reached", "happened_on": late}})
    words = {
        "en": ("Nothing was recorded", "is not a known outcome", "Outcome", "on or before today"),
        "fa": ("چیزی ثبت نشد", "نتیجه", "۳", "امروز"),
        "el": ("Δεν καταχωρίστηκε τίποτα", "Αποτέλεσμα", "μέχρι σήμερα"),
    }
    for language, expected in words.items():
        manager.sent = {"Accept-Language": language}
        answer = send(manager, content)
        assert answer.status_code == 422
        missing = [each for each in (*expected, "perhaps", "Eleni") if each not in answer.text]
        assert not missing, language
        assert answer.text.count("<tr>") == 1 + 3
    assert recorded(site) == []


def test_a_manager_marks_own_entries_alone(site: Site) -> None:
    """Another owner's entry looks like one that does not exist; who sees everybody's may mark it."""
    everybody = site.let_in(None, "Maria")
    content = filled(sheet_of(everybody), {"b00": {"outcome": "saved"}, "e00": {"outcome": "saved"}})
    refused = send(site.let_in(), content)
    assert refused.status_code == 422
    assert "is not the id of an entry" in refused.text
    assert recorded(site) == []
    assert send(everybody, content).status_code == 303
    assert [row[0] for row in recorded(site)] == ["b00", "e00"]


def test_what_is_no_sheet_is_refused_in_words(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = site.let_in()
    broken = {
        "broken.xlsx": b"PK\x03\x04 no zip",
        "latin.csv": b"entry_id,outcome\n\xff\xfe,x",
        "other.csv": b"a,b\n1,2",
    }
    for name, content in broken.items():
        answer = send(manager, content, name)
        assert answer.status_code == 422, name
        assert name.partition(".")[0] in answer.text
        assert "Traceback" not in answer.text
    assert send(manager, b"").status_code == 422  # no file was chosen
    monkeypatch.setattr(forms, "MOST_FILE_MB", 0)
    assert send(manager, b"x" * 70_000).status_code == 413
    assert recorded(site) == []


@pytest.mark.parametrize("far", ["wide", "unpacked"])
def test_a_small_file_that_would_fill_the_memory_is_refused(site: Site, far: str) -> None:
    """One cell far to the right and one far below make billions of empty ones; so do zeros that were packed."""
    book = openpyxl.Workbook()
    book.active["A1"], book.active[f"{get_column_letter(16_000)}1"], book.active["A90000"] = "entry_id", "x", "y"
    content = BytesIO()
    book.save(content)
    if far == "unpacked":
        with zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as parts:
            parts.writestr("xl/media/zeros.bin", bytes(100_000_000))
    answer = send(site.let_in(), content.getvalue())
    assert answer.status_code == 422
    assert "has more cells than a list of ours" in answer.text


def test_strangers_and_foreign_forms_send_nothing(site: Site) -> None:
    """Nobody's file is read before it is known who sends it, and a form without our token is none of ours."""
    content = filled(sheet_of(site.let_in()), {"e00": {"outcome": "saved"}})
    stranger = site.browser()
    form = {"files": {"sheet": ("list.xlsx", content)}, "data": {"form_token": "0" * 64}}
    assert stranger.ask("POST", "upload", **form).status_code == 401
    assert site.let_in().ask("POST", "upload", **form).status_code == 403
    assert send(site.let_in(), content, headers="").status_code == 303
    other_site = site.let_in()
    token = TOKEN.search(other_site.get().text)
    assert token is not None
    form["data"] = {"form_token": token[1]}
    assert other_site.ask("POST", "upload", headers={"Sec-Fetch-Site": "cross-site"}, **form).status_code == 403
    assert len(recorded(site)) == 1


def test_a_body_that_never_ends_is_not_waited_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "FILE_SECONDS", 0.05)
    manager = site.let_in()

    async def slow() -> Any:
        yield b"--x\r\n"
        await asyncio.sleep(5)

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert manager.ask("POST", "upload", content=slow(), headers=headers).status_code == 408
    assert manager.ask("POST", "upload", content=b"--y", headers={"Content-Type": "text/csv"}).status_code == 415
    assert manager.ask("POST", "upload", content=b"no parts", headers=headers).status_code == 400


def test_the_forms_stand_on_the_list_and_at_the_desk(site: Site) -> None:
    everybody = site.let_in(None, "Maria")
    for page in ("", "desk"):
        assert 'enctype="multipart/form-data"' in everybody.get(page).text
        assert "list.xlsx" in everybody.get(page).text
