"""What came of entries: the marks of people and the holds of their accounts, as far as they are about the entry.

A page shows a standing with its version; a mark is recorded only where the version is still the same, so of two people
who mark at once the second is told what the first one did.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from serving.book.outcomes import LEAVE_ALONE, why_left_alone
from serving.book.schema import ENTRIES, HOLDS, OUTCOMES
from serving.book.sql_rows import digest


@dataclass(frozen=True, slots=True)
class Mark:
    """One outcome of an entry: its key, what came of it, on which day, by whom, with which note, and when in UTC."""

    key: str
    outcome: str
    happened_on: date
    by: str | None
    note: str | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class SetHold:
    """One veto, snooze or lift of an account: its number, its days, who decided and why, and when in UTC."""

    id: int
    kind: str
    since: date
    until: date | None
    by: str
    why: str
    recorded_at: datetime

    def holds(self, today: date) -> bool:
        """Return whether it keeps the account off today."""
        return self.kind == "veto" or (self.kind == "snooze" and self.until is not None and self.until > today)


@dataclass(frozen=True, slots=True)
class Standing:
    """What came of an entry, each in the order in which it was recorded.

    Args:
        marks: its outcomes.
        holds: of its account.
    """

    marks: tuple[Mark, ...] = ()
    holds: tuple[SetHold, ...] = ()

    @property
    def version(self) -> str:
        """What the next mark must name: it changes with every mark, hold and undo."""
        return digest(*(mark.key for mark in self.marks), "holds", *(str(hold.id) for hold in self.holds))[:16]

    @property
    def mark(self) -> Mark | None:
        """The last outcome."""
        return self.marks[-1] if self.marks else None

    @property
    def hold(self) -> SetHold | None:
        """The last hold that somebody set apart from an outcome."""
        return next((hold for hold in reversed(self.holds) if not self._follows_mark(hold)), None)

    @property
    def last(self) -> Mark | SetHold | None:
        """What was recorded last, a mark or a hold of its own."""
        return max((each for each in (self.mark, self.hold) if each), key=lambda each: each.recorded_at, default=None)

    def _follows_mark(self, hold: SetHold) -> bool:
        """Return whether an outcome set a hold by itself, as a wrong alarm does."""
        return any(
            mark.outcome in LEAVE_ALONE
            and (hold.kind, hold.since) == ("snooze", mark.happened_on)
            and hold.why == why_left_alone(mark.outcome, mark.note)
            for mark in self.marks
        )


_MARK = tuple(OUTCOMES.c[name] for name in Mark.__dataclass_fields__)
_HOLD = tuple(HOLDS.c[name] for name in SetHold.__dataclass_fields__)
_ACCOUNT = sa.func.coalesce(ENTRIES.c.account_id, ENTRIES.c.customer_id)


def standings_on(connection: Connection, list_id: int, since: date) -> dict[str, Standing]:
    """Return entry id → what came of it, of the entries of a list that anything came of.

    Args:
        connection: of a reader.
        list_id: of the list.
        since: the list's day; earlier holds were heeded when it was made.
    """
    of_list = sa.select(ENTRIES.c.entry_id.label("of"))
    marks = of_list.add_columns(*_MARK).join_from(ENTRIES, OUTCOMES, OUTCOMES.c.entry_id == ENTRIES.c.entry_id)
    holds = of_list.add_columns(*_HOLD).join_from(ENTRIES, HOLDS, sa.and_(HOLDS.c.account_id == _ACCOUNT))
    in_list = ENTRIES.c.list_id == list_id
    return _standings(
        connection.execute(_in_order(marks.where(in_list))).mappings(),
        connection.execute(holds.where(in_list, HOLDS.c.since >= since).order_by(HOLDS.c.id)).mappings(),
    )


def standing_of(connection: Connection, entry_id: str, account_id: str, since: date) -> Standing:
    """Return what came of one entry.

    Args:
        connection: of a reader, or of the writer that marks it.
        entry_id: of the entry.
        account_id: of it.
        since: the day of its list.
    """
    of = sa.literal(entry_id).label("of")
    marks = sa.select(of, *_MARK).where(OUTCOMES.c.entry_id == entry_id)
    holds = sa.select(of, *_HOLD).where(HOLDS.c.account_id == account_id, HOLDS.c.since >= since)
    found = _standings(
        connection.execute(_in_order(marks)).mappings(), connection.execute(holds.order_by(HOLDS.c.id)).mappings()
    )
    return found.get(entry_id, Standing())


def _in_order(marks: sa.Select[Any]) -> sa.Select[Any]:
    return marks.order_by(OUTCOMES.c.recorded_at, OUTCOMES.c.key)


def _standings(marks: Iterable[Mapping[Any, Any]], holds: Iterable[Mapping[Any, Any]]) -> dict[str, Standing]:
    found: dict[str, tuple[list[Mark], list[SetHold]]] = {}
    for of, mark in _made(marks, Mark):
        found.setdefault(of, ([], []))[0].append(mark)
    for of, hold in _made(holds, SetHold):
        found.setdefault(of, ([], []))[1].append(hold)
    return {of: Standing(tuple(own_marks), tuple(own_holds)) for of, (own_marks, own_holds) in found.items()}


def _made(rows: Iterable[Mapping[Any, Any]], kind: type[Any]) -> Iterator[tuple[str, Any]]:
    names: Sequence[str] = tuple(kind.__dataclass_fields__)
    for row in rows:
        yield row["of"], kind(**{name: row[name] for name in names})
