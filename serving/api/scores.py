"""Scores over HTTP: the stored ones by customer id, and one for a history that comes with the request."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import anyio
from msgspec.structs import asdict
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import Response

from features import cells
from features.posted import POSTED, posted_events, posted_lines
from features.roll_up import roll_up
from serving.api.desk import Champion, Desk
from serving.api.messages import (
    PostedHistory,
    ScoresAnswer,
    ScoresRequest,
    SingleScoreAnswer,
    score_answer,
    single_score_answer,
)
from serving.api.reading import answer, read
from serving.book import Book
from serving.config import Settings
from serving.scorer import score_one


class StoredScores(HTTPEndpoint):
    """POST /v1/scores."""

    async def post(self, request: Request) -> Response:
        """Answer the latest run's scores of the given customers, unknown ids apart."""
        asked = await read(request, ScoresRequest)
        desk: Desk = request.app.state.desk
        return answer(await anyio.to_thread.run_sync(stored_scores, desk.need_book(), asked.customer_ids))


class SingleScore(HTTPEndpoint):
    """POST /v1/score."""

    async def post(self, request: Request) -> Response:
        """Score the posted history by the same producer as the batch."""
        posted = await read(request, PostedHistory)
        desk: Desk = request.app.state.desk
        parts = (posted, desk.need_settings(), desk.need_champion())
        return answer(await anyio.to_thread.run_sync(score_posted, *parts, limiter=desk.scoring))


def stored_scores(book: Book, customer_ids: list[str]) -> ScoresAnswer:
    """Return stored scores in the order asked for, each customer once, and the ids that the run does not know."""
    asked = {customer_id: known_as(customer_id) for customer_id in customer_ids}
    found = book.latest_scores(asked.values())
    known = dict.fromkeys(key for key in asked.values() if key in found)
    unknown = [customer_id for customer_id, key in asked.items() if key not in found]
    return ScoresAnswer([score_answer(found[key]) for key in known], unknown)


def score_posted(posted: PostedHistory, settings: Settings, champion: Champion) -> SingleScoreAnswer:
    """Score a posted history as the batch scores a customer with these lines and events.

    Raises:
        InputError: a cell breaks a rule of the input contract, or no order is left that counts.
    """
    shop, customer_id = settings.shop, posted.customer_id or POSTED
    # A posted amount is always its line's, whatever the shop's file holds; the words for statuses are the shop's own.
    rules = replace(settings.orders.rules, amount_is="line", price_times_quantity=False)
    lines = posted_lines([asdict(order) for order in posted.orders], shop, rules=rules, customer_id=customer_id)
    events = posted_events([asdict(event) for event in posted.events], shop, customer_id=customer_id)
    as_of = posted.as_of or shop.business_day(datetime.now(UTC))  # a request without a day means now
    score = score_one(roll_up(lines, events), champion.bundle, champion.version, as_of)
    return single_score_answer(score, posted.customer_id)


def known_as(customer_id: str) -> str:
    """Return an id as the order source is read: spaces around it gone, a mail address in lower case.

    >>> known_as(" Ann@Example.com"), known_as("007 A")
    ('ann@example.com', '007 A')
    """
    trimmed = cells.text(customer_id)
    return trimmed.lower() if "@" in trimmed else trimmed
