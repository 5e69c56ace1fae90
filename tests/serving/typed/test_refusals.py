"""A typed method refuses as the path of the API does that it stands beside, by the steps of every request."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette

from serving.api.app import create_app
from serving.api.auth import RateLimit
from serving.api.state import ServerState
from serving.service import Regulars
from serving.typed.operations import OVER, typed_operations
from serving.typed.schema_route import schema_route
from tests.serving.api.conftest import admitting, bearer, calls, key_of
from tests.serving.bento import typed_methods

BODIES: dict[str, Any] = {"scores": {"customer_ids": ["a"]}, "current_list": {},
                          "score_history": {"orders": [{"ordered_at": "2026-01-05", "amount": 1}]}}  # fmt: skip


@pytest.fixture
def app() -> Starlette:
    """The application of a server that has nothing yet but keys."""
    server = ServerState()
    beside = typed_operations(typed_methods())
    schema: Any = Regulars.schema
    made = create_app(server, pages=[schema_route(server, schema)], beside=beside)
    return admitting(made, key_of(), key_of("scores", "scores"), key_of("lists", "lists"))


def test_there_is_a_body_for_each_method() -> None:
    assert set(BODIES) == set(OVER)


@pytest.mark.parametrize("name", OVER)
def test_without_a_key_with_another_role_and_too_often(app: Starlette, name: str) -> None:
    """401, 403 and 429; a server that has nothing yet answers 503 to who may ask."""
    call = calls(app)
    other = next(key for key in ("scores", "lists") if key not in OVER[name].roles)
    assert call("POST", f"/{name}", json=BODIES[name], headers={"Authorization": None}).status_code == 401
    assert call("POST", f"/{name}", json=BODIES[name], headers=bearer(other)).status_code == 403
    assert call("POST", f"/{name}", json=BODIES[name]).status_code == 503
    app.state.server.limit = RateLimit(1e-9, burst_seconds=0)
    assert [call("POST", f"/{name}", json=BODIES[name]).status_code for _ in range(2)] == [503, 429]


@pytest.mark.parametrize("name", OVER)
def test_other_ways_of_asking(app: Starlette, name: str) -> None:
    """Only by POST, only JSON, and no argument that there is not: the nearest one is named."""
    call = calls(app)
    assert call("GET", f"/{name}").status_code == 405
    pickled = {"Content-Type": "application/vnd.bentoml+pickle"}
    assert call("POST", f"/{name}", content=b"x", headers=pickled).status_code == 415
    refused = call("POST", f"/{name}", json={**BODIES[name], "langauge": "el"})
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert 'Did you mean "language"?' in refused.json()["detail"]


def test_the_schema_takes_any_key(app: Starlette) -> None:
    call = calls(app)
    assert call("GET", "/schema.json", headers={"Authorization": None}).status_code == 401
    for key in ("scores", "lists"):
        assert {route["name"] for route in call("GET", "/schema.json", headers=bearer(key)).json()["routes"]} == set(
            OVER
        )
