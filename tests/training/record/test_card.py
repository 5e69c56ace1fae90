"""The model card: what a reader must find on it, also where there was no backtest, and within what a registry takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from training.backtest.report import report
from training.backtest.segments import members_of
from training.record.card import NOT_FOR, described, model_card
from training.tracking.records import MOST_CHARACTERS
from training.tracking.sources import Source

SOURCES = (Source("orders.csv", "data/orders.csv", "ab" * 32, 1234, date(2024, 1, 1), date(2025, 2, 3)),)


@pytest.fixture(scope="module")
def card(trained: Any, log: Any) -> str:
    result, _, _ = trained
    tested = replace(result.backtest, notes=("the log is long enough for 2 of 5 test dates",), share=0.4)
    dates = tested.candidates[tested.chosen].by_date
    found = report(tested, members=members_of(log, dates, dict.fromkeys(log.customer_ids[:100], "firms")))
    return model_card(result.bundle, tested, found, SOURCES)


@pytest.mark.parametrize(
    "said",
    [
        "at least one order in the last 84 days",
        "**Churned**: no order within 28 days",
        "| orders.csv | 1,234 | 2024-01-01 to 2025-02-03 | abababababab |",
        "on dates that it had not seen: 2 from ",
        "| AUROC | 0.",
        "of those we called ",
        "![said against done](reliability.png)",
        "| firms | ",
        "| no segment | ",
        "The log is long enough for 2 of 5 test dates.",
        "It was judged on 40% of the customers.",
        *NOT_FOR,
    ],
)
def test_a_reader_finds(card: str, said: str) -> None:
    assert said in card


def test_a_card_of_what_was_never_judged_says_so(trained: Any) -> None:
    card = model_card(trained[0].bundle, None, None, ())
    assert "Unknown: the history is too short" in card
    assert "Grade" not in card


def test_a_registry_takes_a_card_of_any_length(card: str) -> None:
    """PostgreSQL refuses a description of more characters than MLflow's column has."""
    assert len(described(card * 20, MOST_CHARACTERS)) <= MOST_CHARACTERS
    assert described(card, 10 * MOST_CHARACTERS).count("\n## ") == card.count("\n## ")
    assert "![" not in described(card, 10 * MOST_CHARACTERS)
