"""How a customer is reached, in every file that has a place for it and in no other."""

from __future__ import annotations

import csv
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import openpyxl
import pytest

from features.language import ENGLISH, PERSIAN, Language
from features.sources.people.contacts import Contact
from serving.outreach.exports.folder import FORMATS, write_list
from serving.outreach.exports.layout import SHEET_COLUMNS
from serving.outreach.exports.list_xlsx import COLUMNS
from serving.outreach.exports.ways import ways, with_ways
from tests.serving.outreach.literal_lists import entry, literal_list

CONTACTS = {
    "ann": Contact(phone="694 123 4567", mail="ann@shop.example"),
    "bea": Contact(phone="+49 30 1234567", mail="desk@office.example"),
    "cem": Contact(phone="n. 5 behind the church", mail="Desk@office.example"),
    "dot": Contact(mail="not one"),
}
WITH_A_PLACE = [
    *("list.csv", "owners/Eleni.csv", "list.xlsx", "list.html", "hubspot-contacts.csv", "hubspot-companies.csv"),
    *("salesforce-accounts.csv", "upsert.csv", "mails/Eleni.eml"),
]


def written(folder: Path, language: Language = ENGLISH) -> Path:
    """Write a list of four customers in every format."""
    outreach = literal_list(*(entry(who) for who in CONTACTS), entry("eve"))
    write_list(with_ways(outreach, CONTACTS, "GR"), folder, FORMATS, language=language)
    return folder


def rows(path: Path) -> dict[str, dict[str, str]]:
    """Return the rows of a CSV by their first column that is an id."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    named = next(name for name in found[0] if "customer_id" in name.lower() or "account_id" in name.lower())
    return {row[named]: row for row in found}


def mail_text(path: Path) -> str:
    """Return the mail as its reader sees it without styles."""
    body = message_from_bytes(path.read_bytes(), policy=default).get_body(("plain",))
    assert body is not None
    return "\n".join(str(body.get_content()).splitlines())


def test_every_file_with_a_place_for_it_has_phone_and_mail(tmp_path: Path) -> None:
    """As people write the number; a text that is no number or address stands nowhere, and JSON says nothing."""
    folder = written(tmp_path)
    for name in ("list.csv", "owners/Eleni.csv"):
        found = {who: (row["phone"], row["mail"]) for who, row in rows(folder / name).items()}
        assert found["ann"] == ("694 123 4567", "ann@shop.example")
        assert found["bea"] == ("'+49 30 1234567", "desk@office.example")  # a spreadsheet would run a plus
        assert (found["cem"], found["dot"], found["eve"]) == (("", "Desk@office.example"), ("", ""), ("", ""))
    page, body = (folder / "list.html").read_text(), mail_text(folder / "mails" / "Eleni.eml")
    assert '<bdi dir="ltr">694 123 4567</bdi>' in page
    assert "   phone: 694 123 4567\n   mail: ann@shop.example" in body
    texts = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert not [text for text in texts if b"church" in text or b"not one" in text]
    others = [path for path in folder.rglob("*.*") if str(path.relative_to(folder)) not in WITH_A_PLACE]
    kept = [path.name for path in others if b"694" in path.read_bytes() or b"@" in path.read_bytes()]
    assert not kept  # list.json, tasks, and the groups that these customers are not in


def test_other_systems_get_the_number_with_its_country(tmp_path: Path) -> None:
    """By it every system dials; the plus of a number is no formula and stays."""
    folder = written(tmp_path)
    hubspot, upsert = rows(folder / "hubspot-contacts.csv"), rows(folder / "upsert.csv")
    salesforce, companies = rows(folder / "salesforce-accounts.csv"), rows(folder / "hubspot-companies.csv")
    numbers = {"ann": "+306941234567", "bea": "+49301234567", "cem": "", "dot": "", "eve": ""}
    assert {who: row["phone"] for who, row in hubspot.items()} == numbers
    assert {who: row["phone"] for who, row in upsert.items()} == numbers
    assert {who: row["phone"] for who, row in companies.items()} == numbers
    assert {who: row["Phone"] for who, row in salesforce.items()} == numbers
    assert salesforce["bea"]["Regulars_Mail__c"] == "desk@office.example"


def test_an_address_of_several_customers_is_nobodys_own_in_hubspot(tmp_path: Path) -> None:
    """There an address names one contact: the second would become the first."""
    hubspot = rows(written(tmp_path) / "hubspot-contacts.csv")
    assert {who: row["email"] for who, row in hubspot.items() if row["email"]} == {"ann": "ann@shop.example"}


@pytest.mark.parametrize("language", [ENGLISH, PERSIAN], ids=lambda each: each.code)
def test_numbers_are_text_and_read_from_left_to_right(tmp_path: Path, language: Language) -> None:
    """Also in a Persian sheet and mail, where the groups of a number would change their places; its digits stay."""
    folder = written(tmp_path, language)
    places = {column.name: place for place, column in enumerate(COLUMNS)}
    sheet = openpyxl.load_workbook(folder / "list.xlsx").worksheets[1]
    cells = [row[places["phone"]] for row in sheet.iter_rows(min_row=2)]
    assert [cell.value for cell in cells[:3]] == ["694 123 4567", "+49 30 1234567", None]
    assert all((cell.data_type, cell.alignment.readingOrder) == ("s", 1) for cell in cells[:2])
    assert ("\u2068694 123 4567\u2069" in mail_text(folder / "mails" / "Eleni.eml")) == language.is_right_to_left
    header = (folder / "list.csv").read_text(encoding="utf-8-sig").splitlines()[0].split(",")
    phones = [row.split(",") for row in (folder / "list.csv").read_text(encoding="utf-8-sig").splitlines()[1:]]
    assert phones[0][[column.name for column in SHEET_COLUMNS].index("phone")] == "694 123 4567"
    assert len(header) == len(SHEET_COLUMNS)


def test_the_customers_own_country_counts_before_the_shops() -> None:
    """A number without its country is of the customer's; where that is unknown, of the shop's."""
    phones = [ways(Contact(phone="0912 123 4567", country=country), "GR").phone for country in ("Iran", None)]
    assert [phone and phone.dialled for phone in phones] == ["+989121234567", None]
    assert "912" not in repr(phones)
