"""The short way to stored scores gives what the long way gives, digit for digit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serving.api.app import create_app
from serving.api.scores import ScoreAnswer, score_answer
from serving.api.state import ServerState
from serving.book import Book
from serving.book.runs import record_scores
from serving.book.score_json import utc_text
from serving.book.score_lookup import ScoreLookup
from serving.scores import SCORE_COLUMNS
from tests.serving.api.conftest import admitting, calls
from tests.serving.read_back import latest_run, latest_scores

STRANGE = (
    "007", "7", "a'b", 'a"b', "a\nb", "a\\b", "a%b_c", "🙂" * 20, "علی", "'; DROP TABLE scores; --", "x" * 200,
)  # fmt: skip
NOTHING = {
    column.name: None
    for column in SCORE_COLUMNS
    if column.name in ("usual_gap_days", "overdue", "overdue_days", "next_order_on", "next_order_from")
    or column.name in ("next_order_until", "value_at_risk_low", "value_at_risk_high", "reasons", "protective")
    or column.name.startswith("silent_")
}


def the_long_way(book: Book, ids: list[str]) -> bytes:
    """Encode what the book gives as objects."""
    run = latest_run(book)
    assert run is not None
    found = latest_scores(book, ids)
    asked = list(dict.fromkeys(ids))
    rows = []
    for each in asked:
        if each in found:
            answer = score_answer(ScoreAnswer, found[each], run.recorded_at.astimezone())
            rows.append(msgspec.structs.replace(answer, scored_at=utc_text(run.recorded_at)))
    return msgspec.json.encode({"scores": rows, "unknown": [each for each in asked if each not in found]})


def exactly(content: bytes) -> Any:
    """Return JSON with its numbers as they are written; the order of an object's fields means nothing."""
    return json.loads(content, parse_float=str, parse_int=str)


@pytest.fixture
def asking(book: Book) -> Callable[[list[str]], httpx.Response]:
    """Ask the application over the book."""
    call = calls(admitting(create_app(ServerState(book=book))))
    return lambda ids: call("POST", "/v1/scores", json={"customer_ids": ids})


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
def test_law_the_short_way_answers_as_the_long_way(book: Book, asking: Any, make_scores: Any, currency: str) -> None:
    """Whatever the currency's digits, whatever is not known, whatever an id holds."""
    rows = [(each, 0.1 + 0.01 * place, f"{place}.005", {}) for place, each in enumerate(STRANGE)]
    rows.append(("nothing", 0.5, "1", NOTHING))
    rows.append(("told", 0.5, "1", {"reasons": ['says "no"', "é\n🙂"], "protective": []}))
    record_scores(book, make_scores(*rows), currency=currency, data_digest="d")
    ids = [*STRANGE, "nothing", "nobody", "told", "007"]
    answer = asking(ids)
    assert exactly(answer.content) == exactly(the_long_way(book, ids))
    assert len(answer.json()["scores"]) == len(STRANGE) + 2


def test_digits_are_the_currencys(book: Book, asking: Any, make_scores: Any) -> None:
    """Yen have none, dinars have three; a part of a unit does not get lost."""
    for day, (currency, written) in enumerate([("JPY", "13"), ("KWD", "12.500"), ("EUR", "12.50")], 1):
        scores = make_scores(("ann", 0.6, "12.50"), ("bob", 0.6, "-0.5"))
        scores["model_version"] = str(day)
        record_scores(book, scores, currency=currency, data_digest="d")
        row, negative = asking(["ann", "bob"]).json()["scores"]
        assert (row["currency"], row["value_at_risk"]) == (currency, written)
        assert float(negative["value_at_risk"]) in (-0.5, -1.0)


def test_without_a_run_everybody_is_unknown(asking: Any) -> None:
    """An empty book is no error."""
    assert asking(["a", "b"]).json() == {"scores": [], "unknown": ["a", "b"]}


def test_only_the_latest_run_counts(book: Book, asking: Any, make_scores: Any) -> None:
    """Who is not in it is unknown, though an older run knows the customer."""
    record_scores(book, make_scores(("old", 0.6, "1"), ("both", 0.6, "1")), currency="EUR", data_digest="d")
    record_scores(book, make_scores(("both", 0.7, "1")), currency="EUR", data_digest="e")
    answer = asking(["old", "both"]).json()
    assert [(row["customer_id"], row["probability"]) for row in answer["scores"]] == [("both", 0.7)]
    assert answer["unknown"] == ["old"]


def test_ten_thousand_ids_at_once(book: Book, asking: Any, make_scores: Any) -> None:
    """As many as a request may hold: more than a database takes parameters by default."""
    ids = [f"c{n}" for n in range(10_000)]
    record_scores(book, make_scores(*((each, 0.5, "1") for each in ids[::2])), currency="EUR", data_digest="d")
    answer = asking(ids).json()
    assert [row["customer_id"] for row in answer["scores"]] == ids[::2]
    assert answer["unknown"] == ids[1::2]


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(STRANGE) | st.text(max_size=12), max_size=8))
def test_any_ids_are_found_or_not(book: Book, make_scores: Any, ids: list[str]) -> None:
    """Ids are data."""
    if latest_run(book) is None:
        record_scores(book, make_scores(*((each, 0.5, "1") for each in STRANGE)), currency="EUR", data_digest="d")
    lookup = ScoreLookup(book)
    usable = [each for each in ids if "\0" not in each]
    found = lookup.scores(usable)
    assert set(found) == {each for each in usable if each in STRANGE}
    assert {json.loads(answer)["customer_id"] for answer in found.values()} == set(found)
    lookup.close()


def test_a_look_up_writes_nothing(book: Book, make_scores: Any) -> None:
    """Its connection could not."""
    import sqlite3

    record_scores(book, make_scores(("a", 0.5, "1")), currency="EUR", data_digest="d")
    lookup = ScoreLookup(book)
    assert list(lookup.scores(["a"])) == ["a"]
    if book.engine.dialect.name == "sqlite":
        assert lookup._connection is not None
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            lookup._connection.execute("DELETE FROM scores")
    lookup.close()
    assert list(lookup.scores(["a"])) == ["a"]  # it opens again
    lookup.close()


def test_many_at_once_get_their_own(book: Book, make_scores: Any) -> None:
    """Threads share a connection one after the other."""
    ids = [f"c{n}" for n in range(50)]
    record_scores(book, make_scores(*((each, 0.5, "1") for each in ids)), currency="EUR", data_digest="d")
    lookup = ScoreLookup(book)

    async def all_at_once() -> list[Any]:
        return await asyncio.gather(*(asyncio.to_thread(lookup.scores, [each]) for each in ids))

    assert [list(found) for found in asyncio.run(all_at_once())] == [[each] for each in ids]
    lookup.close()
