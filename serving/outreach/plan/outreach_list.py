"""The list as planned and as published: its tables, their columns, and the trial that begins with it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from features.money import Money
from serving.outreach.plan.accounts import Accounts
from serving.outreach.plan.arms import DRAWN_NAMES, MERGED_NAMES, Arms, begins_now
from serving.outreach.plan.candidates import LISTED_KINDS, SHRUNK
from serving.outreach.plan.departures import GONE_NAMES
from serving.outreach.plan.snapshot import PROGRAMME_NAMES, Snapshot
from serving.outreach.plan.suppression import SUPPRESSED_NAMES
from serving.outreach.plan.workdays import Workdays
from serving.scores import SCORE_COLUMNS, Column

_SCORED = {each.name: each for each in SCORE_COLUMNS if each.on_lists and not each.once_a_run}
_optional = partial(Column, is_optional=True)  # lists may lack it
ENTRY_COLUMNS: tuple[Column, ...] = (
    Column("position", "integer", "", "rank within its group of the list; 1 = first"),
    Column("owner", "text", "", "whose account it is: who gets in touch"),
    _SCORED.pop("customer_id"),
    _optional("name", "text", "", "of the customers file"),
    _optional("segment", "text", "", "of the customers file"),
    _optional("kind", "text", "", "regular, new, winback, reminder or shrunk"),
    _optional("title", "text", "", "what to do"),
    _optional("channel", "text", "", "how to get in touch"),
    _optional("opening", "text", "", "the sentence to open with"),
    *(column for column in _SCORED.values() if column.type != "texts"),
    _optional("saved_share", "number", "share", "P(saved | contacted, would have churned)"),
    _optional("cost", "money", "major units", "of the contact"),
    _optional("expected_gain", "money", "major units", "left_probability × saved_share × expected_spend − cost"),
    _optional("due_on", "date", "business day", "by when to get in touch"),
    _optional("change", "text", "", "new or still, against the list before"),
    _optional("listed_for", "text", "", "what brings the customer on the list: late by the own rhythm, or what else"),
    *(column for column in _SCORED.values() if column.type == "texts"),
    _optional("playbook", "text", "", "id of the playbook"),
    _optional("members", "texts", "", "the account's other customers who were at risk too"),
    _optional("account_id", "text", "", "the account of the customer; mostly the customer itself"),
    _optional("entry_id", "text", "", "names the entry when its outcome is reported; drawn when the list is published"),
)
ENTRY_NAMES: tuple[str, ...] = tuple(column.name for column in ENTRY_COLUMNS)
# The groups of a list, in the order of LISTED_KINDS.
GROUPS = ("entries", "newcomers", "winback", "reminders", "shrinking")
MOST_REASONS = 3
EPISODE_NAMES = (
    *("account_id", "began_on", "customer_id", "horizon_days", "arm", "cell", "kind", "playbook", "owner", "band"),
    *("stratum", "probability", "expected_spend", "customers", "left_probability"),
)
ARM_NAMES = ("account_id", "playbook", "arm", "stratum", "since")


@dataclass(frozen=True, eq=False)
class OutreachList:
    """One list.

    `entries` are regular customers at risk. `newcomers` have one order day and are addressed differently from a regular
    who stays away. `winback` are lapsed: nothing is at stake any more, something may be won. `reminders` are regulars
    who are not late, and about to be due. `shrinking` are accounts that still buy, and less than they did. All are
    frames in ENTRY_NAMES, best first, `position` counting from 1 in each.

    Args:
        as_of: the list's day.
        horizon_days: of the scores.
        model_version: of the scores.
        currency: of the money, ISO 4217.
        rank_by: the measure that decided the order.
        capacity: entries per owner, of all kinds together; None = no bound.
        entries: regular customers at risk.
        newcomers: customers with one order day.
        winback: lapsed customers.
        reminders: regulars shortly before their next order is due.
        shrinking: accounts that buy less.
        left_out: reason → how many customers it kept off the list.
        suppressed: customer_id, account_id, reason, detail of each of them but those who would stay anyway.
        gone: customer_id, reason, detail of those who were on the former list and are not on this one.
        episodes: the trial's rows that begin with this list, in EPISODE_NAMES; money in minor units.
        arms: the draws made for this list, in ARM_NAMES.
        drawn: the customers of whom the book is to remember an arm, in DRAWN_NAMES.
        merged: accounts in which customers of both arms came together, in MERGED_NAMES; none is contacted.
        least_gain: from which on a customer was worth a row, minor units; 0 where the list was read from the book.
        trial: what the shop declares of its trial with this list: setting → value.
        programme: PROGRAMME_NAMES of everybody whom no playbook touches; empty where the list was read from the book.
        programme_drawn: the rows of it that begin with this list.
        owners_given: accounts that were given an owner in turn: account_id, owner.
        owned: the customers of each of these accounts: customer_id, account_id, owner.
    """

    as_of: date
    horizon_days: int
    model_version: str
    currency: str
    rank_by: str
    capacity: int | None
    entries: pd.DataFrame
    newcomers: pd.DataFrame
    winback: pd.DataFrame
    left_out: Mapping[str, int] = field(default_factory=dict)
    suppressed: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(SUPPRESSED_NAMES)))
    gone: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(GONE_NAMES)))
    episodes: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(EPISODE_NAMES)))
    arms: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(ARM_NAMES)))
    drawn: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(DRAWN_NAMES)))
    merged: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(MERGED_NAMES)))
    least_gain: int = 0
    trial: Mapping[str, float | int] = field(default_factory=dict)
    programme: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(PROGRAMME_NAMES)))
    programme_drawn: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(PROGRAMME_NAMES)))
    reminders: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(ENTRY_NAMES)))
    shrinking: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(ENTRY_NAMES)))
    owners_given: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["account_id", "owner"]))
    owned: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["customer_id", "account_id", "owner"]))

    @property
    def groups(self) -> tuple[pd.DataFrame, ...]:
        """The groups in the order of LISTED_KINDS."""
        return self.entries, self.newcomers, self.winback, self.reminders, self.shrinking

    def with_groups(self, change: Callable[[pd.DataFrame], pd.DataFrame]) -> OutreachList:
        """Return the same list with each of its groups changed."""
        changed: dict[str, Any] = dict(zip(GROUPS, map(change, self.groups), strict=True))
        return replace(self, **changed)

    @property
    def recorded_ids(self) -> frozenset[str]:
        """Of whom anything is recorded when the list is published."""
        frames = (*self.groups, self.suppressed, self.gone, self.episodes, self.drawn, self.programme_drawn, self.owned)
        return frozenset(who for frame in frames for who in frame["customer_id"])

    @property
    def everyone(self) -> pd.DataFrame:
        """All in one frame: regulars at risk, newcomers, the lapsed, reminders, then those that buy less."""
        frames = [frame for frame in self.groups if len(frame)]
        return pd.concat(frames, ignore_index=True) if frames else self.entries

    @property
    def customer_ids(self) -> list[str]:
        """The ids of everyone, in that order."""
        return list(self.everyone["customer_id"])

    @property
    def owners(self) -> list[str]:
        """The owners with anyone on the list, sorted."""
        return sorted(set(self.everyone["owner"]))


def entries_of(
    listed: pd.DataFrame, as_of: date, listed_before: Collection[str], money: Money, workdays: Workdays
) -> list[pd.DataFrame]:
    """Return listed customers, best first, as a frame in ENTRY_NAMES for each of LISTED_KINDS.

    The opening is filled in later, and the id when the list is published.

    Args:
        listed: what is known of each customer; cost and gain in minor units.
        as_of: the list's day.
        listed_before: accounts of the former list.
        money: the currency.
        workdays: on which somebody can make the contact.
    """
    due = [workdays.due(as_of, int(days)) for days in listed["due_days"]]
    rows = listed.assign(
        position=listed.groupby("kind").cumcount() + 1,
        entry_id=None,
        cost=_major(listed["cost"], money),
        expected_gain=_major(listed["gain"], money),
        due_on=pd.Series(due, index=listed.index, dtype=object),
        change=np.where(listed["account_id"].isin(listed_before), "still", "new"),
        opening=None,
    )[list(ENTRY_NAMES)]
    return [rows[rows["kind"] == kind].reset_index(drop=True) for kind in LISTED_KINDS]


def with_less_told(entries: pd.DataFrame) -> pd.DataFrame:
    """Return entries whose reasons begin, of accounts that buy less, with what they buy less of.

    Args:
        entries: in ENTRY_NAMES, with reasons.

    >>> one = {"kind": ["shrunk"], "shrinking": [["buys less"]], "reasons": [["late"]]}
    >>> with_less_told(pd.DataFrame(one))["reasons"].tolist()
    [['buys less', 'late']]
    """
    columns = (entries[name].tolist() for name in ("kind", "shrinking", "reasons"))
    told = [
        [*_texts(less), *_texts(own)][:MOST_REASONS] if kind == SHRUNK else own
        for kind, less, own in zip(*columns, strict=True)
    ]
    return entries.assign(reasons=pd.Series(told, entries.index, dtype=object))


def _texts(value: object) -> Sequence[str]:
    return value if isinstance(value, (list, tuple)) else ()


def _major(minor: pd.Series, money: Money) -> pd.Series:
    return pd.Series([money.major(value) for value in minor.tolist()], minor.index, dtype=object)


def episodes_of(enrolled: pd.DataFrame, snapshot: Snapshot, arms: Arms, as_of: date, horizon_days: int) -> pd.DataFrame:
    """Return the trial's new rows in EPISODE_NAMES; an account and a customer are in one episode at a time.

    Args:
        enrolled: whoever is listed or held out.
        snapshot: what the book knows; its open episodes go on.
        arms: of the day.
        as_of: the list's day.
        horizon_days: of the scores.
    """
    new = enrolled[begins_now(enrolled, arms, frozenset(snapshot.open_episodes["account_id"]))]
    pairs = zip(new["account_id"], new["customer_id"], strict=True)
    customers = [tuple(sorted({*arms.accounts.customers(account), who})) for account, who in pairs]
    shrunk = new["kind"] == SHRUNK  # such an account holds when it spends more than half of its own usual
    rows = new.assign(
        began_on=as_of,
        horizon_days=horizon_days,
        probability=new["probability"].where(~shrunk, new["less_probability"]),
        expected_spend=new["spend"].where(~shrunk, new["usual"]),
        left_probability=new["left_probability"].where(~shrunk, new["less_probability"]),
        customers=pd.Series(customers, index=new.index, dtype=object),
    )
    return rows[list(EPISODE_NAMES)].reset_index(drop=True)


def owned_of(given: pd.DataFrame, accounts: Accounts, enrolled: pd.DataFrame) -> pd.DataFrame:
    """Return the customers of accounts that were given an owner in turn: customer_id, account_id, owner.

    Args:
        given: account_id, owner.
        accounts: who belongs to which account today.
        enrolled: whoever is listed or held out.
    """
    stands_for = dict(zip(enrolled["account_id"], enrolled["customer_id"], strict=True))
    pairs = zip(given["account_id"], given["owner"], strict=True)
    rows = [
        (who, account, owner)
        for account, owner in pairs
        for who in sorted({*accounts.customers(account), stands_for[account]})
    ]
    return pd.DataFrame(rows, columns=["customer_id", "account_id", "owner"], dtype=object)


def new_arms(enrolled: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Return the draws that the book does not know yet, in ARM_NAMES.

    Args:
        enrolled: whoever is listed or held out, with the columns that `within_capacity` adds.
        as_of: the list's day, from which on they count.
    """
    new = enrolled[enrolled["is_new_draw"]]
    return new.assign(playbook=new["drawn_for"], since=as_of)[list(ARM_NAMES)].reset_index(drop=True)
