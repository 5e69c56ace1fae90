"""A list that comes back: a sheet with outcomes filled in is read by the same function as `regulars outcome`.

Every wrong cell is named in the visitor's language, and then nothing is recorded; the same sheet again changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from starlette.responses import Response

from features.errors import InputError, Violation
from features.language.messages import Message
from features.sources.opening.copies import folder_for_copies
from serving.commands.lists.report_outcomes import HandedIn, Reported, outcomes_from
from serving.outreach.exports.file_names import file_names
from serving.outreach.exports.layout import SHEET_COLUMNS
from serving.pages.forms import MOST_FILE_MB, SentFile
from serving.pages.refusals import refusal
from serving.pages.visit import View, Visit
from serving.shop import OpenShop

MOST_CELLS = 2_000_000  # of a sheet: 40,000 rows
MOST_SHOWN = 100  # wrong cells on a page
ZIP = b"PK\x03\x04"  # how a workbook begins
HEADINGS: Mapping[str, Message] = {each.name: each.heading for each in SHEET_COLUMNS}


def upload(visit: Visit) -> Response:
    """Record the outcomes of a sheet, and say how many of them were new."""
    if visit.file is None:
        raise refusal(422, "file", Message("Choose the sheet that you have filled in."))
    try:
        done = _recorded(visit, visit.file).recorded
    except InputError as error:
        return _page(visit, 422, error=error, wrong=[_Wrong(each) for each in error.violations[:MOST_SHOWN]])
    counts = {"new": done.new, "known": done.known, "closed": done.closed}
    return visit.to("upload", **{name: str(count) for name, count in counts.items()})


def uploaded(visit: Visit) -> Response:
    """Show what was recorded, and take another sheet."""
    counts = {name: _count(visit.asked(name)) for name in ("new", "known", "closed")}
    return _page(visit, counts=counts if visit.asked("new") else None)


def _recorded(visit: Visit, file: SentFile) -> Reported:
    """Read the file as the command reads it, in a folder that goes with it."""
    server, who = visit.server, visit.who
    seen = None if who.owner is None else lambda ids: server.seen_by_owner(who.owner, ids)
    with folder_for_copies() as folder, OpenShop(server.need_settings(), book=server.need_book()) as shop:
        copy = folder / _name(file)
        copy.write_bytes(file.content)
        return outcomes_from(shop, copy, HandedIn(who.name, seen, MOST_CELLS))


def _name(file: SentFile) -> Path:
    r"""Return a name that any system can hold, with the ending of what the file is, whatever it was called.

    >>> str(_name(SentFile("C:\\lists\\a b.XLSX", b"PK\x03\x04")))
    'a-b.xlsx'
    """
    stem = PurePath(file.name.replace("\\", "/")).stem
    return Path(f"{file_names([stem])[stem]}{'.xlsx' if file.content.startswith(ZIP) else '.csv'}")


class _Wrong:
    """A wrong cell as the page shows it.

    Args:
        violation: of the sheet.
    """

    def __init__(self, violation: Violation) -> None:
        self.file, self.line, self.value = violation.file, violation.line, violation.value
        self.column: Message | str = HEADINGS.get(violation.column, violation.column)
        self.rule, self.remedy = violation.rule, violation.remedy


def _page(visit: Visit, status: int = 200, **context: Any) -> Response:
    every = {"section": "list", "counts": None, "error": None, "wrong": (), "most_mb": MOST_FILE_MB}
    return visit.page("upload.html.jinja", {**every, **context}, status)


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


VIEWS = (View("GET", "upload", uploaded), View("POST", "upload", upload, takes_file=True))
