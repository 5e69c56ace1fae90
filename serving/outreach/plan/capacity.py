"""How far down each owner's list reaches: until the owner can take no more, with the held-out stepping aside."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd

from serving.outreach.plan.arms import Arms
from serving.outreach.plan.holdout import HOLDOUT, TREATED, strata, with_arms
from serving.outreach.plan.policy import Policy
from serving.outreach.plan.snapshot import Snapshot
from serving.outreach.plan.suppression import HELD_OUT, OVER_CAPACITY

LISTED, STEPS_ASIDE, TOO_MANY = 0, 1, 2
_REASONS = np.array([None, HELD_OUT, OVER_CAPACITY], dtype=object)
ADDED_FLAGS = ("is_new_draw", "is_watched")
ADDED_NAMES = ("arm", "stratum", "drawn_for", *ADDED_FLAGS)


def within_capacity(ranked: pd.DataFrame, snapshot: Snapshot, arms: Arms, policy: Policy, as_of: date) -> pd.DataFrame:
    """Keep off the held-out and whoever is too many; add ADDED_NAMES to the accounts that nothing else keeps off.

    `is_watched` says whether an account can be compared: not where customers of both arms, or of an account that is
    held out, came to it.

    Args:
        ranked: best first, each with its owner; of each account at most one row has the `reason` None.
        snapshot: what the book knows.
        arms: of the day.
        policy: the shop's rules.
        as_of: the list's day.
    """
    free = ranked[ranked["reason"].isna()]
    room = free["owner"].map(_room(free["owner"].unique(), snapshot, policy, as_of))
    rows = _with_arms(free.assign(stratum=strata(free["kind"], free["band"], free["spend"])), arms, policy)
    treated = rows["arm"] == TREATED
    ahead = treated.astype(int).groupby(rows["owner"]).cumsum() - treated.astype(int)
    verdict = np.where(ahead >= room, TOO_MANY, np.where(treated, LISTED, STEPS_ASIDE))
    found = ranked.assign(**{name: rows[name] for name in ADDED_NAMES})
    found = found.assign(**{name: found[name].eq(True) for name in ADDED_FLAGS})
    found.loc[rows.index, "reason"], found.loc[rows.index, "detail"] = _REASONS[verdict], _details(rows, verdict, arms)
    return found


def _with_arms(rows: pd.DataFrame, arms: Arms, policy: Policy) -> pd.DataFrame:
    """Return the accounts with their arms; those that are kept apart are held out without a draw."""
    pairs = zip(rows["account_id"], rows["playbook"], strict=True)
    apart_until = pd.Series([arms.kept_apart_until(*pair) for pair in pairs], index=rows.index, dtype=object)
    apart = apart_until.notna()
    found = with_arms(rows[~apart], arms.by_lot, policy.holdout_share, by_playbook=policy.holdout_by_playbook)
    if apart.any():
        aside = rows[apart]
        aside = aside.assign(arm=HOLDOUT, drawn_for=aside["playbook"], is_new_draw=False)
        found = pd.concat([found, aside]).loc[rows.index]
    watched = ~apart & ~found["account_id"].isin(arms.of_both)
    return found.assign(is_watched=watched, apart_until=apart_until)


def _details(rows: pd.DataFrame, verdict: np.typing.NDArray[np.int64], arms: Arms) -> list[str | None]:
    columns = (rows["account_id"], rows["apart_until"], verdict)
    return [_detail(account, until, kind, arms) for account, until, kind in zip(*columns, strict=True)]


def _detail(account: str, until: date | None, verdict: int, arms: Arms) -> str | None:
    if verdict != STEPS_ASIDE:
        return None if verdict == LISTED else "its owner can take no more"
    if until is not None:
        return f"was in one account with a customer who is held out (until {until})"
    if account in arms.of_both:
        return "its account came to hold customers who are held out, which are not contacted, and others"
    return "held out, to measure what contacting does"


def _room(owners: Iterable[str], snapshot: Snapshot, policy: Policy, as_of: date) -> dict[str, float]:
    """Return how many entries each owner can still take: contacts made since the list's week began count."""
    begun = policy.workdays.week_of(as_of)
    this_week = snapshot.contacts[snapshot.contacts["contacted_on"].map(lambda day: day >= begun).astype(bool)]
    made = this_week.drop_duplicates("entry_id")["owner"].value_counts().to_dict()
    capacities = {owner: policy.capacity_of(owner) for owner in owners}
    return {owner: np.inf if n is None else max(0, n - made.get(owner, 0)) for owner, n in capacities.items()}
