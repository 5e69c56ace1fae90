"""Lists out to people: CSV, Excel, a page, mails and JSON; unharmed, harmless, whole."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import DiskFull, InputError
from features.language import Language
from serving.outreach.exports import folder
from serving.outreach.exports.folder import FORMATS, write_list
from serving.outreach.exports.layout import LIST_NAMES, SHEET_COLUMNS, by_owner
from serving.outreach.exports.list_csv import is_list_csv, list_csv, people_csv
from serving.outreach.exports.list_html import write_page
from serving.outreach.exports.list_json import write_document
from serving.outreach.exports.list_mails import mail
from serving.outreach.exports.list_xlsx import COLUMNS, is_right_to_left, write_workbook
from serving.outreach.exports.safe_text import MOST_IN_A_CELL, cut, defused, one_line, printable, scrubbed
from serving.outreach.exports.ways import REACH_NAMES
from serving.outreach.plan.outreach_list import ENTRY_NAMES, OutreachList
from serving.outreach.playbooks.guidance import guided
from serving.outreach.playbooks.playbooks import load_playbooks
from tests.serving.outreach.literal_lists import AS_OF, HOSTILE, TEXTS, entry, hostile_list, literal_list
from training.forecasts.buys_less import LESS_NAMES

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
MANY_TEXTS = st.lists(TEXTS, min_size=1, max_size=4)
FEW = settings(deadline=None, max_examples=12)


class Elements(HTMLParser):
    """What stands on a page: its elements, their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def content_of(write: Callable[[OutreachList, Path], None], outreach: OutreachList) -> bytes:
    """Return what a writer writes."""
    with TemporaryDirectory() as holder:
        write(outreach, Path(holder, "list"))
        return Path(holder, "list").read_bytes()


def sheets_of(outreach: OutreachList) -> dict[str, list[tuple[Any, ...]]]:
    """Write and read back; no cell is a formula."""
    book = openpyxl.load_workbook(BytesIO(content_of(write_workbook, outreach)), data_only=False)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
    return {sheet.title: [tuple(cell.value for cell in row) for row in sheet.iter_rows()] for sheet in book}


def as_read(text: str) -> str | None:
    """A text as openpyxl reads it, which leaves the escaping of _x0041_ as it is in the file."""
    return cut(printable(text)).replace("_x0041_", "_x005F_x0041_") or None


def test_a_list_becomes_files_for_people(tmp_path: Path) -> None:
    """Regulars at risk, newcomers, the lapsed and reminders each in a file, and one file per owner with all."""
    groups = [
        entry(who, owner="Bruno", kind=kind)
        for who, kind in (("n", "new"), ("gone", "winback"), ("r", "reminder"), ("s", "shrunk"))
    ]
    outreach = literal_list(entry("a", owner="../Eleni", name="=cmd()"), entry("b", owner="Bruno"), *groups)
    files = write_list(outreach, tmp_path)
    written = [str(path.relative_to(tmp_path)) for path in files]
    files_of_all = ["list.csv", "new-customers.csv", "win-back.csv", "reminders.csv", "shrinking.csv"]
    assert written == [*files_of_all, "owners/Eleni.csv", "owners/Bruno.csv"]
    text = (tmp_path / "list.csv").read_bytes().decode("utf-8-sig")
    assert text.splitlines()[0].startswith(
        "position,name,customer_id,phone,mail,title,what_to_say,incentive,opening,reasons,"
    )
    assert text.splitlines()[0].endswith(",entry_id")
    assert "'=cmd()" in text
    assert "gone" not in text
    rows = list(csv.DictReader((tmp_path / "owners" / "Bruno.csv").read_text("utf-8-sig").splitlines()))
    assert [row["customer_id"] for row in rows] == ["b", "n", "gone", "r", "s"]
    assert [row["kind"] for row in rows] == ["regular", "new", "winback", "reminder", "shrunk"]
    assert (rows[0]["value_at_risk"], rows[0]["due_on"], rows[0]["probability"]) == ("12.50", "2026-03-09", "0.625")


def test_no_column_of_an_entry_is_forgotten() -> None:
    """Whoever adds one says where people find it."""
    assert set(ENTRY_NAMES) <= set(LIST_NAMES)


def test_last_weeks_owner_files_go_and_other_files_stay(tmp_path: Path) -> None:
    """A list in the same folder replaces the former one whole, also one of before there were playbooks."""
    write_list(literal_list(entry(owner="Eleni")), tmp_path, ("csv", "eml"))
    (tmp_path / "owners" / "notes.csv").write_text("mine")
    (tmp_path / "mails" / "mine.eml").write_text("Subject: mine")
    former = "position,owner,customer_id,name,segment,probability,band,state,days_since_order,usual_gap_days,overdue,"
    former += "overdue_days,next_order_on,next_order_from,next_order_until,expected_spend,value_at_risk,"
    former += "value_at_risk_low,value_at_risk_high,reasons,protective\r\n1,Zoe\r\n"
    (tmp_path / "owners" / "Zoe.csv").write_bytes(former.encode("utf-8-sig"))
    write_list(literal_list(entry(owner="Bruno")), tmp_path, ("csv", "eml"))
    assert sorted(path.name for path in (tmp_path / "owners").iterdir()) == ["Bruno.csv", "notes.csv"]
    assert sorted(path.name for path in (tmp_path / "mails").iterdir()) == ["Bruno.eml", "mine.eml"]


def test_every_format_writes_its_files_and_the_same_list_the_same_bytes(tmp_path: Path) -> None:
    """A list is a function of its entries: nothing depends on the clock or on chance."""
    outreach = hostile_list([text for text in HOSTILE if len(text) < 300])
    once = write_list(outreach, tmp_path / "a", FORMATS, {"Eleni": "eleni@shop.example"})
    again = write_list(outreach, tmp_path / "b", FORMATS, {"Eleni": "eleni@shop.example"})
    names = [str(path.relative_to(tmp_path / "a")) for path in once]
    assert names == [
        *("list.csv", "new-customers.csv", "win-back.csv", "reminders.csv", "shrinking.csv", "owners/Eleni.csv"),
        *("list.xlsx", "list.html", "list.json"),
        *("hubspot-contacts.csv", "hubspot-companies.csv", "salesforce-accounts.csv", "salesforce-tasks.csv"),
        *("upsert.csv", "mails/Eleni.eml"),
    ]
    assert [path.read_bytes() for path in once] == [path.read_bytes() for path in again]


@pytest.mark.parametrize("format", FORMATS)
def test_nobody_on_the_list_is_a_list_too(tmp_path: Path, format: str) -> None:
    """Every format writes an empty one."""
    assert all(path.exists() for path in write_list(literal_list(), tmp_path, (format,)))


def test_a_list_of_before_there_were_playbooks_is_written(tmp_path: Path) -> None:
    """Its new columns are empty, whether they are not there, None or NaN."""
    unknown = dict.fromkeys(("title", "opening", "reasons", "entry_id", "expected_gain", "due_on", "members", "kind"))
    made = literal_list(entry())
    old = made.entries.assign(**unknown, saved_share=float("nan")).drop(columns=["cost", "change", "account_id"])
    outreach = OutreachList(AS_OF, 30, "1", "EUR", "value_at_risk", None, old, old[:0], old[:0])
    files = write_list(outreach, tmp_path, ("csv", "xlsx", "html", "json", "hubspot", "eml"))
    document = json.loads((tmp_path / "list.json").read_text())
    assert (document["entries"][0]["title"], document["entries"][0]["cost"]) == (None, None)
    assert not any(word in path.read_bytes() for path in files for word in (b"nan", b"NaT", b">None<"))


def test_unknown_formats_and_wrong_addresses_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    """The message names what is known, and the owner but never the address."""
    with pytest.raises(InputError, match=r'"xslx"; known are csv, xlsx, .* Did you mean "xlsx"'):
        write_list(literal_list(entry()), tmp_path, ("csv", "xslx"))
    wrong = {"Eleni": "a@b.example\r\nBcc: all@shop.example", "Bruno": "one@b.example, two@b.example"}
    with pytest.raises(InputError) as caught:
        write_list(literal_list(entry()), tmp_path, ("csv", "eml"), {**wrong, "Zoe": "z@b.c"})
    assert [violation.column for violation in caught.value.violations] == ["Eleni", "Bruno"]
    assert "@b.example" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_disk_that_is_full_leaves_the_former_workbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a file never stands under the name."""
    write_list(literal_list(entry()), tmp_path, ("xlsx",))
    before = (tmp_path / "list.xlsx").read_bytes()

    def fail(outreach: OutreachList, to: Path, language: Language) -> None:
        to.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder, "WHOLE_LISTS", {"xlsx": ("list.xlsx", fail)})
    with pytest.raises(DiskFull, match="the former file is as it was"):
        write_list(literal_list(entry("other")), tmp_path, ("xlsx",))
    assert (tmp_path / "list.xlsx").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["list.xlsx"]


@FEW
@given(MANY_TEXTS)
def test_any_text_passes_through_the_csv(texts: list[str]) -> None:
    """Equal but for the apostrophe and the pictures of control characters; nothing a spreadsheet runs."""
    lines = list_csv(hostile_list(texts).entries).decode("utf-8-sig")
    old = csv.field_size_limit(10**7)
    rows = list(csv.DictReader(lines.splitlines(keepends=True)))
    csv.field_size_limit(old)
    assert [row["name"] for row in rows] == [defused(printable(text)) for text in texts]
    assert not [cell for row in rows for cell in row.values() if cell.startswith(FORMULA_STARTS)]


@FEW
@given(MANY_TEXTS)
def test_any_text_passes_through_the_workbook(texts: list[str]) -> None:
    """Text is a text cell, cut where Excel cuts; control characters are pictures."""
    rows = sheets_of(hostile_list(texts))["Eleni"]
    names = [column.name for column in COLUMNS]
    read = [dict(zip(names, row, strict=True)) for row in rows[1:]]
    assert [row["name"] for row in read] == [as_read(text) for text in texts]
    assert [row["reasons"] for row in read] == [as_read(f"{text}; b") for text in texts]
    assert all(len(str(row["name"]).encode("utf-16-le")) <= 2 * MOST_IN_A_CELL + 8 for row in read)


@FEW
@given(MANY_TEXTS, st.text(max_size=60))
def test_any_text_passes_through_the_page_and_adds_no_element(texts: list[str], owner: str) -> None:
    """The elements are those of a harmless list of the same length."""
    outreach = hostile_list(texts)
    harmless = hostile_list(["word"] * len(texts))
    for made in (outreach, harmless):
        made.entries["owner"] = owner
    pages = [Elements(content_of(write_page, made).decode("utf-8")) for made in (outreach, harmless)]
    page, other = pages
    empty = sum(4 for text in texts if not text)  # a text that is not there has no element
    assert set(page.tags) <= set(other.tags) | {("html", ("lang",))}
    assert len(other.tags) - empty * 2 <= len(page.tags) <= len(other.tags)
    assert not {"script", "img", "iframe", "link", "a", "form", "object", "svg"} & {tag for tag, _ in page.tags}
    assert not [name for _, names in page.tags for name in names if name.startswith("on")]
    assert all(printable(text) in page.texts for text in texts if text)


@FEW
@given(MANY_TEXTS, st.text(max_size=60) | st.sampled_from(HOSTILE))
def test_any_text_passes_through_the_mail_and_adds_no_header(texts: list[str], owner: str) -> None:
    """Headers are ours alone; text, page and attached list read back."""
    outreach = hostile_list(texts)
    # As objects: pandas would make an Arrow string of it, which holds no half of a surrogate pair.
    outreach.entries["owner"] = pd.Series([owner] * len(texts), dtype=object)
    content = mail(outreach, owner, by_owner(outreach)[owner], "eleni@shop.example")
    read = message_from_bytes(content, policy=default)
    assert isinstance(read, EmailMessage)
    headers = ["X-Regulars-List", "X-Unsent", "Message-ID", "Date", "Subject", "To", "MIME-Version", "Content-Type"]
    assert read.keys() == headers
    assert read["To"] == "eleni@shop.example"
    assert read["Date"].datetime == datetime(2026, 3, 2, tzinfo=UTC)
    said = cut(f"Whom to contact, 2026-03-02: {one_line(owner)}", 120)
    assert "".join(read["Subject"].split()) == "".join(said.split())
    attached = [part.get_content() for part in read.iter_attachments()]
    assert attached == [list_csv(outreach.entries).decode("utf-8-sig").encode("utf-8-sig").decode("utf-8")]
    body, page = read.get_body(("plain",)), read.get_body(("html",))
    assert body is not None
    assert page is not None
    assert all(printable(text) in body.get_content().replace("\r\n", "\n") for text in texts)
    assert "script" not in {tag for tag, _ in Elements(page.get_content()).tags}


@FEW
@given(MANY_TEXTS)
def test_any_text_passes_through_the_document(texts: list[str]) -> None:
    """JSON holds every text but half a surrogate pair."""
    document = json.loads(content_of(write_document, hostile_list(texts)))
    assert [row["name"] for row in document["entries"]] == [scrubbed(text) for text in texts]
    assert [row["reasons"] for row in document["entries"]] == [[scrubbed(text), "b"] for text in texts]


def test_the_document_holds_the_whole_list_in_the_words_of_the_api(tmp_path: Path) -> None:
    """Money is text, dates are ISO, the unknown is null; the holdout is counted and not named."""
    outreach = literal_list(entry(usual_gap_days=float("nan")), entry("n", kind="new"))
    kept_off = {
        "customer_id": ["h", "k"],
        "account_id": ["h", "k"],
        "reason": ["holdout", "cooldown"],
        "detail": ["", ""],
    }
    object.__setattr__(outreach, "suppressed", pd.DataFrame(kept_off))
    write_document(outreach, tmp_path / "list.json")
    document = json.loads((tmp_path / "list.json").read_text())
    first = document["entries"][0]
    assert (document["as_of"], document["currency"], document["capacity"]) == ("2026-03-02", "EUR", 25)
    assert (first["value_at_risk"], first["due_on"], first["usual_gap_days"]) == ("12.50", "2026-03-09", None)
    assert [row["customer_id"] for row in document["new_customers"]] == ["n"]
    assert [row["customer_id"] for row in document["suppressed"]] == ["k"]
    assert document["left_out"]["holdout"] == 2


@pytest.mark.parametrize(("currency", "shown"), [("EUR", "#,##0.00"), ("JPY", "#,##0"), ("KWD", "#,##0.000")])
def test_the_workbook_is_formatted_for_reading(tmp_path: Path, currency: str, shown: str) -> None:
    """Frozen headings, filters, formats by kind and by the currency's digits, a summary before the owners."""
    persian = {"owner": "علی", "name": "رضا", "title": "تماس", "opening": "دلمان برای شما تنگ شده", "reasons": ("دیر",)}
    write_workbook(literal_list(entry(), entry("b", **persian), currency=currency), tmp_path / "list.xlsx")
    book = openpyxl.load_workbook(tmp_path / "list.xlsx")
    assert book.sheetnames == ["Summary", "Eleni", "علی"]
    sheet = book["Eleni"]
    place = {column.name: number for number, column in enumerate(COLUMNS, start=1)}
    cells = {name: sheet.cell(2, number) for name, number in place.items()}
    assert sheet.freeze_panes == "D2"
    assert sheet.auto_filter.ref.startswith("A1:")
    assert (cells["value_at_risk"].value, cells["value_at_risk"].number_format) == (12.5, shown)
    assert sheet.cell(1, place["value_at_risk"]).value == f"Value at risk, {currency}"
    assert (cells["due_on"].value, cells["due_on"].number_format) == (datetime(2026, 3, 9), "yyyy-mm-dd")
    assert (cells["probability"].value, cells["probability"].number_format) == (0.625, "0%")
    assert (cells["customer_id"].value, cells["customer_id"].data_type) == ("007", "s")
    assert (sheet.sheet_view.rightToLeft, book["علی"].sheet_view.rightToLeft) == (None, True)
    summary = {row[0].value: row[1].value for row in book["Summary"].iter_rows()}
    assert (summary["ranked by"], summary["no consent"], summary["regular customers at risk"]) == (
        "expected gain",
        3,
        2,
    )
    assert (summary["Eleni"], "cooldown" in summary) == (1, False)


def test_more_sheets_than_files_may_be_open_and_more_rows_than_a_sheet_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many owners are held in memory; of too many entries the first are written, and the summary says so."""
    monkeypatch.setattr("serving.outreach.exports.list_xlsx.MOST_OPEN_SHEETS", 1)
    monkeypatch.setattr("serving.outreach.exports.list_xlsx.MOST_ROWS", 2)
    entries = [entry(str(number), owner="many") for number in range(3)]
    sheets = sheets_of(literal_list(*entries, entry(owner="one")))
    assert len(sheets["many"]) == 3
    assert ("many", "the first 2 of 3") in sheets["Summary"]
    assert is_right_to_left("a سلام")


def test_the_page_needs_no_script_and_no_network(tmp_path: Path) -> None:
    """Every text of a customer takes its own direction; each owner begins a sheet of paper; outcomes can be ticked."""
    write_list(literal_list(entry(name="علی"), entry("b", owner="Bruno")), tmp_path, ("html",))
    text = (tmp_path / "list.html").read_text("utf-8")
    assert '<div class="said name" dir="auto">علی</div>' in text
    assert "default-src 'none'" in text
    assert "http" not in text.replace("http-equiv", "")
    assert (text.count("<section>"), text.count("do not contact")) == (2, 2)
    assert "break-before: page" in text
    assert "€12.50" in text
    assert "Ranked by expected gain;" in text
    assert text.count('class="number">Expected gain</th>') == text.count('<td class="number">€3.20</td>') == 2
    assert "no consent" in text


def test_a_mail_is_a_draft_that_is_recognised(tmp_path: Path) -> None:
    """The same list has the same Message-ID, another list or owner another; the mail of an owner tells of no other."""
    outreach = literal_list(entry(), entry("b", owner="Bruno", name="Secret"))
    owners = by_owner(outreach)
    ids = {
        message_from_bytes(mail(made, owner, frame), policy=default)["Message-ID"]
        for made in (outreach, literal_list(entry(value_at_risk=Decimal("9.00"))))
        for owner, frame in by_owner(made).items()
    }
    assert len(ids) == 3
    read = message_from_bytes(mail(outreach, "Eleni", owners["Eleni"]), policy=default)
    assert (read["To"], read["X-Unsent"]) == (None, "1")
    assert b"Secret" not in b"".join(part.get_payload(decode=True) or b"" for part in read.walk())


def test_the_page_keeps_ids_whole_and_says_what_paper_needs(tmp_path: Path) -> None:
    """Without a name the id is the name; the entry's id comes back with the ticks; a very long id may break."""
    made = entry(name=None, segment=None, incentive="a small credit"), entry("x" * 60, position=2)
    write_page(literal_list(*made), tmp_path / "list.html")
    text = (tmp_path / "list.html").read_text("utf-8")
    assert '<div class="said name id" dir="auto">007</div>' in text
    assert f'<div class="said quiet" dir="auto">{"x" * 60}</div>' in text
    assert ".id { white-space: nowrap; overflow-wrap: normal; }" in text
    assert '<div class="entry">entry <bdi dir="ltr">entry-007</bdi></div>' in text
    assert "Ask how things are." in text
    assert text.count("offer: ") == 1


def test_what_to_say_and_to_offer_is_in_every_file_for_people(tmp_path: Path) -> None:
    """It reached nobody: it stood in the playbook alone."""
    made = literal_list(entry(incentive="a small credit"))
    write_list(made, tmp_path, ("csv", "xlsx", "html", "json", "eml"))
    (row,) = csv.DictReader((tmp_path / "list.csv").read_text("utf-8-sig").splitlines())
    sheet = sheets_of(made)["Eleni"]
    read = message_from_bytes((tmp_path / "mails" / "Eleni.eml").read_bytes(), policy=default)
    body = read.get_body(("plain",))
    assert body is not None
    places = [str(row), str(sheet), (tmp_path / "list.html").read_text(), (tmp_path / "list.json").read_text()]
    for text in (*places, body.get_content()):
        assert "Ask how things are." in text
        assert "a small credit" in text
    assert "   entry: entry-007" in body.get_content()


def test_files_of_former_lists_are_known_as_ours() -> None:
    """Of before phone and mail, accounts that buy less, a probability of having left, and advice."""
    sheet = [column.name for column in SHEET_COLUMNS if column.name not in REACH_NAMES]
    no_filling = [name for name in LIST_NAMES if name not in REACH_NAMES]
    no_less = [name for name in no_filling if name not in LESS_NAMES]
    before = [name for name in no_less if name not in ("listed_for", "left_probability")]
    no_advice = [name for name in before if name not in ("what_to_say", "incentive")]
    former = (sheet, no_filling, no_less, before, no_advice)
    assert all(is_list_csv(people_csv(pd.DataFrame(columns=names))) for names in former)


def test_advice_is_that_of_the_stage_that_was_begun() -> None:
    """Of rising offers the opening tells which one; of a playbook that is gone, nothing is said."""
    playbooks = load_playbooks()
    stages = playbooks["win-back"].stages
    openings = [stage.openings[0].format(name="Ann", days_since_order="200 days") for stage in stages]
    rows = [("win-back", opening) for opening in openings] + [("win-back", "Good day"), ("gone", "Good day")]
    found = guided(pd.DataFrame([*rows, ("referral", None)], columns=["playbook", "opening"]), playbooks)
    referral = playbooks["referral"].stages[0]
    assert found["what_to_say"].tolist() == [*(stage.what_to_say for stage in stages), None, None, referral.what_to_say]
    assert found["incentive"].tolist() == [None, *(s.incentive for s in stages[1:]), None, None, referral.incentive]
