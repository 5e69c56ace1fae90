"""Lists for other systems: importing twice updates instead of doubling."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings

from features.errors import InputError
from serving.outreach.exports.crm import HUBSPOT, SALESFORCE, UPSERT, Layout, keyed, write_layout
from serving.outreach.exports.folder import write_list
from serving.outreach.exports.safe_text import cut, defused, key, printable
from serving.outreach.plan.outreach_list import OutreachList
from tests.serving.outreach.literal_lists import TEXTS, entry, hostile_list, literal_list

LAYOUTS = (*HUBSPOT, *SALESFORCE, *UPSERT)
NAMES = {layout.file: layout for layout in LAYOUTS}


def imported(path: Path, into: dict[str, dict[str, str]] | None = None) -> dict[str, dict[str, str]]:
    """Import a file as a system does that keeps its first column unique."""
    records = {} if into is None else into
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            records[next(iter(row.values()))] = row
    return records


@pytest.mark.parametrize("layout", LAYOUTS, ids=list(NAMES))
def test_importing_twice_updates_instead_of_doubling(tmp_path: Path, layout: Layout) -> None:
    """Next week's list updates the customers of this one; tasks and entries of another day are others."""
    first = literal_list(entry("a"), entry("b", name="Bea"))
    second = literal_list(entry("b", name="Beatrice", entry_id="entry-b"), entry("c"))
    for number, outreach in enumerate((first, first, second)):
        write_layout(keyed(outreach, layout), layout, tmp_path / f"{number}.csv")
    records = imported(tmp_path / "0.csv")
    assert imported(tmp_path / "1.csv", dict(records)) == records
    assert len(imported(tmp_path / "2.csv", records)) == 3
    assert not (tmp_path / "0.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_salesforce_links_tasks_to_accounts_by_their_external_id(tmp_path: Path) -> None:
    """The header names the kind of parent; what is done is not opened again."""
    write_list(literal_list(entry("+49301", title="Call", name="Ann")), tmp_path, ("salesforce",))
    task = next(iter(imported(tmp_path / "salesforce-tasks.csv").values()))
    account = imported(tmp_path / "salesforce-accounts.csv")
    assert task["Account:What.Regulars_Customer_Id__c"] in account
    assert list(account) == ["+49301"]
    assert (task["Subject"], task["ActivityDate"]) == ("Call: Ann", "2026-03-09")
    assert task["Description"].splitlines()[1] == "We have missed you since 18 December."
    assert not {"Status", "Priority"} & set(task)


def test_hubspot_associates_contacts_with_companies_and_renames_no_parent(tmp_path: Path) -> None:
    """Both files hold the company's key."""
    outreach = literal_list(entry("branch", account_id="parent"), entry("own", name="Own"))
    write_list(outreach, tmp_path, ("hubspot",))
    contacts = imported(tmp_path / "hubspot-contacts.csv")
    companies = imported(tmp_path / "hubspot-companies.csv")
    assert {row["regulars_account_id"] for row in contacts.values()} == set(companies) == {"parent", "own"}
    assert (companies["parent"]["name"], companies["own"]["name"]) == ("", "Own")
    assert contacts["own"]["regulars_value_at_risk"] == "12.50"


def test_one_record_for_each_key(tmp_path: Path) -> None:
    """Of two entries of an account in a list of a former version the first counts."""
    entries = keyed(literal_list(entry("a", account_id="p"), entry("b", account_id="p")), HUBSPOT[1])
    assert entries["customer_id"].tolist() == ["a"]


def test_an_entry_without_key_is_refused_with_all_of_its_kind(tmp_path: Path) -> None:
    """Before anything is written: an import could not tell the entries apart."""
    outreach = literal_list(entry("a", entry_id=None), entry("x" * 300), entry("c", entry_id=float("nan")))
    with pytest.raises(InputError) as caught:
        write_list(outreach, tmp_path, ("csv", "upsert"))
    violations = [str(violation) for violation in caught.value.violations]
    assert len(violations) == 5
    assert violations[0] == (
        "upsert.csv, column entry_id: missing for customer a; publish the list: an entry gets its id then"
    )
    assert not list(tmp_path.iterdir())


@settings(deadline=None, max_examples=12)
@given(texts=TEXTS.flatmap(lambda text: TEXTS.map(lambda other: [text, other])))
def test_any_text_passes_through_every_layout(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    """Nothing a spreadsheet runs, nothing that empties a field, and every name there."""
    folder = tmp_path_factory.mktemp("crm")
    outreach: OutreachList = hostile_list(texts)
    for layout in LAYOUTS:
        write_layout(keyed(outreach, layout), layout, folder / layout.file)
        records = imported(folder / layout.file)
        assert list(records) == [key(entry) for entry in keyed(outreach, layout)[layout.keys[next(iter(layout.keys))]]]
        cells = [cell for row in records.values() for cell in row.values()]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) or cell == "#N/A"]
    names = [row["name"] for row in imported(folder / "upsert.csv").values()]
    assert [name.removeprefix("'") for name in names] == [printable(text).removeprefix("'") for text in texts]
    short = [row["Name"] for row in imported(folder / "salesforce-accounts.csv").values()]
    assert all(
        name.removeprefix("'") == cut(defused(printable(text)), 255).removeprefix("'")
        for name, text in zip(short, texts, strict=True)
        if text
    )


@pytest.mark.parametrize("layout", LAYOUTS, ids=list(NAMES))
def test_numbers_have_four_digits_and_advice_reaches_the_system(tmp_path: Path, layout: Layout) -> None:
    """A probability of fifteen digits promises what no model keeps."""
    made = entry("a", probability=0.623491234, what_to_say="Ask what is missing.", incentive="a small credit")
    write_layout(keyed(literal_list(made), layout), layout, tmp_path / layout.file)
    text = (tmp_path / layout.file).read_text(encoding="utf-8")
    assert "0.623491" not in text
    assert "Ask what is missing." in text
    assert "a small credit" in text
    assert ("0.6235" in text) == (layout.file != "salesforce-tasks.csv")
