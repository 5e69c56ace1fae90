"""One seed of the benchmark: a shop, its year with a holdout, and three years of the same shop without one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from serving.outreach.effect.effect import Effect, effect
from serving.outreach.effect.estimate import Estimate
from serving.outreach.effect.settled import settled
from serving.outreach.plan.policy import RankBy
from serving.outreach.simulation.shop import TrialShop
from serving.outreach.simulation.weekly_list import WeeklyLists
from serving.outreach.simulation.year import TrialYear, live_a_year

CURRENCY = "EUR"
# Contacts a week, of all customers: what the rankings are compared at, and with twice the hands, where choosing well
# matters less. The trial is run with the latter.
SCARCE, AMPLE = 1 / 400, 1 / 200
# Money differs less from shop to shop than an interval does: this many show the ratio.
SEEDS_RANKED = 10
RANKINGS: dict[str, RankBy] = {"gain": "gain", "window": "gain", "risk": "probability"}


@dataclass(frozen=True)
class Checked:
    """An interval beside the truth."""

    name: str
    truth: float
    estimate: Estimate

    @property
    def holds(self) -> bool:
        """Whether the truth lies in the interval."""
        low, high = self.estimate.low, self.estimate.high
        return low is not None and high is not None and low <= self.truth <= high


@dataclass(frozen=True)
class Ranked:
    """What one ranking did in a year without a holdout.

    Args:
        kept: money kept within the horizons of its contacts, minor units.
        year: money of the whole year more than without any contact, minor units.
        contacts: planned.
    """

    kept: float
    year: float
    contacts: int


@dataclass(frozen=True)
class Seed:
    """What one seed says.

    Args:
        checked: the intervals of the effect, and of each group, beside the truth.
        ranked: (ranking, capacity share) → what it did, in the shop of one rhythm.
        mixed: the same in a shop of mixed rhythms.
        effect: as the shop reads it.
    """

    checked: tuple[Checked, ...]
    ranked: dict[tuple[str, float], Ranked]
    mixed: dict[tuple[str, float], Ranked]
    effect: Effect


def one_seed(customers: int, seed: int) -> Seed:
    """Let one shop live its year with a holdout, by gain, by risk, and uncontacted."""
    shop = TrialShop.of(customers, seed)
    trial = live_a_year(shop, WeeklyLists(_capacity(customers, AMPLE)))
    judged = settled(trial.all_episodes(), trial.log())
    found = effect(judged, currency=CURRENCY, planned_saved_share=0.15)
    mixed = TrialShop.of(customers, seed, mixed=True)
    return Seed(tuple(_checked(judged, found)), _ranked(shop, seed), _ranked(mixed, seed), found)


def _ranked(shop: TrialShop, seed: int) -> dict[tuple[str, float], Ranked]:
    if seed >= SEEDS_RANKED:
        return {}
    alone, found = live_a_year(shop, None).revenue, {}
    for share in (SCARCE, AMPLE):
        for name, rank_by in RANKINGS.items():
            lists = WeeklyLists(_capacity(len(shop), share), rank_by, share=0.0, by_window=name == "window")
            year = live_a_year(shop, lists)
            found[name, share] = Ranked(_kept(year), year.revenue - alone, len(year.all_episodes()))
    return found


def _capacity(customers: int, share: float) -> int:
    return max(1, round(customers * share))


def _kept(year: TrialYear) -> float:
    episodes = year.all_episodes()
    return float((episodes["spent_if_treated"] - episodes["spent_if_held_out"]).sum())


def _checked(judged: pd.DataFrame, found: Effect) -> list[Checked]:
    first = judged[(judged["number"] == 1) & (judged["cell"] == "ranked")]
    treated = first[first["arm"] == "treated"]
    stayed = _difference(treated, "kept")
    whole = [
        Checked("share kept", float(stayed.mean()), found.overall.difference),
        Checked("customers kept", float(stayed.sum()), found.overall.customers_kept),
        Checked("money kept", float(_difference(treated, "spent").sum()), found.overall.money_kept),
    ]
    parts = {column: found.groups[column] for column in ("playbook", "band", "month")}
    return [one for one in whole if one.estimate.low is not None] + [
        Checked(f"share kept by {column}", float(stayed[_of(treated, column) == part.name].mean()), part.difference)
        for column, group in parts.items()
        for part in group
        if part.is_enough
    ]


def _difference(episodes: pd.DataFrame, what: str) -> pd.Series:
    both = [episodes[f"{what}_if_{arm}"].astype(np.float64) for arm in ("treated", "held_out")]
    return both[0] - both[1]


def _of(episodes: pd.DataFrame, column: str) -> pd.Series:
    if column != "month":
        return episodes[column]
    return pd.Series([f"{day:%Y-%m}" for day in episodes["began_on"]], index=episodes.index)
