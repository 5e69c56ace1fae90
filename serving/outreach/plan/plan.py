"""The list: who is to be contacted, in which order, by whom, with what; and who is not, and why.

A list is a function of scores, customers, the shop's policy and what the book knows: the same input gives the same
list, row for row. It is planned in steps, each in a module of its own:

    candidates → playbook and gain → suppression → one per account → owners → arms → capacity → entries
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from features.errors import InputError
from features.money import Money
from serving.outreach.plan.candidates import KINDS, RANDOM, candidates
from serving.outreach.plan.departures import departures
from serving.outreach.plan.holdout import ANY_PLAYBOOK, TREATED, strata, with_arms
from serving.outreach.plan.outreach_list import (
    ARM_NAMES,
    ENTRY_NAMES,
    EPISODE_NAMES,
    OutreachList,
    account_of,
    entry_id,
)
from serving.outreach.plan.owners import with_owners
from serving.outreach.plan.policy import Policy
from serving.outreach.plan.snapshot import Snapshot
from serving.outreach.plan.suppression import ACCOUNT, HELD_OUT, OVER_CAPACITY, SUPPRESSED_NAMES, WOULD_STAY, suppressed

Chooser = Callable[[pd.DataFrame], pd.DataFrame]
# What is chosen for each candidate by its playbook, and what holds where a list is planned without playbooks: everyone
# is called, a call costs nothing, and one in six who would leave is kept by it.
CHOSEN: Mapping[str, Any] = {
    "playbook": "",
    "title": "",
    "channel": "call",
    "saved_share": 1 / 6,
    "cost": 0,
    "cooldown_days": 0,
    "due_days": 7,
    "lost_cause": False,
    "open_ticket": False,
    "in_transit": False,
}
# All that decides who is on a list; the rest of what is known of a candidate waits until it is told.
DECIDING = (
    *("customer_id", "account_id", "kind", "cell", "owner", "segment", "consent", "probability", "band", "state"),
    *("days_since_order", "value_at_risk", "spend", *CHOSEN),
)


def plan(
    scores: pd.DataFrame,
    customers: pd.DataFrame | None = None,
    *,
    currency: str,
    policy: Policy | None = None,
    snapshot: Snapshot | None = None,
    choose: Chooser | None = None,
    drawn: frozenset[str] = frozenset(),
) -> OutreachList:
    """Plan the list of a run.

    Customers stand in descending order of what contacting them is expected to gain, probability × P(saved | contacted)
    × expected spend − cost, until that is nothing or their owner can take no more. Ties go to the higher probability,
    then to the smaller id. Those held out stand in the trial instead, as far down as the list would have reached.

    Args:
        scores: one run, a frame in SCORE_COLUMNS.
        customers: customer_id and any of name, owner, segment, consent, account; who is missing there has none.
        currency: of the scores' money, ISO 4217.
        policy: the shop's rules.
        snapshot: what the book knows before that day; by default nothing.
        choose: gives candidates the columns of CHOSEN, each by a playbook, cost in minor units; by default those.
        drawn: customers drawn at random, whatever their risk, for the four-group design.

    Raises:
        InputError: no scores.

    >>> from decimal import Decimal
    >>> from serving.scores import SCORE_NAMES
    >>> one = {"as_of": date(2026, 3, 2), "horizon_days": 30, "model_version": "1", "state": "at_risk", "band": "high"}
    >>> facts = {"expected_spend": Decimal("20.00"), "value_at_risk": Decimal("12.00"), "days_since_order": 40}
    >>> ann = dict.fromkeys(SCORE_NAMES) | {"customer_id": "ann", "probability": 0.6} | one | facts
    >>> planned = plan(pd.DataFrame([ann]), currency="EUR", policy=Policy(holdout_share=0))
    >>> planned.entries[["position", "owner", "customer_id", "expected_gain"]].values.tolist()
    [[1, 'unassigned', 'ann', Decimal('2.00')]]
    """
    if scores.empty:
        raise InputError("there are no scores to make a list from: nobody ordered within the active days")
    policy, snapshot, money = policy or Policy(), snapshot or Snapshot(), Money(currency)
    as_of, horizon_days, model_version = scores[["as_of", "horizon_days", "model_version"]].iloc[0].tolist()
    parent = account_of(customers)
    before = _listed_before(snapshot.former, parent)
    rows = candidates(scores, customers, policy, money=money, listed_before=before, drawn=drawn)
    known = rows.assign(**CHOSEN) if choose is None else choose(rows)
    rows = _with_gain(known[list(DECIDING)])
    rows = _ranked(suppressed(rows, snapshot, policy, as_of, parent), policy.rank_by)
    rows, given = with_owners(_one_per_account(rows), snapshot.owners, policy)
    rows = _with_arms(rows, snapshot, policy, as_of)
    listed = rows[rows["reason"].isna()]
    off = rows.loc[rows["reason"].notna(), list(SUPPRESSED_NAMES)].reset_index(drop=True)
    enrolled = rows[rows["reason"].isna() | (rows["reason"] == HELD_OUT)]
    told = known.loc[listed.index].assign(**{name: listed[name] for name in ("owner", "gain", "members")})
    entries, newcomers, winback = (_entries(told[told["kind"] == kind], as_of, before, money) for kind in KINDS)
    return OutreachList(
        as_of=as_of,
        horizon_days=int(horizon_days),
        model_version=model_version,
        currency=currency,
        rank_by=policy.rank_by,
        capacity=policy.capacity,
        entries=entries,
        newcomers=newcomers,
        winback=winback,
        left_out={WOULD_STAY: len(scores) - len(rows), **_counts(off["reason"])},
        suppressed=off,
        gone=departures(snapshot.former, listed, off, scores),
        episodes=_episodes(enrolled, snapshot, as_of, int(horizon_days)),
        arms=_arms(enrolled, snapshot, policy, as_of),
        owners_given=given[given["account_id"].isin(set(enrolled["account_id"]))].reset_index(drop=True),
    )


def _listed_before(former: pd.DataFrame, parent: Mapping[str, str]) -> frozenset[str]:
    """Return the accounts of the former list, also those that its customers have joined since."""
    return frozenset(former["account_id"]) | {parent.get(who, who) for who in former["customer_id"]}


def _with_arms(rows: pd.DataFrame, snapshot: Snapshot, policy: Policy, as_of: date) -> pd.DataFrame:
    """Add the arm and stratum of whom nothing else keeps off, and keep off the held-out and whoever is too many."""
    walked = _walked(rows[rows["reason"].isna()], snapshot, policy, as_of)
    found = rows.assign(arm=walked["arm"], stratum=walked["stratum"])
    found.loc[walked.index, ["reason", "detail"]] = walked[["reason", "detail"]]
    return found


def _counts(reasons: pd.Series) -> dict[str, int]:
    return {str(reason): int(count) for reason, count in reasons.value_counts().items()}


def _with_gain(rows: pd.DataFrame) -> pd.DataFrame:
    """Add `gain`, minor units: what contacting is expected to keep, less what it costs."""
    kept = rows["probability"].astype(float) * rows["saved_share"].astype(float) * rows["spend"]
    return rows.assign(gain=np.rint(kept - rows["cost"].astype(float)).astype(np.int64))


def _ranked(rows: pd.DataFrame, rank_by: str) -> pd.DataFrame:
    """Put the best first; who was drawn at random stands before everyone, since that cell must not be cut by rank."""
    best = rows[rank_by].astype(float)
    keys = pd.DataFrame(
        {
            "cell": rows["cell"] != RANDOM,
            "rank": -best,
            "probability": -rows["probability"].astype(float),
            "customer_id": rows["customer_id"].astype(object),
        }
    )
    return rows.loc[keys.sort_values(list(keys.columns), kind="stable").index]


def _one_per_account(ranked: pd.DataFrame) -> pd.DataFrame:
    """Let the best of an account's customers stand for it; the others are named beside."""
    free = ranked[ranked["reason"].isna()]
    first = free.drop_duplicates("account_id")
    others = free.index.difference(first.index, sort=False)
    rest = free.loc[others].groupby("account_id")["customer_id"].agg(tuple)
    also = dict(zip(rest.index, rest, strict=True))
    shown = zip(ranked["account_id"], ranked.index.isin(first.index), strict=True)
    members = [also.get(account, ()) if stands_for_it else () for account, stands_for_it in shown]
    ranked = ranked.assign(members=pd.Series(members, ranked.index, dtype=object))
    stands = dict(zip(first["account_id"], first["customer_id"], strict=True))
    ranked.loc[others, "reason"] = ACCOUNT
    ranked.loc[others, "detail"] = [f"one entry per account: see {stands[a]}" for a in ranked.loc[others, "account_id"]]
    return ranked


def _walked(free: pd.DataFrame, snapshot: Snapshot, policy: Policy, as_of: date) -> pd.DataFrame:
    """Walk down each owner's customers: who is held out stands aside, and the list ends where its capacity does."""
    named = free.assign(stratum=strata(free["kind"], free["band"], free["spend"]))
    rows = with_arms(named, snapshot.arms, policy.holdout_share, by_playbook=policy.holdout_by_playbook)
    treated = rows["arm"] == TREATED
    before = treated.astype(int).groupby(rows["owner"]).cumsum() - treated.astype(int)
    room = rows["owner"].map(_room(rows["owner"].unique(), snapshot, policy, as_of))
    # 0 = listed; as places in a few words, since an array of texts is as wide as its longest one.
    verdict = np.where(before >= room, 2, np.where(treated, 0, 1))
    reason = np.array([None, HELD_OUT, OVER_CAPACITY], dtype=object)[verdict]
    told = [None, "held out, to measure what contacting does", "its owner can take no more"]
    return rows.assign(reason=reason, detail=np.array(told, dtype=object)[verdict])


def _room(owners: np.typing.NDArray[np.object_], snapshot: Snapshot, policy: Policy, as_of: date) -> dict[str, float]:
    """Return how many entries each owner can still take in the week of the list: contacts made in it count."""
    monday = as_of - timedelta(days=as_of.weekday())
    this_week = snapshot.contacts[snapshot.contacts["contacted_on"].map(lambda day: day >= monday).astype(bool)]
    made = this_week.drop_duplicates("entry_id")["owner"].value_counts().to_dict()
    most = {owner: policy.capacity_of(owner) for owner in owners}
    return {owner: np.inf if n is None else max(0, n - made.get(owner, 0)) for owner, n in most.items()}


def _entries(listed: pd.DataFrame, as_of: date, listed_before: frozenset[str], money: Money) -> pd.DataFrame:
    due = [as_of + timedelta(days=int(days)) for days in listed["due_days"]]
    rows = listed.assign(
        position=range(1, len(listed) + 1),
        entry_id=[entry_id(as_of, account) for account in listed["account_id"]],
        cost=_major(listed["cost"], money),
        expected_gain=_major(listed["gain"], money),
        due_on=pd.Series(due, index=listed.index, dtype=object),
        change=np.where(listed["account_id"].isin(listed_before), "still", "new"),
        opening=None,
    )
    return rows[list(ENTRY_NAMES)].reset_index(drop=True)


def _major(minor: pd.Series, money: Money) -> pd.Series:
    return pd.Series([money.major(round(value)) for value in minor.tolist()], minor.index, dtype=object)


def _episodes(enrolled: pd.DataFrame, snapshot: Snapshot, as_of: date, horizon_days: int) -> pd.DataFrame:
    """Return the trial's new rows: an account is watched once at a time."""
    watched = frozenset(snapshot.open_episodes["account_id"])
    new = enrolled[~enrolled["account_id"].isin(watched)]
    rows = new.assign(began_on=as_of, horizon_days=horizon_days, expected_spend=new["spend"])
    return rows[list(EPISODE_NAMES)].reset_index(drop=True)


def _arms(enrolled: pd.DataFrame, snapshot: Snapshot, policy: Policy, as_of: date) -> pd.DataFrame:
    """Return the draws that were made for this list and count from now on."""
    drawn_for = enrolled["playbook"] if policy.holdout_by_playbook else ANY_PLAYBOOK
    rows = enrolled.assign(playbook=drawn_for, since=as_of)[list(ARM_NAMES)]
    known = pd.MultiIndex.from_frame(snapshot.arms[["account_id", "playbook"]])
    return rows[~pd.MultiIndex.from_frame(rows[["account_id", "playbook"]]).isin(known)].reset_index(drop=True)
