"""Why candidates are kept off the list: one stated reason per customer, the first that applies.

Decisions of people come first, then what the law and good manners ask, then what would be a waste.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.sources.people.consent import SERVICE
from serving.outreach.plan.candidates import RANDOM, SHRUNK
from serving.outreach.plan.consent import channels_allowed
from serving.outreach.plan.entry_rule import NOT_YET_DUE, due_in_words
from serving.outreach.plan.holds import holds_today
from serving.outreach.plan.policy import Policy
from serving.outreach.plan.snapshot import Snapshot

VETO, SNOOZED = "veto", "snoozed"
NO_CONSENT, ORDERED, OPEN_TICKET, IN_TRANSIT = "no consent", "ordered", "open ticket", "in transit"
LOST_CAUSE, COOLDOWN, ACCOUNT = "lost cause", "cooldown", "account"
NO_GAIN, LITTLE_GAIN = "no gain", "little gain"
HELD_OUT, OVER_CAPACITY, WOULD_STAY = "holdout", "over capacity", "would stay"
PROGRAMME = "programme holdout"
REASONS = (
    PROGRAMME,
    *(VETO, SNOOZED, NO_CONSENT, ORDERED, OPEN_TICKET, IN_TRANSIT),
    *(LOST_CAUSE, COOLDOWN, NOT_YET_DUE, NO_GAIN, LITTLE_GAIN, ACCOUNT, HELD_OUT, OVER_CAPACITY, WOULD_STAY),
)
SUPPRESSED_NAMES = ("customer_id", "account_id", "reason", "detail")


@dataclass(frozen=True, eq=False)
class Rule:
    """One reason, which candidates it keeps off the list, and the detail for each."""

    reason: str
    keeps_off: pd.Series
    detail: pd.Series


def suppressed(
    rows: pd.DataFrame,
    snapshot: Snapshot,
    policy: Policy,
    as_of: date,
    account_of: Mapping[str, str],
    *,
    least_gain: int = 0,
    programme: Set[str] = frozenset(),
) -> pd.DataFrame:
    """Return the candidates with `reason` and `detail`, both None for those whom nothing keeps off the list.

    Args:
        rows: candidates with their playbooks, gains and what brings them on the list.
        snapshot: what the book knows.
        policy: the shop's rules.
        as_of: the list's day.
        account_of: customer → account, of those that have a parent.
        least_gain: from which on a customer is worth a row, minor units.
        programme: accounts of the programme holdout.
    """
    reason, detail = np.full(len(rows), None, dtype=object), np.full(len(rows), None, dtype=object)
    is_free = np.ones(len(rows), dtype=bool)
    rules = _rules(rows, snapshot, policy, as_of, account_of, least_gain)
    for rule in (_programme(rows, programme), *rules):
        applies = is_free & rule.keeps_off.fillna(False).to_numpy(dtype=bool)
        reason[applies], detail[applies] = rule.reason, rule.detail.to_numpy()[applies]
        is_free &= ~applies
    return rows.assign(reason=_details(rows, reason), detail=_details(rows, detail))


def _rules(
    rows: pd.DataFrame,
    snapshot: Snapshot,
    policy: Policy,
    as_of: date,
    account_of: Mapping[str, str],
    least_gain: int,
) -> Iterator[Rule]:
    yield from _holds(rows, snapshot, account_of)
    yield _no_consent(rows, snapshot)
    yield _ordered(rows, snapshot, as_of, account_of)
    no_service = rows["open_ticket"] & (rows["channel"] != SERVICE)
    yield Rule(OPEN_TICKET, no_service, _details(rows, "goes to service first"))
    # An account that buys less still buys: its orders are no news.
    yield Rule(IN_TRANSIT, rows["in_transit"] & (rows["kind"] != SHRUNK), _details(rows, "an order is on its way"))
    yield Rule(LOST_CAUSE, rows["lost_cause"], _details(rows, "every win-back offer was tried"))
    yield _cooldown(rows, snapshot, policy, as_of, account_of)
    yield _not_yet_due(rows, as_of)
    by_gain = (rows["cell"] != RANDOM) & (policy.rank_by == "gain")
    wasted = by_gain & (rows["gain"] <= 0)
    yield Rule(NO_GAIN, wasted, _details(rows, "contacting costs more than it is expected to save"))
    little = "what it is expected to gain is less than what reading a row costs"
    yield Rule(LITTLE_GAIN, by_gain & (rows["gain"] < least_gain), _details(rows, little))


def _programme(rows: pd.DataFrame, programme: Set[str]) -> Rule:
    """Keep off whom no playbook touches, before all else: nothing about them may depend on what people do."""
    held = rows["account_id"].isin(list(programme))
    return Rule(PROGRAMME, held, _details(rows, "left alone by every playbook, to measure the whole programme"))


def _details(rows: pd.DataFrame, texts: str | Sequence[str] | npt.NDArray[np.object_]) -> pd.Series:
    """Return one detail for all rows, or one for each."""
    return pd.Series(texts, index=rows.index, dtype=object)


def _holds(rows: pd.DataFrame, snapshot: Snapshot, account_of: Mapping[str, str]) -> Iterator[Rule]:
    """Keep off each account that is held, or that a customer of it is held in: a contact is with the account."""
    holds = holds_today(snapshot, account_of)
    for reason, kind in ((VETO, "veto"), (SNOOZED, "snooze")):
        own = holds[holds["kind"] == kind]
        columns = (own[name] for name in ("account_id", "why", "until", "came_with"))
        details = {
            account: f"{why}{_until(until)}{_along(who)}" for account, why, until, who in zip(*columns, strict=True)
        }
        detail = rows["account_id"].map(details).astype(object)
        yield Rule(reason, detail.notna(), detail)


def _along(customer_id: object) -> str:
    # The former account is not named: it may be another owner's by now.
    return "" if customer_id is None else f" (came along from another account with {customer_id})"


def _until(day: object) -> str:
    return f" (until {day})" if isinstance(day, date) else ""


def _no_consent(rows: pd.DataFrame, snapshot: Snapshot) -> Rule:
    """Keep off whoever has not allowed the channel of the playbook."""
    allowed = channels_allowed(rows, snapshot)
    column_index = allowed.columns.get_indexer(pd.Index(rows["channel"]))
    # -1 is a channel that needs no consent.
    refused = (column_index >= 0) & ~allowed.to_numpy()[np.arange(len(rows)), column_index]
    details = [f"no consent to {channel}" for channel in rows["channel"]]
    return Rule(NO_CONSENT, pd.Series(refused, index=rows.index, dtype=bool), _details(rows, details))


def _ordered(rows: pd.DataFrame, snapshot: Snapshot, as_of: date, account_of: Mapping[str, str]) -> Rule:
    """Keep off whoever has ordered since the former list, or yesterday; but not the newcomers of yesterday."""
    listed_on = snapshot.listed_on(account_of)
    since_listed = [(as_of - listed_on.get(account, as_of)).days for account in rows["account_id"]]
    days = pd.Series(since_listed, index=rows.index, dtype=int)
    lately = rows["days_since_order"].astype(int) <= np.maximum(days, 1)
    is_newcomer = (rows["state"] == "new") & (days == 0)
    details = [f"ordered on {as_of - timedelta(days=int(age))}" for age in rows["days_since_order"]]
    return Rule(ORDERED, lately & ~is_newcomer & (rows["kind"] != SHRUNK), _details(rows, details))


def _not_yet_due(rows: pd.DataFrame, as_of: date) -> Rule:
    """Keep off whoever is not late and shows no other sign, until the own usual gap is over."""
    too_early = rows["listed_for"].isna()
    detail = pd.Series(None, index=rows.index, dtype=object)
    detail[too_early] = due_in_words(rows[too_early], as_of)
    return Rule(NOT_YET_DUE, too_early, detail)


def _cooldown(
    rows: pd.DataFrame, snapshot: Snapshot, policy: Policy, as_of: date, account_of: Mapping[str, str]
) -> Rule:
    """Keep off whoever was contacted lately; of the shop's and the playbook's cooldown the longer one counts."""
    contacted_on = snapshot.contacted_on(account_of)
    latest = [contacted_on.get(account) for account in rows["account_id"]]
    ages = [(as_of - day).days if day else np.inf for day in latest]
    cooldown = np.maximum(rows["cooldown_days"].astype(int), policy.cooldown_days)
    details = _details(rows, [f"contacted on {day}" for day in latest])
    return Rule(COOLDOWN, pd.Series(ages, rows.index) <= cooldown, details)
