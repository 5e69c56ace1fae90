"""Lists in Persian and Greek: sheets and pages run as it does, codes are words, and files for programs stay."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from email import message_from_bytes
from email.policy import default
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

from features.language import GREEK, PERSIAN, Days, Every, Message, Sentence
from features.money import NEW_RIAL, TOMAN
from serving.outreach.exports.folder import write_list
from serving.outreach.exports.list_csv import is_list_csv, list_csv
from serving.outreach.plan.owners import NO_OWNER
from serving.outreach.playbooks.guidance import guided, with_guidance
from serving.outreach.playbooks.playbooks import load_playbooks
from tests.serving.outreach.literal_lists import entry, literal_list

PLAYBOOKS = load_playbooks()
LATE = Sentence.of(
    Message("no order for {days_since_order}, usually {rhythm}", {"days_since_order": Days(74), "rhythm": Every(31)})
)
ENTRY = entry(
    title="Call in person", reasons=(LATE, "as it was stored before"), opening="سلام، وقت بخیر.", name="سارا محمدی",
    value_at_risk=Decimal("24000000"),
)  # fmt: skip


def written(folder: Path, language, *formats: str, currency: str = "IRR") -> list[Path]:
    outreach = with_guidance(literal_list(ENTRY, currency=currency), PLAYBOOKS, language)
    return list(write_list(outreach, folder, formats, language=language))


def test_a_persian_workbook_runs_right_to_left_and_counts_in_toman(tmp_path: Path) -> None:
    (path,) = written(tmp_path, replace(PERSIAN, rials_as=TOMAN), "xlsx")
    book = load_workbook(BytesIO(path.read_bytes()))
    assert book.sheetnames == ["خلاصه", "Eleni"]
    assert all(sheet.sheet_view.rightToLeft for sheet in book)
    head, row = (list(cells) for cells in book["Eleni"].iter_rows(values_only=True))
    cells = dict(zip(head, row, strict=True))
    assert cells["فروش در خطر (تومان)"] == 2_400_000
    assert cells["دلیل‌ها"].startswith("۷۴ روز است سفارش نداده؛ معمولاً هر ۳۱ روز یک بار سفارش می‌دهد.")
    assert (cells["اقدام"], cells["راه تماس"], cells["وضعیت در فهرست"]) == (
        "تماس شخصی",
        "تماس تلفنی",
        "تازه در فهرست",
    )
    assert cells["شروع گفت‌وگو"] == ENTRY["opening"]


def test_a_sheet_in_new_rial_names_it_and_keeps_its_qiran(tmp_path: Path) -> None:
    (path,) = written(tmp_path, replace(PERSIAN, rials_as=NEW_RIAL), "xlsx")
    head, row = (list(cells) for cells in load_workbook(path)["Eleni"].iter_rows())
    cell = next(cell for name, cell in zip(head, row, strict=True) if name.value == "فروش در خطر (ریال جدید)")
    assert (cell.value, cell.number_format) == (2_400, "#,##0.00")


def test_who_has_no_owner_is_called_so_in_the_readers_language(tmp_path: Path) -> None:
    without = with_guidance(literal_list({**ENTRY, "owner": NO_OWNER}, currency="IRR"), PLAYBOOKS, PERSIAN)
    book, page = sorted(write_list(without, tmp_path, ("xlsx", "html"), language=PERSIAN), reverse=True)
    assert load_workbook(book).sheetnames == ["خلاصه", "بدون مسئول پیگیری"]
    assert NO_OWNER not in page.read_text("utf-8")


def test_a_greek_page_says_its_language_and_writes_its_numbers(tmp_path: Path) -> None:
    (path,) = written(tmp_path, GREEK, "html", currency="EUR")
    page = path.read_text("utf-8")
    assert '<html lang="el-GR" dir="ltr">' in page
    assert "Έχει να παραγγείλει 74 ημέρες· συνήθως παραγγέλνει κάθε 31." in page
    assert "24.000.000,00\u00a0€" in page
    assert "9/3/2026" in page
    assert "Προσωπικό τηλεφώνημα</span> (τηλεφώνημα)" in page
    assert "as it was stored before" in page
    (path,) = written(tmp_path, PERSIAN, "html")
    assert '<html lang="fa-IR" dir="rtl">' in path.read_text("utf-8")


@pytest.mark.parametrize("language", [PERSIAN, GREEK])
def test_a_list_csv_has_headings_of_the_language_and_numbers_of_a_machine(language) -> None:
    content = list_csv(with_guidance(literal_list(ENTRY), PLAYBOOKS, language).entries, language)
    text = content.decode("utf-8-sig")
    assert "customer_id" not in text
    assert "2026-03-09" in text
    assert "24000000" in text
    assert is_list_csv(content)  # a former list's files are found again, whatever language it was in


def test_a_mail_is_in_the_language_of_the_owner(tmp_path: Path) -> None:
    (path,) = written(tmp_path, PERSIAN, "eml")
    mail = message_from_bytes(path.read_bytes(), policy=default)
    assert mail["Subject"] == "فهرست پیگیری ۱۴۰۴/۱۲/۱۱، Eleni"
    assert "اقدام: تماس شخصی" in mail.get_body(("plain",)).get_content()


def test_programs_get_codes_and_days_in_every_language(tmp_path: Path) -> None:
    (path,) = written(tmp_path, GREEK, "json")
    found = json.loads(path.read_text("utf-8"))
    (row,) = found["entries"]
    assert (row["state"], row["due_on"], row["change"]) == ("at_risk", "2026-03-09", "new")


def test_the_stage_of_a_playbook_is_known_by_its_opening_in_every_language() -> None:
    first, second = (stage.openings_in(PERSIAN)[1] for stage in PLAYBOOKS["win-back"].stages[:2])
    said = [text.format(days_since_order="۷۴ روز") for text in (first, second)]
    rows = pd.DataFrame({"playbook": ["win-back"] * 2, "opening": said})
    advice = [stage.what_to_say for stage in PLAYBOOKS["win-back"].stages[:2]]
    assert guided(rows, PLAYBOOKS)["what_to_say"].tolist() == advice
