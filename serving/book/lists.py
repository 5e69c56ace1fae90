"""Lists in the book: who was on each, who was not and why, and the trial that began with it.

A list is written in its caller's transaction. Earlier draws stay: an account and its customers keep their arm for ever,
and its episode and owner of a day, whatever a later list of that day says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from features.errors import InputError
from features.money import Money
from serving.book.privacy.entry_ids import derived_id, with_entry_ids
from serving.book.runs import Run, read_column
from serving.book.schema import (
    ARMS,
    DRAWN,
    ENTRIES,
    EPISODES,
    GONE,
    LISTS,
    MERGERS,
    OWNED,
    OWNERS,
    PROGRAMME,
    SUPPRESSED,
)
from serving.book.score_json import SCORE_FACTS
from serving.book.sentences import MESSAGES_OF, sentences_from_json
from serving.book.sql_rows import (
    IDS_PER_QUERY,
    batches,
    digest,
    frame_of,
    insert_columns,
    insert_missing,
    insert_row,
    rows_with,
    texts_from_json,
    texts_to_json,
    to_amounts,
    to_minor_units,
    utc_now,
)
from serving.outreach.plan.candidates import LISTED_KINDS
from serving.outreach.plan.holdout import ANY_PLAYBOOK, HOLDOUT
from serving.outreach.plan.outreach_list import ENTRY_NAMES, OutreachList, with_less_told
from serving.scores import plain_values, with_unknown_money

ROUND_ROBIN = "round robin"
_ENTRY_NAMES = tuple(c.name for c in ENTRIES.c if c.name not in ("list_id", "kind", "closed_at"))
_MONEY = frozenset({"cost", "expected_gain"})


@dataclass(frozen=True, eq=False)
class Publication:
    """A list in the book: its number, whether it is new there, and the list with the ids of its entries."""

    list_id: int
    is_new: bool
    outreach: OutreachList


def publish_list(connection: Connection, outreach: OutreachList, run_id: int) -> Publication:
    """Record a list made from a run's scores, its entries with ids; a list that is known changes nothing.

    Args:
        connection: of a writer.
        outreach: the list, with who was left out and the trial that begins with it.
        run_id: of the scores.

    Raises:
        InputError: an account was drawn for the other arm meanwhile.
        sqlalchemy.exc.IntegrityError: there is no such run.
    """
    outreach = with_entry_ids(connection, outreach)
    columns = _entry_columns(outreach)
    key = _key(outreach, run_id, columns, _times_withdrawn(connection, outreach))
    known = connection.scalar(sa.select(LISTS.c.id).where(LISTS.c.key == key))
    if known is not None:
        return Publication(int(known), False, outreach)
    list_id = insert_row(connection, LISTS, _list_row(outreach, run_id, key))
    insert_columns(connection, ENTRIES, {"list_id": [list_id] * len(columns["customer_id"]), **columns})
    for table, frame in ((SUPPRESSED, outreach.suppressed), (GONE, outreach.gone)):
        insert_columns(connection, table, {"list_id": [list_id] * len(frame), **_columns(table, frame)})
    _enrol(connection, outreach, list_id)
    return Publication(list_id, True, outreach)


def entries_in(connection: Connection, query: sa.Select[Any], run: Run) -> pd.DataFrame:
    """Return the rows of a query over ENTRIES and SCORES as a list's frame, in ENTRY_NAMES."""
    found, money = frame_of(connection, query), Money(run.currency)
    read = {name: read_column(found[name].tolist(), name, money) for name in SCORE_FACTS}
    read |= {name: to_amounts(found[name], money) for name in _MONEY}
    read |= {name: _sentences(found[name], found[held]) for name, held in MESSAGES_OF.items()}
    read["members"] = [texts_from_json(text) for text in found["members"]]
    columns = {str(name): found[name].tolist() for name in found} | read
    entries = pd.DataFrame({name: pd.Series(columns[name], dtype=object) for name in ENTRY_NAMES})
    return with_less_told(with_unknown_money(entries))


def _sentences(texts: pd.Series, messages: pd.Series) -> list[tuple[str, ...] | None]:
    return [sentences_from_json(*pair) for pair in zip(texts, messages, strict=True)]


def departures_of(connection: Connection, list_id: int) -> pd.DataFrame:
    """Return customer_id, reason and detail of those who left since the list before."""
    columns = [column for column in GONE.c if column.name != "list_id"]
    return frame_of(connection, sa.select(*columns).where(GONE.c.list_id == list_id).order_by(GONE.c.customer_id))


def with_entry(table: sa.Table) -> tuple[sa.Join[Any], sa.FromClause]:
    """Return a table joined by `entry_id` to the entries, as the last list has them, and the alias of the entries."""
    entry, other = ENTRIES.alias("entry"), ENTRIES.alias("other")
    last = sa.select(sa.func.max(other.c.list_id)).where(other.c.entry_id == table.c.entry_id).scalar_subquery()
    same = sa.and_(entry.c.entry_id == table.c.entry_id, entry.c.list_id == last)
    return table.outerjoin(entry, same), entry


def _entry_columns(outreach: OutreachList) -> dict[str, list[Any]]:
    money = Money(outreach.currency)
    groups = zip(LISTED_KINDS, outreach.groups, strict=True)
    parts = [(kind, {name: _stored(frame, name, money) for name in _ENTRY_NAMES}) for kind, frame in groups]
    kinds = [kind for kind, part in parts for _ in part["customer_id"]]
    return {"kind": kinds, **{name: [value for _, part in parts for value in part[name]] for name in _ENTRY_NAMES}}


def _stored(frame: pd.DataFrame, name: str, money: Money) -> list[Any]:
    if name not in frame:  # a list that was planned without this column
        return [None] * len(frame)
    if name == "members":
        return [texts_to_json(value) for value in frame[name]]
    values = plain_values(frame[name])
    return to_minor_units(values, money) if name in _MONEY else values


def _columns(table: sa.Table, frame: pd.DataFrame) -> dict[str, list[Any]]:
    return {c.name: plain_values(frame[c.name]) for c in table.c if c.name != "list_id"}


def _times_withdrawn(connection: Connection, outreach: OutreachList) -> int:
    """Return how many lists of the day were taken back: the same list after that is another one."""
    query = sa.select(sa.func.count()).select_from(LISTS)
    return int(connection.scalar(query.where(LISTS.c.as_of == outreach.as_of, LISTS.c.withdrawn_at.is_not(None))) or 0)


def _key(outreach: OutreachList, run_id: int, columns: Mapping[str, list[Any]], withdrawn: int) -> str:
    off = (_columns(SUPPRESSED, outreach.suppressed), _columns(GONE, outreach.gone))
    facts = (str(run_id), outreach.rank_by, str(outreach.capacity), *([str(withdrawn)] if withdrawn else []))
    # Ids are drawn; those that say the day and the account keep the list the same, also one of before ids were drawn.
    accounts = columns["account_id"]
    derived = [None if who is None else derived_id(outreach.as_of, who) for who in accounts]
    parts = ({**columns, "entry_id": derived}, *off)
    return digest(*facts, *("\x1f".join(map(str, values)) for part in parts for values in part.values()))


def _list_row(outreach: OutreachList, run_id: int, key: str) -> dict[str, object]:
    return {
        "key": key,
        "run_id": run_id,
        "as_of": outreach.as_of,
        "rank_by": outreach.rank_by,
        "capacity": outreach.capacity,
        "left_out": json.dumps(dict(outreach.left_out)),
        "trial": json.dumps(dict(outreach.trial)),
        "published_at": utc_now(),
    }


def _enrol(connection: Connection, outreach: OutreachList, list_id: int) -> None:
    """Write what begins with a list: draws, episodes, and owners given in turn."""
    given = outreach.owners_given.assign(how=ROUND_ROBIN, since=outreach.as_of, by=None, why=None)
    customers = pd.Series(list(map(texts_to_json, outreach.episodes["customers"])), outreach.episodes.index, object)
    _agree(connection, outreach)
    insert_missing(connection, ARMS, _rows(ARMS, outreach.arms))
    insert_missing(connection, DRAWN, _rows(DRAWN, outreach.drawn))
    insert_missing(connection, PROGRAMME, _rows(PROGRAMME, outreach.programme_drawn))
    insert_missing(connection, MERGERS, _rows(MERGERS, outreach.merged.assign(list_id=list_id)))
    episodes = outreach.episodes.assign(list_id=list_id, customers=customers, voided_at=None)
    _make_room(connection, outreach)
    insert_missing(connection, EPISODES, _rows(EPISODES, episodes))
    insert_missing(connection, OWNERS, _rows(OWNERS, given))
    insert_missing(connection, OWNED, _rows(OWNED, outreach.owned.assign(since=outreach.as_of)))


def _make_room(connection: Connection, outreach: OutreachList) -> None:
    """Delete the void episodes of a list of the same day that was taken back: this one watches their accounts anew."""
    void = sa.and_(EPISODES.c.began_on == outreach.as_of, EPISODES.c.voided_at.is_not(None))
    for batch in batches(outreach.episodes["account_id"], IDS_PER_QUERY):
        connection.execute(sa.delete(EPISODES).where(void, EPISODES.c.account_id.in_(batch)))


def _rows(table: sa.Table, frame: pd.DataFrame) -> list[dict[str, Any]]:
    names = [c.name for c in table.c]
    return [
        dict(zip(names, row, strict=True)) for row in zip(*(plain_values(frame[name]) for name in names), strict=True)
    ]


def _agree(connection: Connection, outreach: OutreachList) -> None:
    """Refuse a list that another one has overtaken: an account or customer would be in both arms, or be contacted."""
    drawn = outreach.drawn[outreach.drawn["until"].isna()]
    other = sum(
        _drawn_otherwise(connection, *each)
        for each in ((ARMS.c.account_id, outreach.arms), (DRAWN.c.customer_id, drawn))
    )
    if other:
        raise InputError(f"{other} accounts were drawn for the other arm meanwhile; plan the list again")
    held = sa.select(DRAWN).where(
        DRAWN.c.arm == HOLDOUT, sa.or_(DRAWN.c.until.is_(None), DRAWN.c.until > outreach.as_of)
    )
    playbook_of = dict(zip(outreach.everyone["customer_id"], outreach.everyone["playbook"], strict=True))
    found = rows_with(connection, held, DRAWN.c.customer_id, playbook_of)
    left_alone = rows_with(connection, sa.select(PROGRAMME), PROGRAMME.c.customer_id, playbook_of)
    if any(left_alone):
        raise InputError("customers of this list are in the programme holdout since it was planned; plan it again")
    if any(row["playbook"] in (ANY_PLAYBOOK, playbook_of[row["customer_id"]]) for row in found):
        raise InputError("customers of this list are held out since it was planned; plan the list again")


def _drawn_otherwise(connection: Connection, column: sa.Column[Any], draws: pd.DataFrame) -> int:
    # Another list may have drawn arms since this one was planned: an account would then be in both arms.
    new = {(row[column.name], row["playbook"]): row["arm"] for row in draws.to_dict("records")}
    until = column.table.c.get("until")
    query = sa.select(column.table) if until is None else sa.select(column.table).where(until.is_(None))
    known = rows_with(connection, query, column, draws[column.name])
    return sum(new.get((row[column.name], row["playbook"]), row["arm"]) != row["arm"] for row in known)
