"""The OpenAPI 3.1 document, generated from the messages.

It says what `create_app` answers; a test compares the two. The examples are part of the document and are sent to the
server in the tests.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from serving.api import messages

VERSION = "1.0.0"
REFERENCE = "#/components/schemas/{name}"
MESSAGES = (
    messages.ScoresRequest,
    messages.PostedHistory,
    messages.ScoresAnswer,
    messages.SingleScoreAnswer,
    messages.ListAnswer,
    messages.ModelAnswer,
    messages.Problem,
)

SCORES_EXAMPLE: dict[str, Any] = {"customer_ids": ["00123", "00456"]}
HISTORY_EXAMPLE: dict[str, Any] = {
    "customer_id": "00123",
    "as_of": "2026-03-02",
    "orders": [
        {"order_id": "A-1", "ordered_at": "2025-11-03T18:20:00", "amount": "42.90", "product_id": "tea"},
        {"order_id": "A-2", "ordered_at": "2025-12-05", "amount": "38.50", "quantity": 2, "discount": "4.00"},
        {"order_id": "A-3", "ordered_at": "2026-01-04T09:05:00", "amount": 51},
    ],
    "events": [{"kind": "mail_clicked", "happened_at": "2026-01-02T08:00:00"}],
}
_SILENT = {"silent_30d": 0.71, "silent_60d": 0.58, "silent_90d": 0.51, "silent_180d": 0.4}
_SCORE: dict[str, Any] = {
    "customer_id": "00123",
    "as_of": "2026-03-02",
    "horizon_days": 30,
    "probability": 0.71,
    "band": "high",
    "state": "at_risk",
    "days_since_order": 57,
    "usual_gap_days": 31.0,
    "overdue": 1.84,
    "overdue_days": 26.0,
    "next_order_on": "2026-03-23",
    "next_order_from": "2026-03-05",
    "next_order_until": "2026-05-11",
    **_SILENT,
    "expected_spend": "44.10",
    "value_at_risk": "31.31",
    "value_at_risk_low": "12.92",
    "value_at_risk_high": "62.76",
    "currency": "EUR",
    "reasons": ["silent for 1.8 times the usual gap of 31 days"],
    "protective": ["spends €44.13 on an order day"],
    "model_version": "3",
}
_ENTRY = {
    "position": 1,
    "owner": "Eleni",
    "name": "Maria P.",
    "segment": None,
    **{k: v for k, v in _SCORE.items() if k not in ("as_of", "horizon_days", "currency", "model_version", *_SILENT)},
    "entry_id": "20260302-49915e0d7d4b",
    "account_id": "00123",
    "members": [],
    "kind": "regular",
    "playbook": "personal-call",
    "title": "Call in person",
    "channel": "call",
    "opening": "Hello Maria P., you usually order every month, and it has been 56 days. How are you?",
    "saved_share": 0.15,
    "cost": "0.88",
    "expected_gain": "5.32",
    "due_on": "2026-03-05",
    "change": "new",
}
ANSWER_EXAMPLES: dict[str, Any] = {
    "ScoresAnswer": {"scores": [_SCORE], "unknown": ["00456"]},
    "SingleScoreAnswer": {**_SCORE, "limits": ["rests on 3 order days over 119 days of history"]},
    "ListAnswer": {
        "as_of": "2026-03-02",
        "horizon_days": 30,
        "model_version": "3",
        "currency": "EUR",
        "rank_by": "gain",
        "capacity": 25,
        "entries": [_ENTRY],
        "new_customers": [],
        "winback": [],
        "left_out": {"would stay": 1480, "no consent": 12, "over capacity": 40},
        "gone": [{"customer_id": "00457", "reason": "ordered", "detail": "ordered on 2026-02-25"}],
    },
    "ModelAnswer": {
        "model_version": "3",
        "candidate": "lightgbm",
        "horizon_days": 30,
        "active_days": 90,
        "follow_days": 90,
        "trained_until": "2026-03-01",
        "training_dates": ["2025-12-01", "2026-01-01", "2026-02-01"],
        "why": "blend beats the best rule, recency_rule, over 5 test dates",
        "currency": "EUR",
        "zone": "Europe/Athens",
        "metrics": {"auroc": 0.86, "brier": 0.09},
        "quality": {"grade": {"grade": "A", "skill": 0.157}},
        "features": [
            {
                "name": "overdue",
                "family": "rhythm",
                "unit": "ratio",
                "meaning": "silence measured in usual gaps: 1 = the next order is due today",
            }
        ],
    },
}


@cache
def document() -> bytes:
    """Return the document as JSON."""
    return msgspec.json.format(msgspec.json.encode(openapi()), indent=2)


def openapi() -> dict[str, Any]:
    """Return the document.

    >>> openapi()["openapi"], sorted(openapi()["paths"])
    ('3.1.0', ['/v1/lists/current', '/v1/model', '/v1/score', '/v1/scores'])
    """
    _, schemas = msgspec.json.schema_components(MESSAGES, ref_template=REFERENCE)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Regulars",
            "version": VERSION,
            "summary": "Which regular customers are about to stop buying, why, and what they are worth.",
            "description": messages.__doc__,
        },
        "paths": _paths(),
        "components": {"schemas": schemas},
    }


def _paths() -> dict[str, Any]:
    return {
        "/v1/scores": {
            "post": {
                "operationId": "stored_scores",
                "summary": "Stored scores by customer id",
                "description": "The latest run's scores, in the order asked for. Ids that it does not know come apart.",
                "requestBody": _body("ScoresRequest", SCORES_EXAMPLE),
                "responses": _responses("ScoresAnswer", 400, 413, 415, 422, 503),
            }
        },
        "/v1/score": {
            "post": {
                "operationId": "score_history",
                "summary": "Score one customer's posted history",
                "description": "Computed as the batch computes it; nothing is stored. Post the whole history: what "
                "is left out did not happen. `limits` says what the score rests on.",
                "requestBody": _body("PostedHistory", HISTORY_EXAMPLE),
                "responses": _responses("SingleScoreAnswer", 400, 413, 415, 422, 503),
            }
        },
        "/v1/lists/current": {
            "get": {
                "operationId": "current_list",
                "summary": "The current at-risk list",
                "description": "JSON by default; with `Accept: text/csv` the file that account managers open: with a "
                "byte order mark and defused formulas: regular customers at risk, then new ones, then lapsed ones.",
                "responses": _responses("ListAnswer", 404, 503, csv=True),
            }
        },
        "/v1/model": {
            "get": {
                "operationId": "model",
                "summary": "Facts about the model that answers",
                "responses": _responses("ModelAnswer", 503),
            }
        },
    }


def _body(name: str, example: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": _reference(name), "example": example}}}


def _responses(name: str, *refusals: int, csv: bool = False) -> dict[str, Any]:
    content: dict[str, Any] = {
        "application/json": {"schema": _reference(name), "example": ANSWER_EXAMPLES[name]},
        **({"text/csv": {"schema": {"type": "string"}}} if csv else {}),
    }
    problems = {str(status): _PROBLEMS[status] for status in refusals}
    return {"200": {"description": "the answer", "content": content}, **problems}


def _problem(description: str, *, retry: bool = False) -> dict[str, Any]:
    headers = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}} if retry else None
    content = {"application/problem+json": {"schema": _reference("Problem")}}
    return {"description": description, "content": content, **({"headers": headers} if headers else {})}


def _reference(name: str) -> dict[str, str]:
    return {"$ref": REFERENCE.format(name=name)}


_PROBLEMS = {
    400: _problem("the body is no JSON, or JSON that names a field twice"),
    404: _problem("there is none yet"),
    413: _problem("the body is too large"),
    415: _problem("the body has another media type than application/json"),
    422: _problem("a field is wrong; `errors` holds its path"),
    503: _problem("no model or no book yet; ask again", retry=True),
}
