"""The programme holdout: accounts that no playbook ever touches, for the effect of the whole programme.

The holdout of the lists is drawn of those who come on one, and tells what a contact does. What the programme does as a
whole, over the years, is told by a small share of everybody that is left alone by all of it: lists, newcomers,
win-backs, reminders, and whatever comes later.

An account is in it where a keyed hash of its id lies below the share. The key is the book's own, so nobody who knows an
id can tell; the same book draws the same, and a larger share keeps whom a smaller one drew. The book remembers
everybody who belonged to the account on that day, wherever they go, and also when the share becomes smaller: an account
that holds one of them is left alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from serving.outreach.plan.accounts import Accounts
from serving.outreach.plan.snapshot import PROGRAMME_NAMES, Snapshot

KEY_BYTES = 64  # the most that BLAKE2b takes


@dataclass(frozen=True, eq=False)
class Programme:
    """The programme holdout of a day.

    Args:
        accounts: that are left alone.
        members: PROGRAMME_NAMES of all customers in it, those of this day with them.
        drawn: the rows of `members` that the book does not know yet.
    """

    accounts: Set[str]
    members: pd.DataFrame
    drawn: pd.DataFrame


def programme_today(
    snapshot: Snapshot, accounts: Accounts, customer_ids: Iterable[str], share: float, as_of: date
) -> Programme:
    """Return who is left alone on a day: whom the book remembers, and whom the share draws of all others.

    Args:
        snapshot: what the book knows.
        accounts: who belongs to which account today.
        customer_ids: everybody who is scored.
        share: of the accounts; 0 = nobody is drawn any more.
        as_of: the list's day.

    >>> everybody = Accounts({}, frozenset({"ann", "bob"}))
    >>> sorted(programme_today(Snapshot(), everybody, ["ann", "bob"], 0.999999, date(2026, 3, 2)).accounts)
    ['ann', 'bob']
    """
    known = snapshot.programme
    held = {accounts.of(who) for who in known["customer_id"]}
    seen = np.array(sorted({accounts.of(who) for who in customer_ids} - held) if share else [], dtype=object)
    new = seen[keyed_draws(seen, snapshot.programme_key) < share]
    rows = [(who, account, as_of) for account in new for who in accounts.customers(account) or (account,)]
    drawn = pd.DataFrame(rows, columns=list(PROGRAMME_NAMES), dtype=object)
    members = pd.concat([known, drawn], ignore_index=True) if len(drawn) else known
    return Programme(frozenset({*held, *new}), members, drawn)


def keyed_draws(account_ids: Iterable[str], key: str) -> np.typing.NDArray[np.float64]:
    """Return a number in [0, 1) per account: a hash of its id under a key, which nobody computes without it.

    >>> float(keyed_draws(["ann"], "a")[0]) == float(keyed_draws(["ann"], "b")[0])
    False
    """
    secret = key.encode()[:KEY_BYTES]
    texts = (f"programme holdout\0{account_id}".encode("utf-8", "surrogatepass") for account_id in account_ids)
    hashes = (hashlib.blake2b(text, digest_size=8, key=secret).digest() for text in texts)
    return np.array([int.from_bytes(each, "big") / 2**64 for each in hashes], dtype=np.float64)
