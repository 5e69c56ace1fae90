"""Who is not on the list, and why: one stated reason per customer, the first that holds.

The order is from what somebody decided, over what the law and good manners ask, to what would be a waste.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from serving.outreach.plan.candidates import RANDOM
from serving.outreach.plan.consent import consents
from serving.outreach.plan.policy import Policy
from serving.outreach.plan.snapshot import EVERY_CHANNEL, Snapshot

VETO, SNOOZED = "veto", "snoozed"
NO_CONSENT, ORDERED, OPEN_TICKET, IN_TRANSIT = "no consent", "ordered", "open ticket", "in transit"
LOST_CAUSE, COOLDOWN, NO_GAIN, ACCOUNT = "lost cause", "cooldown", "no gain", "account"
HELD_OUT, OVER_CAPACITY, WOULD_STAY = "holdout", "over capacity", "would stay"
REASONS = (
    *(VETO, SNOOZED, NO_CONSENT, ORDERED, OPEN_TICKET, IN_TRANSIT),
    *(LOST_CAUSE, COOLDOWN, NO_GAIN, ACCOUNT, HELD_OUT, OVER_CAPACITY, WOULD_STAY),
)
SUPPRESSED_NAMES = ("customer_id", "account_id", "reason", "detail")
SERVICE = "service"
CONSENT_NAMES = ("customer_id", "channel", "allowed")


@dataclass(frozen=True, eq=False)
class Rule:
    """One reason, whom of the candidates it keeps off the list, and what is said of each."""

    reason: str
    keeps_off: pd.Series
    detail: pd.Series


def suppressed(
    rows: pd.DataFrame, snapshot: Snapshot, policy: Policy, as_of: date, account_of: Mapping[str, str]
) -> pd.DataFrame:
    """Return the candidates with `reason` and `detail`, both None for those whom nothing keeps off the list.

    Args:
        rows: candidates with their playbooks and gains.
        snapshot: what the book knows.
        policy: the shop's rules.
        as_of: the list's day.
        account_of: customer → account, of those that have a parent.
    """
    reason = pd.Series(None, index=rows.index, dtype=object)
    detail = reason.copy()
    for rule in _rules(rows, snapshot, policy, as_of, account_of):
        here = reason.isna() & rule.keeps_off.fillna(False).astype(bool)
        reason[here], detail[here] = rule.reason, rule.detail[here]
    return rows.assign(reason=reason, detail=detail)


def _rules(
    rows: pd.DataFrame, snapshot: Snapshot, policy: Policy, as_of: date, account_of: Mapping[str, str]
) -> Iterator[Rule]:
    yield from _held(rows, snapshot)
    yield _refused(rows, snapshot)
    yield _ordered(rows, snapshot, as_of)
    yield Rule(OPEN_TICKET, rows["open_ticket"] & (rows["channel"] != SERVICE), _same(rows, "goes to service first"))
    yield Rule(IN_TRANSIT, rows["in_transit"], _same(rows, "an order is on its way"))
    yield Rule(LOST_CAUSE, rows["lost_cause"], _same(rows, "every win-back offer was tried"))
    yield _lately_contacted(rows, snapshot, policy, as_of, account_of)
    wasted = (rows["gain"] <= 0) & (rows["cell"] != RANDOM) & (policy.rank_by == "gain")
    yield Rule(NO_GAIN, wasted, _same(rows, "contacting costs more than it is expected to save"))


def _texts(rows: pd.DataFrame, words: Sequence[str]) -> pd.Series:
    return pd.Series(words, index=rows.index, dtype=object)


def _same(rows: pd.DataFrame, words: str) -> pd.Series:
    return pd.Series(words, index=rows.index, dtype=object)


def _held(rows: pd.DataFrame, snapshot: Snapshot) -> Iterator[Rule]:
    held = snapshot.holds.drop_duplicates("account_id", keep="last").set_index("account_id")
    told = {
        account: f"{why}{_until(until)}"
        for account, why, until in zip(held.index, held["why"], held["until"], strict=True)
    }
    kind, detail = (rows["account_id"].map(of).astype(object) for of in (held["kind"].to_dict(), told))
    yield Rule(VETO, kind == "veto", detail)
    yield Rule(SNOOZED, kind == "snooze", detail)


def _until(day: object) -> str:
    return f" (until {day})" if isinstance(day, date) else ""


def _refused(rows: pd.DataFrame, snapshot: Snapshot) -> Rule:
    """Consent for the playbook's channel."""
    may = allowed(rows, snapshot)
    place = may.columns.get_indexer(pd.Index(rows["channel"]))  # -1, a channel that nobody is asked about, is allowed
    refused = (place >= 0) & ~may.to_numpy()[np.arange(len(rows)), place]
    words = [f"no consent to {channel}" for channel in rows["channel"]]
    return Rule(NO_CONSENT, pd.Series(refused, index=rows.index, dtype=bool), _texts(rows, words))


def allowed(rows: pd.DataFrame, snapshot: Snapshot) -> pd.DataFrame:
    """Return whether each channel may be used with each row: the book's latest word counts before the customers file's.

    A general no in the book weighs more than a yes to one channel.

    Args:
        rows: customer_id and consent, as the customers file has it.
        snapshot: what the book knows.
    """
    found = consents(rows["consent"])
    said = {(who, channel): yes for who, channel, yes in snapshot.consent[list(CONSENT_NAMES)].itertuples(index=False)}
    heard = {who for who, _ in said}
    known = [place for place, who in enumerate(rows["customer_id"]) if who in heard]
    return found if not known else _overruled(found, rows, said, known)


def _overruled(
    found: pd.DataFrame, rows: pd.DataFrame, said: Mapping[tuple[str, str], bool], known: Sequence[int]
) -> pd.DataFrame:
    values, who = found.to_numpy(copy=True), rows["customer_id"].tolist()
    for place in known:
        every = said.get((who[place], EVERY_CHANNEL))
        for column, channel in enumerate(found.columns):
            one = said.get((who[place], channel), every)
            if every is False or one is not None:
                values[place, column] = bool(one) and every is not False
    return pd.DataFrame(values, index=found.index, columns=found.columns)


def _ordered(rows: pd.DataFrame, snapshot: Snapshot, as_of: date) -> Rule:
    """Whoever has ordered since the former list, or yesterday, is off it: newcomers of yesterday are not."""
    listed_on = snapshot.listed_on
    since = [(as_of - listed_on.get(account, as_of)).days for account in rows["account_id"]]
    days = pd.Series(since, index=rows.index, dtype=int)
    lately = rows["days_since_order"].astype(int) <= np.maximum(days, 1)
    by_itself = (rows["state"] == "new") & (days == 0)
    when = [f"ordered on {as_of - timedelta(days=int(age))}" for age in rows["days_since_order"]]
    return Rule(ORDERED, lately & ~by_itself, _texts(rows, when))


def _lately_contacted(
    rows: pd.DataFrame, snapshot: Snapshot, policy: Policy, as_of: date, account_of: Mapping[str, str]
) -> Rule:
    contacted_on = snapshot.contacted_on(account_of)
    last = [contacted_on.get(account) for account in rows["account_id"]]
    ages = [(as_of - day).days if day else np.inf for day in last]
    asked = np.maximum(rows["cooldown_days"].astype(int), policy.cooldown_days)
    return Rule(COOLDOWN, pd.Series(ages, rows.index) <= asked, _texts(rows, [f"contacted on {day}" for day in last]))
