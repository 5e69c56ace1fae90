"""Who may come on a list: customers whose risk is high enough, joined with what the customers file knows of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.money import Money
from serving.outreach.plan.policy import Policy

FILE_COLUMNS = ("name", "owner", "segment", "consent", "account")
REGULAR, NEW, WINBACK = "regular", "new", "winback"
REMINDER = "reminder"  # a regular who is not late, reminded shortly before the order is due
SHRUNK = "shrunk"  # an account that still buys, and less than it did
KINDS = (REGULAR, NEW, WINBACK, SHRUNK)  # what a playbook is for
LISTED_KINDS = (REGULAR, NEW, WINBACK, REMINDER, SHRUNK)
RANKED, RANDOM = "ranked", "random"
LESS_CHANCES = ("shrunk_probability", "category_lost_probability")
_KIND_BY_STATE = {"new": NEW, "lapsed": WINBACK}


def candidates(
    scores: pd.DataFrame,
    customers: pd.DataFrame | None,
    policy: Policy,
    *,
    money: Money,
    listed_before: Collection[str] = (),
    random_cell: Collection[str] = (),
) -> pd.DataFrame:
    """Return who is at risk enough, was listed before and is not yet safe, was drawn at random, or buys less.

    Adds account_id, kind, cell, name, owner, segment, consent (None where unknown); `spend`, the expected spend,
    `usual`, the own usual one, and `missing`, what is expected to be missing of it, in minor units; `at_risk` where the
    risk alone brings a customer here; `buys_less`, and `less_probability`, how likely that is; and `lost_category`, the
    first of those that are likely lost.

    Args:
        scores: one run, a frame in SCORE_COLUMNS.
        customers: customer_id and any of FILE_COLUMNS.
        policy: the shop's rules.
        money: the currency of the scores.
        listed_before: accounts of the former list.
        random_cell: customers of the random cell.
    """
    before, drawn = set(listed_before), set(random_cell)
    wanted = (scores["probability"] >= policy.leave_at) | scores["customer_id"].isin(drawn)
    rows = with_customers(scores[wanted | (_less(scores) >= policy.shrink_leave_at)], customers)
    at_random, listed = rows["customer_id"].isin(drawn), rows["account_id"].isin(before)
    buys_less = (_less(rows) >= policy.shrink_at) | (listed & (_less(rows) >= policy.shrink_leave_at))
    buys_less &= ~rows["state"].isin(list(_KIND_BY_STATE))
    at_risk = (rows["probability"] >= policy.enter_at) | (listed & (rows["probability"] >= policy.leave_at)) | at_random
    kept = at_risk | buys_less
    kind = rows["state"].map(_KIND_BY_STATE).fillna(REGULAR)
    # Whoever was drawn is in the random cell however high the risk: else that cell would lack the customers at risk.
    cell = np.where(at_random, RANDOM, RANKED)
    found = rows.assign(kind=kind, cell=cell, at_risk=at_risk, buys_less=buys_less)[kept]
    spend = _minor(found["expected_spend"], money)
    usual, missing = (_minor(_known(found, name), money) for name in ("usual_spend", "missing_spend"))
    lost = [each[0] if isinstance(each, Sequence) and each else None for each in _known(found, "lost_categories")]
    lost_category = pd.Series(lost, found.index, dtype=object)
    return found.assign(
        spend=spend,
        usual=np.where(usual > 0, usual, spend),
        missing=missing,
        less_probability=_less(found),
        lost_category=lost_category,
    )


def _less(scores: pd.DataFrame) -> pd.Series:
    """Return how likely each buys less, of the whole or of one category; 0 where that is not forecast."""
    both = [pd.to_numeric(_known(scores, name)).fillna(0.0) for name in LESS_CHANCES]
    return both[0].where(both[0] > both[1], both[1]).astype(float)


def _known(rows: pd.DataFrame, name: str) -> pd.Series:
    return rows[name] if name in rows else pd.Series(None, index=rows.index, dtype=object)


def _minor(amounts: pd.Series, money: Money) -> npt.NDArray[np.int64]:
    return np.array([0 if pd.isna(value) else money.minor(value) for value in amounts], dtype=np.int64)


def with_customers(scores: pd.DataFrame, customers: pd.DataFrame | None) -> pd.DataFrame:
    """Return the scores with FILE_COLUMNS; a customer without a parent account is an account of their own."""
    if customers is None:
        joined = scores.assign(**dict.fromkeys(FILE_COLUMNS))
    else:
        # One entry per customer, however often the file names a customer.
        known = [name for name in FILE_COLUMNS if name in customers]
        joined = scores.merge(
            customers[["customer_id", *known]].drop_duplicates("customer_id"), on="customer_id", how="left"
        )
        joined = joined.assign(**{name: None for name in FILE_COLUMNS if name not in joined})
    texts = joined[list(FILE_COLUMNS)].astype(object)
    texts = texts.where(texts.notna(), None).map(_stripped)
    joined[list(FILE_COLUMNS)] = texts
    joined["account_id"] = texts["account"].where(texts["account"].notna(), joined["customer_id"])
    return joined.drop(columns="account")


def _stripped(text: object) -> object:
    return (str(text).strip() or None) if text is not None else None
