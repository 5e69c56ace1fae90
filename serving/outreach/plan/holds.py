"""Which accounts are held on a list's day: by their own id, or by a customer who was held under another account.

A contact is with the account, as the cooldown is, so an account that holds a customer with a veto or a snooze is not
contacted, through whichever of its customers. Whom a hold was not of is free again on leaving such an account.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

import numpy as np
import pandas as pd

from serving.outreach.plan.snapshot import Snapshot

NAMES = ("account_id", "kind", "until", "why", "by", "came_with")


def holds_today(snapshot: Snapshot, account_of: Mapping[str, str]) -> pd.DataFrame:
    """Return the holds of today's accounts, one of each kind, in NAMES: its own first, else the one that lasts longest.

    Args:
        snapshot: what the book knows.
        account_of: customer → account, of those that have a parent.

    Returns:
        `came_with` is the customer who brought the hold from another account; None where it is of the account itself.

    >>> held = pd.DataFrame([("ann", "ann", "veto", None, "asked for it", "Ada")])
    >>> held.columns = ["customer_id", "account_id", "kind", "until", "why", "by"]
    >>> holds_today(Snapshot(held=held), {"ann": "firm"})[["account_id", "why", "came_with"]].values.tolist()
    [['firm', 'asked for it', 'ann']]
    """
    own, people = snapshot.holds.assign(came_with=None), snapshot.held
    now = [account_of.get(who, who) for who in people["customer_id"]]
    came_with = people["customer_id"].where(people["account_id"] != pd.Series(now, people.index, dtype=object), None)
    brought = people.assign(account_id=pd.Series(now, people.index, dtype=object), came_with=came_with)
    lasting = [day.toordinal() if isinstance(day, date) else 0 for day in brought["until"]]
    longest_first = brought.iloc[np.argsort([-each for each in lasting], kind="stable")]
    rows = [*own[list(NAMES)].itertuples(index=False), *longest_first[list(NAMES)].itertuples(index=False)]
    return pd.DataFrame(rows, columns=list(NAMES), dtype=object).drop_duplicates(["account_id", "kind"])


def held_along(
    off: pd.DataFrame, snapshot: Snapshot, account_of: Mapping[str, str], reasons: Collection[str]
) -> list[str]:
    """Return the accounts of a list's `off` that are kept off by a hold that a customer brought along, sorted.

    Args:
        off: account_id and reason of whoever is not on the list.
        snapshot: what the book knows.
        account_of: customer → account, of those that have a parent.
        reasons: those of holds.
    """
    brought = holds_today(snapshot, account_of).dropna(subset="came_with")
    kept = off[off["reason"].isin(reasons)]
    return sorted(set(brought["account_id"]) & set(kept["account_id"]))
