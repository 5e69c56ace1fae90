from itertools import product

import numpy as np
import pytest

from features.definitions import default_features
from features.feature import SILENCE, EventKind
from features.money import Money
from features.reasons import columns_of, common_sentences, holds, reason_sentence, sentences, value_in_words

KINDS = ("mail_clicked", "review", "subscription_cancelled", "ticket_closed")
FEATURES = default_features(tuple(EventKind(name, has_value=name == "review") for name in KINDS))
EURO = Money("EUR")
TOLD = list(sentences(FEATURES))
LATE = {"days_since_order": 74.0, "usual_gap_days": 31.0, "long_gap_days": 31.0, "longest_gap_days": 90.0}
LATE |= {"frequency": 6.0, "tenure_days": 500.0}


def said(name, *, as_risk=None, **row):
    return reason_sentence(FEATURES[name], LATE | row, FEATURES, EURO, as_risk=as_risk)


def true_of(row, **more):
    """Return every sentence that is true of a customer, with the customer's numbers left out."""
    columns = columns_of(row, **more)
    return [words for _, words in TOLD if holds(words, columns, 1)[0]]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({}, "no order for 74 days, usually every 31 days"),
        ({"long_gap_days": 45.0}, "no order for 74 days, usually every 31 days and rarely more than 45 days apart"),
        ({"longest_gap_days": 60.0}, "no order for 74 days, longer than ever before, usually every 31 days"),
        ({"frequency": 1.0}, "two orders so far, 31 days apart, and none for 74 days"),
        ({"frequency": 0.0, "usual_gap_days": float("nan")}, "one order so far, 74 days ago"),
        ({"days_since_order": 31.0}, "the next order is due now, usually every 31 days"),
        ({"days_since_order": 9.0}, "nothing in the orders stands out, ordered 9 days ago, usually every 31 days"),
    ],
)
def test_a_silence_is_told_against_the_own_rhythm(row, sentence):
    assert said("days_since_order", as_risk=True, **row) == sentence


def test_who_has_no_rhythm_yet_is_told_against_the_shops():
    once = {"days_since_order": 74.0, "frequency": 0.0}
    (late,) = (words for words in true_of(once, usual={"usual_gap_days": 40.0}) if "{shop_" in words.text)
    assert late.text.startswith("one order so far, {days_since_order} ago, and who comes again here")
    assert not [w for w in true_of(once, usual={"usual_gap_days": 80.0}) if "{shop_" in w.text]


def test_an_order_within_the_rhythm_speaks_for_staying_and_one_that_is_late_never():
    assert said("usual_gap_days", days_since_order=9.0) == "ordered 9 days ago, usually every 31 days"
    for days in range(32, 400):
        row = LATE | {"days_since_order": float(days)}
        assert [words.text for words in true_of(row) if words.fact == SILENCE and not words.as_risk] == []


def test_a_slow_rhythm_says_why_it_is_a_risk():
    slow = LATE | {"days_since_order": 9.0, "usual_gap_days": 80.0}
    told = [words.text for words in true_of(slow, horizon_days=30) if words.fact == SILENCE]
    assert told[-1].endswith("so the next order is due in {due_in_days}")
    assert not [words for words in true_of(slow, horizon_days=30) if not words.as_risk and words.fact == SILENCE]


def test_every_sentence_names_only_known_names_and_can_be_asked_of_all_at_once():
    columns = columns_of({name: np.full(3, 2.0) for name in FEATURES.names}, dict.fromkeys(FEATURES.names, 2.0), 30)
    for _, words in TOLD:
        assert words.text.format_map(columns)
        assert holds(words, columns, 3).shape == (3,)
        assert ";" not in words.text  # they are joined by it
        assert not holds(words, columns_of({}), 1)[0]  # what is not known is not told


def test_a_comparison_is_told_only_on_the_side_where_it_is_true():
    fallen = {"spend_90d": 1000.0, "spend_90d_before": 4000.0, "order_days_90d": 3.0, "order_days_90d_before": 3.0}
    assert said("spend_90d_change", as_risk=True, **fallen) == (
        "spent €10.00 in the last 90 days, down from €40.00 in the 90 before"
    )
    assert said("spend_90d_change", as_risk=False, **fallen) is None
    risen = fallen | {"spend_90d": 4000.0, "spend_90d_before": 1000.0}
    assert said("spend_90d_change", as_risk=True, **risen) is None
    assert said("spend_90d_change", as_risk=False, **risen).startswith("spent €40.00 in the last 90 days, up from")
    assert said("spend_90d_change", tenure_days=120.0, **risen) is None  # nobody was there before


def test_a_fall_that_chance_makes_is_not_told():
    told = {
        (now, before): said("order_days_90d_change", order_days_90d=float(now), order_days_90d_before=float(before))
        for now, before in product(range(8), range(8))
    }
    assert {pair for pair, sentence in told.items() if "down" in str(sentence)} == {
        *((1, 3), (1, 4), (1, 5), (1, 6), (1, 7), (2, 5), (2, 6), (2, 7), (3, 6), (3, 7)),
    }
    assert {pair for pair, sentence in told.items() if "up" in str(sentence)} == {
        *((3, 1), (4, 1), (5, 1), (6, 1), (7, 1), (5, 2), (6, 2), (7, 2), (6, 3), (7, 3)),
    }


def test_nothing_bought_and_nothing_spent_is_the_silence_and_no_fall():
    of_orders = [n for n in FEATURES.names if n.startswith(("order", "spend", "last_spend", "recent_spend", "basket"))]
    row = LATE | {name: 4000.0 if name.endswith("_before") else 0.0 for name in of_orders}
    row |= {"days_since_order": 400.0, "spend_per_order_day": 4000.0}
    told = true_of(row, usual=dict.fromkeys(FEATURES.names, 4000.0))
    assert {words.fact for words in told} == {SILENCE}


def test_a_complaint_is_a_risk_and_fewer_of_them_are_no_protection():
    row = LATE | {f"event_{kind}_90d": 1.0 for kind in KINDS} | {f"event_{kind}_90d_before": 9.0 for kind in KINDS}
    row |= {f"days_since_event_{kind}": 12.0 for kind in KINDS} | {"event_review_last_value": 2.0}
    told = true_of(row, usual={"event_review_last_value": 5.0})
    by_fact = {words.fact: words.key for words in told if words.as_risk}
    assert by_fact["subscription cancelled"].startswith("subscription cancelled {")
    assert by_fact["mail clicked"].startswith("mail clicked: {event_mail_clicked_90d} in the last 90 days, down from")
    assert "half of the customers here give at least" in by_fact["value of review"]
    assert "ticket closed" not in by_fact
    fewer = true_of(row | {"event_subscription_cancelled_90d": 9.0, "event_subscription_cancelled_90d_before": 1.0})
    assert {words.as_risk for words in fewer if words.fact == "subscription cancelled"} == {True}


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ((1, 3, 0, 8), "sent something back on 1 day in the last 90 while ordering on 3 days, never in the 90 before "
                       "while ordering on 8 days"),
        ((3, 4, 1, 9), "sent something back on 3 days in the last 90 while ordering on 4 days, on 1 day in the 90 "
                       "before while ordering on 9 days"),
        ((1, 3, 1, 3), None),  # as before
        ((1, 9, 0, 9), None),  # one of nine
        ((2, 1, 0, 8), None),  # of orders that are not in these days
        ((1, 1, 0, 1), None),  # there was hardly a past
        ((0, 3, 0, 8), None),
    ],
)  # fmt: skip
def test_what_comes_back_more_often_is_told_against_the_own_past(counts, sentence):
    names = ("return_days_90d", "order_days_90d", "return_days_90d_before", "order_days_90d_before")
    assert said("return_days_90d", **dict(zip(names, map(float, counts), strict=True))) == sentence


OPENED = "event_mail_opened_change"
ANSWERED = default_features((EventKind("mail_opened", answers="mail_sent"), EventKind("mail_sent", by_shop=True)))


@pytest.mark.parametrize(
    ("now", "before", "sentence"),
    [
        (0.0, 0.5, "mail opened: none for 101 days of what was sent, before that 50% of it"),
        (0.0, 0.1, "mail opened: none in the last 90 days, 6 in the 90 before"),
        (0.0, 1.5, "mail opened: none in the last 90 days, 6 in the 90 before"),  # several times each
        (np.nan, 0.5, None),  # nothing was sent that could be opened
    ],
)
def test_who_answers_nothing_any_more_is_told_so_where_something_was_sent(now, before, sentence):
    shares = {"event_mail_opened_answered_90d": now, "event_mail_opened_answered_90d_before": before}
    counts = {"event_mail_opened_90d": 0.0, "event_mail_opened_90d_before": 6.0, "days_since_event_mail_opened": 101.0}
    assert reason_sentence(ANSWERED[OPENED], LATE | shares | counts, ANSWERED, EURO, as_risk=True) == sentence


def test_what_is_true_of_nearly_everybody_is_common_but_the_own_silence_is_not():
    many = {name: np.full(100, value) for name, value in LATE.items()} | {"days_since_return": np.full(100, 5.0)}
    columns = columns_of(many)
    common = common_sentences(FEATURES, columns, 100)
    assert "stayed away for up to {longest_gap_days} before and came back" in common
    assert {words.key for _, words in TOLD if words.fact == "returns"} < common  # how often is told of nobody either
    assert {words.fact for _, words in TOLD if words.key in common} == {"returns", "a silence before"}
    assert common_sentences(FEATURES, columns, 10) == frozenset()  # a handful may agree by chance


def test_units():
    cases = {
        ("days_since_order", 1.0): "1 day",
        ("days_since_order", 2.5): "3 days",
        ("days_since_order", 1234.4): "1,234 days",
        ("spend_90d", 123450.0): "€1,234.50",
        ("discounted_share", 0.404): "40%",
        ("overdue", 2.44): "2.4",
    }
    for (name, value), text in cases.items():
        assert value_in_words(value, FEATURES[name], EURO) == text
