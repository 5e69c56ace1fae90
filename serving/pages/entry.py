"""A row, opened: what to say, how to reach the customer, what came before, why on the list, and one tap to mark it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from starlette.responses import Response

from features.clock import date_of
from features.sources import cells
from features.sources.business_day import DAY
from serving.book.inbox.standings import Mark
from serving.book.inbox.take_back import can_take_back
from serving.book.outcomes import OUTCOME_NAMES
from serving.book.schema import OUTCOMES
from serving.book.visits.views import View as Viewed
from serving.book.visits.views import record_view
from serving.outreach.playbooks.guidance import guided, in_language
from serving.pages.advice import playbooks_of
from serving.pages.found_entry import FoundEntry, found_entry
from serving.pages.inbox import Inbox
from serving.pages.my_list import line_of
from serving.pages.visit import View, Visit
from serving.scores import records

SNOOZE_DAYS = 7  # what the form offers first
FORMER_SHOWN = 5


def entry(visit: Visit) -> Response:
    """Show one entry."""
    found = found_entry(visit, visit.part("entry_id"))
    who = visit.who
    customer_id = str(found.facts["customer_id"])
    record_view(visit.server.need_book(), Viewed(who.name, who.owner, "entry", found.of.id, customer_id))
    return entry_page(visit, found)


def entry_page(
    visit: Visit, found: FoundEntry, status: int = 200, conflict: Mapping[str, str] | None = None
) -> Response:
    """Return the page of an entry.

    Args:
        visit: the request.
        found: the entry.
        status: of the answer.
        conflict: what the visitor sent while somebody else marked the entry; None = nothing did.
    """
    playbooks, language, today = playbooks_of(visit), visit.language, visit.server.today
    row = records(in_language(guided(found.frame, playbooks, language), playbooks, language))[0]
    context = {
        "section": "list",
        "found": found,
        "row": row,
        "ways": visit.parts.reach.ways_of(visit.server, row["customer_id"]),
        "timeline": line_of(row, found.background, found.of.as_of),
        "former": former_marks(visit, row["customer_id"], row["entry_id"]),
        "outcomes": OUTCOME_NAMES,
        "can_undo": can_take_back(found.standing),
        "last_is_mark": isinstance(found.standing.last, Mark),
        "snooze_until": today + timedelta(days=SNOOZE_DAYS),
        "tomorrow": today + timedelta(days=1),
        "neighbours": _neighbours(visit, row["entry_id"]),
        "conflict": conflict,
        "in_force": _is_in_force(visit, found),
    }
    return visit.page("entry.html.jinja", context, status)


def former_marks(visit: Visit, customer_id: str, entry_id: str) -> Sequence[Mapping[str, Any]]:
    """Return what came of earlier entries of a customer, the latest first."""
    names = ("outcome", "happened_on", "by", "note")
    query = sa.select(*(OUTCOMES.c[name] for name in names)).where(
        OUTCOMES.c.customer_id == customer_id, OUTCOMES.c.entry_id != entry_id
    )
    with visit.server.need_book().reading() as connection:
        rows = connection.execute(query.order_by(OUTCOMES.c.recorded_at.desc()).limit(FORMER_SHOWN)).mappings()
        return [dict(row) for row in rows]


def _is_in_force(visit: Visit, found: FoundEntry) -> bool:
    inbox = visit.parts.inbox.get(visit.server)
    return inbox is not None and inbox.of.id == found.of.id


def _neighbours(visit: Visit, entry_id: str) -> tuple[str | None, str | None]:
    """Return the open entries before and after this one, in the visitor's list."""
    inbox: Inbox | None = visit.parts.inbox.get(visit.server)
    rows = () if inbox is None else inbox.seen_by(visit.who.owner)
    ids = [row.listed.entry_id for row in rows if row.state == "open" or row.listed.entry_id == entry_id]
    if entry_id not in ids:
        return None, None
    here = ids.index(entry_id)
    return (ids[here - 1] if here else None), (ids[here + 1] if here + 1 < len(ids) else None)


def is_day(text: str) -> date | None:
    """Return a day as a form sends it: of a browser's picker, or typed in the Persian calendar; None for other text.

    >>> is_day("2026-03-09"), is_day("۱۴۰۴/۱۲/۱۸"), is_day("soon")
    (datetime.date(2026, 3, 9), datetime.date(2026, 3, 9), None)
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        seconds, _ = cells.moment(text, None, "jalali")
        return None if seconds <= cells.HUGE else date_of(seconds // DAY)


VIEWS = (View("GET", "entries/{entry_id}", entry),)
