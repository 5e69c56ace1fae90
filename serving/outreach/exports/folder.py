"""Writes a list to a folder, in the formats asked for. Every file appears whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from features.atomic_write import whole
from features.errors import InputError, suggest
from features.file_access import OWNER_ONLY, Access
from features.language.languages import ENGLISH, Language
from serving.outreach.exports.crm import HUBSPOT, SALESFORCE, UPSERT, Layout, keyed, write_layout
from serving.outreach.exports.file_names import file_names
from serving.outreach.exports.layout import by_owner
from serving.outreach.exports.list_csv import is_list_csv, list_csv, people_csv
from serving.outreach.exports.list_html import write_page
from serving.outreach.exports.list_json import write_document
from serving.outreach.exports.list_mails import check_addresses, is_list_mail, mail
from serving.outreach.exports.list_xlsx import write_workbook
from serving.outreach.plan.outreach_list import OutreachList

GROUP_FILES = ("list.csv", "new-customers.csv", "win-back.csv", "reminders.csv", "shrinking.csv")
PROGRAMME_FILE = "programme-holdout.csv"  # whom other programs leave alone, too
WHOLE_LISTS: Mapping[str, tuple[str, Callable[[OutreachList, Path, Language], None]]] = {
    "xlsx": ("list.xlsx", write_workbook),
    "html": ("list.html", write_page),
    "json": ("list.json", lambda outreach, path, _: write_document(outreach, path)),
}
LAYOUTS: Mapping[str, tuple[Layout, ...]] = {"hubspot": HUBSPOT, "salesforce": SALESFORCE, "upsert": UPSERT}
FORMATS: tuple[str, ...] = ("csv", *WHOLE_LISTS, *LAYOUTS, "eml")

Files = Iterator[tuple[Path, Callable[[Path], object]]]


def write_list(
    outreach: OutreachList,
    folder: Path,
    formats: Sequence[str] = ("csv",),
    addresses: Mapping[str, str] | None = None,
    access: Access = OWNER_ONLY,
    language: Language = ENGLISH,
) -> tuple[Path, ...]:
    """Write a list for people and systems, and return the files in the order of the formats.

    csv: list.csv with the regular customers at risk, new-customers.csv, win-back.csv with the lapsed, reminders.csv,
    shrinking.csv, and owners/<owner>.csv with all groups of each owner, told apart by the column `kind`. xlsx, html,
    json: list.xlsx, list.html and list.json. hubspot, salesforce, upsert: CSV that may be imported twice. eml:
    mails/<owner>.eml. Owners' files of a former list in this folder are removed; files that are not ours stay.

    Args:
        outreach: the list.
        folder: where to; it is made if it is not there.
        formats: of FORMATS.
        addresses: mail address by owner; the mail of an owner without one has no recipient yet.
        access: who may read the files.
        language: of headings, states and all that is not the customers' own; programs get codes in every language.

    Raises:
        InputError: a format or address that is none, an entry without a key, or the folder cannot be written to.
    """
    folder, addresses = Path(folder), addresses or {}
    check_formats(formats)
    check_addresses(addresses)
    written: list[Path] = []
    # A list first: an entry that cannot be written is found before the first file is replaced.
    for path, write in list(_files(outreach, folder, dict.fromkeys(formats), addresses, language)):
        with whole(path, access) as temporary:
            write(temporary)
        written.append(path)
    if "csv" in formats:
        _remove_former(folder / "owners", "*.csv", is_list_csv, keep=set(written))
    if "eml" in formats:
        _remove_former(folder / "mails", "*.eml", is_list_mail, keep=set(written))
    return tuple(written)


def check_formats(formats: Sequence[str]) -> None:
    """Refuse formats that a list cannot be written in.

    Raises:
        InputError: an unknown format.

    >>> check_formats(["csv", "xlsx"])
    """
    for name in formats:
        if name not in FORMATS:
            known = ", ".join(FORMATS)
            raise InputError(f'a list cannot be written as "{name}"; known are {known}.{suggest(name, FORMATS)}')


def _files(
    outreach: OutreachList,
    folder: Path,
    formats: Mapping[str, object],
    addresses: Mapping[str, str],
    language: Language,
) -> Files:
    owners = by_owner(outreach)
    owner_files = {name: (owner, owners[owner]) for owner, name in file_names(owners).items()}
    for name in formats:
        if name == "csv":
            yield from _tables(outreach, owner_files, folder, language)
        elif name == "eml":
            for file, (owner, frame) in owner_files.items():
                content = partial(mail, outreach, owner, frame, addresses.get(owner), language)
                yield folder / "mails" / f"{file}.eml", partial(_write_bytes, content)
        elif name in WHOLE_LISTS:
            file, write = WHOLE_LISTS[name]
            yield folder / file, partial(_write_whole, write, outreach, language)
        else:
            for layout in LAYOUTS[name]:
                yield folder / layout.file, partial(write_layout, keyed(outreach, layout), layout)


def _tables(
    outreach: OutreachList, owner_files: Mapping[str, tuple[str, pd.DataFrame]], folder: Path, language: Language
) -> Files:
    for name, frame in zip(GROUP_FILES, outreach.groups, strict=True):
        yield folder / name, partial(_write_bytes, partial(list_csv, frame, language))
    if len(outreach.programme):
        yield folder / PROGRAMME_FILE, partial(_write_bytes, partial(people_csv, outreach.programme))
    for file, (_, frame) in owner_files.items():
        yield folder / "owners" / f"{file}.csv", partial(_write_bytes, partial(list_csv, frame, language))


def _write_whole(
    write: Callable[[OutreachList, Path, Language], None], outreach: OutreachList, language: Language, path: Path
) -> None:
    write(outreach, path, language)


def _write_bytes(content: Callable[[], bytes], path: Path) -> None:
    path.write_bytes(content())


def _remove_former(folder: Path, pattern: str, is_ours: Callable[[bytes], bool], keep: set[Path]) -> None:
    """Remove files of an earlier list, recognised by their first line; other files of the folder are not ours."""
    for path in folder.glob(pattern):
        if path not in keep and path.is_file() and is_ours(path.read_bytes()):
            path.unlink()
