"""Which arm each account is in on a list's day: an arm is of people, whatever account they belong to by now.

An arm is drawn for an account, and everybody who belongs to it then keeps it for ever. An account that holds a held-out
customer is not contacted, also where others of it were drawn for contact: a contact cannot be undone, and a missing one
only makes the effect look smaller. Its other customers are held out as long as the episode under way, wherever they go.
Where no customer of an account was ever drawn, what was drawn for its id counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import pandas as pd

from serving.outreach.plan.accounts import Accounts
from serving.outreach.plan.holdout import ANY_PLAYBOOK, HOLDOUT, KNOWN_NAMES, TREATED
from serving.outreach.plan.snapshot import Snapshot

DRAWN_NAMES = ("customer_id", "playbook", "since", "arm", "account_id", "stratum", "until")
MERGED_NAMES = ("account_id", "held_out", "treated")


@dataclass(frozen=True, eq=False)
class Arms:
    """The arms of a day.

    Args:
        accounts: who belongs to which account today.
        by_lot: account_id, playbook, arm, stratum of the draws that count for an account of today, held out first.
        until: account and playbook → the first day on which it is no longer kept off for whom it was with.
        merged: MERGED_NAMES: accounts with customers of both arms, and how many of each.
        busy_until: customer → the day on which the episode under way ends.
    """

    accounts: Accounts
    by_lot: pd.DataFrame
    until: Mapping[tuple[str, str], date]
    merged: pd.DataFrame
    busy_until: Mapping[str, date]

    @cached_property
    def held_out(self) -> Set[tuple[str, str]]:
        """Account and playbook of those that the lot holds out."""
        held = self.by_lot[self.by_lot["arm"] == HOLDOUT]
        return frozenset(zip(held["account_id"], held["playbook"], strict=True))

    @cached_property
    def of_both(self) -> Set[str]:
        """The accounts with customers of both arms."""
        return frozenset(self.merged["account_id"])

    def kept_apart_until(self, account_id: str, playbook: str) -> date | None:
        """Return until when an account is kept off that the lot does not hold out; None = it is not."""
        keys = ((account_id, ANY_PLAYBOOK), (account_id, playbook))
        if not self.held_out.isdisjoint(keys):
            return None
        return max((self.until[key] for key in keys if key in self.until), default=None)

    def busy(self, account_id: str) -> date | None:
        """Return when the last episode of an account's customers ends; None = none is under way."""
        ends = (self.busy_until.get(who) for who in self.accounts.customers(account_id))
        return max((day for day in ends if day is not None), default=None)


def arms_today(snapshot: Snapshot, accounts: Accounts) -> Arms:
    """Return the arms of the accounts of a day.

    Args:
        snapshot: what the book knows.
        accounts: who belongs to which account today.

    >>> drawn = pd.DataFrame([("ann", "", HOLDOUT, "high", None), ("bob", "", TREATED, "high", None)])
    >>> drawn.columns = ["customer_id", "playbook", "arm", "stratum", "until"]
    >>> merged = Accounts({"ann": "firm", "bob": "firm"})
    >>> found = arms_today(Snapshot(drawn=drawn), merged)
    >>> found.by_lot[["account_id", "arm"]].values.tolist(), found.merged.values.tolist()
    ([['firm', 'holdout']], [['firm', 1, 1]])
    """
    now = snapshot.drawn.assign(account_id=[accounts.of(who) for who in snapshot.drawn["customer_id"]])
    people, apart = now[now["until"].isna()], now[now["until"].notna()]
    by_id = snapshot.arms[~snapshot.arms["account_id"].isin(set(people["account_id"]))]
    draws = pd.concat([people, by_id])[list(KNOWN_NAMES)].sort_values("arm", kind="stable")  # "holdout" comes first
    by_lot = draws.drop_duplicates(["account_id", "playbook"])
    return Arms(accounts, by_lot, _last_days(apart), _merged(people), _busy_until(snapshot))


def _last_days(apart: pd.DataFrame) -> dict[tuple[str, str], date]:
    ends: dict[tuple[str, str], date] = {}
    for account, playbook, until in apart[["account_id", "playbook", "until"]].itertuples(index=False):
        ends[account, playbook] = max(until, ends.get((account, playbook), until))
    return ends


def _merged(people: pd.DataFrame) -> pd.DataFrame:
    held, treated = (
        people.loc[people["arm"] == arm, ["account_id", "customer_id", "playbook"]] for arm in (HOLDOUT, TREATED)
    )
    if held.empty or treated.empty:
        return pd.DataFrame(columns=list(MERGED_NAMES))
    pairs = held.merge(treated, on="account_id", suffixes=("_held", "_treated"))
    both = pairs[["playbook_held", "playbook_treated"]]
    same = (both["playbook_held"] == both["playbook_treated"]) | (both == ANY_PLAYBOOK).any(axis=1)
    counts = pairs[same].groupby("account_id")[["customer_id_held", "customer_id_treated"]].nunique().reset_index()
    return counts.set_axis(list(MERGED_NAMES), axis=1)


def _busy_until(snapshot: Snapshot) -> dict[str, date]:
    """Return customer → end of the episode that its account was in when it began."""
    ends: dict[str, date] = {}
    rows = snapshot.open_episodes
    for customers, day in zip(rows["customers"], rows["ends_on"], strict=True):
        ends.update((who, max(day, ends.get(who, day))) for who in customers)
    return ends


def drawn_of(enrolled: pd.DataFrame, arms: Arms, snapshot: Snapshot, as_of: date, horizon_days: int) -> pd.DataFrame:
    """Return whom the book is to remember, in DRAWN_NAMES: whom the lot fell on, and who is held out with them.

    Args:
        enrolled: whoever is listed or held out, with the columns that `within_capacity` adds.
        arms: of the day.
        snapshot: what the book knows.
        as_of: the list's day.
        horizon_days: of the scores.
    """
    end = as_of + timedelta(days=horizon_days)
    rows = [*_by_lot(enrolled, arms, as_of), *_with_the_held_out(enrolled, arms, snapshot, as_of, end)]
    return pd.DataFrame(rows, columns=list(DRAWN_NAMES), dtype=object)


def _by_lot(enrolled: pd.DataFrame, arms: Arms, as_of: date) -> Iterator[tuple[object, ...]]:
    new = enrolled[enrolled["is_new_draw"]]
    columns = (new[name] for name in ("customer_id", "account_id", "drawn_for", "arm", "stratum"))
    for customer, account, playbook, arm, stratum in zip(*columns, strict=True):
        for who in {customer: None} | dict.fromkeys(arms.accounts.customers(account)):
            yield who, playbook, as_of, arm, account, stratum, None


def _with_the_held_out(
    enrolled: pd.DataFrame, arms: Arms, snapshot: Snapshot, as_of: date, end: date
) -> Iterator[tuple[object, ...]]:
    """Yield the other customers of accounts that are held out, until the episode ends that is under way or begins."""
    known = _held_until(snapshot)
    for account, playbook, stratum, begins in _held_out_accounts(enrolled, arms):
        own = arms.until.get((account, playbook)) if (account, playbook) not in arms.held_out else None
        until = own or max((day for day in (end if begins else None, arms.busy(account)) if day), default=None)
        for who in arms.accounts.customers(account) if until else ():
            if known.get((who, playbook), date.min) < until:  # type: ignore[operator]  # there is a day, or nobody
                yield who, playbook, as_of, HOLDOUT, account, stratum, until


def _held_out_accounts(enrolled: pd.DataFrame, arms: Arms) -> Iterator[tuple[str, str, str, bool]]:
    """Yield account, playbook and stratum of those held out, and whether an episode begins: on this list, or merged."""
    held = enrolled[(enrolled["arm"] == HOLDOUT) & ~enrolled["is_new_draw"]]
    columns = (held[name] for name in ("account_id", "playbook", "drawn_for", "stratum", "is_watched"))
    for account, playbook, drawn_for, stratum, watched in zip(*columns, strict=True):
        cause = (key for of in (arms.held_out, arms.until) for key in (ANY_PLAYBOOK, playbook) if (account, key) in of)
        yield account, next(cause, drawn_for), stratum, bool(watched and not arms.busy(account))
    elsewhere = arms.of_both - frozenset(held["account_id"])
    rows = arms.by_lot[arms.by_lot["account_id"].isin(elsewhere) & (arms.by_lot["arm"] == HOLDOUT)]
    for account, playbook, stratum in rows[["account_id", "playbook", "stratum"]].itertuples(index=False):
        yield account, playbook, stratum, False


def _held_until(snapshot: Snapshot) -> dict[tuple[str, str], date]:
    """Return customer and playbook → until when the customer is held out; for ever where the lot said so."""
    held = snapshot.drawn[snapshot.drawn["arm"] == HOLDOUT]
    found: dict[tuple[str, str], date] = {}
    for who, playbook, until in held[["customer_id", "playbook", "until"]].itertuples(index=False):
        found[who, playbook] = max(date.max if until is None else until, found.get((who, playbook), date.min))
    return found


def begins_now(enrolled: pd.DataFrame, arms: Arms, under_way: Collection[str]) -> pd.Series:
    """Return of each enrolled account whether an episode begins for it: none of its customers may be in one.

    Args:
        enrolled: whoever is listed or held out.
        arms: of the day.
        under_way: accounts with an episode under way.
    """
    free = [account not in under_way and arms.busy(account) is None for account in enrolled["account_id"]]
    return enrolled["is_watched"] & pd.Series(free, index=enrolled.index, dtype=bool)
