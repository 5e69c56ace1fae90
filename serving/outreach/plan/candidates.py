"""Who may come on a list: the scores of customers whose risk is high enough, with what the shop says of them."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from features.money import Money
from serving.outreach.plan.policy import Policy

OWN = ("name", "owner", "segment", "consent", "account")
REGULAR, NEW, WINBACK = "regular", "new", "winback"
KINDS = (REGULAR, NEW, WINBACK)
RANKED, RANDOM = "ranked", "random"
_KIND_OF = {"new": NEW, "lapsed": WINBACK}


def candidates(
    scores: pd.DataFrame,
    customers: pd.DataFrame | None,
    policy: Policy,
    *,
    money: Money,
    listed_before: Collection[str] = (),
    drawn: Collection[str] = (),
) -> pd.DataFrame:
    """Return whoever is at risk enough, was listed before and is not yet safe, or was drawn at random.

    Adds account_id, kind, cell, name, owner, segment, consent (None where nothing is said), and `spend`, the expected
    spend in minor units.

    Args:
        scores: one run, a frame in SCORE_COLUMNS.
        customers: customer_id and any of name, owner, segment, consent, account.
        policy: the shop's rules.
        money: of the scores.
        listed_before: accounts of the former list.
        drawn: customers of the random cell.
    """
    wanted = (scores["probability"] >= policy.leave_at) | scores["customer_id"].isin(set(drawn))
    rows = with_customers(scores[wanted], customers)
    at_random = rows["customer_id"].isin(set(drawn))
    kept = (rows["probability"] >= policy.enter_at) | rows["account_id"].isin(set(listed_before)) | at_random
    kind = rows["state"].map(_KIND_OF).fillna(REGULAR)
    # Who was drawn counts as drawn, however high the risk: else the random cell would lack the customers at risk.
    cell = np.where(at_random, RANDOM, RANKED)
    spend = [money.minor(value) for value in rows.loc[kept, "expected_spend"]]
    return rows.assign(kind=kind, cell=cell)[kept].assign(spend=np.array(spend, dtype=np.int64))


def with_customers(scores: pd.DataFrame, customers: pd.DataFrame | None) -> pd.DataFrame:
    """Return the scores with what the customers file says of each; who has no parent account is one."""
    if customers is None:
        joined = scores.assign(**dict.fromkeys(OWN))
    else:
        # One entry per customer, whatever the customers file says.
        facts = customers[["customer_id", *(name for name in OWN if name in customers)]].drop_duplicates("customer_id")
        joined = scores.merge(facts, on="customer_id", how="left")
        joined = joined.assign(**{name: None for name in OWN if name not in joined})
    texts = joined[list(OWN)].astype(object)
    texts = texts.where(texts.notna(), None).map(_stripped)
    joined[list(OWN)] = texts
    joined["account_id"] = texts["account"].where(texts["account"].notna(), joined["customer_id"])
    return joined.drop(columns="account")


def _stripped(text: object) -> object:
    return (str(text).strip() or None) if text is not None else None
