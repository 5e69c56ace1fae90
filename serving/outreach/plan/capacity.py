"""How far down each owner's list reaches: until the owner can take no more, with the held-out stepping aside."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np
import pandas as pd

from serving.outreach.plan.holdout import TREATED, strata, with_arms
from serving.outreach.plan.policy import Policy
from serving.outreach.plan.snapshot import Snapshot
from serving.outreach.plan.suppression import HELD_OUT, OVER_CAPACITY

# By verdict: 0 = listed, 1 = held out, 2 = over capacity.
_REASONS = np.array([None, HELD_OUT, OVER_CAPACITY], dtype=object)
_DETAILS = np.array([None, "held out, to measure what contacting does", "its owner can take no more"], dtype=object)


def within_capacity(ranked: pd.DataFrame, snapshot: Snapshot, policy: Policy, as_of: date) -> pd.DataFrame:
    """Add arm and stratum of the accounts that nothing else keeps off; keep off the held-out and whoever is too many.

    Args:
        ranked: best first, each with its owner; of each account at most one row has the `reason` None.
        snapshot: what the book knows.
        policy: the shop's rules.
        as_of: the list's day.
    """
    free = ranked[ranked["reason"].isna()]
    room = free["owner"].map(_room(free["owner"].unique(), snapshot, policy, as_of))
    rows = free.assign(stratum=strata(free["kind"], free["band"], free["spend"]))
    rows = with_arms(rows, snapshot.arms, policy.holdout_share, by_playbook=policy.holdout_by_playbook)
    treated = rows["arm"] == TREATED
    ahead = treated.astype(int).groupby(rows["owner"]).cumsum() - treated.astype(int)
    verdict = np.where(ahead >= room, 2, np.where(treated, 0, 1))
    found = ranked.assign(arm=rows["arm"], stratum=rows["stratum"])
    found.loc[rows.index, "reason"], found.loc[rows.index, "detail"] = _REASONS[verdict], _DETAILS[verdict]
    return found


def _room(owners: Iterable[str], snapshot: Snapshot, policy: Policy, as_of: date) -> dict[str, float]:
    """Return how many entries each owner can still take: contacts made since Monday of the list's week count."""
    monday = as_of - timedelta(days=as_of.weekday())
    this_week = snapshot.contacts[snapshot.contacts["contacted_on"].map(lambda day: day >= monday).astype(bool)]
    made = this_week.drop_duplicates("entry_id")["owner"].value_counts().to_dict()
    capacities = {owner: policy.capacity_of(owner) for owner in owners}
    return {owner: np.inf if n is None else max(0, n - made.get(owner, 0)) for owner, n in capacities.items()}
