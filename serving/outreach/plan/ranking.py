"""In which order customers are contacted: by expected gain or another measure, one customer per account."""

from __future__ import annotations

import numpy as np
import pandas as pd

from serving.outreach.plan.candidates import RANDOM, REMINDER, SHRUNK
from serving.outreach.plan.policy import RankBy
from serving.outreach.plan.suppression import ACCOUNT


def with_gain(rows: pd.DataFrame) -> pd.DataFrame:
    """Add `gain`, minor units: left_probability × saved share × expected spend − cost.

    A reminder before the due day is for the slow as well: there it is the probability of no order that counts. Of an
    account that buys less it is saved share × what is missing − cost.
    """
    chance = rows["left_probability"].where(rows["kind"] != REMINDER, rows["probability"])
    stake = (chance.astype(float) * rows["spend"]).where(rows["kind"] != SHRUNK, rows["missing"])
    kept = stake * rows["saved_share"].astype(float)
    return rows.assign(gain=np.rint(kept - rows["cost"].astype(float)).astype(np.int64))


def ranked(rows: pd.DataFrame, rank_by: RankBy) -> pd.DataFrame:
    """Put the best first; ties go to who has left more likely, then to the higher probability, then to the smaller id.

    The random cell stands before everyone: it must not be cut by rank. Reminders stand after everyone: they take no
    place from who has left.
    """
    keys = pd.DataFrame(
        {
            "is_ranked": rows["cell"] != RANDOM,
            "is_reminder": rows["kind"] == REMINDER,
            "measure": -_measure(rows, rank_by),
            "left_probability": -rows["left_probability"].astype(float),
            "probability": -rows["probability"].astype(float),
            "customer_id": rows["customer_id"].astype(object),
        }
    )
    return rows.loc[keys.sort_values(list(keys.columns), kind="stable").index]


def _measure(rows: pd.DataFrame, rank_by: RankBy) -> pd.Series:
    """Return what the order goes by; of accounts that buy less how likely that is, or what is missing."""
    instead = {"gain": "gain", "value_at_risk": "missing"}.get(rank_by, "less_probability")
    own, less = rows[rank_by].astype(float), rows[instead].astype(float)
    return own.where(rows["kind"] != SHRUNK, less)


def one_per_account(rows: pd.DataFrame) -> pd.DataFrame:
    """Let the best of an account's customers stand for it, the others in `members`; they are off the list.

    Args:
        rows: best first, with `reason` None for those whom nothing keeps off the list.
    """
    free = rows[rows["reason"].isna()]
    first = free.drop_duplicates("account_id")
    others = free.index.difference(first.index, sort=False)
    other_ids = free.loc[others].groupby("account_id")["customer_id"].agg(tuple).to_dict()
    stands_for_it = zip(rows["account_id"], rows.index.isin(first.index), strict=True)
    members = [other_ids.get(account, ()) if is_first else () for account, is_first in stands_for_it]
    rows = rows.assign(members=pd.Series(members, rows.index, dtype=object))
    best = dict(zip(first["account_id"], first["customer_id"], strict=True))
    rows.loc[others, "reason"] = ACCOUNT
    rows.loc[others, "detail"] = [f"one entry per account: see {best[a]}" for a in rows.loc[others, "account_id"]]
    return rows
