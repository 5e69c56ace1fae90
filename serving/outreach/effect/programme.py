"""What the whole programme has brought: everybody whom playbooks may touch against those whom none ever touches.

An account enters on the first list's day, since there is a programme holdout, on which one of its customers has ordered
within the active days; nothing had touched it before for the programme's sake, whichever side it is on. From then on
everything counts until today, whatever was done or not done to it: what it spent, and whether it still buys. Both sides
are adjusted for what was spent in as many days before (CUPED, Deng et al. 2013). Who was left alone later than it
entered, as when the share grows, is on neither side; the lot alone decides who that is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.clock import date_of, day_numbers
from features.log import Ints, Log
from serving.outreach.effect.comparison import Difference, compare
from serving.outreach.effect.estimate import UNKNOWN, Estimate
from serving.outreach.effect.group import LEAST_FOR_MONEY, is_enough
from serving.outreach.effect.sample_ratio import SampleRatio, sample_ratio
from serving.outreach.plan.holdout import HOLDOUT, TREATED
from serving.outreach.plan.policy import TUNED_ACCOUNTS


@dataclass(frozen=True)
class ProgrammeEffect:
    """What the programme has brought since it began.

    Args:
        since: the first list's day with a programme holdout.
        treated: accounts that playbooks may touch.
        holdout: accounts that none touches.
        active_treated: share of the treated with an order within the last active days.
        active_holdout: the same of the holdout.
        difference: active_treated − active_holdout, adjusted.
        difference_any_time: with the interval that holds however often one looks.
        money_kept: all that the treated spent more, minor units.
        money_any_time: with the interval that holds however often one looks.
        sample_ratio: whether as many are left alone as were drawn; where not, there is no figure.
    """

    since: date
    treated: int
    holdout: int
    active_treated: float | None
    active_holdout: float | None
    difference: Estimate
    difference_any_time: Estimate
    money_kept: Estimate
    money_any_time: Estimate
    sample_ratio: SampleRatio


def programme_effect(
    log: Log,
    members: pd.DataFrame,
    shares: Sequence[tuple[date, float]],
    account_of: Mapping[str, str],
    *,
    active_days: int,
    until: int,
    tuned_accounts: int = TUNED_ACCOUNTS,
) -> ProgrammeEffect | None:
    """Compare the programme holdout with everybody else; None while no list had one.

    Args:
        log: the shop's log.
        members: customer_id, account_id, since of the programme holdout.
        shares: each list's day and the share of the programme holdout in force, oldest first.
        account_of: customer → account, of those that have a parent.
        active_days: within which an order makes a customer active.
        until: day number up to which orders are known; that day itself does not count.
        tuned_accounts: at which intervals of every week are narrowest.
    """
    days = [(day, share) for day, share in shares if share > 0]
    if not days:
        return None
    accounts = _entered(log, members, days, account_of, active_days, until)
    ratio = sample_ratio(accounts)
    treated = (accounts["arm"] == TREATED).to_numpy(dtype=bool)
    active = accounts["active"].to_numpy(dtype=np.float64)
    spent, before = (accounts[name].to_numpy(dtype=np.float64) for name in ("spent", "spent_before"))
    known = np.column_stack([before, np.log1p(np.maximum(before, 0))])
    drawn = accounts["account_id"].to_numpy(dtype=object), accounts["began_on"].astype(str).to_numpy(dtype=object)
    told = ratio.is_sound and is_enough(treated, active)
    share = compare(active, treated, known, *drawn).difference if told else None
    enough = told and min(treated.sum(), (~treated).sum()) >= LEAST_FOR_MONEY
    money = compare(spent, treated, known, *drawn).difference if enough else None
    count = int(treated.sum())
    difference, each = _both(share, tuned_accounts), _both(money, tuned_accounts)
    shown = ratio.is_sound
    return ProgrammeEffect(
        since=days[0][0],
        treated=count,
        holdout=int((~treated).sum()),
        active_treated=float(active[treated].mean()) if shown and treated.any() else None,
        active_holdout=float(active[~treated].mean()) if shown and (~treated).any() else None,
        difference=difference[0],
        difference_any_time=difference[1],
        money_kept=each[0] * count,
        money_any_time=each[1] * count,
        sample_ratio=ratio,
    )


def _both(found: Difference | None, tuned_accounts: int) -> tuple[Estimate, Estimate]:
    return (UNKNOWN, UNKNOWN) if found is None else (found.estimate(), found.any_time(tuned_accounts))


def _entered(
    log: Log,
    members: pd.DataFrame,
    days: Sequence[tuple[date, float]],
    account_of: Mapping[str, str],
    active_days: int,
    until: int,
) -> pd.DataFrame:
    """Return the accounts that have entered, with arm, began_on, drawn_share, active, spent and spent_before."""
    ids = np.array(list(log.customer_ids), dtype=object)
    held = dict(zip(members["customer_id"], members["account_id"], strict=True))
    account, names = pd.factorize(np.array([held.get(who) or account_of.get(who, who) for who in ids], dtype=object))
    since = _since(members, names)
    list_days = day_numbers([day for day, _ in days])
    orders = log.streams["orders"]
    code, day, spend = account[orders.customer], orders.day, orders.columns["spend"]
    entry = _entries(code, day, len(names), list_days[list_days < until], active_days)
    start = list_days[np.maximum(entry, 0)]
    span = np.maximum(until - start, 0)
    inside = (day >= start[code]) & (day < until)
    ahead = (day < start[code]) & (day >= (start - span)[code])
    rows = pd.DataFrame(
        {
            "account_id": names,
            "arm": np.where(since >= 0, HOLDOUT, TREATED),
            "stratum": "all",
            "began_on": [date_of(int(each)) for each in start],
            "drawn_share": np.array([share for _, share in days])[np.maximum(entry, 0)],
            "active": np.bincount(code[(day >= until - active_days) & (day < until)], minlength=len(names)) > 0,
            "spent": np.bincount(code[inside], spend[inside], minlength=len(names)),
            "spent_before": np.bincount(code[ahead], spend[ahead], minlength=len(names)),
        }
    )
    return rows[(entry >= 0) & ((since < 0) | (since <= start))].reset_index(drop=True)


def _since(members: pd.DataFrame, names: npt.NDArray[np.object_]) -> Ints:
    """Return of each account the day on which it was left alone; −1 = it was not."""
    first = members.groupby("account_id")["since"].min().to_dict() if len(members) else {}
    return np.array([day_numbers([first[name]])[0] if name in first else -1 for name in names], dtype=np.int64)


def _entries(code: Ints, day: Ints, accounts: int, list_days: Ints, active_days: int) -> Ints:
    """Return of each account the list on whose day it entered, as a place in `list_days`; −1 = on none."""
    entry = np.full(accounts, -1, dtype=np.int64)
    for place, list_day in enumerate(list_days):
        active = np.unique(code[(day < list_day) & (day >= list_day - active_days)])
        entry[active[entry[active] < 0]] = place
    return entry
