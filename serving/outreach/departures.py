"""Who was on the former list and is not on this one, and why: so that nobody wonders where a customer went."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from serving.outreach.suppression import WOULD_STAY

GONE_NAMES = ("customer_id", "reason", "detail")
UNKNOWN = "no longer scored"


def departures(former: pd.DataFrame, listed: pd.DataFrame, off: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Return customer_id, reason and detail of each account that has left the list.

    Args:
        former: account_id and customer_id of the former list.
        listed: account_id of whom this list holds.
        off: customer_id, account_id, reason, detail of whom something keeps off it.
        scores: customer_id and probability of everyone.

    >>> former = pd.DataFrame({"account_id": ["a", "b"], "customer_id": ["a", "b"]})
    >>> off = pd.DataFrame({"customer_id": ["a"], "account_id": ["a"], "reason": ["veto"], "detail": ["by Eleni"]})
    >>> scores = pd.DataFrame({"customer_id": ["a", "b"], "probability": [0.9, 0.1]})
    >>> departures(former, pd.DataFrame({"account_id": []}), off, scores)["reason"].tolist()
    ['veto', 'would stay']
    """
    if former.empty:
        return pd.DataFrame(columns=list(GONE_NAMES))
    left = former[~former["account_id"].isin(set(listed["account_id"]))]
    why = off.drop_duplicates("account_id").set_index("account_id")
    reason, detail = (left["account_id"].map(why[name].to_dict()).astype(object) for name in ("reason", "detail"))
    known_now = scores.loc[scores["customer_id"].isin(set(left["customer_id"])), ["customer_id", "probability"]]
    now = left["customer_id"].map(known_now.set_index("customer_id")["probability"])
    known = now.notna().to_numpy()
    usual = [WOULD_STAY if scored else UNKNOWN for scored in known]
    risk = [f"risk is down to {p:.0%}" if p == p else "no order within the active days" for p in now]
    found = left.assign(reason=_or(reason, usual), detail=_or(detail, risk))
    return found[list(GONE_NAMES)].reset_index(drop=True)


def _or(found: pd.Series, usual: Sequence[str]) -> pd.Series:
    return found.where(found.notna(), pd.Series(usual, index=found.index, dtype=object))
