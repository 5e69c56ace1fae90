"""The planned list: its tables, their columns, and the ids of its entries."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial

import pandas as pd

from serving.outreach.plan.departures import GONE_NAMES
from serving.outreach.plan.suppression import SUPPRESSED_NAMES
from serving.scores import SCORE_COLUMNS, Column

_SCORED = {each.name: each for each in SCORE_COLUMNS if each.on_lists and not each.once_a_run}
_optional = partial(Column, is_optional=True)  # lists may lack it
ENTRY_COLUMNS: tuple[Column, ...] = (
    Column("position", "integer", "", "rank within its group of the list; 1 = first"),
    Column("owner", "text", "", "whose account it is: who gets in touch"),
    _SCORED.pop("customer_id"),
    _optional("name", "text", "", "of the customers file"),
    _optional("segment", "text", "", "of the customers file"),
    _optional("kind", "text", "", "regular, new or winback"),
    _optional("title", "text", "", "what to do"),
    _optional("channel", "text", "", "how to get in touch"),
    _optional("opening", "text", "", "the sentence to open with"),
    *(column for column in _SCORED.values() if column.type != "texts"),
    _optional("saved_share", "number", "share", "P(saved | contacted, would have churned)"),
    _optional("cost", "money", "major units", "of the contact"),
    _optional("expected_gain", "money", "major units", "probability × saved_share × expected_spend − cost"),
    _optional("due_on", "date", "business day", "by when to get in touch"),
    _optional("change", "text", "", "new or still, against the list before"),
    *(column for column in _SCORED.values() if column.type == "texts"),
    _optional("playbook", "text", "", "id of the playbook"),
    _optional("members", "texts", "", "the account's other customers who were at risk too"),
    _optional("account_id", "text", "", "the account of the customer; mostly the customer itself"),
    _optional("entry_id", "text", "", "names the entry when its outcome is reported"),
)
ENTRY_NAMES: tuple[str, ...] = tuple(column.name for column in ENTRY_COLUMNS)
EPISODE_NAMES = (
    *("account_id", "began_on", "customer_id", "horizon_days", "arm", "cell", "kind", "playbook", "owner", "band"),
    *("stratum", "probability", "expected_spend"),
)
ARM_NAMES = ("account_id", "playbook", "arm", "stratum", "since")


@dataclass(frozen=True, eq=False)
class OutreachList:
    """One list, as planned and as published.

    `entries` are regular customers at risk, `newcomers` are customers with one order day, who need another word than a
    regular who stays away, and `winback` are lapsed ones: nothing is at stake any more, something may be won. All are
    frames in ENTRY_NAMES, best first, `position` counting from 1 in each.

    Args:
        as_of: the day it is of.
        horizon_days: of the scores.
        model_version: of the scores.
        currency: of the money.
        rank_by: what decided the order.
        capacity: entries per owner, of all kinds together; None = no bound.
        entries: regular customers at risk.
        newcomers: customers with one order day.
        winback: lapsed customers.
        left_out: reason → how many customers it kept off the list.
        suppressed: customer_id, account_id, reason, detail of each of them but those who would stay anyway.
        gone: customer_id, reason, detail of those who were on the former list and are not on this one.
        episodes: the trial's rows that begin with this list, in EPISODE_NAMES; money in minor units.
        arms: draws that were made for it: account_id, playbook, arm, stratum, since.
        owners: accounts that were given an owner in turn: account_id, owner.
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
    owners_given: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["account_id", "owner"]))

    @property
    def everyone(self) -> pd.DataFrame:
        """All three in one frame: the regular customers at risk, then the newcomers, then the lapsed."""
        frames = [frame for frame in (self.entries, self.newcomers, self.winback) if len(frame)]
        return pd.concat(frames, ignore_index=True) if frames else self.entries

    @property
    def customer_ids(self) -> list[str]:
        """The ids of everyone, in that order."""
        return list(self.everyone["customer_id"])

    @property
    def owners(self) -> list[str]:
        """The owners with anyone on the list, sorted."""
        return sorted(set(self.everyone["owner"]))


def account_of(customers: pd.DataFrame | None) -> dict[str, str]:
    """Return customer → account, of those that have a parent.

    >>> account_of(pd.DataFrame({"customer_id": ["a1", "b"], "account": ["a", None]}))
    {'a1': 'a'}
    """
    if customers is None or "account" not in customers:
        return {}
    known = customers[customers["account"].fillna("").str.strip() != ""]
    return dict(zip(known["customer_id"], known["account"].str.strip(), strict=True))


def entry_id(as_of: date, account_id: str) -> str:
    """Return what names an entry for ever: its day and its account, without telling who it is.

    >>> entry_id(date(2026, 3, 2), "ann")
    '20260302-49915e0d7d4b'
    """
    known = hashlib.sha256(account_id.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{as_of:%Y%m%d}-{known[:12]}"
