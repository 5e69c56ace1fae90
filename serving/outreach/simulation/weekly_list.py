"""A week's list as the shop's own planner makes it, and what stays from week to week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pandas as pd

from features.lateness import is_late
from serving.outreach.plan.holdout import random_cell
from serving.outreach.plan.outreach_list import ENTRY_NAMES
from serving.outreach.plan.plan import DEFAULT_CHOICE, plan
from serving.outreach.plan.policy import Policy, RankBy
from serving.outreach.plan.snapshot import Snapshot

START = date(2024, 1, 1)  # a Monday
# What a shop without outcomes believes of each playbook, and what one contact costs, minor units.
PLAYBOOKS: tuple[str, ...] = ("call", "reminder", "service")
PRIOR_SAVED_SHARE: Mapping[str, float] = {"call": 0.15, "reminder": 0.15, "service": 0.15}
COST = 200
ARMS = ["account_id", "playbook", "arm", "stratum"]
CONTACTS = ["customer_id", "contacted_on", "channel", "entry_id", "playbook", "owner"]


@dataclass(eq=False)
class WeeklyLists:
    """The rules of a year of weekly lists, and what stays from week to week, as the book would keep it.

    Args:
        capacity: contacts a week.
        rank_by: what decides who comes first.
        share: of accounts that are never contacted.
        random_share: of each week's contacts that go to accounts drawn at random (the four-group design).
        horizon_weeks: for so long an account with an episode gets no other, and is not contacted again.
        by_window: list whoever will not order within the horizon, late or not, and gain by that: what lists were before
            they told the slow from the gone; a rival in benchmarks.
    """

    capacity: int
    rank_by: RankBy = "gain"
    share: float = 0.15
    random_share: float = 0.0
    horizon_weeks: int = 8
    by_window: bool = False
    arms: list[pd.DataFrame] = field(default_factory=list)
    listed: dict[str, date] = field(default_factory=dict)

    @property
    def policy(self) -> Policy:
        """The shop's rules: whoever was contacted is left in peace for a horizon."""
        return Policy(
            capacity=self.capacity,
            rank_by=self.rank_by,
            cooldown_days=7 * self.horizon_weeks - 1,
            holdout_share=self.share,
            random_share=self.random_share,
        )

    def listed_lately(self, day: date) -> dict[str, date]:
        """Return the customers whose horizon has not ended on a day, and the day of their list."""
        return {who: on for who, on in self.listed.items() if (day - on).days < 7 * self.horizon_weeks}

    def snapshot_on(self, day: date) -> Snapshot:
        """Return what the book would say on a day."""
        rows = [(who, began, "call", "", "", "") for who, began in self.listed_lately(day).items()]
        contacts = pd.DataFrame(rows, columns=CONTACTS)
        arms = pd.concat(self.arms)[ARMS] if self.arms else Snapshot().arms
        return Snapshot(contacts=contacts.astype(object), arms=arms)


def weekly_list(scores: pd.DataFrame, lists: WeeklyLists, week: int) -> pd.DataFrame:
    """Return a week's new episodes: customer_id, arm, playbook, stratum, cell.

    Args:
        scores: customer_id, probability, left_probability, band, state, days_since_order, usual_gap_days, order_days,
            overdue, expected_spend (minor units), reason.
        lists: what stays; the draws and the listed accounts of this week are written into it.
        week: its number.
    """
    day = START + timedelta(weeks=week)
    by_chance = round(lists.capacity * lists.random_share)
    if lists.by_window:
        scores = scores.assign(left_probability=scores["probability"], usual_gap_days=np.nan)
    free = scores[~scores["customer_id"].isin(lists.listed_lately(day))]
    drawn = random_cell(free["customer_id"], by_chance, str(week)) if by_chance else frozenset[str]()
    reason = dict(zip(scores["customer_id"], scores["reason"], strict=True))

    def choose(rows: pd.DataFrame) -> pd.DataFrame:
        playbook = rows["customer_id"].map(reason).astype(object)
        choice = {**DEFAULT_CHOICE, "playbook": playbook, "saved_share": playbook.map(PRIOR_SAVED_SHARE), "cost": COST}
        return rows.assign(**choice)

    since, gap, gaps = free["days_since_order"], free["usual_gap_days"], free["order_days"] - 1
    late = is_late(since, gap, gaps, 7 * lists.horizon_weeks) | gap.isna()
    kept = _first(free[(free["band"] != "low") & late], lists, drawn, free)
    if kept.empty:
        return pd.DataFrame(columns=["customer_id", "arm", "playbook", "stratum", "cell"])
    found = plan(
        _scored(kept, day, 7 * lists.horizon_weeks),
        currency="EUR",
        policy=lists.policy,
        snapshot=lists.snapshot_on(day),
        choose=choose,
        random_cell=drawn,
    )
    lists.arms.append(found.arms)
    lists.listed.update(dict.fromkeys(found.episodes["customer_id"], day))
    return found.episodes[["customer_id", "arm", "playbook", "stratum", "cell"]]


def _first(at_risk: pd.DataFrame, lists: WeeklyLists, drawn: frozenset[str], everyone: pd.DataFrame) -> pd.DataFrame:
    """Return those whom the list can reach at all: four times as many as it takes, by the same ranking, and the drawn.

    It saves most of the time of a hundred shop years; the planner ranks them again.
    """
    by_gain = lists.rank_by == "gain"
    measure = at_risk["left_probability"] * at_risk["expected_spend"] if by_gain else at_risk[lists.rank_by]
    best = measure.nlargest(4 * lists.capacity).index
    random = everyone.index[everyone["customer_id"].isin(drawn)]
    return everyone.loc[best.union(random)]


def _scored(kept: pd.DataFrame, day: date, horizon_days: int) -> pd.DataFrame:
    """Return the frame that scoring would have made; euros are the shop's minor units over 100."""
    spend = kept["expected_spend"].to_numpy(dtype=np.float64) / 100
    facts = {
        **{name: None for name in ENTRY_NAMES if name not in kept},
        "as_of": day,
        "horizon_days": horizon_days,
        "model_version": "simulated",
        "expected_spend": [f"{value:.2f}" for value in spend],
        "value_at_risk": kept["left_probability"].to_numpy() * spend,
    }
    return kept.assign(**facts)
