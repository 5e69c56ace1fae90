"""What the book knows at the start of a list's day, before the list is planned.

Business time decides: what happened on or after the list's day does not count, so that the same day gives the same list
again, whenever it is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

EVERY_CHANNEL = "*"
OWNED_NAMES = ("customer_id", "account_id", "owner", "since")
PROGRAMME_NAMES = ("customer_id", "account_id", "since")


def _empty(*names: str) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=object) for name in names})


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What the book knows; everything is empty in a new book.

    Args:
        former: entries of the latest list before the day: account_id, customer_id, kind, owner, playbook, as_of.
        contacts: customer_id, contacted_on, channel, entry_id, playbook, owner; before the day.
        consent: customer_id, channel ("*" = every channel), allowed; the latest decision on each.
        holds: account_id, kind (veto, snooze), until, why, by; in force on the day.
        held: customer_id, account_id, kind, until, why, by: whom they are of, and under which account they were set.
        owners: account → owner, where its id was handed over or given in turn.
        owned: OWNED_NAMES: the latest word about each customer of such an account, and under which it was given.
        arms: account_id, playbook, arm, stratum of every draw.
        drawn: customer_id, playbook, arm, stratum, until of the customers whose account was drawn, `until` None; and of
            those held out with an account that they came to, until that day. Those whose day is over are left out.
        programme: PROGRAMME_NAMES: everybody in the programme holdout, and the account that was drawn.
        programme_key: of the book's own, under which it is drawn.
        open_episodes: account_id, arm, began_on, ends_on, customers; under way on the day.

    >>> Snapshot().owners
    {}
    """

    former: pd.DataFrame = field(
        default_factory=lambda: _empty("account_id", "customer_id", "kind", "owner", "playbook", "as_of")
    )
    contacts: pd.DataFrame = field(
        default_factory=lambda: _empty("customer_id", "contacted_on", "channel", "entry_id", "playbook", "owner")
    )
    consent: pd.DataFrame = field(default_factory=lambda: _empty("customer_id", "channel", "allowed"))
    holds: pd.DataFrame = field(default_factory=lambda: _empty("account_id", "kind", "until", "why", "by"))
    held: pd.DataFrame = field(
        default_factory=lambda: _empty("customer_id", "account_id", "kind", "until", "why", "by")
    )
    owners: dict[str, str] = field(default_factory=dict)
    owned: pd.DataFrame = field(default_factory=lambda: _empty(*OWNED_NAMES))
    arms: pd.DataFrame = field(default_factory=lambda: _empty("account_id", "playbook", "arm", "stratum"))
    drawn: pd.DataFrame = field(default_factory=lambda: _empty("customer_id", "playbook", "arm", "stratum", "until"))
    programme: pd.DataFrame = field(default_factory=lambda: _empty(*PROGRAMME_NAMES))
    programme_key: str = field(default="", repr=False)
    open_episodes: pd.DataFrame = field(
        default_factory=lambda: _empty("account_id", "arm", "began_on", "ends_on", "customers")
    )

    def listed_on(self, account_of: Mapping[str, str]) -> dict[str, date]:
        """Return the day of the former list for each account on it, also for those that its customers are in by now.

        Args:
            account_of: customer → account, of those that have a parent.
        """
        days = self.former["as_of"].tolist()
        joined = (account_of.get(who, who) for who in self.former["customer_id"])
        return dict(zip(joined, days, strict=True)) | dict(zip(self.former["account_id"], days, strict=True))

    def listed_accounts(self, account_of: Mapping[str, str]) -> frozenset[str]:
        """Return the accounts of the former list, also those that its customers have joined since.

        Args:
            account_of: customer → account, of those that have a parent.
        """
        return frozenset(self.former["account_id"]) | {account_of.get(who, who) for who in self.former["customer_id"]}

    def contacted_on(self, account_of: Mapping[str, str]) -> dict[str, date]:
        """Return the latest contact of each account, whichever of its customers it was with.

        Args:
            account_of: customer → account, of those that have a parent.
        """
        latest: dict[str, date] = {}
        for who, day in zip(self.contacts["customer_id"], self.contacts["contacted_on"], strict=True):
            account = account_of.get(who, who)
            latest[account] = max(day, latest.get(account, day))
        return latest
