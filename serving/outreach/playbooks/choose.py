"""Chooses a playbook for every customer: of those that fit, service first, then the one with the highest expected gain.

Each playbook is compared with all customers at once, as masks over columns: a list of a large shop takes a second or
two.

    expected gain = left_probability × saved share × spend − cost
    cost = contact + incentive × P(order | contacted),  P(order | contacted) = 1 − probability × (1 − saved share)

An incentive is paid only if the customer orders, and then also to customers who would have ordered anyway. Who is
merely slow and comes anyway is not saved by a contact: the gain is of those who have left. Who is not late yet is
reminded, if a playbook does that before the due day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.errors import InputError
from features.money import Money
from features.sources.people.consent import SERVICE
from serving.outreach.plan.candidates import SHRUNK
from serving.outreach.plan.consent import channels_allowed
from serving.outreach.plan.snapshot import Snapshot
from serving.outreach.playbooks.fact_names import fact_of
from serving.outreach.playbooks.playbook import Condition, Playbook
from serving.outreach.playbooks.playbooks import Playbooks

Floats = npt.NDArray[np.float64]
CALL = "call"
MINOR = {"usual_spend": "usual", "missing_spend": "missing"}  # a score's money, and its column in minor units
READING = 1 / 50  # of a call: seconds against ten minutes
Mask = npt.NDArray[np.bool_]
Offer = dict[str, npt.NDArray[np.generic]]

CHOICE_NAMES = (
    *("playbook", "title", "channel", "stage", "saved_share", "contact_cost", "incentive_cost", "cost", "gain"),
    *("due_days", "cooldown_days", "lost_cause", "consented", "before_due"),
)


@dataclass(frozen=True, eq=False)
class ShopContext:
    """What a choice needs to know of the shop.

    Args:
        as_of: the list's day.
        money: the shop's currency.
        typical_spend: median expected spend of all customers that were scored, minor units.
    """

    as_of: date
    money: Money
    typical_spend: float


def choose(
    rows: pd.DataFrame,
    playbooks: Playbooks,
    snapshot: Snapshot,
    *,
    shop: ShopContext,
    saved: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Choose a playbook for every customer.

    Args:
        rows: one per customer: customer_id, kind, state, band, probability, left_probability, days_since_order,
            consent, listed_for, `spend` (expected, minor units), and the columns of `facts`.
        playbooks: the shop's.
        snapshot: what the book knows. Contacts after the customer's last order give the stage: an offer that was
            followed by an order did not fail.
        shop: the day, the currency and the usual spend.
        saved: playbook id → learnt mean of P(saved | contacted), in place of the prior.

    Returns:
        CHOICE_NAMES, indexed as the rows: costs and gain in minor units; `stage` from 0; `lost_cause` where every stage
        was tried; `consented` False where no fitting playbook has a channel that is allowed.

    Raises:
        InputError: a customer of a kind for which there is no playbook.
    """
    known = _known(rows, snapshot.contacts, shop)
    allowed = channels_allowed(rows, snapshot)
    best = _BestOffers(len(rows))
    lost = np.zeros(len(rows), dtype=bool)
    for number, playbook in enumerate(playbooks):
        fits = _fits(playbook, known, shop)
        offer = _offer(playbook, known, shop, (saved or {}).get(playbook.id))
        lost |= fits & _used_up(playbook, known)
        consented = allowed[playbook.channel].to_numpy()
        timely = known["too_early"].to_numpy() & playbook.before_due
        service, resort = playbook.channel == SERVICE, playbook.last_resort
        rank = (consented, service, not resort, timely, offer["gain"], playbook.priority)
        best.take(number, fits, rank, offer | {"consented": consented})
    if (best.number < 0).any():
        raise InputError("there are customers whom no playbook fits; keep one with last_resort = true for each kind")
    return best.frame(rows.index, playbooks, lost)


class _BestOffers:
    """The best playbook so far of every customer, by its number among the playbooks."""

    def __init__(self, rows: int) -> None:
        self.number = np.full(rows, -1)
        self.rank: list[Floats] = [np.full(rows, -np.inf) for _ in range(6)]
        self.offer: dict[str, Floats] = {}

    def take(self, number: int, fits: Mask, rank: Sequence[object], offer: Offer) -> None:
        """Replace whatever ranks lower; of equals the first stays, and playbooks come by id."""
        ranks = [np.broadcast_to(np.asarray(each, dtype=np.float64), fits.shape) for each in rank]
        better = self._is_better(fits, ranks)
        self.number[better] = number
        for new, old in zip(ranks, self.rank, strict=True):
            old[better] = new[better]
        for name, values in offer.items():
            self.offer.setdefault(name, np.zeros(len(fits)))[better] = values[better]

    def _is_better(self, fits: Mask, ranks: Sequence[Floats]) -> Mask:
        """Compare the ranks part by part: the first part that differs decides."""
        better, equal = np.zeros(len(fits), dtype=bool), fits.copy()
        for new, old in zip(ranks, self.rank, strict=True):
            better |= equal & (new > old)
            equal &= new == old
        return better

    def frame(self, index: pd.Index, playbooks: Playbooks, lost: Mask) -> pd.DataFrame:
        """Return CHOICE_NAMES."""

        def column(name: str) -> pd.Series:
            return pd.Series([getattr(playbook, name) for playbook in playbooks]).take(self.number).set_axis(index)

        offer = pd.DataFrame(self.offer, index=index)
        whole = ("stage", "contact_cost", "incentive_cost", "cost", "gain")
        named = ("id", "title", "channel", "due_days", "cooldown_days", "before_due")
        names = {name: column(name) for name in named}
        frame = offer.assign(**names).rename(columns={"id": "playbook"}).astype(dict.fromkeys(whole, np.int64))
        frame = frame.astype(dict.fromkeys(("playbook", "title", "channel"), object))
        lost_cause = lost & (column("channel") != SERVICE).to_numpy()
        return frame.assign(consented=offer["consented"] == 1, lost_cause=lost_cause)[list(CHOICE_NAMES)]


def _known(rows: pd.DataFrame, contacts: pd.DataFrame, shop: ShopContext) -> pd.DataFrame:
    """Return the rows with the facts that come from scores and contacts, and the contacts of each playbook."""
    spend = rows["spend"].astype(np.float64)
    ratio = spend / shop.typical_spend if shop.typical_spend > 0 else spend * np.nan
    since = _since_last_order(rows, contacts, shop.as_of)
    by_customer = since.groupby("customer_id")["age"].agg(["size", "min"]).reindex(rows["customer_id"])
    by_customer = by_customer.set_index(rows.index)
    by_playbook = since.groupby(["customer_id", "playbook"]).size().unstack(fill_value=0).reindex(rows["customer_id"])
    by_playbook = by_playbook.fillna(0).add_prefix("contacts of ").set_index(rows.index)
    facts = {"contacts": by_customer["size"].fillna(0), "days_since_contact": by_customer["min"]}
    too_early = rows["listed_for"].isna().to_numpy() if "listed_for" in rows else np.zeros(len(rows), dtype=bool)
    money = {name: rows[minor] for name, minor in MINOR.items() if minor in rows}
    known = rows.assign(expected_spend=spend, spend_ratio=ratio, too_early=too_early, **money, **facts)
    return pd.concat([known, by_playbook], axis=1)


def _since_last_order(rows: pd.DataFrame, contacts: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Return the contacts that no order has followed yet, with their age in days."""
    ages = {day: (as_of - day).days for day in contacts["contacted_on"].dropna().unique()}
    order_ages = dict(zip(rows["customer_id"], rows["days_since_order"].astype(np.float64), strict=True))
    dated = contacts.assign(age=contacts["contacted_on"].map(ages).astype(np.float64))
    return dated[dated["age"] < dated["customer_id"].map(order_ages).astype(np.float64)]


def _fits(playbook: Playbook, facts: pd.DataFrame, shop: ShopContext) -> Mask:
    """Return which customers meet every requirement of the playbook."""
    fits = facts["kind"].isin(playbook.kinds).to_numpy()
    for mask in _requirements(playbook, facts, shop):
        fits = fits & mask
    return fits


def _requirements(playbook: Playbook, facts: pd.DataFrame, shop: ShopContext) -> Iterator[Mask]:
    if playbook.states:
        yield facts["state"].isin(playbook.states).to_numpy()
    if playbook.bands:
        yield facts["band"].isin(playbook.bands).to_numpy()
    if playbook.least_order_days:
        yield _numbers(facts, "order_days") >= playbook.least_order_days
    if playbook.least_value:
        yield _numbers(facts, "expected_spend") >= shop.money.minor(playbook.least_value)
    if playbook.least_value_ratio:
        yield _numbers(facts, "spend_ratio") >= float(playbook.least_value_ratio)
    if playbook.most_contacts is not None:
        yield _contacts(playbook, facts) < playbook.most_contacts
    for condition in playbook.when:
        yield _holds(condition, facts, shop.money)


def _numbers(facts: pd.DataFrame, name: str) -> Floats:
    if name not in facts:
        return np.full(len(facts), np.nan)
    return facts[name].to_numpy(dtype=np.float64, na_value=np.nan)


def _contacts(playbook: Playbook, facts: pd.DataFrame) -> Floats:
    return np.nan_to_num(_numbers(facts, f"contacts of {playbook.id}"))


def _holds(condition: Condition, facts: pd.DataFrame, money: Money) -> Mask:
    """Return for which customers a condition holds: nowhere where its fact is not known, unless it asks for that."""
    fact = fact_of(condition.fact)
    if condition.fact not in facts or fact is None:
        return np.full(len(facts), condition.known is False)
    is_known = facts[condition.fact].notna().to_numpy()
    holds = is_known if condition.known is None else is_known == condition.known
    among = (condition.is_,) if condition.is_ is not None else condition.among
    if not fact.is_number:
        return holds if among is None else holds & facts[condition.fact].isin(among).to_numpy()
    value = _numbers(facts, condition.fact) / (10.0**money.decimals if fact.unit == "money" else 1.0)
    if condition.at_least is not None:
        holds = holds & (value >= float(condition.at_least))
    if condition.at_most is not None:
        holds = holds & (value <= float(condition.at_most))
    return holds if among is None else holds & np.isin(value, [float(each) for each in among])


def _used_up(playbook: Playbook, facts: pd.DataFrame) -> Mask:
    """Return which customers were offered every stage without ordering."""
    return playbook.sunset & (_contacts(playbook, facts) >= len(playbook.stages))


def _offer(playbook: Playbook, facts: pd.DataFrame, shop: ShopContext, learnt: float | None) -> Offer:
    """Return what the playbook's stage costs and is expected to gain with each customer."""
    stage = np.minimum(_contacts(playbook, facts).astype(np.int64), len(playbook.stages) - 1)

    def at_stage(name: str) -> Floats:
        return np.array([float(getattr(each, name)) for each in playbook.stages])[stage]

    chance, spend = _numbers(facts, "probability"), _numbers(facts, "expected_spend")
    # A reminder before the due day is for the slow as well.
    reminds = facts["too_early"].to_numpy() & playbook.before_due
    stake = np.where(reminds, chance, _numbers(facts, "left_probability")) * spend
    # An account that buys less is at stake by what is missing, and whoever is offered something orders anyway.
    shrunk = (facts["kind"] == SHRUNK).to_numpy()
    stake = np.where(shrunk, np.nan_to_num(_numbers(facts, "missing")), stake)
    saved = at_stage("saved") if learnt is None else np.full(len(facts), learnt)
    paid = np.array([shop.money.minor(each.incentive_cost) for each in playbook.stages])[stage]
    incentive = np.rint((paid + at_stage("incentive_share") * spend) * (1 - chance * (1 - saved)))
    contact = np.full(len(facts), round(_contact_cost(playbook, shop)))
    return {
        "stage": stage,
        "saved_share": saved,
        "contact_cost": contact,
        "incentive_cost": incentive,
        "cost": contact + incentive,
        "gain": np.rint(stake * saved - contact - incentive),
    }


def reading_cost(playbooks: Playbooks, shop: ShopContext) -> int:
    """Return what it costs to read a row of a list, minor units, by the cheapest call; 0 where the shop makes none."""
    return round(min((_contact_cost(each, shop) for each in playbooks if each.channel == CALL), default=0) * READING)


def _contact_cost(playbook: Playbook, shop: ShopContext) -> float:
    if playbook.cost is not None:
        return shop.money.minor(playbook.cost)
    return shop.typical_spend * float(playbook.cost_share)
