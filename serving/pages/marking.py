"""One tap: an outcome, a snooze, or the last of them taken back, by the same functions as the API and the commands.

What is sent names the version of the entry that the page showed. Where somebody else has marked it meanwhile, nothing
is recorded; the page says what the other one did, keeps the note, and offers to record it as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.engine import Connection
from starlette.responses import Response

from features.errors import InputError
from features.language.messages import Message
from serving.api.problems import Refusal
from serving.book.decisions import Hold, check_hold, hold_in
from serving.book.inbox.standings import Standing, standing_of
from serving.book.inbox.take_back import take_back
from serving.book.outcomes import OUTCOME_NAMES, Outcome, write_outcomes
from serving.book.row_checks import Source
from serving.pages.entry import entry_page, is_day
from serving.pages.found_entry import FoundEntry, found_entry
from serving.pages.refusals import refusal
from serving.pages.visit import View, Visit

SNOOZED_ON_PAGE = "put off"  # why, where nobody said more
MOST_DAYS_AHEAD = 366
TOO_LATE = Message("This is too long ago to be taken back. Record what is true now instead.")
Write = Callable[[Connection, FoundEntry], None]


def mark(visit: Visit) -> Response:
    """Record an outcome."""
    outcome = visit.sent("outcome")
    if outcome not in OUTCOME_NAMES:
        raise refusal(422, "outcome", Message("Choose one of the outcomes."))
    note, today = visit.note(), visit.server.today

    def write(connection: Connection, found: FoundEntry) -> None:
        day = max(today, found.of.as_of)  # a list of tomorrow is worked on today
        row = Outcome(str(found.facts["entry_id"]), outcome, day, by=visit.who.name, note=note)
        write_outcomes(connection, [row], Source("the outcome"), day)

    return _recorded(visit, write, lambda standing: _is_mine(visit, standing, outcome))


def snooze(visit: Visit) -> Response:
    """Put an entry off until a day."""
    until, today = is_day(visit.sent("until")), visit.server.today
    if until is None or not 0 < (until - today).days <= MOST_DAYS_AHEAD:
        raise refusal(422, "until", Message("Choose a day from tomorrow on, within a year."))
    why = visit.note() or SNOOZED_ON_PAGE
    check_hold("snooze", today, until)

    def write(connection: Connection, found: FoundEntry) -> None:
        hold = Hold(str(found.facts["account_id"]), "snooze", today, until, visit.who.name, why)
        hold_in(connection, [hold], visit.server.accounts_today())

    return _recorded(visit, write, lambda _: False)


def undo(visit: Visit) -> Response:
    """Take the last mark or snooze back."""

    def write(connection: Connection, found: FoundEntry) -> None:
        if take_back(connection, found.facts, _standing(connection, found)) is None:
            raise refusal(409, "undo", TOO_LATE)

    return _recorded(visit, write, lambda _: False, is_undo=True)


def _recorded(visit: Visit, write: Write, is_done: Callable[[Standing], bool], *, is_undo: bool = False) -> Response:
    """Write in one transaction, unless the entry is not as the page showed it.

    Args:
        visit: the request.
        write: records what was sent.
        is_done: whether a standing holds what was sent already: the same form came twice.
        is_undo: whether the entry is shown again and not the list.
    """
    found = found_entry(visit, visit.part("entry_id"))
    try:
        with visit.server.need_book().writing() as connection:
            standing = _standing(connection, found)
            if standing.version != visit.sent("version"):
                if is_done(standing):
                    return _onwards(visit, found, is_undo=is_undo)
                raise _Conflict
            write(connection, found)
    except _Conflict:
        return entry_page(visit, found_entry(visit, visit.part("entry_id")), 409, dict(visit.form))
    except InputError as error:
        raise Refusal(422, "unusable", error.violations[0].rule if error.violations else error.message) from None
    return _onwards(visit, found, is_undo=is_undo)


class _Conflict(Exception):
    """Somebody else has marked the entry meanwhile; the transaction ends without a trace."""


def _standing(connection: Connection, found: FoundEntry) -> Standing:
    facts: Mapping[Any, Any] = found.facts
    return standing_of(connection, facts["entry_id"], facts["account_id"], found.of.as_of)


def _is_mine(visit: Visit, standing: Standing, outcome: str) -> bool:
    last = standing.mark
    return last is not None and (last.outcome, last.by, last.note) == (outcome, visit.who.name, visit.note())


def _onwards(visit: Visit, found: FoundEntry, *, is_undo: bool) -> Response:
    entry_id = str(found.facts["entry_id"])
    if is_undo:
        return visit.to(f"entries/{entry_id}")
    return visit.to("", tab=visit.sent("tab"), marked=entry_id)


VIEWS = (
    View("POST", "entries/{entry_id}/mark", mark),
    View("POST", "entries/{entry_id}/snooze", snooze),
    View("POST", "entries/{entry_id}/undo", undo),
)
