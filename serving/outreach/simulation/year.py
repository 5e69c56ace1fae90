"""The year of lists: what a simulated shop lives through under one policy, and what each customer would have done."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pandas as pd

from features.log import Coded, Lines, Log
from features.roll_up import roll_up
from serving.outreach.simulation.scorer import Scorer, SeenBefore, calibrated
from serving.outreach.simulation.shop import (
    BEFORE_WEEKS,
    HORIZON_WEEKS,
    LEAKED_SHARE,
    LIST_WEEKS,
    MADE_SHARE,
    SAVED_BY_WRONG_PLAYBOOK,
    SAVED_SHARE,
    WEEKS,
    WOKEN_SHARE,
    Flags,
    TrialShop,
)
from serving.outreach.simulation.weekly_list import PLAYBOOKS, START, WeeklyLists, weekly_list


@dataclass(eq=False)
class TrialYear:
    """What happened under one policy: the orders, and every episode with all of its potential outcomes."""

    shop: TrialShop
    ordered: Flags
    episodes: list[pd.DataFrame] = field(default_factory=list)

    @property
    def revenue(self) -> float:
        """Money spent from the first list on, minor units."""
        return float((self.shop.amount * self.ordered)[BEFORE_WEEKS:].sum())

    def all_episodes(self) -> pd.DataFrame:
        """Return the episodes of all weeks in one frame."""
        return pd.concat(self.episodes, ignore_index=True)

    def scores_before(self, week: int) -> pd.DataFrame:
        """Return the scores of everyone who can churn at a week's start, by a scorer calibrated on the first year."""
        shop, seen = self.shop, SeenBefore.before(week, self.ordered, self.shop.amount)
        scores = calibrated(shop, self.ordered).scores(shop, seen, week)
        return scores.assign(customer_id=pd.Series(shop.ids[scores["customer"]], dtype=object))

    def log(self) -> Log:
        """Return the orders as the project reads them."""
        week, who = np.nonzero(self.ordered)
        lines = len(who)
        nothing = Coded(np.array([""], dtype=object), np.zeros(lines, dtype=np.int64))
        first = (START - date(1970, 1, 1)).days
        return roll_up(
            Lines(
                customer_id=Coded(self.shop.ids, who.astype(np.int64)),
                day=first + 7 * week + self.shop.day[week, who],
                amount=np.round(self.shop.amount[week, who]).astype(np.int64),
                order_id=nothing,
                product_id=nothing,
                category=nothing,
                discount=np.zeros(lines, dtype=np.int64),
                units=np.ones(lines, dtype=np.int64),
                returned=np.zeros(lines, dtype=bool),
                refund=np.zeros(lines, dtype=bool),
            )
        )


def live_a_year(shop: TrialShop, lists: WeeklyLists | None) -> TrialYear:
    """Let the shop live through the year of lists; without lists nobody is ever contacted."""
    everyone = np.arange(len(shop))
    alive, returns_in = np.zeros(len(shop), dtype=bool), np.full(len(shop), -1)
    year = TrialYear(shop, np.zeros((WEEKS, len(shop)), dtype=bool))
    known, scorer = SeenBefore.nothing(len(shop)), Scorer()
    for week in range(WEEKS):
        if week == BEFORE_WEEKS:
            scorer = calibrated(shop, year.ordered)
        if lists is not None and BEFORE_WEEKS <= week < BEFORE_WEEKS + LIST_WEEKS:
            listed = _listed(shop, scorer.scores(shop, known, week), lists, week)
            episodes = _outcomes(shop, listed, week, alive)
            year.episodes.append(episodes)
            done = episodes[episodes["contacted"]]
            alive[done["customer"][done["woken"]]] = False
            saved = done[done["saved"]]
            returns_in[saved["customer"]] = saved["returns_in"]
        orders, alive = shop.step(week, everyone, alive, returns_in == week)
        year.ordered[week] = orders
        known = known.add(week, orders, shop.amount[week])
    return year


def _listed(shop: TrialShop, scores: pd.DataFrame, lists: WeeklyLists, week: int) -> pd.DataFrame:
    scores = scores.assign(customer_id=pd.Series(shop.ids[scores["customer"]], dtype=object))
    listed = weekly_list(scores, lists, week)
    rows = scores.set_index(scores["customer_id"].to_numpy(dtype=object)).loc[list(listed["customer_id"])]
    return pd.concat([listed.reset_index(drop=True), rows.drop(columns="customer_id").reset_index(drop=True)], axis=1)


def _outcomes(shop: TrialShop, listed: pd.DataFrame, week: int, alive: Flags) -> pd.DataFrame:
    """Return the list with what each would do uncontacted (0) and contacted (1), and what was done to it."""
    who = listed["customer"].to_numpy(dtype=np.int64)
    kept_0, spent_0, stays = shop.ahead(week, who, alive[who], np.full(len(who), -1))
    right = np.array(PLAYBOOKS, dtype=object)[shop.needs[who]] == listed["playbook"].to_numpy(dtype=object)
    luck = shop.luck[week, who]
    saved = ~kept_0 & ~stays & (luck < np.where(right, SAVED_SHARE, SAVED_BY_WRONG_PLAYBOOK))
    woken = kept_0 & (luck < WOKEN_SHARE)
    returns_in = np.where(saved, week + shop.when[week, who], -1)
    kept_1, spent_1, _ = shop.ahead(week, who, alive[who] & ~woken, returns_in)
    made, leaked = shop.made[week, who] < MADE_SHARE, shop.made[week, who] < LEAKED_SHARE
    treated = listed["arm"].to_numpy(dtype=object) == "treated"
    return listed.assign(
        account_id=listed["customer_id"],
        began_on=START + timedelta(weeks=week),
        horizon_days=7 * HORIZON_WEEKS,
        kind=np.where(listed["state"] == "new", "new", "regular"),
        owner=np.where(who % 2 == 0, "even", "odd"),
        contacted=np.where(treated, made, leaked),
        saved=saved,
        woken=woken,
        returns_in=returns_in,
        kept_if_treated=np.where(made, kept_1, kept_0),
        kept_if_held_out=np.where(leaked, kept_1, kept_0),
        spent_if_treated=np.where(made, spent_1, spent_0),
        spent_if_held_out=np.where(leaked, spent_1, spent_0),
    )
