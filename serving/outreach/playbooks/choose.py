"""Which playbook for whom: of those that fit, service first, then the one that gains most.

One mask per playbook over all customers: a list of a large shop is chosen in a second or two.

    expected gain = probability × saved share × spend − cost
    cost = contact + incentive × P(order | contacted),  P(order | contacted) = 1 − probability × (1 − saved share)

An incentive is paid only if the customer orders, and then also to whoever would have ordered anyway.
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
from features.sources.consent import SERVICE
from serving.outreach.plan.consent import consents
from serving.outreach.playbooks.fact_names import fact_of
from serving.outreach.playbooks.playbooks import Condition, Playbook, Playbooks

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

NO_HISTORY = pd.DataFrame({name: pd.Series(dtype=object) for name in ("customer_id", "playbook", "contacted_on")})
CHOICE_NAMES = (
    *("playbook", "title", "channel", "stage", "saved_share", "saved_low", "saved_high", "contact_cost"),
    *("incentive_cost", "cost", "gain", "due_days", "cooldown_days", "lost_cause", "consented"),
)


@dataclass(frozen=True, eq=False)
class Shop:
    """What a choice needs to know beside customers and playbooks.

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
    history: pd.DataFrame | None = None,
    *,
    shop: Shop,
    saved: Mapping[str, float] | None = None,
    allowed: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Choose a playbook for every customer.

    Args:
        rows: one per customer: customer_id, kind, state, band, probability, days_since_order, `spend` (expected, minor
            units), and the columns of `facts`.
        playbooks: the shop's.
        history: former contacts: customer_id, playbook, contacted_on. Those after the customer's last order give the
            stage: an offer that was followed by an order did not fail.
        shop: the day, the currency and the usual spend.
        saved: playbook id → learnt mean of P(saved | contacted), in place of the prior.
        allowed: a bool column per channel; None = by the column `consent` of the rows, where there is one.

    Returns:
        CHOICE_NAMES, indexed as the rows: costs and gain in minor units; `stage` from 0; `lost_cause` where every stage
        was tried; `consented` False where no fitting playbook has a channel that is allowed.

    Raises:
        InputError: a customer of a kind for which there is no playbook.
    """
    known = _known(rows, NO_HISTORY if history is None else history, shop)
    if allowed is None:
        allowed = consents(rows["consent"] if "consent" in rows else pd.Series(None, index=rows.index, dtype=object))
    best = _Best(len(rows))
    lost = np.zeros(len(rows), dtype=bool)
    for place, playbook in enumerate(playbooks):
        fits = _fits(playbook, known, shop)
        offer = _offer(playbook, known, shop, (saved or {}).get(playbook.id))
        lost |= fits & _used_up(playbook, known)
        may = allowed[playbook.channel].to_numpy()
        rank = (may, playbook.channel == SERVICE, not playbook.last_resort, offer["gain"], playbook.priority)
        best.take(place, fits, rank, offer | {"consented": may})
    if (best.place < 0).any():
        raise InputError("there are customers whom no playbook fits; keep one with last_resort = true for each kind")
    return best.frame(rows.index, playbooks, lost)


class _Best:
    """The best playbook so far of every customer."""

    def __init__(self, rows: int) -> None:
        self.place = np.full(rows, -1)
        self.rank: list[Floats] = [np.full(rows, -np.inf) for _ in range(5)]
        self.offer: dict[str, Floats] = {}

    def take(
        self, place: int, fits: Mask, rank: Sequence[object], offer: Mapping[str, npt.NDArray[np.generic]]
    ) -> None:
        """Put a playbook in the place of what ranks lower; of equals the first stays, and playbooks come by id."""
        ranks = [np.broadcast_to(np.asarray(each, dtype=np.float64), fits.shape) for each in rank]
        better, equal = np.zeros(len(fits), dtype=bool), fits.copy()
        for new, old in zip(ranks, self.rank, strict=True):
            better |= equal & (new > old)
            equal &= new == old
        self.place[better] = place
        for new, old in zip(ranks, self.rank, strict=True):
            old[better] = new[better]
        for name, values in offer.items():
            self.offer.setdefault(name, np.zeros(len(fits)))[better] = values[better]

    def frame(self, index: pd.Index, playbooks: Playbooks, lost: Mask) -> pd.DataFrame:
        """Return CHOICE_NAMES."""
        chosen = list(playbooks)

        def of(name: str) -> pd.Series:
            return pd.Series([getattr(playbook, name) for playbook in chosen]).take(self.place).set_axis(index)

        offer = pd.DataFrame(self.offer, index=index)
        whole = ("stage", "contact_cost", "incentive_cost", "cost", "gain")
        names = {name: of(name) for name in ("id", "title", "channel", "due_days", "cooldown_days")}
        frame = offer.assign(**names).rename(columns={"id": "playbook"}).astype(dict.fromkeys(whole, np.int64))
        texts = frame.astype(dict.fromkeys(("playbook", "title", "channel"), object))
        lost_cause = lost & (of("channel") != SERVICE).to_numpy()
        return texts.assign(consented=offer["consented"] == 1, lost_cause=lost_cause)[list(CHOICE_NAMES)]


def _known(rows: pd.DataFrame, history: pd.DataFrame, shop: Shop) -> pd.DataFrame:
    """Return the rows with the facts that come from scores and contacts, and the contacts of each playbook."""
    spend = rows["spend"].astype(np.float64)
    ratio = spend / shop.typical_spend if shop.typical_spend > 0 else spend * np.nan
    since = _since_the_order(rows, history, shop.as_of)
    contacts = since.groupby("customer_id")["age"].agg(["size", "min"])
    counts = since.groupby(["customer_id", "playbook"]).size().unstack(fill_value=0)
    each = counts.reindex(rows["customer_id"]).fillna(0).add_prefix("contacts of ").set_index(rows.index)
    told = contacts.reindex(rows["customer_id"]).set_index(rows.index)
    plain = rows.assign(
        expected_spend=spend, spend_ratio=ratio, contacts=told["size"].fillna(0), days_since_contact=told["min"]
    )
    return pd.concat([plain, each], axis=1)


def _since_the_order(rows: pd.DataFrame, history: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Return the former contacts that no order has followed yet, with their age in days."""
    ages = {day: (as_of - day).days for day in history["contacted_on"].dropna().unique()}
    order = dict(zip(rows["customer_id"], rows["days_since_order"].astype(np.float64), strict=True))
    dated = history.assign(age=history["contacted_on"].map(ages).astype(np.float64))
    return dated[dated["age"] < dated["customer_id"].map(order).astype(np.float64)]


def _fits(playbook: Playbook, known: pd.DataFrame, shop: Shop) -> Mask:
    """Return of whom everything holds that the playbook asks."""
    fits = known["kind"].isin(playbook.kinds).to_numpy()
    for mask in _asked(playbook, known, shop):
        fits = fits & mask
    return fits


def _asked(playbook: Playbook, known: pd.DataFrame, shop: Shop) -> Iterator[Mask]:
    if playbook.states:
        yield known["state"].isin(playbook.states).to_numpy()
    if playbook.bands:
        yield known["band"].isin(playbook.bands).to_numpy()
    if playbook.least_order_days:
        yield _numbers(known, "order_days") >= playbook.least_order_days
    if playbook.least_value:
        yield _numbers(known, "expected_spend") >= shop.money.minor(playbook.least_value)
    if playbook.least_value_ratio:
        yield _numbers(known, "spend_ratio") >= float(playbook.least_value_ratio)
    if playbook.most_contacts is not None:
        yield _contacts(playbook, known) < playbook.most_contacts
    for condition in playbook.when:
        yield _holds(condition, known, shop.money)


def _numbers(known: pd.DataFrame, name: str) -> Floats:
    if name not in known:
        return np.full(len(known), np.nan)
    return known[name].to_numpy(dtype=np.float64, na_value=np.nan)


def _contacts(playbook: Playbook, known: pd.DataFrame) -> Floats:
    return np.nan_to_num(_numbers(known, f"contacts of {playbook.id}"))


def _holds(condition: Condition, known: pd.DataFrame, money: Money) -> Mask:
    fact = fact_of(condition.fact)
    if condition.fact not in known or fact is None:
        return np.full(len(known), condition.known is False)
    there = known[condition.fact].notna().to_numpy()
    holds = there.copy() if condition.known is None else there == condition.known
    if not fact.is_number:
        among = (condition.is_,) if condition.is_ is not None else condition.among
        return holds if among is None else holds & known[condition.fact].isin(among).to_numpy()
    unit = 10.0**money.decimals if fact.unit == "money" else 1.0
    value = _numbers(known, condition.fact) / unit
    if condition.at_least is not None:
        holds &= value >= float(condition.at_least)
    if condition.at_most is not None:
        holds &= value <= float(condition.at_most)
    exact = (condition.is_,) if condition.is_ is not None else condition.among
    return holds if exact is None else holds & np.isin(value, [float(each) for each in exact])


def _used_up(playbook: Playbook, known: pd.DataFrame) -> Mask:
    """Return who has had every stage without an order."""
    return playbook.sunset & (_contacts(playbook, known) >= len(playbook.stages))


def _offer(
    playbook: Playbook, known: pd.DataFrame, shop: Shop, learnt: float | None
) -> dict[str, npt.NDArray[np.generic]]:
    """Return what the playbook's stage costs and is expected to gain with each customer."""
    contacts = _contacts(playbook, known).astype(np.int64)
    stage = np.minimum(contacts, len(playbook.stages) - 1)

    def of(name: str) -> Floats:
        return np.array([float(getattr(each, name)) for each in playbook.stages])[stage]

    prior, chance, spend = of("saved"), _numbers(known, "probability"), _numbers(known, "expected_spend")
    saved = prior if learnt is None else np.full(len(known), learnt)
    per_contact = (
        shop.money.minor(playbook.cost)
        if playbook.cost is not None
        else shop.typical_spend * float(playbook.cost_share)
    )
    paid = np.array([shop.money.minor(each.incentive_cost) for each in playbook.stages])[stage]
    incentive = np.rint((paid + of("incentive_share") * spend) * (1 - chance * (1 - saved)))
    contact = np.full(len(known), round(per_contact))
    return {
        "stage": stage,
        "saved_share": saved,
        "saved_low": of("saved_low"),
        "saved_high": of("saved_high"),
        "contact_cost": contact,
        "incentive_cost": incentive,
        "cost": contact + incentive,
        "gain": np.rint(chance * saved * spend - contact - incentive),
    }
