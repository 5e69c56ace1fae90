"""Takes the last mark or snooze of an entry back, with what followed from it, as if it had never been recorded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from serving.book.decisions import entry_contact_key
from serving.book.inbox.standings import Mark, SetHold, Standing
from serving.book.outcomes import LEAVE_ALONE, TALKED, why_left_alone
from serving.book.schema import CONSENT, CONTACTS, HELD, HOLDS, OUTCOMES
from serving.book.sql_rows import utc_now
from serving.outreach.plan.snapshot import EVERY_CHANNEL

UNDO_WITHIN = timedelta(hours=24)  # later the next list may stand on it


def can_take_back(standing: Standing) -> bool:
    """Return whether the last mark or snooze is recent enough to be taken back."""
    last = standing.last
    lifted = isinstance(last, SetHold) and last.kind == "lift"
    return last is not None and not lifted and utc_now() - last.recorded_at < UNDO_WITHIN


def take_back(connection: Connection, entry: Mapping[Any, Any], standing: Standing) -> Mark | SetHold | None:
    """Take the last mark or snooze of an entry back and return it; None where nothing can be taken back.

    Args:
        connection: of a writer.
        entry: as `entries_of` has it.
        standing: of the entry, read by the same writer.
    """
    last = standing.last
    if last is None or not can_take_back(standing):
        return None
    if isinstance(last, Mark):
        _take_back_mark(connection, entry, standing, last)
    else:
        _delete_holds(connection, HOLDS.c.id == last.id)
    return last


def _take_back_mark(connection: Connection, entry: Mapping[Any, Any], standing: Standing, mark: Mark) -> None:
    connection.execute(sa.delete(OUTCOMES).where(OUTCOMES.c.key == mark.key))
    others = [each for each in standing.marks if each.key != mark.key and each.happened_on == mark.happened_on]
    if mark.outcome in TALKED and not any(each.outcome in TALKED for each in others):
        own = CONTACTS.c.key == entry_contact_key(str(entry["entry_id"]), mark.happened_on)
        connection.execute(sa.delete(CONTACTS).where(own, CONTACTS.c.recorded_at >= mark.recorded_at))
    if mark.outcome == "do_not_contact":
        _delete_refusal(connection, str(entry["customer_id"]), mark)
    if mark.outcome in LEAVE_ALONE:
        why = why_left_alone(mark.outcome, mark.note)
        of_account = sa.and_(HOLDS.c.account_id == entry["account_id"], HOLDS.c.since == mark.happened_on)
        _delete_holds(connection, of_account, HOLDS.c.why == why, HOLDS.c.recorded_at >= mark.recorded_at)


def _delete_refusal(connection: Connection, customer_id: str, mark: Mark) -> None:
    made_by_it = (
        CONSENT.c.customer_id == customer_id,
        CONSENT.c.channel == EVERY_CHANNEL,
        CONSENT.c.decided_on == mark.happened_on,
        CONSENT.c.source == "outcome",
        CONSENT.c.recorded_at >= mark.recorded_at,
    )
    connection.execute(sa.delete(CONSENT).where(*made_by_it))


def _delete_holds(connection: Connection, *which: sa.ColumnElement[bool]) -> None:
    ids = list(connection.scalars(sa.select(HOLDS.c.id).where(*which)))
    connection.execute(sa.delete(HELD).where(HELD.c.hold_id.in_(ids)))
    connection.execute(sa.delete(HOLDS).where(HOLDS.c.id.in_(ids)))
