"""What is known of the customers who may come on a list: from their orders, their events and the customers file.

Features come from `features.build`, for the given customers alone, so that a list of a large shop costs seconds. The
log keeps no words for products: what a customer likes best comes from the customers file, or from the products' names
where the caller has them and they read as words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.build import feature_table
from features.clock import day_number
from features.definitions import default_features
from features.definitions.engagement import event_kinds
from features.feature import FeatureSet
from features.log import EVENT, NULL, VALUE_SCALE, Ints, Log
from serving.outreach.playbooks.fact_names import kind_of

Floats = npt.NDArray[np.float64]

ORDER_FACTS = (
    *("tenure_days", "frequency", "last_spend", "largest_spend", "spend_per_order_day", "spend_90d", "spend_365d"),
    *("recent_spend_per_order_day", "basket_change", "products_365d", "discounted_share"),
    *("days_since_return", "return_days_365d", "returned_365d", "returned_share_365d"),
)
RATINGS = ("review", "rating", "survey", "nps", "feedback")
GAMES = ("badge", "challenge", "contest", "quiz")
REFERRALS = ("referral", "referred", "friend_referred", "referral_made")
OPENED = ("ticket", "ticket_opened", "ticket_reopened", "complaint", "complaint_opened")
CLOSED = ("ticket_closed", "ticket_solved", "ticket_resolved", "complaint_closed")
SHIPPED, DELIVERED = ("order_shipped",), ("order_delivered",)
# An event that nothing has answered is believed for so long; where the shop never logs the answer, only for a week.
BELIEVED_DAYS, BELIEVED_ALONE_DAYS = 30, 7
SCALES = (5, 10, 100)
FAVOURITE_DAYS = 365
TEXTS = ("name", "segment", "tier", "favourite")
DATES = {
    "points_expire_on": "points_expire_in_days",
    "tier_drops_on": "tier_drops_in_days",
    "membership_until": "membership_ends_in_days",
}
_SPOKEN = re.compile(r"[^\W\d_]{3}")
_CODE = re.compile(r"\d{3}|_|^\S*\d\S*$")


def facts(
    log: Log,
    customers: pd.DataFrame | None,
    candidates: Iterable[str],
    as_of: date,
    *,
    asked: Iterable[str] = (),
    products: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return what is known of some customers, for conditions and openings.

    Args:
        log: the shop's log; nothing on or after `as_of` is read.
        customers: the customers file, any of its fields; it is believed before the events.
        candidates: customer ids, each once.
        as_of: the list's day.
        asked: further facts of a shop's own kinds of events, such as `event_visit_90d`.
        products: the products' names by their number in the log, if known.

    Returns:
        One row per candidate, in that order, indexed by customer_id: numbers as float (money in minor units, NaN =
        unknown), `open_ticket` and `in_transit` as bool, texts and dates as object with None.
    """
    ids = pd.Index(list(candidates), dtype=object, name="customer_id")
    some = _of(log, ids)
    kinds = {kind for name in asked if (kind := kind_of(name)) is not None}
    ordered = _features(some, ids, as_of, kinds, set(asked))
    told = _from_file(customers, ids, as_of)
    happened = _from_events(log, some, day_number(as_of)).reindex(ids)
    found = pd.concat([ordered, happened.drop(columns=["ticket_open", "on_its_way"]), told], axis=1)
    for flag, by_events in (("open_ticket", "ticket_open"), ("in_transit", "on_its_way")):
        said = found[flag].where(found[flag].notna(), happened[by_events] == 1.0)
        found[flag] = said.astype(bool)
    if products is not None:
        best = pd.Series(_favourites(some, day_number(as_of), products), some.customer_ids, dtype=object).reindex(ids)
        found["favourite"] = found["favourite"].where(found["favourite"].notna(), best)
    return _none_for_nan(found)


def _of(log: Log, ids: pd.Index) -> Log:
    """Return the log of some customers; `Log.only` compares every id with every other, which many do not bear."""
    place = pd.Index(log.customer_ids).get_indexer(ids)
    found = np.unique(place[place >= 0]).astype(np.int64)
    return Log(log.customer_ids[found], {name: stream.take(found) for name, stream in log.streams.items()})


def _none_for_nan(found: pd.DataFrame) -> pd.DataFrame:
    for name in (*TEXTS, *DATES):
        found[name] = found[name].astype(object).where(found[name].notna(), None)
    return found


def _features(some: Log, ids: pd.Index, as_of: date, kinds: set[str], asked: set[str]) -> pd.DataFrame:
    known = default_features(tuple(kind for kind in event_kinds(some) if kind.name in kinds))
    wanted = {*ORDER_FACTS, *(name for name in asked if kind_of(name) is not None)}
    needed = FeatureSet(tuple(feature for feature in known if feature.name in wanted), known.kinds)
    table = feature_table(some, [as_of], needed).drop(columns="as_of")
    own = table.set_index(table.pop("customer_id").astype(object)).reindex(ids)
    own["order_days"] = own.pop("frequency") + 1
    own["last_spend_ratio"] = own["last_spend"] / own["spend_per_order_day"].where(own["spend_per_order_day"] > 0)
    return own.drop(columns="recent_spend_per_order_day").astype(np.float64)


def _from_events(log: Log, some: Log, as_of: int) -> pd.DataFrame:
    age, rating = _last_rating(log, some, as_of)
    opened, shipped = _last(some, OPENED, as_of), _last(some, SHIPPED, as_of)
    columns = {
        "days_since_rating": age,
        "last_rating": rating,
        "days_since_ticket": opened,
        "days_since_game": _last(some, GAMES, as_of),
        "days_since_referral": _last(some, REFERRALS, as_of),
        "ticket_open": _unanswered(opened, some, CLOSED, as_of),
        "on_its_way": _unanswered(shipped, some, DELIVERED, as_of),
    }
    return pd.DataFrame(columns, index=pd.Index(some.customer_ids))


def _last(some: Log, kinds: Sequence[str], as_of: int) -> Floats:
    """Return for each customer of the log how many days ago the latest event of these kinds was; NaN = none."""
    day = np.full(some.n_customers, -np.inf)
    for kind in kinds:
        stream = some.streams.get(EVENT + kind)
        if stream is not None:
            before = stream.day < as_of
            np.maximum.at(day, stream.customer[before], stream.day[before].astype(np.float64))
    return np.where(np.isfinite(day), as_of - day, np.nan)


def _unanswered(age: Floats, some: Log, answers: Sequence[str], as_of: int) -> Floats:
    """Return 1.0 where the latest event stands alone: later than every answer, and lately enough to be believed."""
    ever = any(EVENT + kind in some.streams for kind in answers)
    answered = _last(some, answers, as_of)
    lately = age <= (BELIEVED_DAYS if ever else BELIEVED_ALONE_DAYS)
    return np.where(lately & (np.isnan(answered) | (age < answered)), 1.0, 0.0)


def _last_rating(log: Log, some: Log, as_of: int) -> tuple[Floats, Floats]:
    """Return how old the latest rating of each customer is, and the rating as a part of its kind's scale."""
    age, rating = np.full(some.n_customers, np.nan), np.full(some.n_customers, np.nan)
    for kind in RATINGS:
        stream = some.streams.get(EVENT + kind)
        if stream is None:
            continue
        value = stream.columns["value"]
        rows = np.flatnonzero((stream.day < as_of) & (value != NULL))
        rows = rows[np.append(np.diff(stream.customer[rows]) != 0, True)] if len(rows) else rows
        who, since = stream.customer[rows], (as_of - stream.day[rows]).astype(np.float64)
        later = ~(since >= age[who])  # also where there was none
        age[who[later]] = since[later]
        rating[who[later]] = value[rows[later]] / VALUE_SCALE / _scale(log, kind, as_of)
    return age, rating


def _scale(log: Log, kind: str, as_of: int) -> float:
    """Return the top of the scale that the whole shop's values lie on: 5 stars, 10 of NPS, or per cent."""
    stream = log.streams[EVENT + kind]
    values: Ints = stream.columns["value"][(stream.day < as_of) & (stream.columns["value"] != NULL)]
    top = values.max(initial=0) / VALUE_SCALE
    return float(next((scale for scale in SCALES if top <= scale), max(top, 1)))


def _from_file(customers: pd.DataFrame | None, ids: pd.Index, as_of: date) -> pd.DataFrame:
    names = (*TEXTS, *DATES, "points", "open_ticket", "in_transit")
    known = pd.DataFrame(columns=["customer_id"], dtype=object) if customers is None else customers
    file = known.drop_duplicates("customer_id").set_index("customer_id").reindex(ids)
    told = pd.DataFrame({name: file.get(name) for name in names}, index=ids, dtype=object)
    told["points"] = told["points"].astype(np.float64)
    for day, days in DATES.items():
        distinct = {each: (each - as_of).days for each in told[day].dropna().unique()}
        told[days] = told[day].map(distinct).astype(np.float64)
    return told


def _favourites(some: Log, as_of: int, products: Sequence[str]) -> list[str | None]:
    """Return the product that each customer of the log bought on most days of the last year, where it has words."""
    items = some.streams["items"]
    rows = (items.day < as_of) & (items.day >= as_of - FAVOURITE_DAYS)
    own = {"what": items.columns["product"][rows], "spend": items.columns["item_spend"][rows]}
    bought = pd.DataFrame({"who": items.customer[rows], **own})
    often = bought.groupby(["who", "what"], as_index=False).agg(days=("spend", "size"), spend=("spend", "sum"))
    best = often.sort_values(["who", "days", "spend", "what"], ascending=[True, False, False, True])
    chosen = best.drop_duplicates("who").set_index("who")["what"].reindex(range(some.n_customers))
    return [None if np.isnan(code) else spoken(products[int(code)]) for code in chosen]


def spoken(product: str) -> str | None:
    """Return a product's id as it can be said in a sentence; None where it is a code.

    >>> spoken("Green tea"), spoken("SKU-00412"), spoken("82")
    ('Green tea', None, None)
    """
    text = " ".join(product.split())
    return text if _SPOKEN.search(text) and not _CODE.search(text) else None
