"""What every path has in common: strict in, documented out, and never a 5xx for what a caller sends."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.language.languages import language_named
from serving.api.app import OPERATIONS, create_app
from serving.api.lists import Entry, ListAnswer
from serving.api.model import ModelAnswer
from serving.api.openapi import document, openapi
from serving.api.operation import Operation
from serving.api.request_body import MAX_BODY_BYTES
from serving.api.state import ServerState
from serving.book import Book
from serving.book.runs import record_scores
from serving.config import Settings, load_settings
from serving.outreach.plan.outreach_list import ENTRY_NAMES
from serving.outreach.plan.plan import DEFAULT_CHOICE, plan
from serving.outreach.plan.policy import Policy
from serving.outreach.playbooks.guidance import GUIDANCE_NAMES, with_guidance
from serving.outreach.playbooks.playbooks import playbooks_in_force
from serving.scorer import score
from serving.webhooks.outbox import publish_and_enqueue
from tests.serving.conftest import MONDAY
from tests.serving.read_back import current_list


def test_the_list_comes_as_json(call: Any, server: Any) -> None:
    """Regular customers, newcomers and lapsed ones apart, every field of an entry."""
    response = call("GET", "/v1/lists/current")
    answer = msgspec.json.decode(response.content, type=ListAnswer)
    current = current_list(server.book)
    assert [entry.customer_id for entry in answer.entries] == current.entries["customer_id"].tolist()
    assert [entry.customer_id for entry in answer.winback] == current.winback["customer_id"].tolist()
    assert (answer.capacity, answer.rank_by, answer.currency) == (20, "gain", "EUR")
    names = {*ENTRY_NAMES, *GUIDANCE_NAMES}
    assert set(json.loads(response.content)["entries"][0]) == set(Entry.__struct_fields__) <= names


@pytest.fixture(scope="module")
def advised(shop: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerState]:
    """A list whose entries have playbooks, with one stage and with several."""
    book = Book(tmp_path_factory.mktemp("advised"))
    scores = score(shop.log, shop.bundles["lightgbm"], "7", shop.as_of)
    run_id = record_scores(book, scores, currency="EUR", data_digest=shop.log.digest())
    ids = ("personal-call", "win-back")
    chosen = [
        {**DEFAULT_CHOICE, "playbook": ids[row % len(ids)], "title": "Call in person"} for row in range(len(scores))
    ]

    def choose(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(**pd.DataFrame(chosen[: len(rows)], index=rows.index))

    publish_and_enqueue(book, plan(scores, currency="EUR", policy=Policy(capacity=20), choose=choose), run_id)
    yield ServerState(shop.settings, book)
    book.close()


@pytest.mark.parametrize("language", ["en", "fa", "el"])
def test_an_entry_says_what_its_page_says(calling: Any, advised: ServerState, language: str) -> None:
    """The advice of its playbook and what may be offered, in the language asked for, in JSON and in CSV."""
    playbooks = playbooks_in_force(advised.need_settings().list.playbooks)
    told = with_guidance(current_list(advised.need_book()), playbooks, language_named(language)).entries
    asked, call = {"language": language}, calling(create_app(advised))
    entries = call("GET", "/v1/lists/current", params=asked).json()["entries"]
    file = call("GET", "/v1/lists/current", params=asked, headers={"Accept": "text/csv"}).content
    rows = list(csv.DictReader(StringIO(file.decode("utf-8-sig"))))[: len(told)]
    for name in GUIDANCE_NAMES:
        assert [entry[name] for entry in entries] == told[name].tolist()
        assert [row[name] or None for row in rows] == told[name].tolist()
    assert {entry["what_to_say"] for entry in entries} > {None}


def test_the_list_comes_as_csv_when_asked_for(call: Any, server: Any) -> None:
    """The file that `regulars list` writes."""
    response = call("GET", "/v1/lists/current", headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(StringIO(response.content.decode("utf-8-sig"))))
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in response.headers["content-disposition"]
    assert [row["customer_id"] for row in rows] == current_list(server.book).customer_ids


def test_the_model_says_what_it_is(call: Any, shop: Any) -> None:
    """Version, definition, metrics, and the meaning of each feature."""
    answer = msgspec.json.decode(call("GET", "/v1/model").content, type=ModelAnswer)
    bundle = shop.bundles["lightgbm"]
    assert (answer.model_version, answer.candidate, answer.horizon_days) == ("7", "lightgbm", 30)
    assert [feature.name for feature in answer.features] == list(bundle.features.names)
    assert answer.metrics == {"auroc": 0.8}


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/scores"), ("POST", "/v1/score"), ("GET", "/v1/lists/current"), ("GET", "/v1/model")],
)
def test_what_is_not_there_yet_is_503_with_when_to_ask_again(call_empty: Any, method: str, path: str) -> None:
    """A server without a model or a book says so."""
    body = (
        {"customer_ids": ["1"]} if path.endswith("scores") else {"orders": [{"ordered_at": "2023-01-05", "amount": 1}]}
    )
    response = call_empty(method, path, **({"json": body} if method == "POST" else {}))
    assert response.status_code == 503
    assert response.headers["retry-after"] == "5"
    assert response.json()["type"] == "urn:regulars:not-ready"


def test_no_list_yet_is_404(shop: Any, calling: Any, tmp_path: Any) -> None:
    """The problem says which command publishes one."""
    book = Book(tmp_path)
    response = calling(create_app(ServerState(shop.settings, book)))("GET", "/v1/lists/current")
    book.close()
    assert (response.status_code, response.json()["type"]) == (404, "urn:regulars:no-list")


def test_a_book_that_cannot_be_read_is_503(calling: Any, tmp_path: Any) -> None:
    """The database's own words stay in the log."""
    book = Book(tmp_path)
    book.close()
    for path in tmp_path.iterdir():
        path.write_bytes(b"no database" * 1000)
    response = calling(create_app(ServerState(book=book)))("POST", "/v1/scores", json={"customer_ids": ["1"]})
    book.close()
    assert response.status_code == 503
    assert "sqlite" not in response.text.lower()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/score", 405),
        ("DELETE", "/v1/scores", 405),
        ("HEAD", "/v1/scores", 405),
        ("POST", "/v1/nope", 404),
        ("GET", "/v1/a/b/c", 404),
        ("GET", "/v1/scores/", 404),
        ("GET", "//v1/scores", 404),
    ],
)
def test_unknown_paths_and_methods_are_problems(call: Any, method: str, path: str, status: int) -> None:
    """As machine-readable as any other refusal."""
    response = call(method, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    if status == 405:
        assert response.headers["allow"] == "POST"


def test_a_path_with_several_methods_names_them_all(call: Any) -> None:
    """One endpoint, two operations."""
    response = call("PUT", "/v1/customers/c1")
    assert (response.status_code, response.headers["allow"]) == (405, "DELETE, GET")


NOT_JSON = {
    "empty": b"",
    "text": b"hello",
    "cut off": b'{"customer_ids": ["1"',
    "twice": b'{"customer_ids": ["1"], "customer_ids": ["2"]}',
    "NaN": b'{"orders": [{"ordered_at": "2023-01-05", "amount": NaN}]}',
    "Infinity": b'{"orders": [{"ordered_at": "2023-01-05", "amount": Infinity}]}',
    "not UTF-8": b'{"customer_ids": ["\xff"]}',
    "UTF-16": '{"customer_ids": ["1"]}'.encode("utf-16"),
    "lone surrogate": b'{"customer_ids": ["\\ud800 and more text"]}',
    "byte order mark": b'\xef\xbb\xbf{"customer_ids": ["1"]}',
    "two documents": b"{}{}",
}
WRONG = {
    "null": b"null",
    "array": b"[]",
    "no ids": b'{"customer_ids": []}',
    "ids are numbers": b'{"customer_ids": [1]}',
    "empty id": b'{"customer_ids": [""]}',
    "NUL in an id": b'{"customer_ids": ["a\\u0000b"]}',
    "long id": b'{"customer_ids": ["' + b"x" * 10_000 + b'"]}',
    "too many ids": json.dumps({"customer_ids": ["1"] * 10_001}).encode(),
    "unknown field": b'{"customer_ids": ["1"], "frehs": true}',
    "deep": b'{"customer_ids": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "orders without end": json.dumps({"orders": [{"ordered_at": "2023-01-05", "amount": 1}] * 50_001}).encode(),
    "a day that is none": b'{"orders": [{"ordered_at": "2023-01-05", "amount": 1}], "as_of": "2023-02-30"}',
    "huge integer": b'{"orders": [{"ordered_at": "2023-01-05", "amount": ' + b"9" * 5_000 + b"}]}",
}


@pytest.mark.parametrize("path", ["/v1/scores", "/v1/score"])
@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_no_strict_json_is_refused(call: Any, path: str, body: bytes) -> None:
    """400, or 422 where a field is wrong before the JSON is."""
    response = call("POST", path, content=body)
    assert response.status_code in (400, 422), response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == response.status_code


@pytest.mark.parametrize("path", ["/v1/scores", "/v1/score"])
@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG)
def test_wrong_fields_are_refused_with_their_path(call: Any, path: str, body: bytes) -> None:
    """422, and where it is."""
    response = call("POST", path, content=body)
    assert response.status_code == 422, response.text
    assert all(error["path"].startswith("$") for error in response.json()["errors"])


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/v1/lists/current?band=hihg", '$.band: "hihg" is not one of high, low, medium. Did you mean "high"?'),
        ("/v1/kpis?period=week", '$.period: "week" is not one of month, quarter, year.'),
        ("/v1/kpis?until=31.03.2025", "$.until: not a day; write it as 2026-03-31"),
    ],
)
def test_a_wrong_word_or_day_is_told_with_what_is_right(call: Any, path: str, said: str) -> None:
    """The words there are, and the form of a day; not what a parser calls them."""
    response = call("GET", path)
    assert (response.status_code, response.json()["detail"]) == (422, said)


def test_a_wrong_day_in_a_body_is_told_with_its_form(call: Any) -> None:
    """As in a query."""
    body = b'{"orders": [{"ordered_at": "2023-01-05", "amount": 1}], "as_of": "31.03.2025"}'
    assert call("POST", "/v1/score", content=body).json()["detail"] == "$.as_of: not a day; write it as 2026-03-31"


def test_deep_nesting_in_a_known_place_is_refused(call: Any) -> None:
    """A parser's own limit is an answer, not a crash."""
    body = b'{"orders": [{"ordered_at": "2023-01-05", "amount": ' + b'{"x":' * 100_000 + b"1" + b"}" * 100_000 + b"}]}"
    assert call("POST", "/v1/score", content=body).status_code in (400, 422)


def test_a_body_that_is_too_large_is_refused_before_it_is_read(call: Any) -> None:
    """By its stated length, and by what comes when none is stated."""

    async def endless() -> Any:
        for _ in range(MAX_BODY_BYTES // 100_000 + 2):
            yield b"x" * 100_000

    assert call("POST", "/v1/scores", content=b"x" * (MAX_BODY_BYTES + 1)).status_code == 413
    assert call("POST", "/v1/scores", content=endless()).status_code == 413


@pytest.mark.parametrize("headers", [{"Content-Type": "text/plain"}, {"Content-Encoding": "gzip"}])
def test_other_media_types_are_refused(call: Any, headers: dict[str, str]) -> None:
    """What is not plain JSON is not guessed at."""
    assert call("POST", "/v1/scores", content=b'{"customer_ids": ["1"]}', headers=headers).status_code == 415


def test_the_document_describes_what_is_answered() -> None:
    """Every path of the application, and no other."""
    served = {route.path for route in create_app(ServerState()).routes if route.path.startswith("/v1/")}  # type: ignore[attr-defined]
    described = {operation.route for operation in OPERATIONS}
    assert described == served - {"/v1/openapi.json"}
    assert set(openapi(OPERATIONS)["paths"]) == {operation.path for operation in OPERATIONS}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_the_examples_fit_their_messages(operation: Operation) -> None:
    """Every field of an answer stands in its example, and what is sent is taken."""
    msgspec.convert(operation.example, operation.gives, strict=True)
    assert set(operation.example) == set(operation.gives.__struct_fields__)
    assert (operation.takes is None) == (operation.sends is None)
    if operation.takes is not None:
        msgspec.convert(operation.sends, operation.takes, strict=True)


@pytest.fixture
def office_call(office: Path, calling: Any) -> Iterator[tuple[Any, Book]]:
    """Send a request to an application over a shop that a test may change, and its book."""
    settings: Settings = load_settings(office / "regulars.toml")
    book = Book(settings.book_place)
    server = ServerState(settings, book)
    assert server.champions is not None
    server.champions.registry_champion()
    yield calling(create_app(server)), book
    server.close()


def test_the_examples_of_the_document_are_answered(office_call: Any) -> None:
    """What a reader copies works with ids of one's own, and the answer has the shape that is promised."""
    call, book = office_call
    entry = current_list(book).entries.iloc[0]
    own = {"00123": entry["customer_id"], "20260302-7k3mx9qp2whd": entry["entry_id"], "{date}": str(MONDAY)}
    own |= {"{customer_id}": entry["customer_id"]}
    for operation in sorted(OPERATIONS, key=lambda operation: operation.method == "DELETE"):
        path, body = operation.path, json.dumps(operation.sends)
        for theirs, ours in own.items():
            path, body = path.replace(theirs, ours), body.replace(theirs, ours)
        response = call(operation.method, path, **({"content": body.encode()} if operation.sends else {}))
        assert response.status_code == 200, response.text
        msgspec.json.decode(response.content, type=operation.gives, strict=True)


def test_the_document_is_served_and_every_reference_in_it_leads_somewhere(call: Any) -> None:
    """At its own path, and where BentoML's viewer looks for it."""
    served = call("GET", "/v1/openapi.json")
    assert served.content == call("GET", "/docs.json").content == document(OPERATIONS)
    schemas = served.json()["components"]["schemas"]
    references = {part.split('"')[0] for part in served.text.split('"#/components/schemas/')[1:]}
    assert references <= set(schemas)


def test_the_start_page_asks_nobody_else(call: Any) -> None:
    """No address outside of this server stands in it."""
    page = call("GET", "/").text
    assert "//" not in page
    assert "./docs.json" in page


def test_the_viewer_asks_for_an_address_without_the_key_that_a_browser_was_given(call: Any) -> None:
    """No browser fetches what is relative to http://x:KEY@host/; an origin and a path hold no key."""
    page = call("GET", "/").text
    assert 'here = new URL("./docs.json", location.origin + location.pathname)' in page
    assert re.findall(r"url: ([^,]*)", page) == ["here.href"]


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30)
    | st.sampled_from(["2023-01-05", "2023-01-05T10:00:00Z", "12.50", "-3", "1e400", "NaN", "Infinity", "0001-01-01"])
    | st.sampled_from(["9999-12-31T23:59:59+14:00", "1970-01-01", "mail_sent", "\x00", "9" * 400, "sNaN", "1e-9999"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
ORDER = st.fixed_dictionaries(
    {"ordered_at": VALUES | st.just("2023-01-05"), "amount": VALUES | st.just("12.50")},
    optional=dict.fromkeys(
        ("order_id", "product_id", "quantity", "discount", "returned", "status", "currency"), VALUES
    ),
)
EVENT = st.fixed_dictionaries(
    {"kind": VALUES | st.just("visit"), "happened_at": VALUES | st.just("2023-01-05")}, optional={"value": VALUES}
)
HISTORY = st.fixed_dictionaries(
    {"orders": st.lists(ORDER, max_size=4)},
    optional={"events": st.lists(EVENT, max_size=3), "customer_id": VALUES, "as_of": VALUES | st.just("2023-02-01")},
)


@pytest.mark.slow
@settings(max_examples=5 * settings().max_examples, deadline=None)
@given(HISTORY)
def test_no_history_brings_the_server_down(call: Any, history: dict[str, Any]) -> None:
    """An answer or a refusal; a bug would be raised here."""
    response = call("POST", "/v1/score", content=json.dumps(history).encode())
    assert response.status_code in (200, 400, 422), response.text


@settings(max_examples=4 * settings().max_examples, deadline=None)
@given(
    st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()), st.sampled_from(["scores", "score"])
)
def test_no_bytes_bring_the_server_down(call: Any, body: bytes, path: str) -> None:
    """Neither do bytes that are no JSON at all."""
    assert call("POST", f"/v1/{path}", content=body).status_code in (400, 422)


@settings(max_examples=3 * settings().max_examples, deadline=None)
@given(st.lists(st.text(max_size=210), max_size=5), st.text(max_size=40))
def test_any_ids_and_any_accept_header_are_answered(call: Any, ids: list[str], accept: str) -> None:
    """Ids are data: whatever they hold, they are known or unknown, or refused."""
    assert call("POST", "/v1/scores", content=json.dumps({"customer_ids": ids}).encode()).status_code in (200, 400, 422)
    headers = {"Accept": accept.encode("ascii", "ignore").decode().translate(dict.fromkeys(range(32)))}
    assert call("GET", "/v1/lists/current", headers=headers).status_code == 200


def test_a_list_is_taken_back_once(office_call: Any) -> None:
    """Its day is gone for readers, the one before is in force, the next page of it is gone too, and twice is once."""
    call, book = office_call
    entry = current_list(book).entries.iloc[0]
    path, why = f"/v1/lists/{MONDAY}", {"why": "last week's prices"}
    cursor = call("GET", f"{path}?limit=1").json()["next_cursor"]
    first = call("POST", f"{path}/withdrawal", json=why)
    assert first.status_code == 200, first.text
    done = first.json()
    assert (done["by"], done["why"], done["kept"], done["in_force"]) == ("all", why["why"], 0, None)
    assert done["closed"] > 0
    assert call("POST", f"{path}/withdrawal", json=why | {"by": "Bob"}).json() == done
    assert [call("GET", each).status_code for each in (path, f"{path}?cursor={cursor}")] == [410, 410]
    assert call("GET", path).json()["type"] == "urn:regulars:list-withdrawn"
    assert call("GET", "/v1/lists/current").status_code == 404
    assert call("POST", "/v1/lists/1999-01-04/withdrawal", json=why).status_code == 404
    assert call("POST", f"{path}/withdrawal", json={"why": " "}).status_code == 422
    sent = {"outcomes": [{"entry_id": entry["entry_id"], "outcome": "reached"}]}
    done = call("POST", "/v1/outcomes", json=sent).json()
    assert done == {"new": 1, "known": 0, "unknown": [], "closed": 1, "forgotten": 0}
