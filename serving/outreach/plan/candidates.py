"""Who may come on a list: customers whose risk is high enough, joined with what the customers file knows of them."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from features.money import Money
from serving.outreach.plan.policy import Policy

FILE_COLUMNS = ("name", "owner", "segment", "consent", "account")
REGULAR, NEW, WINBACK = "regular", "new", "winback"
KINDS = (REGULAR, NEW, WINBACK)  # what a playbook is for
REMINDER = "reminder"  # a regular who is not late, reminded shortly before the order is due
LISTED_KINDS = (*KINDS, REMINDER)
RANKED, RANDOM = "ranked", "random"
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
    """Return the customers who are at risk enough, were listed before and are not yet safe, or were drawn at random.

    Adds account_id, kind, cell, name, owner, segment, consent (None where unknown), and `spend`, the expected spend in
    minor units.

    Args:
        scores: one run, a frame in SCORE_COLUMNS.
        customers: customer_id and any of FILE_COLUMNS.
        policy: the shop's rules.
        money: the currency of the scores.
        listed_before: accounts of the former list.
        random_cell: customers of the random cell.
    """
    wanted = (scores["probability"] >= policy.leave_at) | scores["customer_id"].isin(set(random_cell))
    rows = with_customers(scores[wanted], customers)
    at_random = rows["customer_id"].isin(set(random_cell))
    kept = (rows["probability"] >= policy.enter_at) | rows["account_id"].isin(set(listed_before)) | at_random
    kind = rows["state"].map(_KIND_BY_STATE).fillna(REGULAR)
    # Whoever was drawn is in the random cell however high the risk: else that cell would lack the customers at risk.
    cell = np.where(at_random, RANDOM, RANKED)
    spend = [money.minor(value) for value in rows.loc[kept, "expected_spend"]]
    return rows.assign(kind=kind, cell=cell)[kept].assign(spend=np.array(spend, dtype=np.int64))


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
