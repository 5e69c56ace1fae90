"""Scores over HTTP: stored ones, and the law that a posted history is scored as the batch scores it."""

from __future__ import annotations

from typing import Any

import pytest

from serving.api.app import create_app
from serving.api.loaded_model import Champion
from serving.api.state import ServerState
from serving.book.runs import record_scores
from serving.scorer import score
from serving.scores import SCORE_COLUMNS
from tests.serving.read_back import latest_scores


def test_stored_scores_come_in_the_order_asked_for(call: Any, server: Any, shop: Any) -> None:
    """Each customer once, money as text, unknown ids apart."""
    known = sorted(latest_scores(server.book, list(shop.log.customer_ids)))[:3]
    asked = [known[2], "nobody", f" {known[0]} ", known[2], "'; DROP TABLE scores; --"]
    answer = call("POST", "/v1/scores", json={"customer_ids": asked}).json()
    assert [row["customer_id"] for row in answer["scores"]] == [known[2], known[0]]
    assert answer["unknown"] == ["nobody", "'; DROP TABLE scores; --"]
    row, stored = answer["scores"][0], latest_scores(server.book, [known[2]])[known[2]]
    assert row["value_at_risk"] == str(stored.value_at_risk)
    assert row["next_order_on"] == str(stored.next_order_on)
    assert (row["silent_60d"], row["value_at_risk_low"]) == (stored.silent_60d, str(stored.value_at_risk_low))
    assert row["reasons"] == list(stored.reasons)
    assert (row["as_of"], row["currency"], row["model_version"]) == (str(shop.as_of), "EUR", "7")


@pytest.mark.parametrize("fresh", [False, True])
def test_reasons_are_answered_in_the_language_asked_for_and_else_in_english(call: Any, shop: Any, fresh: bool) -> None:
    asked = {"customer_ids": list(shop.log.customer_ids)[:20], "fresh": fresh}
    english, greek = (
        call("POST", "/v1/scores", json=asked | more).json()["scores"] for more in ({}, {"language": "el"})
    )
    pairs = [
        pair
        for one, other in zip(english, greek, strict=True)
        for pair in zip(one["reasons"], other["reasons"], strict=True)
    ]
    assert pairs
    assert all(one.isascii() or "€" in one for one, _ in pairs)
    assert all(other.endswith(".") and not other.isascii() for _, other in pairs)
    assert [{**row, "reasons": 0, "protective": 0, "scored_at": 0} for row in greek] == [
        {**row, "reasons": 0, "protective": 0, "scored_at": 0} for row in english
    ]


def test_a_mail_address_is_an_id_in_any_case(server: Any, make_scores: Any, tmp_path: Any, calling: Any) -> None:
    """The order source reads it so; a look-up must too."""
    from serving.book import Book

    book = Book(tmp_path)
    record_scores(book, make_scores(("ann@example.com", 0.6, "1")), currency="EUR", data_digest="d")
    answer = calling(create_app(ServerState(book=book)))(
        "POST", "/v1/scores", json={"customer_ids": ["Ann@Example.com"]}
    )
    assert answer.json()["scores"][0]["customer_id"] == "ann@example.com"
    book.close()


def posted_history(shop: Any, customer_id: str) -> dict[str, Any]:
    """Return what a CRM would post of a customer: the rows of the shop's files, as text."""
    orders = shop.orders[shop.orders["customer_id"] == customer_id]
    events = shop.events[shop.events["customer_id"] == customer_id]
    return {
        "customer_id": customer_id,
        "as_of": str(shop.as_of),
        "orders": [
            {
                "order_id": row.order_id,
                "ordered_at": str(row.ordered_at),
                "amount": str(row.amount),
                "product_id": row.product_id,
                "quantity": int(row.quantity),
                "discount": float(row.discount),
                "returned": bool(row.returned),
            }
            for row in orders.itertuples()
        ],
        "events": [
            {
                "kind": row.kind,
                "happened_at": str(row.happened_at),
                "value": None if row.value != row.value else row.value,
            }
            for row in events.itertuples()
        ],
    }


def on_the_wire(value: Any, type_: str) -> Any:
    """Return a cell of the score file as an answer writes it."""
    if value is None or value != value:
        return None
    return str(value) if type_ in ("money", "date") else value


@pytest.mark.parametrize("candidate", ["logistic", "lightgbm"])
def test_law_a_posted_history_is_scored_as_in_the_batch(shop: Any, candidate: str, calling: Any) -> None:
    """One producer: file or request, the same rows give the same score, column for column and bit for bit."""
    bundle = shop.bundles[candidate]
    call = calling(create_app(ServerState(shop.settings, None, Champion(bundle, "7"))))
    batch = score(shop.log, bundle, "7", shop.as_of).set_index("customer_id")
    for customer_id in batch.index[::6]:
        response = call("POST", "/v1/score", json=posted_history(shop, customer_id))
        assert response.status_code == 200, response.text
        answer, row = response.json(), batch.loc[customer_id]
        assert {column.name: answer[column.name] for column in SCORE_COLUMNS[1:]} == {
            column.name: on_the_wire(row[column.name], column.type) for column in SCORE_COLUMNS[1:]
        }
        assert answer["limits"][0].startswith("rests on ")


def test_without_a_day_a_history_is_scored_from_today(call: Any) -> None:
    """The answer says which day that was; the customer's id is optional."""
    body = {"orders": [{"ordered_at": "2020-01-05", "amount": 12.5}]}
    answer = call("POST", "/v1/score", json=body).json()
    assert answer["as_of"] > "2025"
    assert (answer["customer_id"], answer["state"]) == (None, "lapsed")


def test_cancelled_lines_do_not_count(call: Any) -> None:
    """By the same rules as in the shop's file; nothing left is said, not scored."""
    line = {"ordered_at": "2023-01-05", "amount": "12.50", "status": "Cancelled"}
    response = call("POST", "/v1/score", json={"orders": [line], "as_of": "2023-02-01"})
    assert response.status_code == 422
    assert "no order before 2023-02-01 that counts" in response.json()["detail"]


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"ordered_at": "yesterday!"}, "$.orders[1].ordered_at"),
        ({"amount": "twelve"}, "$.orders[1].amount"),
        ({"amount": "NaN"}, "$.orders[1].amount"),
        ({"amount": "sNaN"}, "$.orders[1].amount"),
        ({"amount": "1e999999999"}, "$.orders[1].amount"),
        ({"amount": 10**15}, "$.orders[1].amount"),
        ({"amount": True}, "$.orders[1].amount"),
        ({"amount": None}, "$.orders[1].amount"),
        ({"currency": "XYZ"}, "$.orders[1].currency"),
        ({"quantity": -1}, "$.orders[1].quantity"),
        ({"order_id": "a\x00b"}, "$.orders[1].order_id"),
        ({"product_id": "x" * 500}, "$.orders[1].product_id"),
        ({"amout": 1}, "$.orders[1].amout"),
        ({"ordered_at": "2023-01-05T10:00:00+02:00"}, "$.orders[1].ordered_at"),
    ],
)
def test_a_wrong_cell_is_named_by_its_path(call: Any, wrong: dict[str, Any], path: str) -> None:
    """Whoever posted it finds it."""
    lines = [{"ordered_at": "2023-01-05T10:00:00", "amount": "12.50"} for _ in range(3)]
    lines[1] = {**lines[1], **wrong}
    response = call("POST", "/v1/score", json={"orders": lines, "as_of": "2023-02-01"})
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert path in [error["path"] for error in response.json()["errors"]]


def test_every_wrong_cell_is_named_at_once(call: Any) -> None:
    """As `regulars check` does for a file."""
    lines = [{"ordered_at": "2023-01-05", "amount": amount} for amount in ("1", "x", "y")]
    answer = call("POST", "/v1/score", json={"orders": lines, "as_of": "2023-02-01"}).json()
    assert [error["path"] for error in answer["errors"]] == ["$.orders[1].amount", "$.orders[2].amount"]


def test_many_ids_come_in_the_order_asked_for(server: Any, make_scores: Any, tmp_path: Any, calling: Any) -> None:
    """However many: what is joined inside the database is what is read row by row, unknown ids apart."""
    import random

    from serving.book import Book

    names = [f"c{n} \"é'\\" for n in range(3_000)]
    book = Book(tmp_path)
    record_scores(book, make_scores(*((name, 0.6, "1") for name in names)), currency="EUR", data_digest="d")
    send = calling(create_app(ServerState(server.settings, book)))
    asked = random.Random(5).sample([*names, *(f"nobody {n}" for n in range(100))], 2_000)
    answer = send("POST", "/v1/scores", json={"customer_ids": asked}).json()
    assert [row["customer_id"] for row in answer["scores"]] == [name for name in asked if name in set(names)]
    assert answer["unknown"] == [name for name in asked if name not in set(names)]
    single = send("POST", "/v1/scores", json={"customer_ids": asked[:50]}).json()
    assert single["scores"] == answer["scores"][: len(single["scores"])]
    strangers = {"customer_ids": [f"x{n}" for n in range(500)]}
    assert send("POST", "/v1/scores", json=strangers).json() == {"scores": [], "unknown": strangers["customer_ids"]}
    book.close()
