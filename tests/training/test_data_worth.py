"""What a source adds: only what reads it is taken away, what tells is found, and what is shuffled adds nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.build import feature_columns
from features.churn.labels import ChurnDefinition
from features.clock import date_of
from features.definitions import features_for
from features.errors import InsufficientHistory
from features.log import Events, Lines, Log
from features.money import Money
from features.roll_up import roll_up
from tests.training.conftest import renewal_shop
from training.budget import Budget
from training.data_worth.elsewhere import elsewhere, measured
from training.data_worth.paired import added, mean_on_date
from training.data_worth.source import (
    AMOUNTS,
    DISCOUNTS,
    KNOWN,
    PRODUCTS,
    QUANTITIES,
    RETURNS,
    kind_of,
    need,
    sources_in,
)
from training.data_worth.words import COLUMNS, worth_advice, worth_rows, worth_sentences
from training.data_worth.worth import data_worth

DEFINITION = ChurnDefinition(28, 84)
VISITS = "events: visit"


def visited_shop(*, shuffled: bool = False) -> Log:
    """A shop whose customers look in every week until they leave for good; shuffled, anybody looks."""
    random = np.random.default_rng(3)
    who, when, looked = [], [], []
    for number in range(200):
        begin = float(random.uniform(0, 330))
        left = begin + float(random.exponential(150))
        times = np.cumsum(random.exponential(18, 40)) + begin
        days = sorted({int(begin), *(int(time) for time in times if time < min(left, 380))})
        who += [f"{number:03}"] * len(days)
        when += days
        looked += [(f"{number:03}", int(day)) for day in np.arange(begin, min(left, 380), 5)]
    visitors = [one for one, _ in looked]
    if shuffled:  # drawn anew: with their own number of looks, who stays long would still be told
        visitors = [f"{number:03}" for number in random.integers(0, 200, len(visitors))]
    events = Events.of(visitors, ["visit"] * len(looked), [day for _, day in looked])
    return roll_up(Lines.of(who, when, [1_000] * len(who)), events)


def rich_shop() -> Log:
    """A shop that has every source but a customers file."""
    random = np.random.default_rng(4)
    log = renewal_shop(60, 200, leaving=True)
    orders = log.streams["orders"]
    days, ids = orders.day.repeat(2).tolist(), log.customer_ids[orders.customer.repeat(2)].tolist()
    lines = Lines.of(
        ids,
        days,
        random.integers(100, 900, len(days)).tolist(),
        order_id=[f"o{number // 2}" for number in range(len(days))],
        product_id=[f"p{number}" for number in random.integers(0, 9, len(days))],
        units=random.integers(1, 5, len(days)).tolist(),
        discount=random.integers(0, 50, len(days)).tolist(),
        returned=(random.random(len(days)) < 0.1).tolist(),
    )
    return roll_up(lines, Events.of(ids[:300], ["visit"] * 300, days[:300]))


def with_column(log: Log, stream: str, column: str, by: int) -> Log:
    changed = log.streams[stream]
    columns = {**changed.columns, column: changed.columns[column] * by}
    return replace(log, streams={**log.streams, stream: replace(changed, columns=columns)})


def test_a_source_is_what_its_features_read_and_nothing_else_moves() -> None:
    """The truth: the numbers of one source are changed, and exactly the features that need it may move."""
    log = rich_shop()
    features, day = features_for(log), [date_of(150)]
    assert set(map(kind_of, sources_in(log, features))) == {*KNOWN} - {"customers file"}
    before, visits = feature_columns(log, day, features), log.streams["event:visit"]
    changes = {
        AMOUNTS: with_column(log, "orders", "spend", 7),
        QUANTITIES: with_column(log, "orders", "units", 7),
        DISCOUNTS: with_column(log, "orders", "discount", 7),
        RETURNS: with_column(log, "returns", "returned", 7),
        PRODUCTS: with_column(log, "orders", "lines", 7),
        VISITS: replace(log, streams={**log.streams, "event:visit": visits.keep(np.zeros(len(visits), dtype=bool))}),
    }
    for source, changed in changes.items():
        after = feature_columns(changed, day, features)
        moved = {name for name in before.names if not np.array_equal(before[name], after[name], equal_nan=True)}
        assert moved
        assert moved <= {each.name for each in need(features, source)}, source


def test_a_shop_without_a_source_is_told_so() -> None:
    log = renewal_shop(60, 200, leaving=True)
    assert sources_in(log, features_for(log)).keys() == {AMOUNTS, VISITS}


@pytest.fixture(scope="module")
def told() -> object:
    return data_worth(visited_shop(), DEFINITION, Budget(tests=2))


def test_what_tells_is_found_and_said_first(told) -> None:  # type: ignore[no-untyped-def]
    visits = told.sources[0]
    assert visits.source == VISITS
    assert visits.adds
    assert visits.auroc.mean > 0.02
    assert visits.log_loss.low > 0
    assert not any(each.adds for each in told.sources[1:])
    first, second, third = worth_sentences(told)
    assert first.startswith(f"Beside who ordered when, these tell who churns: {VISITS} (AUROC +0.")
    assert "add nothing measurable" in second
    assert "amounts" in second
    assert third.startswith("Not in this shop's files: products (")
    assert "what it would add here, only having it tells" in third


def test_the_same_looks_of_somebody_else_add_nothing_and_a_small_budget_takes_the_latest_date() -> None:
    found = data_worth(visited_shop(shuffled=True), DEFINITION, Budget(tests=3, seconds=0.001))
    assert not any(each.adds for each in found.sources)
    assert next(worth_sentences(found)).startswith("No source adds measurably to who ordered when")
    assert len(found.test_dates) == 1
    assert "the budget was enough for 1 of 3 dates" in found.notes


def test_figures_are_told_in_a_table_and_what_is_missing_as_it_was_elsewhere(told) -> None:  # type: ignore[no-untyped-def]
    rows = worth_rows(told, Money("EUR"))
    assert [len(row) for row in rows] == [len(COLUMNS)] * len(told.sources)
    assert told.absent == ("products", "quantities", "discounts", "returns", "customers file")
    assert told.test_dates[-1] < date_of(380)
    assert all(
        "worth asking for first" in words or "left out" in words or "nothing that is missing" in words
        for words in worth_advice(told)
    )


def test_too_short_a_log_is_refused() -> None:
    log = roll_up(Lines.of(["ann", "bob"] * 20, list(range(0, 120, 3)), [100] * 40))
    with pytest.raises(InsufficientHistory, match="too few customers churned or stayed to learn what a source adds"):
        data_worth(log, ChurnDefinition(14, 28), Budget(tests=1))


def test_the_interval_is_of_customers_and_of_dates() -> None:
    random = np.random.default_rng(0)
    who = np.array([f"c{number}" for number in range(500)], dtype=object)
    own = random.normal(0.1, 1, 500)  # what a customer gains is the same on every date
    same = added([mean_on_date(own, who)] * 4)
    assert same.high - same.low == pytest.approx(2 * 1.96 * own.std() / 500**0.5, rel=0.01)
    apart = added([mean_on_date(own + shift, who) for shift in (-1.0, 0.0, 1.0, 2.0)])
    assert apart.high - apart.low > 5 * (same.high - same.low)
    assert apart.mean == pytest.approx(own.mean() + 0.5)
    assert added([mean_on_date(np.zeros(5), who[:5])]).chance == 1.0


def test_no_true_difference_is_rarely_called_one() -> None:
    random, who = np.random.default_rng(1), np.array([f"c{number}" for number in range(200)], dtype=object)
    drawn = [added([mean_on_date(random.normal(0, 1, 200), who) for _ in range(3)]) for _ in range(300)]
    assert sum(each.low > 0 or each.high < 0 for each in drawn) <= 300 * 0.05 + 3 * (300 * 0.05 * 0.95) ** 0.5


def test_elsewhere_is_an_open_log_or_is_said_to_be_simulated() -> None:
    assert {each.kind for each in measured()} <= set(KNOWN)
    for each in measured():
        assert each.low <= each.auroc <= each.high
        assert each.is_simulated == ("simulated" in each.shop.lower() or "young" in each.shop.lower())
    assert elsewhere("events", simulated=False) == ()  # no open log holds events: nothing may be said of real shops
