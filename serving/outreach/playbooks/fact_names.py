"""The facts that may be known of a customer when a playbook is chosen and an opening is filled: a closed set of names.

A condition on a fact that is not known does not hold; an opening that needs such a fact is not used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from string import Formatter
from typing import Literal

Unit = Literal["days", "money", "count", "ratio", "share", "score", "flag", "text", "date"]


@dataclass(frozen=True)
class Fact:
    """One fact that may be known of a customer; money is in minor units inside.

    >>> FACTS["days_since_return"].unit
    'days'
    """

    name: str
    unit: Unit
    source: Literal["score", "orders", "events", "customers", "contacts"]
    meaning: str

    @property
    def is_number(self) -> bool:
        """Whether it is compared as a number."""
        return self.unit not in ("flag", "text", "date")


_SCORE = (
    Fact("probability", "share", "score", "calibrated probability of churn within the horizon"),
    Fact("left_probability", "share", "score", "calibrated probability that the customer has left"),
    Fact("days_since_order", "days", "score", "since the last order day"),
    Fact("usual_gap_days", "days", "score", "usual gap between order days"),
    Fact("rhythm", "text", "score", 'the usual gap in words, from the third order day on: "every 31 days"'),
    Fact("silence_days", "days", "score", "since the last order day, where that is longer than usual"),
    Fact("overdue", "ratio", "score", "days since the order ÷ usual gap"),
    Fact("overdue_days", "days", "score", "days since the order − usual gap"),
    Fact("next_order_on", "date", "score", "when the next order is expected"),
    Fact("expected_spend", "money", "score", "what the customer spends within the horizon if kept"),
    Fact("shrunk_probability", "share", "score", "calibrated probability that the account spends half of its usual"),
    Fact("category_lost_probability", "share", "score", "calibrated probability that it buys a category no more"),
    Fact("usual_spend", "money", "score", "what the account usually spends over the horizon"),
    Fact("missing_spend", "money", "score", "what is expected to be missing of that"),
    Fact("lost_category", "text", "score", "the category that it likely buys no more"),
    Fact("spend_ratio", "ratio", "score", "expected spend ÷ the shop's median expected spend"),
)
_ORDERS = (
    Fact("order_days", "count", "orders", "days with an order"),
    Fact("tenure_days", "days", "orders", "since the first order"),
    Fact("last_spend", "money", "orders", "spent on the last order day"),
    Fact("largest_spend", "money", "orders", "spent on the largest order day"),
    Fact("spend_per_order_day", "money", "orders", "spent on a usual order day"),
    Fact("last_spend_ratio", "ratio", "orders", "last order day ÷ a usual one"),
    Fact("spend_90d", "money", "orders", "spent in the last 90 days"),
    Fact("spend_90d_before", "money", "orders", "spent in the 90 days before the last 90"),
    Fact("spend_365d", "money", "orders", "spent in the last 365 days"),
    Fact("order_days_90d", "count", "orders", "days with an order in the last 90 days"),
    Fact("order_days_90d_before", "count", "orders", "days with an order in the 90 days before the last 90"),
    Fact("orders_fell", "flag", "orders", "orders clearly less often than in the 90 days before, while the shop holds"),
    Fact("spend_fell", "flag", "orders", "spends clearly less than in the 90 days before, while the shop holds"),
    Fact("basket_change", "ratio", "orders", "last three order days ÷ a usual one"),
    Fact("products_365d", "count", "orders", "different products in the last 365 days"),
    Fact("discounted_share", "share", "orders", "part of the spending on days with a discount"),
    Fact("days_since_return", "days", "orders", "since the last return"),
    Fact("return_days_365d", "count", "orders", "days with a return in the last 365"),
    Fact("returned_365d", "money", "orders", "returned in the last 365 days"),
    Fact("returned_share_365d", "share", "orders", "returned ÷ spent in the last 365 days"),
)
_EVENTS = (
    Fact("days_since_rating", "days", "events", "since the last review, rating, survey or NPS answer"),
    Fact("last_rating", "share", "events", "the last one, as a part of the shop's scale: 2 of 5 stars is 0.4"),
    Fact("days_since_ticket", "days", "events", "since the last ticket or complaint"),
    Fact("days_since_game", "days", "events", "since the last badge, challenge, contest or quiz"),
    Fact("days_since_referral", "days", "events", "since the last referral"),
    Fact("open_ticket", "flag", "events", "a ticket is open, by the customers file or by events"),
    Fact("in_transit", "flag", "events", "an order is on its way, by the customers file or by events"),
)
_CUSTOMERS = (
    Fact("name", "text", "customers", "how to address the customer"),
    Fact("segment", "text", "customers", "the shop's own group"),
    Fact("points", "count", "customers", "loyalty points that have not been used"),
    Fact("points_expire_on", "date", "customers", "when they expire"),
    Fact("points_expire_in_days", "days", "customers", "days until they expire"),
    Fact("tier", "text", "customers", "level of the loyalty programme"),
    Fact("tier_drops_on", "date", "customers", "when the level is lost"),
    Fact("tier_drops_in_days", "days", "customers", "days until it is lost"),
    Fact("membership_until", "date", "customers", "last day of the membership"),
    Fact("membership_ends_in_days", "days", "customers", "days until it ends; negative: it has ended"),
    Fact("favourite", "text", "customers", "category or product that is bought most"),
)
_CONTACTS = (
    Fact("contacts", "count", "contacts", "contacts of any playbook since the last order"),
    Fact("days_since_contact", "days", "contacts", "since the last contact of any playbook"),
)
FACTS: dict[str, Fact] = {f.name: f for f in (*_SCORE, *_ORDERS, *_EVENTS, *_CUSTOMERS, *_CONTACTS)}
# Each kind of event in a shop's log brings these facts too.
_OF_EVENT_KIND = re.compile(r"days_since_event_([a-z0-9_]+)|event_([a-z0-9_]+?)_(90d|365d|last_value)")
# Every score has these: an opening that needs no other fact can always be used.
ALWAYS_KNOWN = frozenset({"days_since_order"})


def fact_of(name: str) -> Fact | None:
    """Return the fact of a name, also of a shop's own kind of event; None where no fact has that name.

    >>> fact_of("event_coupon_redeemed_90d").unit, fact_of("moon") is None
    ('count', True)
    """
    found = _OF_EVENT_KIND.fullmatch(name)
    if name in FACTS or found is None:
        return FACTS.get(name)
    if found[1]:
        return Fact(name, "days", "events", f"since the last {found[1]}")
    unit: Unit = "score" if found[3] == "last_value" else "count"
    return Fact(name, unit, "events", f"events of the kind {found[2]}")


def event_kind_of(name: str) -> str | None:
    """Return the kind of event that a fact is about; None where it is about none.

    >>> event_kind_of("days_since_event_visit"), event_kind_of("points")
    ('visit', None)
    """
    found = _OF_EVENT_KIND.fullmatch(name)
    return None if found is None else found[1] or found[2]


def placeholders(opening: str) -> tuple[str, ...]:
    """Return the names of the facts that an opening is filled with: those in braces.

    >>> placeholders("{name}, your {points} points expire on {points_expire_on}.")
    ('name', 'points', 'points_expire_on')
    """
    return tuple(name for _, name, _, _ in Formatter().parse(opening) if name is not None)
