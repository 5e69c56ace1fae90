"""Who was on the former list and is not on this one, and why: so that nobody wonders where a customer went."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from serving.outreach.plan.suppression import ACCOUNT, WOULD_STAY

GONE_NAMES = ("customer_id", "reason", "detail")
UNKNOWN = "no longer scored"


def departures(former: pd.DataFrame, listed: pd.DataFrame, off: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Return customer_id, reason and detail of each account that has left the list.

    Accounts change: a customer who was one may have joined another since. Then the customer tells the reason; who
    stands on the list for another account has not left it.

    Args:
        former: account_id and customer_id of the former list.
        listed: account_id and customer_id of whom this list holds.
        off: customer_id, account_id, reason, detail of whom something keeps off it.
        scores: customer_id and probability of everyone.

    >>> former = pd.DataFrame({"account_id": ["a", "b"], "customer_id": ["a", "b"]})
    >>> off = pd.DataFrame({"customer_id": ["a"], "account_id": ["a"], "reason": ["veto"], "detail": ["by Eleni"]})
    >>> scores = pd.DataFrame({"customer_id": ["a", "b"], "probability": [0.9, 0.1]})
    >>> departures(former, pd.DataFrame({"account_id": [], "customer_id": []}), off, scores)["reason"].tolist()
    ['veto', 'would stay']
    """
    if former.empty:
        return pd.DataFrame(columns=list(GONE_NAMES))
    still = former["account_id"].isin(set(listed["account_id"])) | former["customer_id"].isin(
        set(listed["customer_id"])
    )
    left = former[~still]
    reason, detail = _told(left, listed, off)
    known_now = scores.loc[scores["customer_id"].isin(set(left["customer_id"])), ["customer_id", "probability"]]
    now = left["customer_id"].map(known_now.set_index("customer_id")["probability"])
    known = now.notna().to_numpy()
    usual = [WOULD_STAY if scored else UNKNOWN for scored in known]
    risk = [f"risk is down to {p:.0%}" if p == p else "no order within the active days" for p in now]
    found = left.assign(reason=_or(reason, usual), detail=_or(detail, risk))
    return found[list(GONE_NAMES)].reset_index(drop=True)


def _told(left: pd.DataFrame, listed: pd.DataFrame, off: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return reason and detail, by the account; by the customer where the account is no longer the same."""
    of_account = off.drop_duplicates("account_id").set_index("account_id")
    of_customer = _joined_another(off, listed).drop_duplicates("customer_id").set_index("customer_id")
    told = []
    for name in ("reason", "detail"):
        by_account = left["account_id"].map(of_account[name].to_dict()).astype(object)
        by_customer = left["customer_id"].map(of_customer[name].to_dict()).astype(object)
        told.append(by_account.where(by_account.notna(), by_customer))
    return told[0], told[1]


def _joined_another(off: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    """Return who is off the list; of those for whom another customer of their account stands on it, through whom."""
    stands = dict(zip(listed["account_id"], listed["customer_id"], strict=True))
    through = off["account_id"].map(stands).astype(object)
    said = [
        f"stands on the list through {who} of account {a}" for who, a in zip(through, off["account_id"], strict=True)
    ]
    another = (off["reason"] == ACCOUNT) & through.notna()
    return off.assign(detail=off["detail"].where(~another, pd.Series(said, index=off.index, dtype=object)))


def _or(found: pd.Series, usual: Sequence[str]) -> pd.Series:
    return found.where(found.notna(), pd.Series(usual, index=found.index, dtype=object))
