"""Writes the list for customer relationship systems: CSV whose second import updates what the first one made.

Every file has a key that the other system keeps unique, so that the second import finds the records of the first.
The files are plain UTF-8. A text that a spreadsheet would run is preceded by an apostrophe; a key only where it could
call a function. Checked against the vendors' public documentation:

HubSpot (knowledge base: "Deduplicate records in HubSpot", "Understand the import tool"; imports API). An import matches
records by Record ID, by email or domain, or by a custom property that requires unique values. Uniqueness is set when
the property is created and not later, for at most ten properties of each kind of record. So create
`regulars_customer_id` on contacts and `regulars_account_id` on companies, text with unique values, and the other
`regulars_…` properties as you like; a file that holds both keys associates the two. An import can be set not to
overwrite a property: advised for the names. An email is unique among contacts: an address that several customers of
the shop have is left out, since the second of them would be refused, or become the first.

Salesforce (Bulk API 2.0 guide: "Prepare CSV Files", "Valid CSV Record Rows", "Relationship Fields in a Header Row").
Headers are the API names of fields; fields without a match are ignored. Upsert needs a custom field marked as External
ID: create `Regulars_Customer_Id__c` on accounts and `Regulars_Entry_Id__c` on activities, both unique and
case-sensitive. An empty field changes nothing on update, but the text #N/A would empty it: it is defused. The parent of
a task may be of several kinds, hence its header ObjectType:RelationshipName.IndexedFieldName, which Data Loader offers
from version 60.0.2 on. Import accounts before tasks. Status and priority are not in the file: a second import must not
reopen what is done. An account has a field for a phone and, unless it is a person's, none for mail: create
`Regulars_Mail__c`. Nothing was imported into a live account of either vendor.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from features.errors import InputError, Violation
from serving.outreach.exports.layout import LIST_NAMES, laid_out
from serving.outreach.exports.safe_text import cut, for_machines, joined, key
from serving.outreach.exports.ways import DIALLED, OWN_MAIL
from serving.outreach.plan.outreach_list import OutreachList
from serving.scores import plain_values, records

Entry = Mapping[str, Any]
MOST_IN_A_KEY = 255  # Salesforce: a text field that is an External ID
MOST_IN_A_LINE = 255  # Salesforce: names and subjects
MOST_IN_A_NOTE = 32_000  # Salesforce: the description of a task
SETS_NULL = "#N/A"  # Salesforce empties the field


@dataclass(frozen=True)
class Layout:
    """The layout of one file: its name, its key columns, of which the first identifies a row, and its other fields."""

    file: str
    keys: Mapping[str, str]
    fields: Mapping[str, Callable[[Entry], str]]


def keyed(outreach: OutreachList, layout: Layout) -> pd.DataFrame:
    """Return the entries of a list, one for each value of the layout's first key; of duplicates the first.

    Raises:
        InputError: an entry has no key, as in lists of a former version, or one that is too long.
    """
    everyone = outreach.everyone
    known = {name: everyone.get(name) for name in (DIALLED, OWN_MAIL)}
    entries = laid_out(everyone).assign(list_on=outreach.as_of, currency=outreach.currency, **known)
    entries["account_id"] = entries["account_id"].where(entries["account_id"].notna(), entries["customer_id"])
    wrong = [violation for name in layout.keys.values() for violation in _violations(entries, name, layout.file)]
    if wrong:
        raise InputError(f"{layout.file} cannot be written: an import could not tell its entries apart", wrong)
    return entries.drop_duplicates(next(iter(layout.keys.values())))


def write_layout(entries: pd.DataFrame, layout: Layout, path: Path) -> None:
    """Write entries, as `keyed` returns them, in a layout."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*layout.keys, *layout.fields])
        writer.writerows(_row(entry, layout) for entry in records(entries))


def _violations(entries: pd.DataFrame, name: str, file: str) -> Iterator[Violation]:
    again = "publish the list: an entry gets its id then"
    most = f"a key of at most {MOST_IN_A_KEY} characters"
    for customer_id, value in zip(entries["customer_id"], plain_values(entries[name]), strict=True):
        if value is None:
            yield Violation(file, None, name, f"missing for customer {customer_id}", "", again)
        elif len(key(value)) > MOST_IN_A_KEY:
            yield Violation(file, None, name, most, cut(key(value), 40), "shorten the id at its source")


def _row(entry: Entry, layout: Layout) -> list[str]:
    keys = [key(entry[name]) for name in layout.keys.values()]
    return [*keys, *(_not_null(make(entry)) for make in layout.fields.values())]


def _not_null(text: str) -> str:
    return f"'{text}" if text.strip().upper() == SETS_NULL else text


def _value(name: str) -> Callable[[Entry], str]:
    return lambda entry: for_machines(entry[name])


def _line(name: str) -> Callable[[Entry], str]:
    return lambda entry: cut(for_machines(entry[name]), MOST_IN_A_LINE)


def _name(entry: Entry) -> str:
    return cut(for_machines(entry["name"] or entry["customer_id"]), MOST_IN_A_LINE)


def _account_name(entry: Entry) -> str:
    """Return a name only where the account is the customer itself: a branch must not rename its parent."""
    return _name(entry) if entry["account_id"] == entry["customer_id"] else ""


def _number(entry: Entry) -> str:
    """Return the number with its country, by which every system dials it; +30… is no formula."""
    return key(entry[DIALLED] or "")


def _account_number(entry: Entry) -> str:
    return _number(entry) if entry["account_id"] == entry["customer_id"] else ""


def _subject(entry: Entry) -> str:
    text = ": ".join(str(entry[name]) for name in ("title", "name") if entry[name])
    return cut(for_machines(text or f"Contact {entry['customer_id']}"), MOST_IN_A_LINE)


def _note(entry: Entry) -> str:
    parts = [joined(entry[name]) for name in ("what_to_say", "incentive", "opening", "reasons", "protective")]
    return cut(for_machines("\n".join(str(part) for part in parts if part)), MOST_IN_A_NOTE)


_PROPERTIES = {
    "probability": _value("probability"),
    "left_probability": _value("left_probability"),
    "value_at_risk": _value("value_at_risk"),
    "missing_spend": _value("missing_spend"),
    "expected_gain": _value("expected_gain"),
    "currency": _value("currency"),
    "state": _value("state"),
    "group": _value("kind"),
    "playbook": _value("playbook"),
    "what_to_do": _line("title"),
    "what_to_say": _value("what_to_say"),
    "incentive": _value("incentive"),
    "opening": _value("opening"),
    "reasons": _value("reasons"),
    "channel": _value("channel"),
    "due_on": _value("due_on"),
    "owner": _line("owner"),
    "list_on": _value("list_on"),
    "entry_id": _value("entry_id"),
}
_HUBSPOT = {f"regulars_{name}": make for name, make in _PROPERTIES.items()}
_SALESFORCE = {f"Regulars_{name.title()}__c": make for name, make in _PROPERTIES.items()}

HUBSPOT: tuple[Layout, ...] = (
    Layout(
        "hubspot-contacts.csv",
        {"regulars_customer_id": "customer_id", "regulars_account_id": "account_id"},
        {"lastname": _name, "email": _value(OWN_MAIL), "phone": _number, **_HUBSPOT},
    ),
    Layout(
        "hubspot-companies.csv",
        {"regulars_account_id": "account_id"},
        {"name": _account_name, "phone": _account_number, **_HUBSPOT},
    ),
)
SALESFORCE: tuple[Layout, ...] = (
    Layout(
        "salesforce-accounts.csv",
        {"Regulars_Customer_Id__c": "customer_id"},
        {"Name": _name, "Phone": _number, "Regulars_Mail__c": _value("mail"), **_SALESFORCE},
    ),
    Layout(
        "salesforce-tasks.csv",
        {"Regulars_Entry_Id__c": "entry_id", "Account:What.Regulars_Customer_Id__c": "customer_id"},
        {
            "Subject": _subject,
            "Description": _note,
            "ActivityDate": _value("due_on"),
            "Regulars_Owner__c": _line("owner"),
            "Regulars_Channel__c": _value("channel"),
            "Regulars_Playbook__c": _value("playbook"),
        },
    ),
)
UPSERT: tuple[Layout, ...] = (
    Layout(
        "upsert.csv",
        {"entry_id": "entry_id", "customer_id": "customer_id", "account_id": "account_id"},
        {
            name: _number if name == "phone" else _value(name)
            for name in (*LIST_NAMES, "currency", "list_on")
            if name not in {"entry_id", "customer_id", "account_id"}
        },
    ),
)
