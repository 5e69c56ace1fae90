"""The planning that the benchmark runs every week: the one place to change when another planner is to be judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

# What a shop without outcomes believes of each playbook, and what one contact costs, minor units.
PLAYBOOKS: tuple[str, ...] = ("call", "reminder", "service")
PRIOR_SAVED_SHARE: Mapping[str, float] = {"call": 0.15, "reminder": 0.15, "service": 0.15}
COST = 200

RankBy = Literal["expected_gain", "probability"]


@dataclass(eq=False)
class Standing:
    """What stays from week to week: the draws, and until when each account is being watched.

    Args:
        capacity: contacts a week.
        rank_by: what decides who comes first.
        share: of accounts that are never contacted.
        random_share: of each week's contacts that go to accounts drawn at random (the four-group design).
        horizon_weeks: for so long an account with an episode gets no other.
    """

    capacity: int
    rank_by: RankBy = "expected_gain"
    share: float = 0.15
    random_share: float = 0.0
    horizon_weeks: int = 8
    seed: int = 0
    arms: dict[str, str] = field(default_factory=dict)
    busy_until: dict[str, int] = field(default_factory=dict)
    drawn: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)


def weekly_list(scores: pd.DataFrame, standing: Standing, week: int) -> pd.DataFrame:
    """Return a week's new episodes: customer_id, arm, playbook, stratum, cell.

    Args:
        scores: customer_id, probability, band, state, expected_spend (minor units), reason.
        standing: what stays; the draws and the watched accounts of this week are written into it.
        week: its number.
    """
    reason = scores["reason"].to_numpy(dtype=object)
    saved = np.select([reason == name for name in PLAYBOOKS], [PRIOR_SAVED_SHARE[name] for name in PLAYBOOKS])
    gain = scores["probability"].to_numpy() * saved * scores["expected_spend"].to_numpy() - COST
    key = gain if standing.rank_by == "expected_gain" else scores["probability"].to_numpy()
    worth = np.flatnonzero((scores["band"].to_numpy(dtype=object) != "low") & (gain > 0))
    by_chance = round(standing.capacity * standing.random_share)
    parts = [_filled(scores, worth[np.argsort(-key[worth], kind="stable")], standing, week, "ranked", by_chance)]
    if by_chance:
        others = np.flatnonzero(~scores["customer_id"].isin(parts[0]["customer_id"]).to_numpy())
        parts.append(_filled(scores, standing.random.permutation(others), standing, week, "random", by_chance))
    listed = pd.concat(parts, ignore_index=True)
    standing.busy_until.update(dict.fromkeys(listed["customer_id"], week + standing.horizon_weeks))
    return listed[["customer_id", "arm", "playbook", "stratum", "cell"]]


def _filled(
    scores: pd.DataFrame, order: npt.NDArray[np.int64], standing: Standing, week: int, cell: str, by_chance: int
) -> pd.DataFrame:
    """Go down the order until its part of the capacity is treated; who is held out takes no place of anybody."""
    capacity = by_chance if cell == "random" else standing.capacity - by_chance
    most = int(3 * capacity / max(1 - standing.share, 0.1))
    names = scores["customer_id"].to_numpy(dtype=object)[order]
    free = [place for place, who in zip(order, names, strict=True) if standing.busy_until.get(who, 0) <= week][:most]
    candidates = scores.iloc[free]
    playbook = candidates["reason"].to_numpy(dtype=object)
    stratum = candidates["band"].to_numpy(dtype=object) + " " + playbook
    arms = _arms(candidates["customer_id"].to_numpy(dtype=object), stratum, standing)
    treated = np.cumsum(arms == "treated")
    listed = (treated < capacity) | ((treated == capacity) & (arms == "treated"))
    texts = {"customer_id": candidates["customer_id"], "arm": arms, "playbook": playbook, "stratum": stratum}
    return pd.DataFrame(texts, dtype=object)[listed].assign(cell=cell)


def _arms(
    customers: npt.NDArray[np.object_], strata: npt.NDArray[np.object_], standing: Standing
) -> npt.NDArray[np.object_]:
    """Return every candidate's arm; who has none yet is drawn, in each stratum as near to the share as can be."""
    unknown = np.array([who not in standing.arms for who in customers], dtype=bool)
    for stratum in sorted(set(strata[unknown])):
        mine = standing.random.permutation(customers[unknown & (strata == stratum)])
        start = standing.drawn.setdefault(stratum, int(standing.random.integers(0, 1000)))
        place = start + np.arange(len(mine))
        held = np.floor((place + 1) * standing.share) > np.floor(place * standing.share)
        standing.arms.update(zip(mine, np.where(held, "holdout", "treated"), strict=True))
        standing.drawn[stratum] = start + len(mine)
    return np.array([standing.arms[who] for who in customers], dtype=object)
