"""What goes over the wire: one struct per request and answer, the source of the OpenAPI document.

Money is a decimal in major units: answers write it as a string ("12.50"), so that no reader rounds it; requests
may give a string or a number. Dates are ISO 8601. What is not known is null, never left out.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from features.intake import LONGEST_ID
from serving.scores import SCORE_COLUMNS, Band, Score, State

MAX_IDS = 10_000
MAX_ORDERS = 50_000
MAX_EVENTS = 50_000
WITHOUT_NUL = r"^[^\x00]*$"
MEANINGS = {column.name: column.meaning for column in SCORE_COLUMNS}

Id = Annotated[str, Meta(min_length=1, max_length=LONGEST_ID, pattern=WITHOUT_NUL, examples=["00123"])]
Text = Annotated[str, Meta(max_length=LONGEST_ID, pattern=WITHOUT_NUL)]
Kind = Annotated[str, Meta(min_length=1, max_length=64, pattern=WITHOUT_NUL, examples=["mail_clicked"])]
Moment = Annotated[
    str,
    Meta(
        min_length=8,
        max_length=40,
        pattern=WITHOUT_NUL,
        description="ISO 8601 date or date and time; without an offset it is the shop's local time",
        examples=["2026-03-02T14:05:00+01:00"],
    ),
]
Number = Annotated[str, Meta(max_length=64, examples=["12.50"])] | int | float
Answered = Annotated[Decimal, Meta(description="decimal in major units, as a string", examples=["12.50"])]
Probability = Annotated[float, Meta(ge=0, le=1)]
Low = Annotated[Decimal | None, Meta(description=MEANINGS["value_at_risk_low"], examples=["12.50"])]
High = Annotated[Decimal | None, Meta(description=MEANINGS["value_at_risk_high"], examples=["12.50"])]
Overdue = Annotated[float | None, Meta(description=MEANINGS["overdue_days"])]
NextOrderOn = Annotated[date | None, Meta(description=MEANINGS["next_order_on"])]
NextOrderFrom = Annotated[date | None, Meta(description=MEANINGS["next_order_from"])]
NextOrderUntil = Annotated[date | None, Meta(description=MEANINGS["next_order_until"])]
Silent = Annotated[Probability | None, Meta(description="P(no order within so many days)")]


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What all requests share: an unknown field is refused."""


class ScoresRequest(Request, frozen=True):
    """Whose stored scores are asked for."""

    customer_ids: Annotated[
        list[Id],
        Meta(min_length=1, max_length=MAX_IDS, description="repeated ids are answered once"),
    ]


class PostedOrder(Request, frozen=True):
    """One order line, by the same rules as a line of the order file."""

    ordered_at: Moment
    amount: Annotated[Number, Meta(description="of the line after discount, in major units; negative: a return")]
    order_id: Annotated[str | None, Meta(description="lines of one id are one order")] = None
    product_id: Text | None = None
    quantity: Annotated[Number | None, Meta(description="units; left out: one")] = None
    discount: Annotated[Number | None, Meta(description="money taken off the line, major units")] = None
    returned: bool = False
    status: Annotated[Text | None, Meta(description="cancelled and returned as configured for the shop")] = None
    currency: Annotated[Text | None, Meta(description="ISO 4217; left out: the shop's currency")] = None


class PostedEvent(Request, frozen=True):
    """One event: something the customer did, or that was sent to the customer."""

    kind: Kind
    happened_at: Moment
    value: Annotated[Number | None, Meta(description="of kinds that have one, such as a rating")] = None


class PostedHistory(Request, frozen=True):
    """One customer's history, to be scored as the batch would."""

    orders: Annotated[list[PostedOrder], Meta(min_length=1, max_length=MAX_ORDERS)]
    events: Annotated[list[PostedEvent], Meta(max_length=MAX_EVENTS)] = []
    customer_id: Annotated[Id | None, Meta(description="given back in the answer; no features depend on it")] = None
    as_of: Annotated[
        date | None,
        Meta(description="the day to look from, all before it is history; left out: today in the shop's zone"),
    ] = None


class ScoreAnswer(msgspec.Struct, frozen=True):
    """One score, with its reasons in words."""

    customer_id: str | None
    as_of: date
    horizon_days: int
    probability: Annotated[float, Meta(ge=0, le=1, description="calibrated P(no order within the horizon)")]
    band: Band
    state: State
    days_since_order: int
    usual_gap_days: float | None
    overdue: float | None
    overdue_days: Overdue
    next_order_on: NextOrderOn
    next_order_from: NextOrderFrom
    next_order_until: NextOrderUntil
    silent_30d: Silent
    silent_60d: Silent
    silent_90d: Silent
    silent_180d: Silent
    expected_spend: Answered
    value_at_risk: Answered
    value_at_risk_low: Low
    value_at_risk_high: High
    currency: str
    reasons: Annotated[tuple[str, ...] | None, Meta(description="null: not computed in this run")]
    protective: tuple[str, ...] | None
    model_version: str


class SingleScoreAnswer(ScoreAnswer, frozen=True):
    """One score of a posted history, and what it rests on."""

    limits: tuple[str, ...]


class ScoresAnswer(msgspec.Struct, frozen=True):
    """Stored scores in the order asked for, and the ids that the latest run does not know."""

    scores: list[ScoreAnswer]
    unknown: list[str]


class Entry(msgspec.Struct, frozen=True):
    """One customer on a list."""

    position: int
    owner: str
    customer_id: str
    name: str | None
    segment: str | None
    probability: Probability
    band: Band
    state: State
    days_since_order: int
    usual_gap_days: float | None
    overdue: float | None
    overdue_days: Overdue
    next_order_on: NextOrderOn
    next_order_from: NextOrderFrom
    next_order_until: NextOrderUntil
    expected_spend: Answered
    value_at_risk: Answered
    value_at_risk_low: Low
    value_at_risk_high: High
    reasons: tuple[str, ...] | None
    protective: tuple[str, ...] | None
    entry_id: Annotated[str | None, Meta(description="names the entry when its outcome is reported")] = None
    account_id: str | None = None
    members: Annotated[
        tuple[str, ...] | None, Meta(description="other customers of the account who were at risk too")
    ] = None
    kind: Annotated[str | None, Meta(description="regular, new or winback")] = None
    playbook: str | None = None
    title: Annotated[str | None, Meta(description="what to do")] = None
    channel: str | None = None
    opening: Annotated[str | None, Meta(description="the sentence to open with")] = None
    saved_share: Annotated[float | None, Meta(description="P(saved | contacted, would have churned)")] = None
    cost: Annotated[Decimal | None, Meta(description="of the contact, major units", examples=["1.50"])] = None
    expected_gain: Annotated[
        Decimal | None,
        Meta(description="probability × saved_share × expected_spend − cost, major units", examples=["7.55"]),
    ] = None
    due_on: date | None = None
    change: Annotated[str | None, Meta(description="new or still, against the former list")] = None


class Departure(msgspec.Struct, frozen=True):
    """A customer who was on the former list and is not on this one."""

    customer_id: str
    reason: str
    detail: str


class ListAnswer(msgspec.Struct, frozen=True):
    """A list: regular customers at risk, and apart from them customers with one order so far, and lapsed ones."""

    as_of: date
    horizon_days: int
    model_version: str
    currency: str
    rank_by: str
    capacity: Annotated[int | None, Meta(description="entries per owner; null: no bound")]
    entries: list[Entry]
    new_customers: list[Entry]
    winback: Annotated[list[Entry], Meta(description="lapsed customers")]
    left_out: Annotated[dict[str, int], Meta(description="how many customers each rule kept off the list")]
    gone: list[Departure] = []


class FeatureFacts(msgspec.Struct, frozen=True):
    """What one feature of the model is."""

    name: str
    family: str
    unit: str
    meaning: str


class ModelAnswer(msgspec.Struct, frozen=True):
    """Facts about the model that answers."""

    model_version: str
    candidate: str
    horizon_days: int
    active_days: int
    follow_days: Annotated[int, Meta(description="next_order_on holds for who orders within so many days")]
    trained_until: Annotated[date, Meta(description="nothing on or after this day was known in training")]
    training_dates: tuple[date, ...]
    why: Annotated[str, Meta(description="why this candidate was chosen")]
    currency: str
    zone: str
    metrics: Annotated[dict[str, float | None], Meta(description="measured out of time, in the backtest")]
    quality: Annotated[dict[str, Any], Meta(description="grade, bands and the list it would have made, out of time")]
    features: list[FeatureFacts]


class WrongField(msgspec.Struct, frozen=True):
    """One field that cannot be used."""

    path: Annotated[str, Meta(examples=["$.orders[3].amount"])]
    message: str


class Problem(msgspec.Struct, frozen=True):
    """A refusal, RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[WrongField] = []


def score_answer(score: Score) -> ScoreAnswer:
    """Return a score as it is written in an answer."""
    return msgspec.convert(score, ScoreAnswer, from_attributes=True)


def single_score_answer(score: Score, customer_id: str | None) -> SingleScoreAnswer:
    """Return the score of a posted history, under the id that came with it."""
    facts = {**vars(score), "customer_id": customer_id}
    return SingleScoreAnswer(**{name: facts[name] for name in SingleScoreAnswer.__struct_fields__})
