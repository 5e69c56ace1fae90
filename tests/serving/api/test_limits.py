"""What comes slowly, without end, or in bytes that are no text: an answer each, in bounded time and memory."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from typing import Any

import pytest

from serving.api import request_body as reading
from serving.api.app import OPERATIONS
from tests.serving.api.conftest import Live

QUERIES = [operation for operation in OPERATIONS if operation.asks.__struct_fields__]


def path_of(operation: Any) -> str:
    """Return a path of an operation that has parts."""
    return str(operation.path.replace("{date}", "2026-03-02").replace("{customer_id}", "c"))


def test_a_body_that_drips_is_refused(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """408, and the connection is not used again."""
    monkeypatch.setattr(reading, "BODY_SECONDS", 0.05)

    async def dripping() -> Any:
        for _ in range(100):
            yield b" "
            await asyncio.sleep(0.02)

    answer = call("POST", "/v1/scores", content=dripping())
    assert (answer.status_code, answer.headers["connection"]) == (408, "close")
    assert answer.json()["type"] == "urn:regulars:too-slow"


def raw(live: Live, head: str, body: bytes = b"") -> bytes:
    """Send bytes as they are and return what comes back until the server has said everything or ends."""
    host, port = live.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as opened:
        opened.sendall(head.replace("\n", "\r\n").encode("latin-1") + body)
        found = b""
        while b"\r\n\r\n" not in found or not found.split(b"\r\n\r\n", 1)[1]:
            more = opened.recv(65536)
            if not more:
                break
            found += more
    return found


def test_a_gigabyte_is_refused_by_its_announcement(live: Live) -> None:
    """Nothing of it is waited for."""
    began = time.monotonic()
    for length in ("1073741824", "9" * 18):
        head = f"POST /v1/scores HTTP/1.1\nHost: x\nAuthorization: Bearer {live.key}\nContent-Length: {length}\n\n"
        answer = raw(live, head, b"{")
        assert answer.startswith(b"HTTP/1.1 413 "), answer
        assert b"connection: close" in answer.lower()
    assert time.monotonic() - began < 15


@pytest.mark.parametrize(
    "head",
    [
        "POST /v1/scores HTTP/1.1\nHost: x\n{key}Content-Length: -1\n\n",
        "POST /v1/scores HTTP/1.1\nHost: x\n{key}Content-Length: abc\n\n",
        "GET /v1/model?%zz=%ff&\xff HTTP/1.1\nHost: x\n{key}\n",
        "GET /v1/customers/%zz%ff%C0%80 HTTP/1.1\nHost: x\n{key}\n",
        "GET /v1/lists/current?owner=%ff%fe HTTP/1.1\nHost: x\n{key}\n",
        "GET * HTTP/1.1\nHost: x\n{key}\n",
        "OPTIONS * HTTP/1.1\nHost: x\n{key}\n",
        "GET http://elsewhere/v1/model HTTP/1.1\nHost: x\n{key}\n",
    ],
)
@pytest.mark.parametrize("shown", [True, False])
def test_broken_requests_are_4xx(live: Live, head: str, shown: bool) -> None:
    """The server's own parser or ours refuses them, or they are answered: never a 5xx, never without a key."""
    key = f"Authorization: Bearer {live.key}\n" if shown else ""
    answer = raw(live, head.replace("{key}", key))
    status = int(answer.split(b" ", 2)[1])
    assert status < 500, answer
    if not shown:
        assert status in (400, 401), answer


@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        ("/v1/customers/a%00b", (404,)),
        ("/v1/customers/%ED%A0%80", (404,)),
        ("/v1/customers/" + "x" * 5_000, (404,)),
        ("/v1/customers/..%2f..%2fetc%2fpasswd", (404,)),
        ("/v1/customers/%20", (404,)),
        ("/v1/customers/", (404,)),
        ("/v1/customers/null", (404,)),
        ("/v1/lists/a%00b", (404,)),
        ("/v1/lists/2026-02-30", (404,)),
        ("/v1/lists/20260302", (404,)),
        ("/v1/lists/0000-01-01", (404,)),
        ("/v1/lists/9999-12-31", (404,)),
        ("/v1/lists/current?owner=a%00b", (422,)),
        ("/v1/lists/current?owner=" + "x" * 201, (422,)),
        ("/v1/lists/current?cursor=" + "A" * 200, (422,)),
        ("/v1/lists/current?cursor=" + "A" * 60_000, (422,)),
        ("/v1/lists/current?cursor=%00", (422,)),
        ("/v1/lists/current?cursor=é", (422,)),
        ("/v1/lists/current?cursor=", (422,)),
        ("/v1/lists/current?cursor=WzEsMF0", (422,)),  # [1,0]
        ("/v1/lists/current?cursor=Wy0xLDAsMF0", (422,)),  # [-1,0,0]
        ("/v1/lists/current?cursor=WzEsMCw5OTk5OTk5OTk5OV0", (422,)),  # [1,0,99999999999]
        ("/v1/lists/current?cursor=WzEsOTk5LDBd", (200,)),  # [1,999,0]: behind every kind
        ("/v1/lists/current?cursor=Wzk5LDAsMF0", (404,)),  # [99,0,0]: of a list that there is not
        ("/v1/lists/current?limit=0", (422,)),
        ("/v1/lists/current?limit=-1", (422,)),
        ("/v1/lists/current?limit=5001", (422,)),
        ("/v1/lists/current?limit=1e3", (200, 422)),
        ("/v1/lists/current?limit=" + "9" * 5_000, (422,)),
        ("/v1/lists/current?state=", (422,)),
        ("/v1/lists/current?state=null", (422,)),
        ("/v1/lists/current?owner=null", (200,)),
        ("/v1/kpis?until=null", (422,)),
        ("/v1/kpis?until=2026-02-30", (422,)),
        ("/v1/kpis?until=0001-01-01", (422,)),
        ("/v1/kpis?until=9999-12-31", (200, 422)),
        ("/v1/effect?until=0125-09-15", (422,)),
        ("/v1/effect?until=9999-12-31", (200, 422)),
    ],
)
def test_strange_paths_and_queries_are_refused_with_words(call: Any, path: str, statuses: tuple[int, ...]) -> None:
    """What is no day, no id and no cursor is the caller's mistake."""
    answer = call("GET", path)
    assert answer.status_code in statuses, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert len(answer.json()["detail"]) > 5


@pytest.mark.parametrize("operation", QUERIES, ids=lambda operation: operation.name)
def test_unknown_and_repeated_names_in_a_query_are_refused(call: Any, operation: Any) -> None:
    """A filter that is misspelt would otherwise answer more than was asked for."""
    known = operation.asks.__struct_fields__[0]
    for query, words in ((f"{known}s=a", f"`{known}`"), ("x=1", "unknown field"), (f"{known}=&{known}=", "twice")):
        answer = call("GET", f"{path_of(operation)}?{query}")
        assert answer.status_code == 422, answer.text
        if words != f"`{known}`":
            assert words in answer.text


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_a_name_that_no_operation_knows_is_refused_by_each(call: Any, operation: Any) -> None:
    """Those that ask for nothing, too."""
    sent = {"content": json.dumps(operation.sends).encode()} if operation.sends else {}
    answer = call(operation.method, f"{path_of(operation)}?fresh=true", **sent)
    assert answer.status_code == 422, answer.text
    assert "fresh" in answer.text


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.takes], ids=lambda each: each.name)
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"\\ud800"', b"\xff", b'{"a":1,"a":2}', b"{}\x00"])
def test_every_operation_refuses_what_is_no_json_of_it(call: Any, operation: Any, body: bytes) -> None:
    """400 or 422, as a problem."""
    answer = call(operation.method, operation.path, content=body)
    assert answer.status_code in (400, 422)
    assert answer.json()["status"] == answer.status_code


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.takes], ids=lambda each: each.name)
def test_nul_and_lone_surrogates_in_any_text_are_refused(call: Any, operation: Any) -> None:
    """A database has no place for the one, and nobody can encode the other."""
    for wrong in ("\\u0000", "\\ud800"):
        for body in spoilt(operation.sends):
            answer = call(operation.method, operation.path, content=json.dumps(body).replace("MARK", wrong).encode())
            assert answer.status_code in (400, 422), answer.text


def spoilt(value: Any) -> Any:
    """Give copies of a document, each with one of its texts spoilt."""
    if isinstance(value, str):
        yield f"{value}MARK"
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from ({**value, name: each} for each in spoilt(inner))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from ([*value[:place], each, *value[place + 1 :]] for each in spoilt(inner))


def test_text_beside_the_last_page_is_a_page(call: Any) -> None:
    """The cursor of a page is taken by the next request; the longest page holds the whole list."""
    first = call("GET", "/v1/lists/current?limit=1").json()
    assert first["next_cursor"] is not None
    rest = call("GET", f"/v1/lists/current?limit=5000&cursor={first['next_cursor']}").json()
    whole = call("GET", "/v1/lists/current?limit=5000").json()
    kinds = ("entries", "new_customers", "winback", "reminders", "shrinking")
    assert [row for page in (first, rest) for kind in kinds for row in page[kind]] == [
        row for kind in kinds for row in whole[kind]
    ]
    assert (rest["next_cursor"], whole["next_cursor"], rest["gone"]) == (None, None, [])
