"""Serves scores: stored ones of the last run, fresh ones, and one of a history that comes with the request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Annotated, Any, TypeVar

import anyio
import msgspec
from msgspec import Meta
from msgspec.structs import asdict
from starlette.responses import Response

from features.language.languages import ENGLISH, Language
from features.language.messages import all_said
from features.roll_up import roll_up
from features.sources.cells import customer_id as clean_id
from features.sources.posted import POSTED, posted_events, posted_lines
from serving.api.loaded_model import Champion
from serving.api.operation import Call, Operation
from serving.api.problems import from_our_files
from serving.api.request_body import JSON
from serving.api.shared_messages import Id, Kind, Moment, Number, Request, Spoken, Text, field_of, language_asked
from serving.api.state import ServerState
from serving.book.keys import Key
from serving.book.sentences import latest_sentences
from serving.config import Settings
from serving.scorer import score_one
from serving.scores import SCORE_COLUMNS, Score
from serving.shop import reader_of

MAX_IDS = 10_000
MAX_ORDERS = 50_000
MAX_EVENTS = 50_000
IDS_IN_LOOP = 100  # look-ups of up to so many ids run between two requests; more go to a thread


class ScoresRequest(Request, frozen=True):
    """The customers whose scores are wanted."""

    customer_ids: Annotated[
        list[Id],
        Meta(min_length=1, max_length=MAX_IDS, description="an id that is repeated is answered once"),
    ]
    fresh: Annotated[
        bool,
        Meta(description="true: computed now, from the order source and what was posted; false: of the last run"),
    ] = False
    language: Spoken | None = None


class PostedOrder(Request, frozen=True):
    """One order line, by the same rules as a line of the order file."""

    ordered_at: Moment
    amount: Annotated[Number, Meta(description="of the line after discount, major units; negative: a return")]
    order_id: Annotated[Text | None, Meta(description="lines with the same id are one order")] = None
    product_id: Text | None = None
    category: Annotated[Text | None, Meta(description="what kind of thing was bought, such as filters")] = None
    quantity: Annotated[Number | None, Meta(description="units; left out: one")] = None
    discount: Annotated[Number | None, Meta(description="money taken off the line, major units")] = None
    returned: bool = False
    status: Annotated[Text | None, Meta(description="cancelled or returned, in the words configured for the shop")] = (
        None
    )
    currency: Annotated[Text | None, Meta(description="ISO 4217; left out: the shop's currency")] = None


class PostedEvent(Request, frozen=True):
    """One event: something the customer did, or that was sent to the customer."""

    kind: Kind
    happened_at: Moment
    value: Annotated[Number | None, Meta(description="where its kind has one, such as a rating")] = None


class PostedHistory(Request, frozen=True):
    """The history of one customer, to be scored as the batch would score it."""

    orders: Annotated[list[PostedOrder], Meta(min_length=1, max_length=MAX_ORDERS)]
    events: Annotated[list[PostedEvent], Meta(max_length=MAX_EVENTS)] = msgspec.field(default_factory=list)
    customer_id: Annotated[Id | None, Meta(description="returned in the answer; the score does not depend on it")] = (
        None
    )
    as_of: Annotated[
        date | None,
        Meta(description="the day of the score; everything before it is history; left out: today in the shop's zone"),
    ] = None
    language: Spoken | None = None


ScoredAt = Annotated[str | None, Meta(description="ISO 8601 in UTC", examples=["2026-03-02T06:00:00Z"])]


def _score_fields() -> Iterator[tuple[str, Any]]:
    """Yield the fields of an answered score: the columns, when it was computed, and the currency of its money."""
    for column in SCORE_COLUMNS:
        if column.name == "reasons":
            yield "currency", str
        # Whoever posts a history need not name the customer.
        yield ("customer_id", str | None) if column.name == "customer_id" else field_of(column)
        if column.name == "as_of":
            yield "scored_at", ScoredAt


class ScoreAnswer(msgspec.defstruct("_ScoreColumns", _score_fields(), frozen=True)):  # type: ignore[misc]
    """One score, with its reasons in words."""


class SingleScoreAnswer(ScoreAnswer):
    """The score of a posted history, and what it rests on."""

    limits: tuple[str, ...]


Answered = TypeVar("Answered", bound=ScoreAnswer)


class ScoresAnswer(msgspec.Struct, frozen=True):
    """Scores in the order of the ids, and the ids without one: unknown customers, or without an order for too long."""

    scores: list[ScoreAnswer]
    unknown: list[str]


async def stored_scores(call: Call) -> Response:
    """Answer stored or fresh scores of the given customers, and the ids without a score."""
    asked: ScoresRequest = call.body
    clean_ids = {customer_id: clean_id(customer_id.strip()) for customer_id in asked.customer_ids}
    language = language_asked(asked.language, call.server.settings)
    work = partial(_fresh if asked.fresh else _stored if language == ENGLISH else _stored_said, language=language)
    if not asked.fresh and len(clean_ids) <= IDS_IN_LOOP and call.server.answers_at_once(call.key):
        return work(call.server, call.key, clean_ids)
    limiter = call.server.scoring if asked.fresh else None
    return await anyio.to_thread.run_sync(work, call.server, call.key, clean_ids, limiter=limiter)


def _stored(server: ServerState, key: Key, clean_ids: dict[str, str], language: Language = ENGLISH) -> Response:
    ids = server.seen_by(key, dict.fromkeys(clean_ids.values()))
    lookup = server.need_lookup()
    joined = lookup.joined(ids) if len(ids) > IDS_IN_LOOP else None
    if joined is None:
        return _answer(lookup.scores(ids), clean_ids)
    scores, missing = joined
    seen = set(ids) - set(missing)
    return _scores_response(scores, [asked for asked, known in clean_ids.items() if known not in seen])


def _stored_said(server: ServerState, key: Key, clean_ids: dict[str, str], language: Language) -> Response:
    """Answer stored scores, their sentences said anew in another language than the stored English."""
    ids = server.seen_by(key, dict.fromkeys(clean_ids.values()))
    found = server.need_lookup().scores(ids)
    with server.need_book().reading() as connection:
        known = latest_sentences(connection, found)
    answers = {who: _said_anew(answer, known.get(who, {}), language) for who, answer in found.items()}
    return _answer(answers, clean_ids)


def _said_anew(answer: bytes, known: Mapping[str, Sequence[str] | None], language: Language) -> bytes:
    score = msgspec.json.decode(answer)
    return msgspec.json.encode(score | {name: all_said(sentences, language) for name, sentences in known.items()})


def _fresh(server: ServerState, key: Key, clean_ids: dict[str, str], language: Language) -> Response:
    champion, now = server.need_champion(), datetime.now(UTC)
    ids = server.seen_by(key, dict.fromkeys(clean_ids.values()))
    with from_our_files(whatever=True):
        found = server.need_fresh().scores(ids, champion.bundle, champion.version)
    made = (score_answer(ScoreAnswer, score, now, language) for score in found)
    return _answer({answer.customer_id: msgspec.json.encode(answer) for answer in made}, clean_ids)


def _answer(found: Mapping[str, bytes], clean_ids: dict[str, str]) -> Response:
    """Answer each customer once, in the order of the ids, and the ids without a score."""
    scores = b",".join(found[known] for known in dict.fromkeys(clean_ids.values()) if known in found)
    return _scores_response(scores, [asked for asked, known in clean_ids.items() if known not in found])


def _scores_response(scores: bytes, unknown: Sequence[str]) -> Response:
    return Response(b'{"scores":[%b],"unknown":%b}' % (scores, msgspec.json.encode(unknown)), media_type=JSON)


async def score_history(call: Call) -> SingleScoreAnswer:
    """Score the posted history with the code that scores the batch."""
    parts = (call.body, call.server.need_settings(), call.server.need_champion())
    return await anyio.to_thread.run_sync(score_posted, *parts, limiter=call.server.scoring)


def score_posted(posted: PostedHistory, settings: Settings, champion: Champion) -> SingleScoreAnswer:
    """Score a posted history as the batch scores a customer with these lines and events.

    Raises:
        InputError: a cell breaks a rule of the input contract, or no order remains that counts.
    """
    shop, customer_id = settings.shop, posted.customer_id or POSTED
    rules = reader_of(settings).rules
    lines = posted_lines([asdict(order) for order in posted.orders], shop, rules=rules, customer_id=customer_id)
    events = posted_events([asdict(event) for event in posted.events], shop, customer_id=customer_id)
    now = datetime.now(UTC)
    as_of = posted.as_of or shop.business_day(now)  # a request without a day means now
    score = score_one(roll_up(lines, events), champion.bundle, champion.version, as_of)
    language = language_asked(posted.language, settings)
    return score_answer(SingleScoreAnswer, score, now, language, customer_id=posted.customer_id)


def score_answer(
    message: type[Answered], score: Score, scored_at: datetime, language: Language = ENGLISH, **own: str | None
) -> Answered:
    """Return the answer that shows a score.

    Args:
        message: of the answer.
        score: what it shows.
        scored_at: when it was computed, with a zone.
        language: of its sentences.
        own: fields that the answer has of its own.
    """
    moment = scored_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    said = {name: all_said(getattr(score, name), language) for name in ("reasons", "protective")}
    facts = {**vars(score), **said, "scored_at": moment, **own}
    return message(**{name: facts[name] for name in message.__struct_fields__})


IDS: dict[str, Any] = {"customer_ids": ["00123", "00456"]}
HISTORY: dict[str, Any] = {
    "customer_id": "00123",
    "as_of": "2026-03-02",
    "orders": [
        {"order_id": "A-1", "ordered_at": "2025-11-03T18:20:00", "amount": "42.90", "product_id": "tea"},
        {"order_id": "A-2", "ordered_at": "2025-12-05", "amount": "38.50", "quantity": 2, "discount": "4.00"},
        {"order_id": "A-3", "ordered_at": "2026-01-04T09:05:00", "amount": 51},
    ],
    "events": [{"kind": "mail_clicked", "happened_at": "2026-01-02T08:00:00"}],
}
SCORE: dict[str, Any] = {
    "customer_id": "00123",
    "as_of": "2026-03-02",
    "scored_at": "2026-03-02T06:00:00.125000Z",
    "horizon_days": 30,
    "probability": 0.71,
    "left_probability": 0.52,
    "band": "high",
    "state": "at_risk",
    "days_since_order": 57,
    "usual_gap_days": 31.0,
    "overdue": 1.84,
    "overdue_days": 26.0,
    "next_order_on": "2026-03-23",
    "next_order_from": "2026-03-05",
    "next_order_until": "2026-05-11",
    "silent_30d": 0.71,
    "silent_60d": 0.58,
    "silent_90d": 0.51,
    "silent_180d": 0.4,
    "expected_spend": "44.10",
    "value_at_risk": "22.93",
    "value_at_risk_low": "9.46",
    "value_at_risk_high": "45.96",
    "shrunk_probability": None,
    "category_lost_probability": None,
    "usual_spend": None,
    "missing_spend": None,
    "currency": "EUR",
    "lost_categories": [],
    "shrinking": [],
    "reasons": ["no order for 57 days, usually every 31 days"],
    "protective": ["stayed away for up to 70 days before and came back"],
    "model_version": "3",
}

OPERATIONS = (
    Operation(
        name="stored_scores",
        tag="scores",
        method="POST",
        path="/v1/scores",
        roles=("scores",),
        summary="Scores by customer id",
        description="The scores of the last run, in the order of the ids; `unknown` names the ids without a score. "
        "With `fresh` the scores are computed now, from the order source and what was posted since, and not stored.",
        run=stored_scores,
        takes=ScoresRequest,
        sends=IDS,
        gives=ScoresAnswer,
        example={"scores": [SCORE], "unknown": ["00456"]},
    ),
    Operation(
        name="score_history",
        tag="scores",
        method="POST",
        path="/v1/score",
        roles=("scores",),
        summary="Score one customer's posted history",
        description="Computed as for the batch; nothing is stored. Post the whole history: what is left out did not "
        "happen. `limits` says what the score rests on.",
        run=score_history,
        takes=PostedHistory,
        sends=HISTORY,
        gives=SingleScoreAnswer,
        example={**SCORE, "limits": ["rests on 3 order days over 119 days of history"]},
    ),
)
