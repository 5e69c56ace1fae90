"""Who buys less: learnt where enough is known and a rule is beaten, off with a sentence where not; told in words."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.churn.labels import ChurnDefinition, complete_until
from features.churn.less_in_words import shrinks
from features.clock import day_number
from features.log import Lines, Log
from features.money import Money
from features.roll_up import roll_up
from features.simulation.accounts import SimulatedAccounts, simulate_accounts
from training.backtest.own_past import judge
from training.forecasts.buys_less import LESS_NAMES, LIKELY, BuysLess, fit_buys_less, read_buys_less
from training.forecasts.own_past import Cases, Question, learn_rule
from training.forecasts.shrink import question_of

DEFINITION, EUROS = ChurnDefinition(30, 90), Money("EUR")
ACCOUNTS = 600


def log_of(shop: SimulatedAccounts) -> Log:
    rows = shop.orders
    day = rows["ordered_at"].to_numpy().astype("datetime64[D]").astype(np.int64)
    cents = (rows["amount"] * 100).round().astype(int)
    texts = {name: rows[name].tolist() for name in ("order_id", "category")}
    return roll_up(Lines.of(rows["customer_id"].tolist(), day.tolist(), cents.tolist(), **texts))


@pytest.fixture(scope="module")
def shop() -> SimulatedAccounts:
    return simulate_accounts(ACCOUNTS, seed=3, days=540)


@pytest.fixture(scope="module")
def log(shop: SimulatedAccounts) -> Log:
    return log_of(shop)


@pytest.fixture(scope="module")
def learnt(log: Log) -> BuysLess:
    return fit_buys_less(log, DEFINITION, complete_until(log), judge)


@pytest.fixture(scope="module")
def told(log: Log, learnt: BuysLess) -> pd.DataFrame:
    return learnt.forecast(log, complete_until(log), EUROS)


def test_both_serve_where_accounts_order_often(learnt: BuysLess) -> None:
    """The simulated truth is found: better than the best rule on dates that nothing had seen."""
    for facts in (learnt.shrink.facts, learnt.category.facts):
        assert facts["is_on"], facts["words"]
        assert facts["letter"] in ("A", "B")
        assert facts["measures"]["log_loss"] < facts["measures"]["rule_log_loss"]


def test_who_has_really_shrunk_is_told_of_first(shop: SimulatedAccounts, told: pd.DataFrame, log: Log) -> None:
    truth = shop.truth.set_index("customer_id").reindex(told.index)
    lately = truth["shrunk_on"] >= pd.Timestamp("2025-03-01")
    known = told["shrunk_probability"].notna()
    first = told[known].nlargest(int(known.sum() / 5), "shrunk_probability").index
    assert lately[first].mean() > 2 * lately[known].mean()


def test_what_is_missing_is_between_nothing_and_the_usual(told: pd.DataFrame) -> None:
    known = told[told["shrunk_probability"].notna()]
    assert (known["missing_spend"] >= 0).all()
    whole = known[known["lost_categories"].map(lambda each: not isinstance(each, tuple) or not each)]
    assert (whole["missing_spend"] <= whole["usual_spend"]).all()
    assert tuple(told.columns) == LESS_NAMES


def test_sentences_are_told_where_it_is_more_likely_than_not(told: pd.DataFrame) -> None:
    likely = (told[["shrunk_probability", "category_lost_probability"]].max(axis=1)) >= LIKELY
    assert likely.any()
    assert (told["shrinking"].map(len) > 0).equals(likely)
    lost = told[told["category_lost_probability"] >= LIKELY]
    for sentences, categories in zip(lost["shrinking"], lost["lost_categories"], strict=True):
        assert all(any(f"has not bought {name} since " in each for each in sentences) for name in categories)


def test_it_reads_nothing_on_or_after_the_day(log: Log, learnt: BuysLess) -> None:
    day = complete_until(log) - 60
    whole, cut = learnt.forecast(log, day, EUROS), learnt.forecast(log.before(day), day, EUROS)
    pd.testing.assert_frame_equal(whole, cut)


def test_it_is_written_and_read_without_loss(learnt: BuysLess, told: pd.DataFrame, log: Log, tmp_path: Path) -> None:
    learnt.to_files(tmp_path)
    again = read_buys_less(tmp_path, 30)
    pd.testing.assert_frame_equal(again.forecast(log, complete_until(log), EUROS), told)
    assert again.facts == learnt.facts


def test_a_bundle_of_before_forecasts_none(tmp_path: Path, log: Log) -> None:
    found = read_buys_less(tmp_path, 30)
    assert not found.is_on
    assert found.forecast(log, complete_until(log), EUROS).empty


@pytest.mark.parametrize(
    ("days", "has_money", "why"),
    [
        (90, True, "accounts that shrink: off, as the log is too short to learn and to judge it"),
        (400, True, "cases of it and"),
        (400, False, "accounts that shrink: off, as the orders hold no money"),
    ],
)
def test_it_is_off_where_too_little_is_known_and_says_why(days: int, has_money: bool, why: str) -> None:
    few = dataclasses.replace(log_of(simulate_accounts(25, seed=1, days=days)), has_money=has_money)
    facts = fit_buys_less(few, DEFINITION, complete_until(few), judge).shrink.facts
    assert not facts["is_on"]
    assert why in facts["words"]


def test_it_is_off_where_no_column_says_what_was_bought() -> None:
    log = roll_up(Lines.of(["ann"], [1], [100]))
    words = fit_buys_less(log, DEFINITION, 100, judge).category.facts["words"]
    assert words == "categories bought no more: off, as no column says what was bought"


def test_it_is_off_where_a_rule_is_as_good() -> None:
    """The second number is noise: all that can be known is what the rule reads."""
    random = np.random.default_rng(1)

    def cases(day: int) -> Cases:
        values = random.normal(size=(400, 2))
        return Cases(values, random.random(400) < 1 / (1 + np.exp(-values[:, 0])), np.arange(400).astype(object))

    verdict = judge(Question("it", ("rule", "noise"), {"rule": 1}, cases, 30, 0, 400))
    assert not verdict.is_on
    assert verdict.words.startswith("it: off, as it is no better than a rule: log loss ")


def test_a_rule_in_the_wrong_direction_gives_everyone_the_mean(log: Log) -> None:
    question = question_of(log, DEFINITION, complete_until(log))
    wrong = dataclasses.replace(question, rules={"newest": 1})
    rule = learn_rule(wrong, "newest", question.tests[-1])
    assert rule.slope == 0.0


SPENT, ORDERED, NEVER, WAVERED, LIKELY_TO = (
    "spent €90.00 in the last 30 days, usually €300.00",
    "ordered on 1 of the last 30 days, usually on 4",
    "no order in the last 30 days, usually on 4 of them",
    "in 50% of the stretches of 30 days before, spent at most half of the usual €300.00",
    "likely spends at most half of the usual €300.00 in the next 30 days",
)


@pytest.mark.parametrize(
    ("newest", "order_days", "lean", "expected"),
    [
        (9_000, (1.0, 4.0), 0.0, [SPENT, ORDERED]),
        (0, (0.0, 4.0), 0.0, [NEVER]),
        (30_000, (4.0, 4.0), 0.5, [WAVERED]),
        (30_000, (4.0, 4.0), 0.0, [LIKELY_TO]),
    ],
)
def test_each_sentence_is_borne_out_by_its_numbers(
    newest: float, order_days: tuple[float, float], lean: float, expected: list[str]
) -> None:
    assert list(shrinks(newest, 30_000, order_days, lean, 30, EUROS)) == expected


def test_the_simulated_truth_is_of_the_days_of_its_log(shop: SimulatedAccounts) -> None:
    """Nothing is ordered after an account has left, and no habit after it was lost."""
    last = shop.orders.groupby("customer_id")["ordered_at"].max()
    left = shop.truth.set_index("customer_id")["left_on"].dropna()
    assert (last.reindex(left.index).dropna() <= left.reindex(last.reindex(left.index).dropna().index)).all()
    assert shop.orders["ordered_at"].max() < pd.Timestamp(date(2024, 1, 1)) + pd.Timedelta(days=540)
    assert day_number(date(2024, 1, 1)) == 19723
