"""The at-risk list: who is on it, in which order, and whose customer it is.

A list is a function of scores and customers alone: the same input gives the same list, row for row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, get_args

import pandas as pd

from features.errors import InputError, suggest

RankBy = Literal["value_at_risk", "probability"]
RANKINGS: tuple[RankBy, ...] = get_args(RankBy)

NO_OWNER = "unassigned"
REFUSALS = frozenset({"no", "n", "false", "0", "none", "opt-out", "optout", "opted out", "unsubscribed"})
ENTRY_NAMES: tuple[str, ...] = (
    "position",
    "owner",
    "customer_id",
    "name",
    "segment",
    "probability",
    "band",
    "state",
    "days_since_order",
    "usual_gap_days",
    "overdue",
    "overdue_days",
    "next_order_on",
    "next_order_from",
    "next_order_until",
    "expected_spend",
    "value_at_risk",
    "value_at_risk_low",
    "value_at_risk_high",
    "reasons",
    "protective",
)


@dataclass(frozen=True, eq=False)
class OutreachList:
    """One list, as planned and as published.

    `entries` are regular customers at risk, `newcomers` are customers with one order day, who need another word than a
    regular who stays away, and `winback` are lapsed ones: nothing is at stake any more, something may be won. All are
    frames in ENTRY_NAMES, best first, `position` counting from 1 in each. `capacity` is the greatest number of entries
    per owner, again of newcomers and again of those to win back; None = no bound.
    `left_out` says how many customers each rule kept off the list.
    """

    as_of: date
    horizon_days: int
    model_version: str
    currency: str
    rank_by: RankBy
    capacity: int | None
    entries: pd.DataFrame
    newcomers: pd.DataFrame
    winback: pd.DataFrame
    left_out: Mapping[str, int] = field(default_factory=dict)

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


def plan(
    scores: pd.DataFrame,
    customers: pd.DataFrame | None = None,
    *,
    currency: str,
    capacity: int | None = None,
    rank_by: RankBy = "value_at_risk",
) -> OutreachList:
    """Plan the list: everyone in band medium or high, ranked, up to `capacity` for each owner.

    New and lapsed customers come apart, the lapsed by expected spend: that is what winning one back is worth, while
    their value at risk is as good as lost. Customers who said no are left out. Ties go to the higher probability, then
    to the smaller id.

    Args:
        scores: one run, a frame in SCORE_COLUMNS.
        customers: customer_id, name, owner, segment, consent; who is missing there has no owner and no name.
        currency: of the scores' money, ISO 4217.
        capacity: entries per owner; None = no bound.
        rank_by: the column that decides, largest first.

    Raises:
        InputError: no scores, an unknown ranking, or a capacity below 1.

    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from serving.scores import SCORE_NAMES
    >>> one = {"as_of": date(2026, 3, 2), "horizon_days": 30, "model_version": "1", "state": "at_risk", "band": "high"}
    >>> money = {"expected_spend": Decimal("20.00"), "value_at_risk": Decimal("12.00")}
    >>> ann = dict.fromkeys(SCORE_NAMES) | {"customer_id": "ann", "probability": 0.6} | one | money
    >>> plan(pd.DataFrame([ann]), currency="EUR").entries[["position", "owner", "customer_id"]].values.tolist()
    [[1, 'unassigned', 'ann']]
    """
    _check(scores, capacity, rank_by)
    listed = _with_customers(scores[scores["band"] != "low"], customers)
    refused = listed["consent"].fillna("").str.strip().str.lower().isin(REFUSALS)
    willing = listed[~refused]
    new, lapsed = willing["state"] == "new", willing["state"] == "lapsed"
    entries = _best(_ranked(willing[~new & ~lapsed], rank_by), capacity)
    newcomers = _best(_ranked(willing[new], rank_by), capacity)
    winback = _best(_ranked(willing[lapsed], "expected_spend"), capacity)
    over = len(willing) - len(entries) - len(newcomers) - len(winback)
    left_out = {"low risk": len(scores) - len(listed), "no consent": int(refused.sum()), "over capacity": over}
    as_of, horizon_days, model_version = scores[["as_of", "horizon_days", "model_version"]].iloc[0].tolist()
    return OutreachList(
        as_of, int(horizon_days), model_version, currency, rank_by, capacity, entries, newcomers, winback, left_out
    )


def _check(scores: pd.DataFrame, capacity: int | None, rank_by: str) -> None:
    if scores.empty:
        raise InputError("there are no scores to make a list from: nobody ordered within the active days")
    if rank_by not in RANKINGS:
        known = ", ".join(RANKINGS)
        raise InputError(f'a list cannot be ranked by "{rank_by}"; known are {known}.{suggest(rank_by, RANKINGS)}')
    if capacity is not None and capacity < 1:
        raise InputError(f"the capacity is at least 1 entry per owner, not {capacity}")


def _with_customers(scores: pd.DataFrame, customers: pd.DataFrame | None) -> pd.DataFrame:
    own = ["name", "owner", "segment", "consent"]
    if customers is None:
        joined = scores.assign(**dict.fromkeys(own))
    else:
        # One entry per customer, whatever the customers file says.
        facts = customers[["customer_id", *own]].drop_duplicates("customer_id")
        joined = scores.merge(facts, on="customer_id", how="left")
    texts = joined[own].astype(object)
    joined[own] = texts.where(texts.notna(), None)
    joined["owner"] = joined["owner"].fillna("").str.strip().replace("", NO_OWNER)
    return joined


def _ranked(listed: pd.DataFrame, rank_by: str) -> pd.DataFrame:
    keys = pd.DataFrame(
        {
            "rank": -listed[rank_by].astype(float),
            "probability": -listed["probability"],
            "customer_id": listed["customer_id"].astype(object),
        }
    )
    return listed.loc[keys.sort_values(list(keys.columns), kind="stable").index]


def _best(ranked: pd.DataFrame, capacity: int | None) -> pd.DataFrame:
    kept = ranked if capacity is None else ranked[ranked.groupby("owner").cumcount() < capacity]
    kept = kept.assign(position=range(1, len(kept) + 1)).reset_index(drop=True)
    return kept[list(ENTRY_NAMES)]
