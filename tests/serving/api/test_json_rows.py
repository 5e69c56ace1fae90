"""Large bodies are read in parts, give what they give at once, and let others have their turn."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.api import endpoint, json_rows
from serving.api.app import create_app
from serving.api.json_rows import AT_ONCE_BYTES, MOST_ROW_LETTERS, parse
from serving.api.operation import Call
from serving.api.problems import Refusal
from serving.api.report_messages import MOST, MOST_LINES, NewOrders
from serving.api.scores import ScoresRequest
from serving.api.state import ServerState
from tests.loopback import await_that
from tests.serving.api.conftest import KEY, admitting

HELD = (json_rows._Cursor, Call, NewOrders)
LINE = {"ordered_at": "2026-03-02", "amount": 1}


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row with a text, a number and an inner list."""

    name: str
    amount: int | float | str | None = None
    inner: list[bool] = []


class Rows(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two lists and a plain field."""

    rows: Annotated[list[Row], msgspec.Meta(max_length=6)]
    words: list[Annotated[str, msgspec.Meta(max_length=12)]] = []
    plain: bool = False


TEXTS = st.text(st.sampled_from('a"\\/é😀\n\t{}[],: '), max_size=14)
ROWS = st.fixed_dictionaries(
    {"name": TEXTS},
    optional={
        "amount": st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS, st.none()),
        "inner": st.lists(st.booleans(), max_size=3),
    },
)
DOCUMENTS = st.fixed_dictionaries(
    {"rows": st.lists(ROWS, max_size=7)},
    optional={"words": st.lists(TEXTS, max_size=9), "plain": st.booleans()},
)
STYLES = st.fixed_dictionaries({"ensure_ascii": st.booleans(), "indent": st.sampled_from([None, 0, 3])})


@contextmanager
def parts_of(letters: int) -> Iterator[None]:
    """Read everything in parts of so many letters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_rows, "AT_ONCE_BYTES", letters)
        yield


def told(body: bytes, letters: int = AT_ONCE_BYTES) -> Rows | int:
    """Return the message, or the status of the refusal."""
    with parts_of(letters):
        try:
            return parse(body, Rows)
        except Refusal as refusal:
            return refusal.status


@given(DOCUMENTS, STYLES, st.integers(1, 40))
@settings(deadline=None, max_examples=100)
def test_parts_give_what_the_whole_gives(document: Any, style: Any, letters: int) -> None:
    """Whatever the size of a part; msgspec's own decoder is the judge."""
    body = json.dumps(document, **style).encode()
    try:
        wanted: Rows | int = msgspec.json.decode(body, type=Rows)
    except msgspec.ValidationError:
        wanted = 422
    assert told(body) == told(body, letters) == wanted


@given(DOCUMENTS, STYLES, st.integers(1, 40), st.data())
@settings(deadline=None, max_examples=100)
def test_what_is_spoilt_is_refused_in_parts_as_at_once(document: Any, style: Any, letters: int, data: Any) -> None:
    """A letter taken out, put in or cut off: both ways take it, as the same, or both refuse it."""
    text = json.dumps(document, **style)
    at = data.draw(st.integers(0, len(text) - 1))
    put = data.draw(
        st.sampled_from(["", " ", '"', "\\", "{", "]", ",", ":", "0", "-", "e", "NaN", "\x00", "\ud800", "\ufeff"])
    )
    spoilt = (text[:at] + put + text[at + data.draw(st.integers(0, 2)) :]).encode("utf-8", "surrogatepass")
    whole, by_parts = told(spoilt), told(spoilt, letters)
    assert whole == by_parts or (isinstance(whole, int) and isinstance(by_parts, int)), (whole, by_parts)
    if isinstance(whole, Rows):
        assert msgspec.json.decode(spoilt, type=Rows) == whole


BROKEN = {
    "an empty text": b"",
    "a mark": b"\xef\xbb\xbf" + b'{"rows":[]}',
    "UTF-16": '{"rows":[]}'.encode("utf-16"),
    "Latin-1": '{"rows":[{"name":"é"}]}'.encode("latin-1"),
    "half a pair": b'{"rows":[{"name":"\\ud800"}]}',
    "the other half": b'{"rows":[{"name":"\\uDC00"}]}',
    "half a pair in a word": b'{"rows":[],"words":["\\ud83d"]}',
    "half a pair in a name": b'{"rows":[],"\\ud83d":1}',
    "the same name twice": b'{"rows":[],"rows":[]}',
    "the same name twice in a row": b'{"rows":[{"name":"a","name":"b"}]}',
    "no number": b'{"rows":[{"name":"a","amount":NaN}]}',
    "without end": b'{"rows":[{"name":"a","amount":-Infinity}]}',
    "something behind": b'{"rows":[]} x',
    "two": b'{"rows":[]}{"rows":[]}',
    "a comma too much": b'{"rows":[{"name":"a"},]}',
    "a comma too little": b'{"rows":[{"name":"a"}{"name":"b"}]}',
    "a control character": b'{"rows":[{"name":"\x01"}]}',
    "no end": b'{"rows":[{"name":"a"}',
}


OUT_OF_RANGE = (
    b'{"rows":[{"name":"a","amount":1e999}]}',
    b'{"rows":[{"name":"a","amount":' + b"9" * 5_000 + b"}]}",
    b'{"rows":' + b"[" * 100_000,
)


@pytest.mark.parametrize("body", OUT_OF_RANGE)
@pytest.mark.parametrize("letters", [8, AT_ONCE_BYTES])
def test_what_is_json_and_fits_no_field_is_a_wrong_field(body: bytes, letters: int) -> None:
    assert told(body, letters) == 422


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("letters", [8, AT_ONCE_BYTES])
def test_what_is_no_json_is_refused(body: bytes, letters: int) -> None:
    assert told(body, letters) in ((400, 422) if b'\\ud83d":1' in body else (400,))


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"rows": [{"name": "a"}] * 4 + [{"name": 1}]}, "$.rows[4].name"),
        ({"rows": [{"name": "a"}] * 5 + [{"name": "a", "inner": [True, 1]}]}, "$.rows[5].inner[1]"),
        ({"rows": [{"name": "a"}] * 3 + [{"nam": "a"}]}, "$.rows[3].nam"),
        ({"rows": [{"name": "a"}] * 7}, "$.rows"),
        ({"rows": {}}, "$.rows"),
        ({"rows": [], "words": ["a"] * 20 + ["x" * 13]}, "$.words[20]"),
        ({"rows": [], "other": 1}, "$.other"),
        ({"words": []}, "$"),
        ([], "$"),
        ("rows", "$"),
    ],
)
@pytest.mark.parametrize("letters", [8, 40, AT_ONCE_BYTES])
def test_a_wrong_field_has_its_place_in_the_whole(body: Any, path: str, letters: int) -> None:
    with parts_of(letters), pytest.raises(Refusal) as caught:
        parse(json.dumps(body).encode(), Rows)
    assert (caught.value.status, caught.value.errors[0].path) == (422, path)


def test_a_misspelt_field_is_suggested() -> None:
    with parts_of(8), pytest.raises(Refusal, match='Did you mean "name"'):
        parse(b'{"rows": [{"nam": "a"}]}', Rows)


def orders(count: int, lines: int) -> bytes:
    rows = [{"order_id": f"A{n}", "customer_id": "c", "lines": [LINE] * lines} for n in range(count)]
    return json.dumps({"orders": rows}).encode()


def test_lines_are_bounded_as_rows_are() -> None:
    """Few orders may hold many lines."""
    assert len(parse(orders(50, 1_000), NewOrders).orders) == 50
    with pytest.raises(Refusal) as caught:
        parse(orders(51, 1_000), NewOrders)
    assert (caught.value.status, caught.value.errors[0].path) == (422, "$.orders")
    assert caught.value.errors[0].message == f"Expected at most {MOST_LINES:,} lines in all; send them in parts"
    with pytest.raises(Refusal, match=f"length <= {MOST}"):
        parse(orders(MOST + 1, 1), NewOrders)


def test_a_row_is_bounded_too() -> None:
    """It is read at once, so it holds the interpreter."""
    row = b'{"order_id":"a","customer_id":"c","lines":[' + b" " * MOST_ROW_LETTERS + b"]}"
    for body in (b'{"orders":[' + row + b"]}", b'{"orders":[],"x":"' + b"x" * MOST_ROW_LETTERS):
        with pytest.raises(Refusal) as caught:
            parse(body, NewOrders)
        assert caught.value.status in (413, 422)


class Counting(json.JSONDecoder):
    """Writes down how many letters each reading was given."""

    def __init__(self) -> None:
        super().__init__()
        self.windows: list[int] = []

    def raw_decode(self, s: str, idx: int = 0) -> tuple[Any, int]:
        self.windows.append(len(s))
        return super().raw_decode(s, idx)


@pytest.mark.parametrize("again", [b'"a",', b"[],", b"1,", b'{"a":1},'])
def test_sixteen_mebibytes_that_cannot_be_used_are_not_read_to_their_end(
    monkeypatch: pytest.MonkeyPatch, again: bytes
) -> None:
    """Nor ever more than a part of them at once."""
    counting = Counting()
    monkeypatch.setattr(json_rows, "_DECODER", counting)
    with pytest.raises(Refusal) as caught:
        parse(b'{"customer_ids":[' + again * (16 * 2**20 // len(again)) + b"]}", ScoresRequest)
    assert caught.value.status == 422
    assert max(counting.windows) <= AT_ONCE_BYTES
    assert len(counting.windows) < 2 * AT_ONCE_BYTES


class Gate:
    """Holds what comes to it until it is opened, and counts how many it holds at the same time."""

    def __init__(self) -> None:
        self.entered, self.opened = threading.Event(), threading.Event()
        self.inside, self.most, self._lock = 0, 0, threading.Lock()

    def parse(self, body: bytes, message: Any) -> Any:
        if len(body) <= AT_ONCE_BYTES:
            return parse(body, message)
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.entered.set()
        assert self.opened.wait(30), "nobody else had a turn"
        with self._lock:
            self.inside -= 1
        return parse(body, message)


def test_a_large_body_lets_everything_else_pass(server: ServerState, monkeypatch: pytest.MonkeyPatch) -> None:
    """Health and small requests are answered while it is read; a second large one waits for the first."""
    gate = Gate()
    monkeypatch.setattr(endpoint, "parse", gate.parse)
    large = json.dumps({"customer_ids": [f"{n:0100}" for n in range(1_000)]}).encode()
    assert len(large) > AT_ONCE_BYTES

    async def asked() -> list[int]:
        transport = httpx.ASGITransport(admitting(create_app(server)))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://x", headers={"Authorization": KEY}
        ) as client:
            waiting = [asyncio.create_task(client.post("/v1/scores", content=large)) for _ in range(2)]
            assert await asyncio.to_thread(gate.entered.wait, 30)
            meanwhile = [await client.get("/livez"), await client.post("/v1/scores", json={"customer_ids": ["c"]})]
            assert not any(each.done() for each in waiting)
            gate.opened.set()
            return [each.status_code for each in (*meanwhile, *await asyncio.gather(*waiting))]

    assert asyncio.run(asked()) == [200] * 4
    assert gate.most == 1


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/scores", b'{"customer_ids":["' + b"x" * (2 * AT_ONCE_BYTES) + b'"]}', 422),
        ("/v1/scores", b'{"customer_ids":[' + b" " * (2 * AT_ONCE_BYTES) + b"?]}", 400),
        ("/v1/orders", orders(1_000, 2).replace(b'"amount": 1', b'"amount": "x"'), 422),
    ],
)
def test_what_was_refused_is_let_go_of(call: Any, path: str, body: bytes, status: int) -> None:
    """Without waiting for a garbage collection, which a server makes rare: neither a text nor its rows stay."""
    gc.collect()
    gc.disable()
    try:
        assert call("POST", path, content=body).status_code == status
        await_that(lambda: not any(isinstance(each, HELD) for each in gc.get_objects()))  # its thread ends a bit later
    finally:
        gc.enable()
