"""Orders, a bundle and a date in, scores out."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from features.attributes import Attributes, with_attributes
from features.clock import date_of, day_number
from features.definitions import features_for
from features.errors import InputError
from features.log import Coded, Events, Lines
from features.roll_up import roll_up
from serving import scorer
from serving.scorer import explained, limits, score, score_one
from serving.scores import LAPSED_FROM, SCORE_NAMES, STATES, band
from serving.shop import chosen_day
from tests.bundles import bundle_of
from training.dataset import build_dataset
from training.models.fitted import Explained
from training.splits import latest_dates


@pytest.fixture(scope="module")
def scores(shop: Any) -> Any:
    """The small shop, scored."""
    return score(shop.log, shop.bundles["lightgbm"], "7", shop.as_of)


def test_scores_come_in_the_columns_of_the_contract(scores: Any, shop: Any) -> None:
    """One row per customer of the population, sorted, with the facts of the run on each."""
    orders = shop.log.streams["orders"]
    within = orders.day >= day_number(shop.as_of) - 120
    population = shop.log.customer_ids[np.unique(orders.customer[within])]
    assert tuple(scores.columns) == SCORE_NAMES
    assert scores["customer_id"].tolist() == population.tolist()
    assert set(scores["as_of"]) == {shop.as_of}
    assert set(scores["horizon_days"]) == {30}
    assert set(scores["model_version"]) == {"7"}
    assert scores["probability"].between(0, 1).all()
    assert scores["band"].tolist() == [band(p) for p in scores["probability"]]
    assert set(scores["state"]) <= set(STATES)
    assert (scores.loc[scores["state"] == "lapsed", "probability"] >= LAPSED_FROM).all()


def test_value_at_risk_is_the_probability_of_having_left_times_spend_in_the_currencys_digits(scores: Any) -> None:
    """Rounded once, from what was not rounded before."""
    for p, spend, value in scores[["left_probability", "expected_spend", "value_at_risk"]].itertuples(index=False):
        assert isinstance(value, Decimal)
        assert value.as_tuple().exponent == -2
        assert abs(float(value) - p * float(spend)) <= 0.011


def test_the_silences_are_one_curve_through_the_probability(scores: Any) -> None:
    """At the model's own horizon it is the probability to the bit, and a longer silence is never likelier."""
    curve = scores[["silent_30d", "silent_60d", "silent_90d", "silent_180d"]].to_numpy()
    assert (scores["silent_30d"] == scores["probability"]).all()
    assert (np.diff(curve, axis=1) <= 0).all()
    assert ((curve >= 0) & (curve <= 1)).all()


def test_the_next_order_is_a_date_with_an_interval(scores: Any, shop: Any) -> None:
    """Nobody is expected before the day of the scores, or later than the model follows."""
    last = shop.as_of + timedelta(days=shop.bundles["lightgbm"].timing.follow_days - 1)
    names = ["next_order_from", "next_order_on", "next_order_until"]
    for first, day, end in scores[names].itertuples(index=False):
        assert shop.as_of <= first <= day <= end <= last


def test_overdue_days_say_what_overdue_says(scores: Any) -> None:
    """Days and ratio measure the same silence in the same usual gap."""
    late = scores[scores["usual_gap_days"].notna()]
    assert (late["overdue_days"] == late["days_since_order"] - late["usual_gap_days"]).all()
    assert ((late["overdue"] > 1) == (late["overdue_days"] > 0)).all()


def test_the_value_at_risk_lies_in_its_interval(scores: Any) -> None:
    """Money as the rest: decimal, in the currency's digits."""
    for low, value, high in scores[["value_at_risk_low", "value_at_risk", "value_at_risk_high"]].itertuples(
        index=False
    ):
        assert 0 <= low <= value <= high
        assert low.as_tuple().exponent == high.as_tuple().exponent == -2


def test_everyone_in_a_small_shop_is_told_why(scores: Any) -> None:
    """Up to three reasons and two protective ones, as sentences."""
    assert scores["reasons"].map(len).between(0, 3).all()
    assert scores["protective"].map(len).between(0, 2).all()
    assert scores["reasons"].map(len).sum() > len(scores) / 2
    assert all(isinstance(words, str) for told in scores["reasons"] for words in told)


def test_who_is_not_in_the_customers_file_is_scored_as_an_average_customer_and_that_is_said(shop: Any) -> None:
    """A posted history comes without region; the batch has it, and says nothing."""
    regions = Attributes(shop.log.customer_ids, {"region": Coded.of(["north", "south"] * (shop.log.n_customers // 2))})
    known = with_attributes(shop.log, regions)
    learnt = build_dataset(
        known, latest_dates(known, shop.settings.definition), shop.settings.definition, features_for(known)
    )
    bundle = bundle_of("logistic", learnt, known, shop.settings.shop)
    someone = str(known.customer_ids[0])
    told = score_one(shop.log.only([someone]), bundle, "1", shop.as_of)
    assert told.limits is not None
    assert "region of the customer not known: read as of an average customer" in told.limits
    assert not any("region" in words for words in limits(known.only([someone]), bundle, shop.as_of))
    batch = score(known, bundle, "1", shop.as_of).set_index("customer_id")
    assert not any("region" in words for told in batch["reasons"] for words in told)


def test_nothing_on_or_after_the_day_is_read(shop: Any) -> None:
    """The log of a later day scores an earlier one as the log of that day does."""
    past = shop.as_of - timedelta(days=60)
    whole = score(shop.log, shop.bundles["logistic"], "1", past)
    known = score(shop.log.before(day_number(past)), shop.bundles["logistic"], "1", past)
    assert whole.equals(known)


@pytest.mark.parametrize("candidate", ["logistic", "lightgbm"])
def test_the_number_of_customers_at_once_changes_nothing(
    shop: Any, candidate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is bounded by it, no score depends on it."""
    whole = score(shop.log, shop.bundles[candidate], "1", shop.as_of)
    monkeypatch.setattr(scorer, "CUSTOMERS_AT_ONCE", 7)
    pieces = score(shop.log, shop.bundles[candidate], "1", shop.as_of)
    assert whole.equals(pieces)


def test_a_large_shop_explains_its_most_valuable_cases(shop: Any, scores: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest has None, and can be explained later, with the same words."""
    bundle = shop.bundles["lightgbm"]
    monkeypatch.setattr(scorer, "EXPLAIN_ALL_BELOW", 10)
    monkeypatch.setattr(scorer, "EXPLAIN_TOP", 5)
    large = score(shop.log, bundle, "7", shop.as_of)
    top = scores.sort_values("value_at_risk", ascending=False, key=lambda c: c.astype(float)).head(5)
    assert set(large.loc[large["reasons"].notna(), "customer_id"]) == set(top["customer_id"])
    assert explained(large, shop.log, bundle, list(scores["customer_id"])).equals(scores)
    assert score(shop.log, bundle, "7", shop.as_of, reasons="none")["reasons"].isna().all()
    assert score(shop.log, bundle, "7", shop.as_of, reasons="all").equals(scores)


@pytest.mark.parametrize("candidate", ["logistic", "lightgbm"])
def test_one_customer_is_scored_as_in_the_batch(shop: Any, candidate: str) -> None:
    """One producer, one way to a probability."""
    bundle = shop.bundles[candidate]
    batch = score(shop.log, bundle, "7", shop.as_of).set_index("customer_id")
    for customer_id in batch.index[::10]:
        one = score_one(shop.log.only([customer_id]), bundle, "7", shop.as_of)
        row = batch.loc[customer_id]
        for name in SCORE_NAMES:
            said = getattr(one, name)
            if name in ("reasons", "protective"):
                assert list(said or ()) == row[name]
            else:
                assert said == row.get(name, customer_id) or (said is None and np.isnan(row[name])), name


def test_a_customer_outside_the_population_is_lapsed(shop: Any) -> None:
    """The model has not learnt from such customers, and the answer says so."""
    log = roll_up(Lines.of(["a", "a", "a"], [100, 130, 160], [500, 700, 300]))
    one = score_one(log, shop.bundles["lightgbm"], "1", date_of(600))
    assert one.state == "lapsed"
    assert one.limits[:2] == (
        "rests on 3 order days over 500 days of history",
        "no order in the last 120 days: the model has learnt from customers with one",
    )


@pytest.mark.parametrize(("since", "expected"), [(31, "lapsed"), (30, "at_risk")])
def test_a_regular_far_beyond_the_own_rhythm_has_lapsed(
    shop: Any, monkeypatch: pytest.MonkeyPatch, since: int, expected: str
) -> None:
    """Ten days are a long gap of this one; within the population, and the model gives up, too."""
    days = [100 + 10 * n for n in range(20)]
    bundle = shop.bundles["lightgbm"]
    sure = Explained(np.full(1, 3.0), np.zeros((1, len(bundle.features))), 0.0)
    monkeypatch.setattr(type(bundle), "explained", lambda self, X, as_of: sure)
    one = score_one(roll_up(Lines.of(["a"] * 20, days, [500] * 20)), bundle, "1", date_of(days[-1] + since))
    assert (one.state, one.days_since_order) == (expected, since)


def test_one_order_day_has_no_usual_gap(shop: Any) -> None:
    """What is not known is None, and the answer says what it rests on."""
    one = score_one(roll_up(Lines.of(["a"], [100], [500])), shop.bundles["lightgbm"], "1", date_of(103))
    assert (one.state, one.usual_gap_days, one.overdue, one.days_since_order) == ("new", None, None, 3)
    assert one.overdue_days is None
    assert one.limits[0] == "rests on 1 order day over 3 days of history"
    assert one.limits[1].startswith("one order day so far")


def test_no_next_order_lies_beyond_the_calendar(shop: Any) -> None:
    """Whoever posts the last day of all is answered."""
    log = roll_up(Lines.of(["a"], [day_number(date.max) - 9], [500]))
    one = score_one(log, shop.bundles["lightgbm"], "1", date.max)
    assert one.next_order_on == one.next_order_until == date.max


def test_the_limits_name_what_was_not_read_and_what_was_not_given(shop: Any) -> None:
    """Orders from as_of on, kinds of events that the history or the model does not have."""
    log = roll_up(Lines.of(["a", "a", "a"], [100, 130, 160], [500, 700, 300]))
    said = limits(log, shop.bundles["lightgbm"], date_of(140))
    assert said[1] == "two order days so far: the usual gap is a single gap"
    assert "1 order day on or after 1970-05-21 not read" in said
    assert said[-1] == "no events: read as none happened"
    strange = roll_up(Lines.of(["a"], [100], [500]), Events.of(["a"], ["seance"], [101]))
    assert limits(strange, shop.bundles["lightgbm"], date_of(140))[-1] == "the model does not know seance: not read"


def test_nobody_to_score_is_said(shop: Any) -> None:
    """A date long after the last order has no population, an empty history no score."""
    with pytest.raises(InputError, match="no customer ordered in the 120 days before 2099-01-01"):
        score(shop.log, shop.bundles["lightgbm"], "1", date_of(day_number(shop.as_of)).replace(2099, 1, 1))
    with pytest.raises(InputError, match="no customer ordered"):
        score(roll_up(Lines.of([], [], [])), shop.bundles["lightgbm"], "1", shop.as_of)
    with pytest.raises(InputError, match="not of 2"):
        score_one(roll_up(Lines.of(["a", "b"], [1, 1], [5, 5])), shop.bundles["lightgbm"], "1", shop.as_of)
    with pytest.raises(InputError, match="no order before"):
        score_one(roll_up(Lines.of([], [], [])), shop.bundles["lightgbm"], "1", shop.as_of)
    with pytest.raises(InputError, match="no order before"):
        score_one(roll_up(Lines.of(["a"], [100], [5])), shop.bundles["lightgbm"], "1", date_of(100))


def test_the_day_to_score_from_is_the_one_after_the_last_order(shop: Any) -> None:
    """Without a date, everything in the log is history."""
    assert chosen_day(shop.log, None) == shop.as_of
