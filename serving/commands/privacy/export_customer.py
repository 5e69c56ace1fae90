"""`regulars export-customer`: all that is stored about one person, for programs and to be read."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from features.atomic_write import whole
from features.errors import InputError
from features.language.languages import Language
from features.language.messages import Sentence, sentence
from features.questions import quoted
from features.sources.people.rows_of_customers import FileRow, mapping_name, rows_of_customer
from serving.book.privacy.records import records_of
from serving.commands.privacy.beyond_reach import told_others
from serving.commands.privacy.data_page import data_page
from serving.commands.privacy.held_in_words import HELD
from serving.commands.privacy.personal_data import PersonalData
from serving.commands.privacy.persons import NobodyKnown, merges_of, persons
from serving.commands.result import WordedResult, spoken
from serving.shop import OpenShop

JSON_FILE, HTML_FILE = "customer.json", "customer.html"


def personal_data(shop: OpenShop, customer_id: str) -> PersonalData:
    """Return all that book and files hold of a person.

    Args:
        shop: the open shop.
        customer_id: as in the order source; an id that was merged is that of its person.

    Raises:
        NobodyKnown: neither files nor book know the id.
    """
    (person,) = persons([customer_id], merges_of(shop))
    files, unread = _rows_in_files(shop, person.customer_id)
    book = {} if shop.book_if_any is None else records_of(shop.book, person.ids)
    if not (files or book):
        raise NobodyKnown(
            f"neither files nor book know {quoted(person.customer_id)}: it is asked for ids as in the source"
        )
    told = [str(each) for each in _told(shop, person.ids)]
    at = datetime.now(UTC).replace(microsecond=0).isoformat()
    meaning = {name: HELD[name].text for name in book}
    return PersonalData(person.customer_id, person.former_ids, at, files, book, meaning, told, unread)


def _told(shop: OpenShop, ids: Sequence[str]) -> list[Sentence]:
    return [] if shop.book_if_any is None else [each.words() for each in told_others(shop.book, ids)]


def _rows_in_files(shop: OpenShop, customer_id: str) -> tuple[list[FileRow], list[str]]:
    settings, merges = shop.settings, merges_of(shop)
    found: list[FileRow] = []
    unread: list[str] = []
    for each in (settings.orders, settings.events, settings.customers):
        if each is None:
            continue
        try:
            found += rows_of_customer(each, {} if each is settings.customers else merges, customer_id)
        except InputError as error:
            unread.append(f"{mapping_name(each)}: {error.message}")
    return found, unread


def export_customer(shop: OpenShop, customer_id: str, out: Path) -> WordedResult:
    """Write all that is stored about one person into a ZIP file: as JSON, and as a page in the person's language.

    Args:
        shop: the open shop.
        customer_id: whose.
        out: the file.

    Raises:
        NobodyKnown: neither files nor book know the id.
        MachineFault: the file cannot be written.
    """
    found = personal_data(shop, customer_id)
    told = _told(shop, (found.customer_id, *found.former_ids))
    page = data_page(found, told, _language_of(shop, found.customer_id))
    with whole(out, shop.settings.files.access()) as half, zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(JSON_FILE, json.dumps(asdict(found), ensure_ascii=False, indent=2, allow_nan=False))
        archive.writestr(HTML_FILE, page)
    return WordedResult(_facts(found, out), list(spoken(_words(found, out), shop.settings.language)))


def _language_of(shop: OpenShop, customer_id: str) -> Language:
    """Return the language of the page: the person's, and the shop's where the files that say it cannot be read."""
    try:
        return shop.language_of(customer_id)
    except InputError:
        return shop.settings.language


def _words(found: PersonalData, out: Path) -> Iterator[Sentence]:
    yield sentence(
        "{file} holds {data}, for programs, and {page}, to be read; rows of files: {rows}, records of the "
        "book: {count}",
        file=out.name,
        data=JSON_FILE,
        page=HTML_FILE,
        rows=len(found.files),
        count=sum(map(len, found.book.values())),
    )
    yield from (sentence("not read, and missing in it: {it}", it=each) for each in found.unread)
    yield sentence("it is for the person alone: hand it over by a way that nobody else reads, then delete it")


def _facts(found: PersonalData, out: Path) -> dict[str, Any]:
    return {
        "customer_id": found.customer_id,
        "file": str(out),
        "rows_of_files": len(found.files),
        "records": {name: len(rows) for name, rows in found.book.items()},
        "unread": list(found.unread),
    }
