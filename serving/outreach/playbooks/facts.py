"""What is known of the customers who may come on a list: from their orders, their events and the customers file.

Features come from `features.build`, for the given customers alone, so that a list of a large shop costs seconds.
"""

from __future__ import annotations

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
from serving.outreach.playbooks.fact_names import event_kind_of
from serving.outreach.playbooks.falls import ShopChange, falls

Floats = npt.NDArray[np.float64]

ORDER_FACTS = (
    *("tenure_days", "frequency", "last_spend", "largest_spend", "spend_per_order_day", "spend_90d", "spend_365d"),
    *("recent_spend_per_order_day", "basket_change", "products_365d", "discounted_share"),
    *("days_since_return", "return_days_365d", "returned_365d", "returned_share_365d"),
    *("order_days_90d", "order_days_90d_before", "spend_90d_before"),
)
RATINGS = ("review", "rating", "survey", "nps", "feedback")
GAMES = ("badge", "challenge", "contest", "quiz")
REFERRALS = ("referral", "referred", "friend_referred", "referral_made")
TICKET_OPENED = ("ticket", "ticket_opened", "ticket_reopened", "complaint", "complaint_opened")
TICKET_CLOSED = ("ticket_closed", "ticket_solved", "ticket_resolved", "complaint_closed")
SHIPPED, DELIVERED = ("order_shipped",), ("order_delivered",)
# An event without an answer counts as open for so long; where the shop never logs the answer, only for a week.
OPEN_DAYS, OPEN_DAYS_WITHOUT_ANSWERS = 30, 7
SCALES = (1, 5, 10, 100)  # thumbs, stars, NPS, per cent
STARS = 5.0  # which begin at 1: none is no rating
TEXTS = ("name", "segment", "tier", "favourite")
DATES = {
    "points_expire_on": "points_expire_in_days",
    "tier_drops_on": "tier_drops_in_days",
    "membership_until": "membership_ends_in_days",
}


def facts(
    log: Log,
    customers: pd.DataFrame | None,
    candidates: Iterable[str],
    as_of: date,
    *,
    asked: Iterable[str] = (),
) -> pd.DataFrame:
    """Return what is known of some customers, for conditions and openings.

    Args:
        log: the shop's log; nothing on or after `as_of` is read.
        customers: the customers file, any of its fields; it counts before the events.
        candidates: customer ids, each once.
        as_of: the list's day.
        asked: further facts of a shop's own kinds of events, such as `event_visit_90d`.

    Returns:
        One row per candidate, in that order, indexed by customer_id: numbers as float (money in minor units, NaN =
        unknown), flags as bool, texts and dates as object with None.
    """
    ids = pd.Index(list(candidates), dtype=object, name="customer_id")
    own = log.only(ids)
    by_orders = _from_features(own, ids, as_of, set(asked))
    by_file = _from_file(customers, ids, as_of)
    by_events = _from_events(log, own, day_number(as_of)).reindex(ids)
    found = pd.concat([by_orders, by_events.drop(columns=["ticket_open", "on_its_way"]), by_file], axis=1)
    found = found.assign(**falls(by_orders, ShopChange.of(log, day_number(as_of))))
    for flag, by_event in (("open_ticket", "ticket_open"), ("in_transit", "on_its_way")):
        found[flag] = found[flag].where(found[flag].notna(), by_events[by_event] == 1.0).astype(bool)
    for name in (*TEXTS, *DATES):
        found[name] = found[name].astype(object).where(found[name].notna(), None)
    return found


def _from_features(own: Log, ids: pd.Index, as_of: date, asked: set[str]) -> pd.DataFrame:
    of_events = {name for name in asked if event_kind_of(name) is not None}
    kinds = {event_kind_of(name) for name in of_events}
    known = default_features(tuple(kind for kind in event_kinds(own) if kind.name in kinds))
    wanted = {*ORDER_FACTS, *of_events}
    needed = FeatureSet(tuple(feature for feature in known if feature.name in wanted), known.kinds)
    table = feature_table(own, [as_of], needed).drop(columns="as_of")
    found = table.set_index(table.pop("customer_id").astype(object)).reindex(ids)
    found["order_days"] = found.pop("frequency") + 1
    usual_spend = found["spend_per_order_day"]
    found["last_spend_ratio"] = found["last_spend"] / usual_spend.where(usual_spend > 0)
    return found.drop(columns="recent_spend_per_order_day").astype(np.float64)


def _from_events(log: Log, own: Log, as_of: int) -> pd.DataFrame:
    age, rating = _last_rating(log, own, as_of)
    opened, shipped = _last(own, TICKET_OPENED, as_of), _last(own, SHIPPED, as_of)
    columns = {
        "days_since_rating": age,
        "last_rating": rating,
        "days_since_ticket": opened,
        "days_since_game": _last(own, GAMES, as_of),
        "days_since_referral": _last(own, REFERRALS, as_of),
        "ticket_open": _is_open(opened, own, TICKET_CLOSED, as_of),
        "on_its_way": _is_open(shipped, own, DELIVERED, as_of),
    }
    return pd.DataFrame(columns, index=pd.Index(own.customer_ids))


def _last(own: Log, kinds: Sequence[str], as_of: int) -> Floats:
    """Return for each customer of the log how many days ago the latest event of these kinds was; NaN = none."""
    day = np.full(own.n_customers, -np.inf)
    for kind in kinds:
        stream = own.streams.get(EVENT + kind)
        if stream is not None:
            before = stream.day < as_of
            np.maximum.at(day, stream.customer[before], stream.day[before].astype(np.float64))
    return np.where(np.isfinite(day), as_of - day, np.nan)


def _is_open(age: Floats, own: Log, answers: Sequence[str], as_of: int) -> Floats:
    """Return 1.0 where the latest event is later than every answer, and recent enough to count as open; else 0.0."""
    shop_logs_answers = any(EVENT + kind in own.streams for kind in answers)
    answered = _last(own, answers, as_of)
    is_recent = age <= (OPEN_DAYS if shop_logs_answers else OPEN_DAYS_WITHOUT_ANSWERS)
    return np.where(is_recent & (np.isnan(answered) | (age < answered)), 1.0, 0.0)


def _last_rating(log: Log, own: Log, as_of: int) -> tuple[Floats, Floats]:
    """Return how old the latest rating of each customer is, and the rating as a part of its kind's scale."""
    age, rating = np.full(own.n_customers, np.nan), np.full(own.n_customers, np.nan)
    for kind in RATINGS:
        stream = own.streams.get(EVENT + kind)
        if stream is None:
            continue
        value, scale = stream.columns["value"], _scale(log, kind, as_of)
        if scale is None:
            continue
        is_rating = (value != NULL) & ((value > 0) | (scale != STARS))
        rows = np.flatnonzero((stream.day < as_of) & is_rating)
        rows = rows[np.append(np.diff(stream.customer[rows]) != 0, True)] if len(rows) else rows
        customer, days = stream.customer[rows], (as_of - stream.day[rows]).astype(np.float64)
        later = ~(days >= age[customer])  # also where there was none
        age[customer[later]] = days[later]
        rating[customer[later]] = value[rows[later]] / VALUE_SCALE / scale
    return age, rating


def _scale(log: Log, kind: str, as_of: int) -> float | None:
    """Return the top of the scale that the whole shop's values lie on; None where all are 0, which rates nothing."""
    stream = log.streams[EVENT + kind]
    values: Ints = stream.columns["value"][(stream.day < as_of) & (stream.columns["value"] != NULL)]
    top = values.max(initial=0) / VALUE_SCALE
    return float(next((scale for scale in SCALES if top <= scale), top)) if top > 0 else None


def _from_file(customers: pd.DataFrame | None, ids: pd.Index, as_of: date) -> pd.DataFrame:
    names = (*TEXTS, *DATES, "points", "open_ticket", "in_transit")
    known = pd.DataFrame(columns=["customer_id"], dtype=object) if customers is None else customers
    file = known.drop_duplicates("customer_id").set_index("customer_id").reindex(ids)
    found = pd.DataFrame({name: file.get(name) for name in names}, index=ids, dtype=object)
    found["points"] = found["points"].astype(np.float64)
    for day, days in DATES.items():
        distinct = {each: (each - as_of).days for each in found[day].dropna().unique()}
        found[days] = found[day].map(distinct).astype(np.float64)
    return found
