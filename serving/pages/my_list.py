"""My list: the inbox in tabs, filtered, searched and paged; a row is a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from serving.book.inbox.backgrounds import Background, backgrounds_of
from serving.book.inbox.listed import whole_entries
from serving.book.visits.views import View as Viewed
from serving.book.visits.views import record_view
from serving.outreach.playbooks.guidance import in_language
from serving.pages.advice import playbooks_of
from serving.pages.inbox import TABS, Inbox, Row, Tab
from serving.pages.search import folded
from serving.pages.timeline import Timeline, timeline
from serving.pages.visit import View, Visit
from serving.scores import records

ROWS_PER_PAGE = 25
LONGEST_SEARCH = 100  # characters
OLD_AFTER_DAYS = 14  # a list is old: another one is due


@dataclass(frozen=True)
class ShownRow:
    """A row as the template shows it.

    Args:
        row: of the inbox.
        entry: the whole entry, by column.
        timeline: of its orders; None where none are known.
    """

    row: Row
    entry: Mapping[str, Any]
    timeline: Timeline | None

    @property
    def stake(self) -> Decimal | None:
        """What is at stake, in major units: what would be lost, or what a lapsed customer might bring."""
        found: Decimal | None = self.entry["value_at_risk"]
        return found


def my_list(visit: Visit) -> Response:
    """Show a page of the list in force."""
    inbox = visit.parts.inbox.get(visit.server)
    if inbox is None:
        return visit.page("no_list.html.jinja", {"section": "list"})
    _record(visit, inbox)
    visit.parts.reach.read_ahead(visit.server)
    return visit.page("my_list.html.jinja", _context(visit, inbox))


def _record(visit: Visit, inbox: Inbox) -> None:
    who = visit.who
    record_view(visit.server.need_book(), Viewed(who.name, who.owner, "list", inbox.of.id))


def _context(visit: Visit, inbox: Inbox) -> dict[str, Any]:
    tab, found = _tab(visit.asked("tab")), _found(visit, inbox)
    counted = Counter(each for row in found for each in row.tabs)
    counts = {each: counted[each] for each in TABS}
    rows = [row for row in found if tab in row.tabs]
    pages = max(1, -(-len(rows) // ROWS_PER_PAGE))
    number = min(_number(visit.asked("page")), pages)
    shown = rows[(number - 1) * ROWS_PER_PAGE : number * ROWS_PER_PAGE]
    return {
        "section": "list",
        "inbox": inbox,
        "tab": tab,
        "tabs": TABS,
        "counts": counts,
        "search": _search(visit),
        "owners": sorted(inbox.by_owner) if visit.who.owner is None else [],
        "asked_owner": _asked_owner(visit),
        "rows": shown_rows(visit, inbox, shown),
        "page": number,
        "pages": pages,
        "is_old": inbox.today - inbox.of.as_of > timedelta(days=OLD_AFTER_DAYS),
        "marked": _marked(visit, inbox),
    }


def rows_asked(visit: Visit, inbox: Inbox) -> list[Row]:
    """Return the rows of the tab, owner and search that an address names, on all pages together."""
    tab = _tab(visit.asked("tab"))
    return [row for row in _found(visit, inbox) if tab in row.tabs]


def _found(visit: Visit, inbox: Inbox) -> Sequence[Row]:
    return searched(filtered(inbox.seen_by(visit.who.owner), _asked_owner(visit)), _search(visit))


def _search(visit: Visit) -> str:
    return visit.asked("q")[:LONGEST_SEARCH].strip()


def _asked_owner(visit: Visit) -> str:
    return visit.asked("owner") if visit.who.owner is None else ""


def filtered(rows: Sequence[Row], owner: str) -> Sequence[Row]:
    """Return the rows of an owner; all of them where none is asked for."""
    return [row for row in rows if row.owner == owner] if owner else rows


def searched(rows: Sequence[Row], search: str) -> Sequence[Row]:
    """Return the rows that hold every word of a search."""
    words = folded(search).split()
    return [row for row in rows if all(word in row.searched for word in words)] if words else rows


def shown_rows(visit: Visit, inbox: Inbox, rows: Sequence[Row]) -> list[ShownRow]:
    """Return rows with their whole entries and timelines, read from the book."""
    ids = [row.listed.customer_id for row in rows]
    if not ids:
        return []
    with visit.server.need_book().reading() as connection:
        frame = whole_entries(connection, inbox.of.id, inbox.of.run, ids)
        known = backgrounds_of(connection, inbox.of.id, ids)
    entries = records(in_language(frame, playbooks_of(visit), visit.language))
    by_customer = {entry["customer_id"]: entry for entry in entries}
    return [
        ShownRow(row, by_customer[who], line_of(by_customer[who], known.get(who), inbox.of.as_of))
        for row, who in zip(rows, ids, strict=True)
        if who in by_customer
    ]


def line_of(entry: Mapping[str, Any], known: Background | None, as_of: date) -> Timeline | None:
    """Return the timeline of an entry, as of its list; of one without a background the last order alone is known."""
    last = as_of - timedelta(days=int(entry["days_since_order"]))
    orders = [each.day for each in known.orders] if known and known.orders else [last]
    return timeline(orders, entry["usual_gap_days"], as_of)


def _marked(visit: Visit, inbox: Inbox) -> Row | None:
    """Return the row that the visitor has marked a moment ago, to say so and offer to take it back."""
    row = inbox.by_entry.get(visit.asked("marked"))
    seen = row is not None and visit.who.owner in (None, row.owner)
    return row if seen and row is not None and row.standing.last is not None else None


def _tab(text: str) -> Tab:
    return text if text in TABS else "open"


def _number(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1


VIEWS = (View("GET", "", my_list),)
