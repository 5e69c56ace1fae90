"""While the customers file is being rewritten, an owner's key goes on with what was read last, and is told so."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.sources.mapping import CustomersMapping
from serving.api.app import create_app
from serving.api.state import ServerState
from serving.book import Book
from serving.book.runs import record_scores
from tests.serving.api.conftest import Call, admitting, bearer, calls, key_of

IDS = ["ann", "bob"]
WHOLE = "customer_id,owner\nann,Eleni\nbob,Bruno\n"


def written(file: Path, text: str, *, seconds_ago: float = 10) -> None:
    file.write_text(text, encoding="utf-8")
    at = time.time_ns() - int(seconds_ago * 1e9)
    os.utime(file, ns=(at, at))


@pytest.fixture
def scoped(shop: Any, tmp_path: Path, make_scores: Any) -> Iterator[tuple[Call, Path]]:
    """A server with a key of one owner, and its customers file."""
    file = tmp_path / "customers.csv"
    written(file, WHOLE)
    customers = CustomersMapping(file, {"customer_id": "customer_id", "owner": "owner"})
    settings, book = replace(shop.settings, folder=tmp_path, customers=customers), Book(tmp_path)
    record_scores(book, make_scores(*((who, 0.9, "30.00") for who in IDS)), currency="EUR", data_digest="d")
    server = ServerState(settings, book)
    yield calls(admitting(create_app(server), key_of("eleni", "scores", owner="Eleni"))), file
    server.close()


def seen(call: Call) -> Any:
    return call("POST", "/v1/scores", json={"customer_ids": IDS}, headers=bearer("eleni"))


def gone(file: Path) -> None:
    file.unlink()


def half(file: Path) -> None:
    written(file, "customer_id,ow")


def empty(file: Path) -> None:
    written(file, "")


def growing(file: Path) -> None:
    """Whole lines of a file that is written at this moment."""
    written(file, "customer_id,owner\nbob,Eleni\n", seconds_ago=-60)  # however slow the machine is


@pytest.mark.parametrize("rewriting", [gone, half, empty, growing])
def test_the_last_good_one_is_used_and_its_age_is_said(
    scoped: tuple[Call, Path], rewriting: Any, caplog: pytest.LogCaptureFixture
) -> None:
    call, file = scoped
    before = seen(call)
    assert (before.status_code, "X-Customers-Age" in before.headers) == (200, False)
    with caplog.at_level(logging.WARNING, logger="regulars.serving"):
        rewriting(file)
        answers = [seen(call) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert {int(answer.headers["X-Customers-Age"]) for answer in answers} == {1}
    assert [row["customer_id"] for row in answers[0].json()["scores"]] == ["ann"]
    assert len([each for each in caplog.records if "the customers file as it was" in each.getMessage()]) == 1
    written(file, "customer_id,owner\nann,Bruno\nbob,Eleni\n", seconds_ago=5)
    after = seen(call)
    assert "X-Customers-Age" not in after.headers
    assert [row["customer_id"] for row in after.json()["scores"]] == ["bob"]


def test_the_log_names_the_file_and_the_rule_and_no_cell(
    scoped: tuple[Call, Path], caplog: pytest.LogCaptureFixture
) -> None:
    call, file = scoped
    seen(call)
    with caplog.at_level(logging.WARNING, logger="regulars.serving"):
        written(file, "customer_id,Ann Li\nann,Eleni\n", seconds_ago=5)
        assert "X-Customers-Age" in seen(call).headers
    assert (
        "is used: customers.csv cannot be used: customers.csv, line 1, column owner: is not in the file" in caplog.text
    )
    assert "Ann" not in caplog.text


def test_without_a_last_good_one_the_answer_is_503(scoped: tuple[Call, Path]) -> None:
    call, file = scoped
    file.unlink()
    answer = seen(call)
    assert (answer.status_code, answer.json()["detail"]) == (503, "the customers file cannot be read at the moment")
    assert pd.isna(answer.headers.get("X-Customers-Age"))
