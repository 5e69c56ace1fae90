"""Every status that the document promises is answered, by each operation that promises it, as the document has it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from features.errors import RegularsError
from serving.api import app, json_rows, lists, openapi, report_messages, request_body, scores
from serving.api.app import OPERATIONS, create_app
from serving.api.auth import RateLimit
from serving.api.operation import Operation
from serving.api.state import ServerState
from serving.book import Book
from serving.book.keys import ROLES
from tests.serving.api.conftest import Call, admitting, bearer, calls, key_of

DOCUMENT = openapi.openapi(OPERATIONS)
TABLE = re.compile(r"^\| ((?:\d{3}(?:, )?)+) \| (.+) \|$", re.MULTILINE)
API_PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")


def promised(operation: Operation) -> list[int]:
    """Return the problems that the document lists for an operation."""
    found = DOCUMENT["paths"][operation.path][operation.method.lower()]["responses"]
    return sorted(int(status) for status in found if status != "200")


PROMISES = [(each, status) for each in OPERATIONS for status in promised(each)]


@pytest.fixture(scope="module")
def empty(shop: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerState]:
    """A server whose book holds nothing."""
    book = Book(tmp_path_factory.mktemp("empty"))
    yield ServerState(shop.settings, book)
    book.close()


def path_of(operation: Operation) -> str:
    return operation.path.replace("{date}", "2020-01-06").replace("{customer_id}", "nobody")


def ask(call: Call, operation: Operation, path: str = "", **request: Any) -> Any:
    """Send what the document's example has."""
    body = {} if operation.sends is None else {"content": json.dumps(operation.sends).encode()}
    return call(operation.method, path or path_of(operation), **{**body, **request})


def without_key(operation: Operation, server: ServerState, _: Any) -> Any:
    return ask(calls(admitting(create_app(server))), operation, headers={"Authorization": None})


def with_a_key_of_another_role(operation: Operation, server: ServerState, _: Any) -> Any:
    other = next(role for role in ROLES if role not in (*operation.roles, "admin"))
    return ask(calls(admitting(create_app(server), key_of("one", other))), operation, headers=bearer("one"))


def of_nothing(operation: Operation, server: ServerState, _: Any) -> Any:
    return ask(calls(admitting(create_app(server))), operation)


def with_a_refused_champion(operation: Operation, server: ServerState, patch: pytest.MonkeyPatch) -> Any:
    def refuse(*_: Any, **__: Any) -> None:
        raise RegularsError("version 3 was refused")

    patch.setattr(server.champions, "registry_champion", refuse)
    return ask(calls(admitting(create_app(server))), operation)


def of_a_list_that_was_taken_back(operation: Operation, server: ServerState, patch: pytest.MonkeyPatch) -> Any:
    """What the book tells of it is put in its place here; `test_app` takes a real one back."""
    page = SimpleNamespace(facts={"as_of": "2020-01-06", "withdrawn_at": "2020-01-07"})
    patch.setattr(lists, "page_of", lambda *_: page)
    return ask(calls(admitting(create_app(server))), operation)


def with_a_query(operation: Operation, server: ServerState, _: Any) -> Any:
    return ask(calls(admitting(create_app(server))), operation, f"{path_of(operation)}?nothing=1")


def too_often(operation: Operation, server: ServerState, patch: pytest.MonkeyPatch) -> Any:
    ready = admitting(create_app(server))
    patch.setattr(server, "limit", RateLimit(per_second=1e-9))
    call = calls(ready)
    return [ask(call, operation) for _ in range(3)][-1]


def with_a_bug(operation: Operation, server: ServerState, patch: pytest.MonkeyPatch) -> Any:
    async def fail(_: Any) -> Any:
        raise ZeroDivisionError

    broken = tuple(replace(each, run=fail) if each is operation else each for each in OPERATIONS)
    patch.setattr(app, "OPERATIONS", broken)
    return ask(calls(admitting(create_app(server))), operation)


def before_it_is_ready(operation: Operation, *_: Any) -> Any:
    return ask(calls(admitting(create_app(ServerState()))), operation)


def with_a_body(content: Any, **headers: str) -> Callable[..., Any]:
    def sent(operation: Operation, server: ServerState, _: Any) -> Any:
        return ask(calls(admitting(create_app(server))), operation, content=content(), headers=headers)

    return sent


def dripping(operation: Operation, server: ServerState, patch: pytest.MonkeyPatch) -> Any:
    async def drip() -> Any:
        for _ in range(100):
            yield b" "
            await asyncio.sleep(0.01)

    patch.setattr(request_body, "BODY_SECONDS", 0.02)
    return with_a_body(drip)(operation, server, patch)


WAYS: dict[int, Callable[..., Any]] = {
    400: with_a_body(lambda: b"{"),
    401: without_key,
    403: with_a_key_of_another_role,
    404: of_nothing,
    408: dripping,
    409: with_a_refused_champion,
    410: of_a_list_that_was_taken_back,
    413: with_a_body(lambda: b" " * (request_body.MAX_BODY_BYTES + 1)),
    415: with_a_body(lambda: b"{}", **{"Content-Type": "text/csv"}),
    422: with_a_query,
    429: too_often,
    500: with_a_bug,
    503: before_it_is_ready,
}


@pytest.mark.parametrize(
    ("operation", "status"), PROMISES, ids=[f"{operation.name}-{status}" for operation, status in PROMISES]
)
def test_a_documented_status_is_answered(
    operation: Operation, status: int, empty: ServerState, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = WAYS[status](operation, empty, monkeypatch)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    response = DOCUMENT["components"]["responses"][str(status)]
    assert all(name.lower() in answer.headers for name in response["headers"])


def test_the_page_tells_what_to_do_of_each_status_and_of_no_other() -> None:
    told = [int(status) for statuses, _ in TABLE.findall(API_PAGE) for status in statuses.split(", ")]
    assert sorted(told) == sorted({status for _, status in PROMISES})


def test_the_page_tells_the_bounds_beside_the_status_that_they_are_answered_with() -> None:
    """Rows and lines are fields of a message, 422; a size is 413."""
    advice = {int(status): words for statuses, words in TABLE.findall(API_PAGE) for status in statuses.split(", ")}
    assert report_messages.MOST == scores.MAX_IDS
    assert f"{report_messages.MOST:,} rows, or {report_messages.MOST_LINES:,} lines" in advice[422]
    size, row = (each // 1024**2 for each in (request_body.MAX_BODY_BYTES, json_rows.MOST_ROW_LETTERS))
    assert f"a body is at most {size} MiB, and a row of it {row} MiB" in advice[413]


@pytest.mark.parametrize("name", ["outcomes", "contacts", "consent", "orders", "events"])
def test_a_row_too_many_is_a_wrong_field(call: Call, name: str) -> None:
    """422, and which list is too long."""
    operation = next(each for each in OPERATIONS if each.name == name)
    assert operation.sends is not None
    ((field, rows),) = operation.sends.items()
    answer = call("POST", operation.path, json={field: rows * (report_messages.MOST + 1)})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["path"] == f"$.{field}"
