"""Who was on the former list and is not on this one, and why: so that nobody wonders where a customer went."""

from __future__ import annotations

import pandas as pd

from features.rounding import percent
from serving.outreach.plan.candidates import SHRUNK
from serving.outreach.plan.suppression import ACCOUNT, WOULD_STAY

GONE_NAMES = ("customer_id", "reason", "detail")
HOLDS = "holds", "is expected to buy as usual"
UNKNOWN, NO_ORDER = "no longer scored", "no order within the active days"


def departures(former: pd.DataFrame, listed: pd.DataFrame, off: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Return customer_id, reason and detail of each account that has left the list.

    Accounts change: a customer who was an account may have joined another one since. Then the reason is found by the
    customer, and a customer who is listed for another account has not left.

    Args:
        former: account_id and customer_id of the former list, and kind where it is known.
        listed: account_id and customer_id of this list.
        off: customer_id, account_id, reason, detail of the candidates that a reason keeps off this list.
        scores: customer_id and probability of everyone.

    >>> former = pd.DataFrame({"account_id": ["a", "b"], "customer_id": ["a", "b"]})
    >>> off = pd.DataFrame({"customer_id": ["a"], "account_id": ["a"], "reason": ["veto"], "detail": ["by Eleni"]})
    >>> scores = pd.DataFrame({"customer_id": ["a", "b"], "probability": [0.9, 0.1]})
    >>> departures(former, pd.DataFrame({"account_id": [], "customer_id": []}), off, scores)["reason"].tolist()
    ['veto', 'would stay']
    """
    if former.empty:
        return pd.DataFrame(columns=list(GONE_NAMES))
    still = [former[name].isin(set(listed[name])) for name in ("account_id", "customer_id")]
    left = former[~(still[0] | still[1])]
    found = _why_off(left, listed, off)
    found = found.where(found.notna(), _why_no_candidate(left, scores))
    return left.assign(**found)[list(GONE_NAMES)].reset_index(drop=True)


def _why_no_candidate(left: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Return reason and detail of customers whose risk is too low now, or who are not scored any more."""
    customer_ids = left["customer_id"]
    kinds = left["kind"] if "kind" in left else [None] * len(left)
    known = scores.loc[scores["customer_id"].isin(set(customer_ids)), ["customer_id", "probability"]]
    risks = customer_ids.map(known.set_index("customer_id")["probability"])
    reasons = [
        (UNKNOWN, NO_ORDER) if p != p else HOLDS if kind == SHRUNK else (WOULD_STAY, f"risk is down to {percent(p)}")
        for p, kind in zip(risks, kinds, strict=True)
    ]
    return pd.DataFrame(reasons, index=customer_ids.index, columns=["reason", "detail"], dtype=object)


def _why_off(left: pd.DataFrame, listed: pd.DataFrame, off: pd.DataFrame) -> pd.DataFrame:
    """Return reason and detail by the account, or by the customer where the account has changed; None if neither."""
    by_account = off.drop_duplicates("account_id").set_index("account_id")
    by_customer = _naming_the_listed(off, listed).drop_duplicates("customer_id").set_index("customer_id")
    found = {}
    for name in ("reason", "detail"):
        value = left["account_id"].map(by_account[name].to_dict()).astype(object)
        found[name] = value.where(value.notna(), left["customer_id"].map(by_customer[name].to_dict()).astype(object))
    return pd.DataFrame(found, index=left.index)


def _naming_the_listed(off: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    """Return `off`; where another customer of the account is listed, the detail names that customer."""
    listed_for = dict(zip(listed["account_id"], listed["customer_id"], strict=True))
    other = off["account_id"].map(listed_for).astype(object)
    pairs = zip(other, off["account_id"], strict=True)
    detail = [f"stands on the list through {who} of account {account}" for who, account in pairs]
    is_other = (off["reason"] == ACCOUNT) & other.notna()
    return off.assign(detail=off["detail"].where(~is_other, pd.Series(detail, index=off.index, dtype=object)))
