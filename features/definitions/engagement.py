"""Engagement: what a customer does besides ordering, for any kind of event that a shop has.

Kinds are data: mail clicks, visits, reviews, referrals, loyalty points, badges, tickets, surveys, coupons … each kind
in EVENTS gets the same features without an edit here. A kind `<topic>_sent` is done by the shop: what the shop sends is
not customer behaviour, so it gets no feature of its own; the kinds `<topic>_…` answer it, and their share answered does
not grow merely because more was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from features.aggregates import Count, Last, Mean, Rate, Sum
from features.arithmetic import smoothed_ratio
from features.definitions.telling import Row, compared, fallen, over_two_windows, risen
from features.feature import EventKind, Example, Feature, FilledFrom, Words
from features.language.messages import Message
from features.log import EVENT, NULL, Log

SENT = "_sent"
# By the words of a kind's name. A kind that is none of these is taken for a sign of interest: more is better.
RATINGS = frozenset(("review", "rating", "survey", "nps", "feedback", "csat", "stars"))
SETTLED = frozenset(("closed", "solved", "resolved", "answered", "refunded"))
COMPLAINTS = frozenset(
    (
        *("ticket", "complaint", "complained", "dispute", "chargeback", "refused", "failed", "late", "delayed"),
        *(
            "cancel",
            "cancelled",
            "canceled",
            "cancellation",
            "paused",
            "unsubscribe",
            "unsubscribed",
            "optout",
            "bounced",
        ),
    )
)
DONE_BY_THE_SHOP = frozenset(("shipped", "delivered"))
# What other languages have words for; a shop's own kind is said as the shop calls it.
KINDS_IN_WORDS = (
    Message("visit", context="event"),
    Message("app opened", context="event"),
    Message("mail opened", context="event"),
    Message("mail clicked", context="event"),
    Message("sms clicked", context="event"),
    Message("coupon used", context="event"),
    Message("wishlist added", context="event"),
    Message("cart abandoned", context="event"),
    Message("points used", context="event"),
    Message("points earned", context="event"),
    Message("badge earned", context="event"),
    Message("challenge joined", context="event"),
    Message("referral", context="event"),
    Message("review", context="event"),
    Message("rating", context="event"),
    Message("survey", context="event"),
    Message("nps", context="event"),
    Message("feedback", context="event"),
    Message("ticket", context="event"),
    Message("ticket opened", context="event"),
    Message("complaint", context="event"),
    Message("delivery late", context="event"),
    Message("subscription paused", context="event"),
    Message("subscription cancelled", context="event"),
    Message("unsubscribed", context="event"),
    Message("mail sent", context="event"),
    Message("sms sent", context="event"),
    Message("shipped", context="event"),
    Message("delivered", context="event"),
    Message("ticket closed", context="event"),
)
LOW_RATING = 0.6  # of the shop's median: 3 of 5 stars
OFTEN_ANSWERED = 0.25  # of what was sent


def event_kinds(log: Log) -> tuple[EventKind, ...]:
    """Return the event kinds that a log shows, sorted by name.

    >>> from features.log import Events, Lines
    >>> from features.roll_up import roll_up
    >>> events = Events.of(["ann", "ann"], ["mail_sent", "mail_clicked"], [1, 2])
    >>> [kind.answers for kind in event_kinds(roll_up(Lines.of(["ann"], [1], [700]), events))]
    ['mail_sent', None]
    """
    return tuple(_kind(log, name, log.kinds) for name in log.kinds)


def _kind(log: Log, name: str, names: Iterable[str]) -> EventKind:
    sent = name.split("_")[0] + SENT
    has_value = bool(np.any(log.streams[EVENT + name].columns["value"] != NULL))
    return EventKind(
        name=name,
        by_shop=name.endswith(SENT),
        has_value=has_value,
        answers=sent if sent in names and not name.endswith(SENT) else None,
    )


def features_of(kind: EventKind) -> tuple[Feature, ...]:
    """Return the features of one kind; none for what the shop sends.

    >>> features_of(EventKind("mail_sent", by_shop=True))
    ()
    """
    if kind.by_shop:
        return ()
    return (
        *_count_features(kind),
        *(_value_features(kind.name) if kind.has_value else ()),
        *(_answer_features(kind.name, kind.answers) if kind.answers else ()),
    )


def kind_in_words(kind: str) -> Message:
    """Return a kind of event as reasons and pages name it.

    >>> kind_in_words("mail_clicked").text
    'mail clicked'
    """
    return Message(kind.replace("_", " "), context="event")


def _has_word(kind: str, words: frozenset[str]) -> bool:
    return not words.isdisjoint(kind.casefold().split("_"))


def _counts_in_words(kind: str, answers: str | None) -> tuple[Words, ...]:
    """Return what is told of how often: a complaint that was made; of all else a fall or a rise against before.

    A complaint is a risk, and fewer of them are no protection; what the shop did about it or about an order is neither.
    Of a rating its value tells, and not how often one was given.
    """
    if _has_word(kind, COMPLAINTS) and not _has_word(kind, SETTLED):
        return (_complained(kind),)
    if _has_word(kind, SETTLED | DONE_BY_THE_SHOP | RATINGS):
        return ()
    words, now, before = kind.replace("_", " "), f"event_{kind}_90d", f"event_{kind}_90d_before"

    def none_any_more(row: Row) -> Any:
        asked = row[f"event_{kind}_answered_90d"] == 0 if answers else True  # not where nothing was sent to answer
        return (row[now] == 0) & fallen(row[now], row[before]) & asked

    fields: dict[str, FilledFrom] = {"kind": kind_in_words(kind), "now": now, "before": before}
    none = "{kind}: none in the last 90 days, {before} in the 90 before"
    unanswered = (_not_answered_any_more(kind, none_any_more),) if answers else ()
    return (
        *unanswered,
        Words(none, none_any_more, as_risk=True, fact=words, fields=fields),
        *compared(
            "{kind}: {now} in the last 90 days, down from {before} in the 90 before",
            "{kind}: {now} in the last 90 days, up from {before} in the 90 before",
            fields=fields,
            fact=words,
            down=lambda row: (row[now] > 0) & fallen(row[now], row[before]),
            up=lambda row: over_two_windows(row, 90) & (row[before] > 0) & risen(row[now], row[before]),
        ),
    )


def _not_answered_any_more(kind: str, none_any_more: Callable[[Row], Any]) -> Words:
    """Return what is told of one who answered a good part of what was sent, and now nothing of it."""
    before = f"event_{kind}_answered_90d_before"

    def worth_telling(row: Row) -> Any:
        return none_any_more(row) & (row[before] >= OFTEN_ANSWERED) & (row[before] <= 1)

    fields: dict[str, FilledFrom] = {"kind": kind_in_words(kind), "since": f"days_since_event_{kind}", "share": before}
    text = "{kind}: none for {since} of what was sent, before that {share} of it"
    return Words(text, worth_telling, as_risk=True, fact=kind.replace("_", " "), fields=fields)


def _complained(kind: str) -> Words:
    words, since = kind.replace("_", " "), f"days_since_event_{kind}"
    fields: dict[str, FilledFrom] = {"kind": kind_in_words(kind), "since": since}
    return Words("{kind} {since} ago", lambda row: row[since] <= 90, as_risk=True, fact=words, fields=fields)


def _rating_in_words(kind: str) -> tuple[Words, ...]:
    """Return what is told of the last rating, against what the shop's customers usually give: its scale is unknown."""
    if not _has_word(kind, RATINGS):
        return ()
    words, last, since = kind.replace("_", " "), f"event_{kind}_last_value", f"days_since_event_{kind}"
    return (
        Words(
            "{kind}: {last} the last time, {since} ago, half of the customers here give at least {usual}",
            lambda row: (row[since] <= 180) & (row[last] <= LOW_RATING * row[f"shop_{last}"]),
            as_risk=True,
            fact=f"value of {words}",
            fields={"kind": kind_in_words(kind), "last": last, "since": since, "usual": f"shop_{last}"},
        ),
    )


def _count_features(of: EventKind) -> tuple[Feature, ...]:
    kind = of.name
    on, words = EVENT + kind, kind.replace("_", " ")
    family = f"engagement: {words}"
    return (
        Feature(
            name=f"event_{kind}_90d",
            family=family,
            unit="count",
            meaning=f"{words}: how many in the last 90 days",
            value=Count(on=on, days=90),
            if_none=0,
            example=Example(1, orders=[(5, 20)], events=[(90, kind), (91, kind)]),
        ),
        Feature(
            name=f"event_{kind}_365d",
            family=family,
            unit="count",
            meaning=f"{words}: how many in the last 365 days",
            value=Count(on=on, days=365),
            if_none=0,
            example=Example(1, orders=[(5, 20)], events=[(365, kind), (366, kind)]),
        ),
        Feature(
            name=f"event_{kind}_90d_before",
            family=family,
            unit="count",
            meaning=f"{words}: how many in the 90 days before the last 90",
            value=Count(on=on, days=90, skip=90),
            if_none=0,
            example=Example(1, orders=[(5, 20)], events=[(90, kind), (91, kind)]),
        ),
        Feature(
            name=f"event_{kind}_change",
            family=family,
            unit="ratio",
            meaning=f"{words}: the last 90 days against the 90 before; below 1 it falls",
            value=lambda f: smoothed_ratio(f[f"event_{kind}_90d"], f[f"event_{kind}_90d_before"]),
            example=Example(0.5, orders=[(5, 20)], events=[(91, kind)]),
            words=_counts_in_words(kind, of.answers),
        ),
        Feature(
            name=f"days_since_event_{kind}",
            family=family,
            unit="days",
            meaning=f"{words}: days since the last one",
            value=Last("age_days", on=on),
            example=Example(4, orders=[(5, 20)], events=[(4, kind), (9, kind)]),
        ),
    )


def _value_features(kind: str) -> tuple[Feature, ...]:
    on, words = EVENT + kind, kind.replace("_", " ")
    family = f"engagement: {words}"
    return (
        Feature(
            name=f"event_{kind}_last_value",
            family=family,
            unit="score",
            meaning=f"{words}: the latest value",
            value=Last("value", on=on),
            example=Example(2.5, orders=[(5, 20)], events=[(4, kind, 2.5), (9, kind, 4)]),
            words=_rating_in_words(kind),
        ),
        Feature(
            name=f"event_{kind}_mean_value_365d",
            family=family,
            unit="score",
            meaning=f"{words}: the mean value in the last 365 days",
            value=Mean("value", on=on, days=365),
            example=Example(3, orders=[(5, 20)], events=[(4, kind, 2), (9, kind, 4)]),
        ),
        Feature(
            name=f"event_{kind}_value_365d",
            family=family,
            unit="score",
            meaning=f"{words}: the sum of the values in the last 365 days",
            value=Sum("value", on=on, days=365),
            if_none=0,
            example=Example(6, orders=[(5, 20)], events=[(4, kind, 2), (9, kind, 4), (366, kind, 9)]),
        ),
    )


def _answer_features(kind: str, sent: str) -> tuple[Feature, ...]:
    words, was_sent = kind.replace("_", " "), sent.replace("_", " ")
    on, per = EVENT + kind, EVENT + sent
    return (
        Feature(
            name=f"event_{kind}_answered_90d",
            family=f"engagement: {words}",
            unit="share",
            meaning=f"{words} for each {was_sent} in the last 90 days; None where nothing was sent",
            value=Rate(on=on, per=per, days=90),
            example=Example(0.5, orders=[(5, 20)], events=[(4, sent), (9, sent), (3, kind), (91, kind)]),
        ),
        Feature(
            name=f"event_{kind}_answered_90d_before",
            family=f"engagement: {words}",
            unit="share",
            meaning=f"{words} for each {was_sent} in the 90 days before the last 90; None where nothing was sent",
            value=Rate(on=on, per=per, days=90, skip=90),
            example=Example(0.5, orders=[(5, 20)], events=[(94, sent), (99, sent), (93, kind), (3, kind)]),
        ),
        Feature(
            name=f"event_{kind}_answered_365d",
            family=f"engagement: {words}",
            unit="ratio",
            meaning=f"{words} for each {was_sent} in the last 365 days; None where nothing was sent",
            value=Rate(on=on, per=per, days=365),
            example=Example(0.5, orders=[(5, 20)], events=[(4, sent), (9, sent), (3, kind)]),
        ),
    )
