"""The report of a backtest against values worked out by hand, and against simulated truth."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from features.churn.labels import ChurnDefinition
from features.definitions import default_features
from features.definitions.engagement import event_kinds
from training.backtest.bands import Floor, named_bands, noise_floor, tenths, wilson
from training.backtest.choice import Difference
from training.backtest.grade import Grade, grade
from training.backtest.random_split import random_split_auroc, random_split_words, snapshots
from training.backtest.report import report, report_facts
from training.backtest.report_text import (
    DATE_COLUMNS,
    SEGMENT_COLUMNS,
    band_lines,
    date_rows,
    markdown,
    season_lines,
    segment_rows,
)
from training.backtest.results import Backtest, CandidateResult, DateResult
from training.backtest.segments import by_segment, new_and_regulars
from training.backtest.shortlist import A_TENTH
from training.forecasts.level import Forecast
from training.metrics import ece, evaluate
from training.models.calibration import sigmoid
from training.plots.backtest import report_figures
from training.plots.canvas import write_figures
from training.record.measures import report_measures
from training.splits import Split

DAY = date(2026, 1, 1)


def result(name, said, came, *, rule=False, calibration="none"):
    """Return a candidate's result from one array of probabilities and of labels per date."""
    days = [DAY + timedelta(days=14 * place) for place in range(len(said))]
    rows = []
    for day, p, y in zip(days, said, came, strict=True):
        p, y = np.asarray(p, dtype=np.float64), np.asarray(y, dtype=bool)
        who = np.array([f"c{place}" for place in range(len(y))], dtype=object)
        rows.append(DateResult(day, len(y), int(y.sum()), evaluate(y, p), y, p, who))
    return CandidateResult(name, rule, calibration, tuple(rows))


def backtest_of(model, rule, came, *, forecasts=(), calibration="none"):
    """Return a backtest of one rule and one model."""
    ruled = result("recency_rule", rule, came, rule=True)
    modelled = result("lightgbm", model, came, calibration=calibration)
    splits = tuple(Split((DAY,), each.test_date) for each in ruled.by_date)
    candidates = {one.name: one for one in (ruled, modelled)}
    return Backtest(ChurnDefinition(14, 90), splits, candidates, forecasts=tuple(forecasts))


def truth(customers, seed, spread=1.5):
    """Return true probabilities and what came of them."""
    random = np.random.default_rng(seed)
    p = sigmoid(random.normal(-1, spread, customers))
    return p, random.random(customers) < p


@pytest.fixture(scope="module")
def true_model():
    """A model that says the truth on three dates beside a rule that says the base rate and half of the truth."""
    drawn = [truth(2_000, seed) for seed in range(3)]
    rule = [sigmoid(0.3 * np.log(p / (1 - p)) - 0.6) for p, _ in drawn]
    forecasts = [Forecast(0, 0.0, 0.1, None, None)] * 3
    return backtest_of([p for p, _ in drawn], rule, [y for _, y in drawn], forecasts=forecasts)


def test_wilson_is_that_of_the_textbook():
    # 15 of 50: Wilson's interval is 19.10 % to 43.75 % (Newcombe 1998 gives the formula).
    assert wilson(15, 50) == pytest.approx((0.1910, 0.4375), abs=1e-4)
    assert math.isnan(wilson(0, 0)[0])


def test_tenths_hold_who_they_say():
    p = np.repeat((np.arange(10) + 0.5) / 10, 40)
    y = np.tile(np.arange(40) < 10, 10)
    found = tenths(y, p)
    assert [band.customers for band in found] == [40] * 10
    assert [band.observed for band in found] == [0.25] * 10
    assert found[6].sentence == "of those we called 60 to 70%, 25% left (40 customers, 14–40%)"


def test_an_edge_belongs_to_the_band_above_and_one_to_the_last():
    p = np.repeat([0.3, 1.0, 0.0], 30)
    found = tenths(p > 0.5, p)
    assert [(band.low, band.customers) for band in found if band.observed == 1.0] == [(found[-1].low, 30)]
    assert found[0].customers == 30
    assert found[1].low == 0.3


def test_bands_with_few_customers_are_merged_and_say_so():
    p = np.concatenate([np.full(100, 0.05), np.full(29, 0.15), np.full(40, 0.25), np.full(31, 0.95)])
    found = tenths(p > 0.9, p)
    assert min(band.customers for band in found) >= 30
    assert sum(band.customers for band in found) == 200
    assert [(band.name, band.customers, band.is_merged) for band in found] == [
        ("0 to 10%", 100, False),
        ("10 to 30%", 69, True),
        ("90 to 100%", 31, False),
    ]
    assert ["taken together" in band.sentence for band in found] == [False, True, False]


def test_fewer_than_thirty_in_all_stand_in_one_band():
    (band,) = tenths(np.array([True, False]), np.array([0.9, 0.1]))
    assert (band.name, band.customers, band.observed) == ("10 to 100%", 2, 0.5)


def test_product_bands_follow_their_edges_and_may_be_empty():
    p, y = np.array([0.1, 0.25, 0.3]), np.array([False, True, False])
    low, medium, high = named_bands(y, p, {"low": 0.0, "medium": 0.25, "high": 0.5})
    assert (low.customers, medium.customers, high.customers) == (1, 2, 0)
    assert medium.observed == 0.5
    assert not medium.is_merged
    assert high.to_dict()["left"] is None


def test_the_floor_is_what_true_probabilities_show():
    drawn = [truth(1_000, seed) for seed in range(60)]
    shown = [ece(y, p) for p, y in drawn]
    floor = noise_floor([drawn[0][0]])
    assert floor.mean == pytest.approx(float(np.mean(shown)), rel=0.1)
    assert np.mean(np.array(shown) <= floor.most) >= 0.85


def test_the_floor_falls_with_the_root_of_the_customers():
    p, _ = truth(1_000, 1)
    assert noise_floor([np.tile(p, 16)]).mean == pytest.approx(noise_floor([p]).mean / 4, rel=0.15)


def test_chance_is_drawn_anew_for_each_date():
    p, _ = truth(1_000, 1)
    one, nine = noise_floor([p]), noise_floor([p] * 9)
    assert nine.mean == pytest.approx(one.mean, rel=0.1)
    assert nine.most - nine.mean < (one.most - one.mean) / 2  # a third but for chance


def test_the_floor_of_many_rows_is_that_of_all_of_them():
    p, _ = truth(5_000, 1)
    many = np.tile(p, 20)  # 100,000 rows, of which 20,000 are simulated
    assert noise_floor([many]).mean == pytest.approx(noise_floor([p]).mean / math.sqrt(20), rel=0.15)


def graded(**other):
    """Return a grade that is an A unless something is changed."""
    facts = {
        "candidate": "lightgbm",
        "rule": "recency_rule",
        "skill": 0.05,
        "difference": Difference(-0.025, 0.01),
        "rule_log_loss": 0.5,
        "auroc": 0.8,
        "ece": 0.03,
        "floor": Floor(0.01, 0.02),
        "dates": 2,
        "cases": 100,
    }
    return Grade(**{**facts, **other})


@pytest.mark.parametrize(
    ("other", "letter"),
    [
        ({}, "A"),
        ({"skill": 0.0499}, "B"),
        ({"difference": Difference(-0.025, 0.0128)}, "B"),  # 1.95 standard errors
        ({"ece": 0.031}, "B"),
        ({"cases": 99}, "B"),  # forty customers prove nothing
        ({"ece": 0.031, "floor": Floor(0.0156, 0.03)}, "A"),  # within twice of what chance shows
        ({"dates": 1}, "B"),
        ({"difference": Difference(-0.01, 0.01)}, "C"),  # one standard error is not more than one
        ({"difference": Difference(0.01, 0.001), "skill": -0.02}, "C"),
        ({"candidate": "recency_rule", "difference": Difference(0.0, 0.0), "skill": 0.0}, "C"),
    ],
)
def test_grades_turn_at_their_edges(other, letter):
    found = graded(**other)
    assert found.letter == letter
    assert found.words.startswith(f"{letter}: ")


def test_a_b_says_what_it_lacks():
    assert graded(ece=0.05, dates=1).words.endswith("for an A it lacks percentages that are true and 2 test dates")
    assert "lacks" not in graded().words


def test_a_grade_that_is_too_good_is_suspicious():
    assert graded(auroc=0.951).is_suspicious
    assert "too good for churn" in graded(auroc=0.951).lines[-1]
    assert not graded(auroc=0.95).warnings


def test_the_interval_of_the_skill_is_in_the_same_direction():
    low, high = graded().interval
    assert (low, high) == pytest.approx(((0.025 - 0.0196) / 0.5, (0.025 + 0.0196) / 0.5), abs=1e-5)


def test_the_truth_is_graded_a(true_model):
    found = grade(true_model)
    assert found.letter == "A"
    assert found.ece <= 2 * found.floor.mean
    assert found.skill == pytest.approx(
        1 - true_model.candidates["lightgbm"].mean["log_loss"] / true_model.candidates["recency_rule"].mean["log_loss"]
    )


def test_a_model_that_says_what_the_rule_says_is_graded_c():
    p, y = truth(500, 1)
    assert grade(backtest_of([p], [p], [y]), "lightgbm").letter == "C"
    assert grade(backtest_of([p], [p], [y])).candidate == "lightgbm"


def test_the_list_of_a_perfect_model():
    # 20 of 100 leave; the model knows who, the rule has a quarter of its list right.
    y = np.arange(100) < 20
    model = np.where(y, 0.9, 0.1)
    rule = np.full(100, 0.1)
    rule[[0, 1, 2, 3, 4]] = 0.9
    rule[80:95] = 0.8
    found = report(
        backtest_of([model], [rule], [y]), "lightgbm", list_size=20, list_why="two for each of ten"
    ).shortlist
    own = found.candidate
    assert (own.hits, own.false_alarms, own.precision, own.capture, own.lift) == (
        20,
        0,
        1,
        1,
        5,
    )
    assert (found.rule.hits, found.rule.false_alarms, found.over_rule) == (5, 15, 4)
    assert (found.random.hits, found.random.capture, found.random.lift) == (4, 0.2, 1)
    assert found.sentence == (
        "a list of 20 every fortnight would have held 20 who left and 0 false alarms: "
        "5.0 × as many as picking at random, 4.0 × recency_rule"
    )
    assert "two for each of ten" in found.lines[1]


def test_without_a_capacity_the_list_is_a_tenth_and_never_longer_than_the_customers():
    p, y = truth(200, 1)
    tested = backtest_of([p], [p], [y])
    assert report(tested).shortlist.sizes == (20,)
    assert report(tested).shortlist.why == A_TENTH
    longest = report(tested, list_size=10**6).shortlist
    assert longest.sizes == (200,)
    assert longest.candidate.lift == pytest.approx(1)


def test_the_list_is_the_mean_over_the_dates():
    first, second = np.array([True, False, False, False]), np.array([True, True, False, False])
    p = np.array([0.9, 0.8, 0.2, 0.1])
    found = report(backtest_of([p, p], [p, p], [first, second]), "lightgbm", list_size=2).shortlist.candidate
    assert (found.picked, found.hits, found.capture, found.lift) == (2, 1.5, 1, 2)


def test_a_date_without_churn_breaks_nothing(tmp_path):
    p = np.linspace(0.1, 0.4, 50)
    tested = backtest_of([p, p], [p, p], [np.zeros(50, dtype=bool), np.arange(50) > 40])
    found = report(tested, "lightgbm", members=new_and_regulars([np.arange(50) % 3] * 2))
    json.dumps(found.to_dict(), allow_nan=False)
    write_figures(report_figures(tested, report(tested, "lightgbm")), tmp_path)
    assert markdown(found, "why")


def test_dates_hold_what_was_said_and_the_forecast_of_the_level():
    p, y = truth(4_000, 3)
    shift = 0.4
    raised = sigmoid(np.log(p / (1 - p)) + shift)
    forecasts = [Forecast(0, shift, 0.1, shift, 0.0)]
    (season,) = report(backtest_of([raised], [p], [y], forecasts=forecasts, calibration="season"), "lightgbm").dates
    (without,) = report(backtest_of([p], [p], [y], forecasts=forecasts), "lightgbm").dates
    # The forecast raised a true level by 0.4: nothing was right, whether or not the model made use of it.
    for each in (season, without):
        assert each.level.expected == pytest.approx(float(raised.mean()))
        assert each.level.low < each.level.expected < each.level.high
        assert each.level.turned_out == pytest.approx(0.0, abs=0.1)
        assert not each.level.is_inside
    assert season.predicted == pytest.approx(season.level.expected)
    assert without.predicted == pytest.approx(float(p.mean()))


def test_a_level_is_told_in_the_log_odds_of_the_candidate():
    """One whose mean moves half as far with a log-odds needs twice the shift, and twice the uncertainty."""
    p, y = truth(4_000, 3)
    tested = backtest_of([p], [p], [y], forecasts=[Forecast(0, 0.2, 0.1, 0.2, 0.0)], calibration="season")
    (date,) = tested.candidates["lightgbm"].by_date
    scaled = replace(tested.candidates["lightgbm"], by_date=(replace(date, scale=2.0),))
    (found,) = report(replace(tested, candidates={**tested.candidates, "lightgbm": scaled}), "lightgbm").dates
    assert (found.level.shift, found.level.uncertainty) == (0.4, 0.2)
    assert found.level.expected == pytest.approx(float(p.mean()))  # the probabilities hold the whole shift already


def test_segments_are_measured_apart_and_marked_where_off():
    p, y = truth(3_000, 5)
    new = np.arange(3_000) % 2 == 0
    said = np.where(new, p, np.clip(p + 0.2, 0, 1))
    members = {**new_and_regulars([np.where(new, 1, 4)]), **by_segment({}, [np.array(["c"] * 3_000, dtype=object)])}
    found = {one.name: one for one in report(backtest_of([said], [p], [y]), "lightgbm", members=members).segments}
    assert list(found) == ["new customers", "regulars", "no segment"]
    assert not found["new customers"].is_off
    assert found["regulars"].is_off
    assert found["regulars"].ece > 5 * found["regulars"].floor.mean
    assert found["new customers"].base_rate == pytest.approx(float(y[new].mean()))
    low, high = found["new customers"].auroc_interval
    assert low < found["new customers"].auroc < high


def test_a_segment_of_few_has_no_auroc_and_one_of_none_is_left_out():
    p, y = truth(300, 1)
    members = {"few": [np.arange(300) < 12], "none": [np.zeros(300, dtype=bool)]}
    tested = report(backtest_of([p], [p], [y]), "lightgbm", members=members)
    (few,) = tested.segments
    assert math.isnan(few.auroc)
    assert few.to_dict()["auroc_interval"] == [None, None]
    assert segment_rows(tested)[0][5] == "–"


def test_segments_come_from_customer_ids():
    found = by_segment({"ann": "firm", "bob": "home"}, [np.array(["bob", "eve"], dtype=object)])
    assert {name: rows[0].tolist() for name, rows in found.items()} == {
        "home": [True, False],
        "no segment": [False, True],
    }


def test_the_report_is_told_without_rows_of_customers(true_model):
    members = new_and_regulars([np.arange(2_000) % 5] * 3)
    found = report(true_model, product_bands={"low": 0.0, "high": 0.5}, members=members, random_split=0.98)
    text = json.dumps(found.to_dict(), allow_nan=False)
    assert '"c17"' not in text
    assert json.loads(text)["grade"]["letter"] == "A"
    assert json.loads(json.dumps(report_facts(found), allow_nan=False))["list"]["by"]["picked"] == 200
    assert any(line.startswith("of those we called low, ") for line in band_lines(found))
    assert {len(row) for row in date_rows(found)} == {len(DATE_COLUMNS)}
    assert {len(row) for row in segment_rows(found)} == {len(SEGMENT_COLUMNS)}
    assert "held on 3 of 3 dates" in next(season_lines(found))
    page = markdown(found, true_model.why, ["reliability.png"])
    for said in ("Grade A", "memory, not foresight", "| new customers |", "![reliability](reliability.png)"):
        assert said in page


def test_measures_are_numbers_only_and_the_list_adds_up(true_model):
    found = report_measures(report(true_model))
    assert "quality/auroc_random_split" not in found
    assert found["list/hits_customers"] + found["list/false_alarms_customers"] == found["list/picked_customers"] == 200
    assert report_measures(report(true_model, random_split=0.9))["quality/auroc_random_split"] == 0.9


def test_pictures_are_written_whole(true_model, tmp_path):
    figures = report_figures(true_model, report(true_model))
    assert set(figures) == {"reliability", "reliability_by_date", "base_rate", "list_size"}
    written = write_figures(figures, tmp_path / "new")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(path.name for path in written)
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written)


def test_a_random_split_remembers_what_nobody_can_foresee(log):
    data = snapshots(log, ChurnDefinition(28, 84), default_features(event_kinds(log)))
    assert len(data.days) == 30
    assert np.diff(data.days).tolist() == [4] * 29
    # Labels that only depend on the customer and the week: no feature knows them, a twin in the other half does.
    week = data.as_of // 28
    customers = np.unique(data.customer_id.astype(str), return_inverse=True)[1]
    data = replace(
        data, y=np.random.default_rng(1).random((customers.max() + 1, week.max() + 1))[customers, week] < 0.3
    )
    claimed = random_split_auroc(data)
    assert claimed > 0.7
    assert claimed == random_split_auroc(data)
    assert math.isnan(random_split_auroc(data.on([])))


def test_a_random_split_is_called_memory_only_where_it_flatters():
    assert "memory" in random_split_words(0.90, 0.84)
    assert "memory" not in random_split_words(0.84, 0.84)
