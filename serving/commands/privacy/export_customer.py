"""`regulars export-customer`: all that is stored about one person, for programs and to be read."""

from __future__ import annotations

import html
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from features.atomic_write import whole
from features.errors import InputError
from features.questions import quoted
from features.sources.people.rows_of_customers import FileRow, mapping_name, rows_of_customer
from serving.book.privacy.holdings import HOLDINGS
from serving.book.privacy.records import Row, records_of
from serving.commands.privacy.beyond_reach import told_others
from serving.commands.privacy.persons import NobodyKnown, merges_of, persons
from serving.commands.result import WordedResult
from serving.shop import OpenShop

JSON_FILE, HTML_FILE = "customer.json", "customer.html"
NAMED = "that the person was named as a member of an account in the entry of somebody else"
MEANING: Mapping[str, str] = {
    **{each.table.name: each.what for each in HOLDINGS},
    "named_in_entries": NAMED,
    "named_in_episodes": NAMED.replace("entry", "trial"),
}


@dataclass(frozen=True)
class PersonalData:
    """All that is stored about one person.

    Args:
        customer_id: the id that counts.
        former_ids: that were merged into it.
        exported_at: when it was read, in UTC.
        files: rows of the shop's files.
        book: table → rows, money in minor units.
        meaning: table → what it holds.
        told: others that had parts of it: messages of webhooks and mailed lists.
        unread: files that could not be read, and why.
    """

    customer_id: str
    former_ids: tuple[str, ...]
    exported_at: str
    files: Sequence[FileRow]
    book: Mapping[str, Sequence[Row]]
    meaning: Mapping[str, str]
    told: Sequence[str]
    unread: Sequence[str]


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
    told = [] if shop.book_if_any is None else [each.words() for each in told_others(shop.book, person.ids)]
    at = datetime.now(UTC).replace(microsecond=0).isoformat()
    meaning = {name: MEANING[name] for name in book}
    return PersonalData(person.customer_id, person.former_ids, at, files, book, meaning, told, unread)


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
    """Write all that is stored about one person into a ZIP file: as JSON, and as a page to be read.

    Args:
        shop: the open shop.
        customer_id: whose.
        out: the file.

    Raises:
        NobodyKnown: neither files nor book know the id.
        MachineFault: the file cannot be written.
    """
    found = personal_data(shop, customer_id)
    document = asdict(found)
    with whole(out, shop.settings.files.access()) as half, zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(JSON_FILE, json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False))
        archive.writestr(HTML_FILE, "\n".join(_page(found)))
    counts = {name: len(rows) for name, rows in found.book.items()}
    words = [
        f"{out.name} holds {JSON_FILE}, for programs, and {HTML_FILE}, to be read: {len(found.files):,} rows of files, "
        f"{sum(counts.values()):,} records of the book",
        *(f"not read, and missing in it: {each}" for each in found.unread),
        "it is for the person alone: hand it over by a way that nobody else reads, then delete it",
    ]
    facts = {"customer_id": found.customer_id, "file": str(out), "rows_of_files": len(found.files), "records": counts}
    return WordedResult({**facts, "unread": list(found.unread)}, words)


def _page(found: PersonalData) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Data of one customer</title><style>'
    yield "body{font-family:sans-serif;margin:2em}table{border-collapse:collapse;margin-bottom:2em}"
    yield "td,th{border:1px solid #999;padding:.2em .5em;text-align:start;vertical-align:top}</style></head><body>"
    yield f"<h1>What is stored about customer {_cell(found.customer_id)}</h1>"
    also = f" Former ids: {_cell(', '.join(found.former_ids))}." if found.former_ids else ""
    yield f"<p>As of {found.exported_at}.{also} Amounts in tables of the book are in the currency's smallest unit.</p>"
    for file in dict.fromkeys(row.file for row in found.files):
        yield from _table(f"File {file}", [{"line": row.line, **row.cells} for row in found.files if row.file == file])
    for name, rows in found.book.items():
        yield from _table(f"{name}: {found.meaning[name]}", rows)
    yield from (f"<p>Told others: {_cell(each)}</p>" for each in found.told)
    yield from (f"<p>Not read: {_cell(each)}</p>" for each in found.unread)
    yield "</body></html>"


def _table(heading: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    yield f"<h2>{_cell(heading)}</h2>\n<table><tr>{''.join(f'<th>{_cell(name)}</th>' for name in columns)}</tr>"
    for row in rows:
        yield f"<tr>{''.join(f'<td dir=auto>{_cell(row.get(name))}</td>' for name in columns)}</tr>"
    yield "</table>"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return html.escape(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
