"""Plans the list: who is to be contacted, in which order, by whom, with what; and who is not, and why.

A list is a function of scores, customers, the shop's policy and the book's snapshot: the same input gives the same
list, row for row. It is planned in steps, each in a module of its own:

    candidates → playbook (by the caller) → entry rule → gain → suppression → rank, one per account → owners → arms and
    capacity
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from features.errors import InputError
from features.money import Money
from serving.outreach.plan.accounts import accounts_of
from serving.outreach.plan.arms import arms_today, drawn_of
from serving.outreach.plan.candidates import candidates
from serving.outreach.plan.capacity import within_capacity
from serving.outreach.plan.departures import departures
from serving.outreach.plan.entry_rule import with_entry_rule, with_reminders
from serving.outreach.plan.outreach_list import OutreachList, entries_of, episodes_of, new_arms, owned_of
from serving.outreach.plan.owners import owners_today, with_owners
from serving.outreach.plan.policy import Policy
from serving.outreach.plan.programme import programme_today
from serving.outreach.plan.ranking import one_per_account, ranked, with_gain
from serving.outreach.plan.snapshot import Snapshot
from serving.outreach.plan.suppression import HELD_OUT, SUPPRESSED_NAMES, WOULD_STAY, suppressed

Chooser = Callable[[pd.DataFrame], pd.DataFrame]
# The columns that a chooser adds to candidates, and their values where a list is planned without playbooks: everyone is
# called, a call costs nothing, and one in six who would leave is kept by it.
DEFAULT_CHOICE: Mapping[str, Any] = {
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
    "before_due": False,
}
# The columns that decide who is on a list; the others join again once that is decided.
DECIDING_NAMES = (
    *("customer_id", "account_id", "kind", "cell", "owner", "segment", "consent"),
    *("probability", "left_probability", "band", "state"),
    *("days_since_order", "usual_gap_days", "late_after_days", "order_days", "overdue", "value_at_risk", "spend"),
    *("listed_for", *DEFAULT_CHOICE),
    *("usual", "missing", "less_probability"),
)


def plan(
    scores: pd.DataFrame,
    customers: pd.DataFrame | None = None,
    *,
    currency: str,
    policy: Policy | None = None,
    snapshot: Snapshot | None = None,
    choose: Chooser | None = None,
    random_cell: frozenset[str] = frozenset(),
    reading_cost: int = 0,
) -> OutreachList:
    """Plan the list of a run.

    Customers are listed in descending order of what contacting them is expected to gain, left_probability × P(saved |
    contacted) × expected spend − cost, until that is nothing or their owner can take no more. Ties go to the higher
    probabilities, then to the smaller id. Regulars come on it when they are late by their own rhythm, or for another
    sign that is stated; who is about to be due is reminded, after all others. Accounts that buy less are a group of
    their own: of them what is missing of their usual stands for left_probability × expected spend. The held-out are
    enrolled in the trial instead, down to where the list ends.

    Args:
        scores: one run, a frame in SCORE_COLUMNS.
        customers: customer_id and any of name, owner, segment, consent, account; a customer missing there has none.
        currency: of the scores' money, ISO 4217.
        policy: the shop's rules.
        snapshot: what the book knows before that day; by default nothing.
        choose: gives candidates the columns of DEFAULT_CHOICE by their playbooks, cost in minor units; by default its
            values.
        random_cell: customers drawn at random, whatever their risk, for the four-group design.
        reading_cost: of a row, minor units: who is expected to gain less is not worth one, unless the policy says from
            which gain on a customer is.

    Raises:
        InputError: no scores.

    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from serving.scores import SCORE_NAMES
    >>> one = {"as_of": date(2026, 3, 2), "horizon_days": 30, "model_version": "1", "state": "at_risk", "band": "high"}
    >>> facts = {"expected_spend": Decimal("20.00"), "value_at_risk": Decimal("12.00"), "days_since_order": 40}
    >>> risk = {"probability": 0.7, "left_probability": 0.6}
    >>> ann = dict.fromkeys(SCORE_NAMES) | {"customer_id": "ann"} | risk | one | facts
    >>> planned = plan(pd.DataFrame([ann]), currency="EUR", policy=Policy(holdout_share=0))
    >>> planned.entries[["position", "owner", "customer_id", "expected_gain"]].values.tolist()
    [[1, 'unassigned', 'ann', Decimal('2.00')]]
    """
    if scores.empty:
        raise InputError("there are no scores to make a list from: nobody ordered within the active days")
    policy, snapshot, money = policy or Policy(), snapshot or Snapshot(), Money(currency)
    as_of, horizon_days, model_version = scores[["as_of", "horizon_days", "model_version"]].iloc[0].tolist()
    accounts = accounts_of(scores, customers)
    parent, arms = accounts.parent, arms_today(snapshot, accounts)
    before = snapshot.listed_accounts(parent)
    rows = candidates(scores, customers, policy, money=money, listed_before=before, random_cell=random_cell)
    known = with_entry_rule(rows.assign(**DEFAULT_CHOICE) if choose is None else choose(rows))
    known = with_reminders(known)
    programme = programme_today(snapshot, accounts, scores["customer_id"], policy.programme_holdout_share, as_of)
    least = reading_cost if policy.least_gain is None else money.minor(policy.least_gain)
    rows = suppressed(
        with_gain(known[list(DECIDING_NAMES)]),
        snapshot,
        policy,
        as_of,
        parent,
        least_gain=least,
        programme=programme.accounts,
    )
    rows = one_per_account(ranked(rows, policy.rank_by))
    rows, given = with_owners(rows, owners_today(snapshot.owners, snapshot.owned, parent), policy)
    rows = within_capacity(rows, snapshot, arms, policy, as_of)
    listed = rows[rows["reason"].isna()]
    off = rows.loc[rows["reason"].notna(), list(SUPPRESSED_NAMES)].reset_index(drop=True)
    reasons = {str(reason): count for reason, count in off["reason"].value_counts().items()}
    enrolled = rows[rows["reason"].isna() | (rows["reason"] == HELD_OUT)]
    given = given[given["account_id"].isin(set(enrolled["account_id"]))].reset_index(drop=True)
    gone = departures(snapshot.former, listed, off, scores)
    whole = known.loc[listed.index].assign(**{name: listed[name] for name in ("owner", "gain", "members")})
    groups = entries_of(whole, as_of, before, money, policy.workdays)
    entries, newcomers, winback, reminders, shrinking = groups
    return OutreachList(
        as_of=as_of,
        horizon_days=int(horizon_days),
        model_version=model_version,
        currency=currency,
        rank_by=policy.rank_by,
        capacity=policy.capacity,
        least_gain=least,
        entries=entries,
        newcomers=newcomers,
        winback=winback,
        reminders=reminders,
        shrinking=shrinking,
        left_out={WOULD_STAY: len(scores) - len(rows), **reasons},
        suppressed=off,
        gone=gone,
        episodes=episodes_of(enrolled, snapshot, arms, as_of, int(horizon_days)),
        arms=new_arms(enrolled, as_of),
        drawn=drawn_of(enrolled, arms, snapshot, as_of, int(horizon_days)),
        merged=arms.merged,
        trial=policy.declared,
        programme=programme.members,
        programme_drawn=programme.drawn,
        owners_given=given,
        owned=owned_of(given, accounts, enrolled),
    )
