"""The gate: what is better beyond noise passes; noise, a broken law, and a gain that one segment pays for do not."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from features.build import feature_table
from features.clock import date_of, day_number
from features.log import Lines
from features.roll_up import roll_up
from tests.bundles import bundle_of
from tests.training.conftest import DEFINITION, SHOP
from training.backtest.choice import difference
from training.backtest.paired import Paired
from training.backtest.results import Backtest, CandidateResult, DateResult
from training.backtest.segments import built_in
from training.challengers import first_lawful
from training.dataset import build_dataset
from training.direction_law import direction, with_order_yesterday
from training.gate import Champion, evidence, first_gate, gate
from training.metrics import evaluate
from training.models.calibration import Calibration, sigmoid
from training.models.candidates import CANDIDATES
from training.splits import Split, labels_end

DATES = 3


@dataclass(frozen=True, eq=False)
class Silent:
    """A stub whose risk rises with the silence, or falls with it."""

    names: tuple[str, ...]
    slope: float = 0.05

    def log_odds(self, X):
        return self.slope * (X[:, self.names.index("days_since_order")] - 30)


@dataclass(frozen=True, eq=False)
class NeverAsked(Silent):
    """A champion that must not be asked."""

    def log_odds(self, X):
        raise AssertionError("it was judged on dates that it has learnt from")


@pytest.fixture(scope="module")
def days(log):
    """Three test dates, a horizon apart, oldest first."""
    last = labels_end(log) - DEFINITION.horizon_days
    return [date_of(last - place * DEFINITION.horizon_days) for place in reversed(range(DATES))]


@pytest.fixture(scope="module")
def rows(log, data, days):
    return build_dataset(log, days, DEFINITION, data.features)


@pytest.fixture(scope="module")
def challenger(data, log):
    """A bundle that has learnt until the end of the log; its fitted part is a stub."""
    bundle = bundle_of("logistic", data, log, SHOP)
    plain = replace(bundle, calibration=Calibration("none", 1.0, 0.0), fitted=Silent(bundle.features.names))
    return replace(plain, trained_until=date_of(labels_end(log)))


@pytest.fixture
def champion(challenger, days):
    """One that was trained before the first test date, by another recipe."""
    return Champion(replace(challenger, candidate="recency_rule", trained_until=days[0]), "7")


def backtest_of(rows, days, **log_odds_by_name):
    """Return a backtest in which each candidate has the given log-odds of the rows."""
    return Backtest(
        definition=DEFINITION,
        splits=tuple(Split((days[0] - timedelta(100),), day) for day in days),
        candidates={name: candidate_result(rows, days, name, sigmoid(odds)) for name, odds in log_odds_by_name.items()},
    )


def candidate_result(rows, days, name, p):
    by_date = []
    for day in days:
        on = rows.as_of == day_number(day)
        y, who = rows.y[on], rows.customer_id[on]
        by_date.append(DateResult(day, len(y), int(y.sum()), evaluate(y, p[on]), y, p[on], who))
    return CandidateResult(name, CANDIDATES[name].is_rule, "none", tuple(by_date))


def of_champion(rows):
    return Silent(rows.features.names).log_odds(rows.values)


def towards_truth(rows, by):
    return of_champion(rows) + by * np.where(rows.y, 1, -1)


def check(decision, name):
    return next(check for check in decision.checks if check.name == name)


def test_a_truly_better_one_is_promoted(challenger, champion, rows, days, log):
    decision = gate(challenger, champion, backtest_of(rows, days, logistic=towards_truth(rows, 0.3)), log)
    assert decision.promoted
    assert [check.name for check in decision.checks] == ["log_loss", "recency", "direction", "segments"]
    assert "better by more than chance" in decision.why
    assert check(decision, "log_loss").figures["high"] < 0
    assert decision.tags["gate"] == "passed"
    assert decision.against == decision.tags["gate_against"] == "7"


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_not_promoted(challenger, champion, rows, days, log, seed):
    noise = np.random.default_rng(seed).normal(0, 1.0, len(rows))
    decision = gate(challenger, champion, backtest_of(rows, days, logistic=of_champion(rows) + noise), log)
    assert not decision.promoted
    assert not check(decision, "log_loss").passed
    assert "version 7 (recency_rule) serves on" in decision.why
    assert "version 7 (recency_rule) serves on" in decision.verdict
    assert [check.words for check in decision.checks if check.words in decision.verdict] == []
    assert "regulars promote --force --by NAME --why TEXT" in decision.why


def test_of_two_equals_the_fresher_one_is_promoted(challenger, champion, rows, days, log):
    """A month later the same model has learnt a month more; trained on the same days it has shown nothing."""
    equal = backtest_of(rows, days, recency_rule=of_champion(rows), logistic=of_champion(rows))
    decision = gate(challenger, champion, equal, log)
    assert decision.promoted
    learnt = (challenger.trained_until - champion.bundle.trained_until).days
    assert f"no worse by more than one standard error, and it has learnt {learnt} days more" in decision.why
    of_the_same_days = Champion(replace(champion.bundle, trained_until=challenger.trained_until), "7")
    assert not gate(challenger, of_the_same_days, equal, log).promoted


@pytest.mark.parametrize(("by", "promoted"), [(1.0, True), (-1.0, False)])
def test_without_a_whole_horizon_since_then_both_are_judged_on_the_days_since(
    challenger, champion, rows, days, log, by, promoted
):
    """The champion was trained a day after the last test date; who ordered in the 27 days since is known."""
    young = Champion(replace(champion.bundle, trained_until=days[-1] + timedelta(1)), "7")
    asked = []

    @dataclass(frozen=True, eq=False)
    class Learnt(Silent):
        slope: float = 0.05 * (1 + by)

    def learn(day):
        asked.append(date_of(day))
        return Learnt(rows.features.names)

    backtest = backtest_of(rows, days, recency_rule=of_champion(rows), logistic=of_champion(rows))
    pairs = evidence(challenger, young, backtest, log, learn)
    assert asked == [young.bundle.trained_until]
    assert f"judged on the {(challenger.trained_until - asked[0]).days} days since" in pairs.how
    means = [pairs.challenger.mean(), pairs.champion.mean(), pairs.y.mean()]
    assert np.ptp(means) < 1e-9
    assert check(gate(challenger, young, backtest, log, learn=learn), "log_loss").passed == promoted


def test_one_whose_risk_rises_with_a_recent_order_is_refused(challenger, champion, rows, days, log):
    breaking = replace(challenger, fitted=Silent(challenger.features.names, slope=-0.05))
    decision = gate(breaking, champion, backtest_of(rows, days, logistic=towards_truth(rows, 0.3)), log)
    assert check(decision, "log_loss").passed
    assert not check(decision, "direction").passed
    assert not decision.promoted
    assert "risk does not fall as it must" in decision.why
    assert check(decision, "direction").figures["rising_share"] > 0.5


def test_a_gain_that_one_segment_pays_for_is_refused(challenger, champion, rows, days, log):
    segments = {who: "VIP" if place % 3 == 0 else "other" for place, who in enumerate(log.customer_ids)}
    vip = np.array([segments[who] == "VIP" for who in rows.customer_id])
    odds = np.where(vip, towards_truth(rows, -0.5), towards_truth(rows, 1.0))
    backtest = backtest_of(rows, days, logistic=odds)
    assert gate(challenger, champion, backtest, log).promoted  # nothing that every shop has tells them apart
    decision = gate(challenger, champion, backtest, log, segments)
    assert check(decision, "log_loss").passed
    assert not decision.promoted
    assert "clearly worse for segment VIP" in decision.why


def test_a_handful_of_unlucky_customers_is_no_segment(challenger, champion, rows, days, log):
    few = dict.fromkeys(log.customer_ids[:5], "VIP")
    vip = np.isin(rows.customer_id, list(few))
    odds = np.where(vip, towards_truth(rows, -0.5), towards_truth(rows, 0.5))
    assert gate(challenger, champion, backtest_of(rows, days, logistic=odds), log, few).promoted


def test_a_champion_is_never_judged_on_dates_it_has_learnt_from(challenger, champion, rows, days, log):
    """Trained until after the last test date: its recipe in the same backtest stands for it."""
    knows_all = replace(champion.bundle, fitted=NeverAsked(rows.features.names), trained_until=days[-1] + timedelta(1))
    backtest = backtest_of(rows, days, recency_rule=of_champion(rows), logistic=towards_truth(rows, 0.3))
    decision = gate(challenger, Champion(knows_all, "7"), backtest, log)
    assert decision.promoted
    assert "represented by its recipe on 3 test dates" in decision.why


def test_only_dates_after_it_was_trained_count(challenger, champion, rows, days, log):
    """On the two older dates the challenger is far better, on the new one it is worse: that one decides."""
    odds = np.where(rows.as_of == day_number(days[-1]), towards_truth(rows, -0.3), towards_truth(rows, 2.0))
    trained_in_between = Champion(replace(champion.bundle, trained_until=days[-1]), "7")
    backtest = backtest_of(rows, days, logistic=odds)
    pairs = evidence(challenger, trained_in_between, backtest, log)
    assert pairs.dates == (days[-1],)
    assert (pairs.gap > 0).all()
    assert not gate(challenger, trained_in_between, backtest, log).promoted
    assert gate(challenger, champion, backtest, log).promoted


def test_the_same_recipe_without_a_new_date_shows_nothing(challenger, rows, days, log):
    backtest = backtest_of(rows, days, logistic=towards_truth(rows, 0.3))
    decision = gate(challenger, Champion(challenger, "7"), backtest, log)
    assert not decision.promoted
    assert "nothing new to judge by" in decision.why


def test_one_that_knows_less_of_the_past_is_refused(challenger, champion, rows, days, log):
    older = replace(challenger, trained_until=days[0] - timedelta(1))
    decision = gate(older, champion, backtest_of(rows, days, logistic=towards_truth(rows, 0.3)), log)
    assert not decision.promoted
    assert [check.name for check in decision.checks if not check.passed] == ["recency"]


def test_a_handful_of_rows_decides_nothing(challenger, champion, log, days):
    small = log.only(log.customer_ids[:40])
    few = build_dataset(small, days, DEFINITION, challenger.features)
    decision = gate(challenger, champion, backtest_of(few, days, logistic=towards_truth(few, 3.0)), small)
    assert not decision.promoted
    assert "too few to judge by" in decision.why


def test_another_log_than_the_tested_one_is_refused(challenger, champion, rows, days, log):
    with pytest.raises(ValueError, match="not the one that was tested"):
        gate(challenger, champion, backtest_of(rows, days, logistic=of_champion(rows)), log.only(log.customer_ids[5:]))


def test_a_champion_with_event_kinds_that_the_log_lost_is_still_judged(challenger, champion, rows, days, log):
    bare = replace(log, streams={name: s for name, s in log.streams.items() if not name.startswith("event:")})
    decision = gate(challenger, champion, backtest_of(rows, days, logistic=towards_truth(rows, 0.3)), bare)
    assert decision.promoted


def test_the_first_model_has_to_keep_the_law_too(challenger, rows, days, log):
    backtest = backtest_of(rows, days, recency_rule=of_champion(rows), logistic=towards_truth(rows, 1.0))
    assert first_gate(challenger, backtest, log, "").promoted
    breaking = replace(challenger, fitted=Silent(challenger.features.names, slope=-0.05))
    decision = first_gate(breaking, backtest, log, "")
    assert not decision.promoted
    assert "the rule serves" in decision.why


def test_a_decision_is_json_and_short_tags_without_a_customer(challenger, champion, rows, days, log):
    segments = {who: "VIP" * 400 + str(place % 2) for place, who in enumerate(log.customer_ids)}
    decision = gate(challenger, champion, backtest_of(rows, days, logistic=towards_truth(rows, -0.3)), log, segments)
    text = json.dumps(decision.to_dict(), allow_nan=False)
    assert not any(f'"{customer}"' in text for customer in log.customer_ids)
    assert max(map(len, decision.tags.values())) <= 1000
    assert not decision.promoted


@pytest.mark.parametrize("as_of", [40, 43])
def test_one_more_order_is_what_roll_up_would_make_of_it(challenger, as_of):
    """The same features, whether the order is put into the streams or into the lines."""
    who, day, product = ["ann", "ann", "ann", "bob"], [3, 20, 20, 31], ["x", "x", "y", "z"]
    amount, order = [500, 300, 200, 100], ["1", "2", "2", "3"]
    more = [("ann", "x", 300, "4"), ("ann", "y", 200, "4"), ("bob", "z", 100, "5")]
    log = roll_up(Lines.of(who, day, amount, order_id=order, product_id=product))
    lines = Lines.of(
        [*who, *(row[0] for row in more)],
        [*day, *[as_of - 1] * 3],
        [*amount, *(row[2] for row in more)],
        order_id=[*order, *(row[3] for row in more)],
        product_id=[*product, *(row[1] for row in more)],
    )
    made = with_order_yesterday(log, as_of)
    assert made.digest() == roll_up(lines).digest()
    tables = [feature_table(one, [date_of(as_of)], challenger.features) for one in (made, roll_up(lines))]
    pd.testing.assert_frame_equal(*tables)


def test_every_candidate_keeps_the_direction_law(bundles, log):
    found = {name: direction(bundle, log, labels_end(log)) for name, bundle in bundles.items()}
    assert all(one.is_judged for one in found.values())
    assert {name: one.words for name, one in found.items() if not one.holds} == {}


def test_the_simplest_that_keeps_the_law_is_taken(challenger, log):
    breaking = replace(challenger, fitted=Silent(challenger.features.names, slope=-0.05))
    lawful = replace(challenger, candidate="lightgbm")
    taken, words = first_lawful(iter([breaking, lawful]), log)
    assert taken.candidate == "lightgbm"
    assert words.startswith("; logistic was passed over: risk does not fall as it must")
    assert first_lawful(iter([breaking, replace(breaking, candidate="blend")]), log) == (breaking, "")


def test_too_few_customers_break_no_law(challenger, log):
    breaking = replace(challenger, fitted=Silent(challenger.features.names, slope=-1.0))
    assert direction(breaking, log.only(log.customer_ids[:8]), labels_end(log)).holds
    assert direction(breaking, log, log.first_day).customers == 0


def made_up(rows_each=2000, dates=4, shift=0.0, seed=0):
    random = np.random.default_rng(seed)
    y = random.random(rows_each * dates) < 0.4
    odds = random.normal(0, 1, len(y))
    return Paired(
        dates=tuple(date(2024, 1, 1) + timedelta(28 * place) for place in range(dates)),
        date_index=np.repeat(np.arange(dates), rows_each),
        customer_id=np.tile(np.arange(rows_each).astype(str).astype(object), dates),
        y=y,
        challenger=sigmoid(odds + random.normal(0, 0.3, len(y)) + shift),
        champion=sigmoid(odds),
        values=pd.DataFrame({"frequency": random.poisson(2, len(y)).astype(float)}),
    )


def test_the_bootstrap_agrees_with_the_cluster_robust_error():
    pairs = made_up()
    parts = [pairs.date_index == place for place in range(4)]
    mine, theirs = (
        [(pairs.y[on], p[on], pairs.customer_id[on]) for on in parts] for p in (pairs.challenger, pairs.champion)
    )
    known, found = difference(mine, theirs), pairs.overall()
    assert found.mean == pytest.approx(known.mean, abs=1e-12)
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * known.standard_error, rel=0.1)
    assert pairs.overall() == found


def test_drawing_groups_of_customers_changes_no_interval(monkeypatch):
    one_by_one = made_up().overall()
    monkeypatch.setattr("training.backtest.paired.MOST_GROUPS", 400)
    grouped = made_up().overall()
    assert grouped.high - grouped.low == pytest.approx(one_by_one.high - one_by_one.low, rel=0.15)


def test_two_equals_are_told_apart_as_often_as_chance_allows():
    """Both add the same noise to the truth: about one in forty is declared better."""
    better = 0
    for seed in range(60):
        pairs = made_up(rows_each=300, dates=2, seed=seed)
        twin = np.random.default_rng(seed + 1000).normal(0, 0.3, len(pairs))
        odds = np.log(pairs.champion / (1 - pairs.champion))
        better += replace(pairs, champion=sigmoid(odds + twin)).overall().is_below
    assert better <= 5


def test_segments_are_parts_of_all_rows():
    values = pd.DataFrame({"frequency": [0.0, 0, 1, 2, 3, 9], "days_since_order": [1.0, 2, 3, 4, 5, 6]})
    found = built_in(values)
    assert found["new customers"].sum() == 2
    for names in (("few orders", "some orders", "many orders"), ("short silence", "long silence")):
        assert np.array_equal(np.sum([found[name] for name in names], axis=0), np.ones(6))
    assert made_up().by_segment().keys() >= {"new customers", "few orders", "many orders"}
