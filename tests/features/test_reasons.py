import re

from features.definitions import default_features
from features.feature import EventKind
from features.money import Money
from features.reasons import reason_sentence, value_in_words

FEATURES = default_features((EventKind("mail_clicked", answers="mail_sent"), EventKind("review", has_value=True)))
EURO = Money("EUR")
WINDOW = re.compile(r"^(order_days|order_weeks|order_pulse|spend|lines|products)_.*(\d+d|change)")


def test_first_sentence_whose_numbers_are_known_is_taken():
    feature = FEATURES["days_since_order"]
    known = {"days_since_order": 74.0, "usual_gap_days": 31.0}
    unknown = {"days_since_order": 74.0, "usual_gap_days": float("nan")}
    assert reason_sentence(feature, known, FEATURES, EURO) == "no order for 74 days, usually every 31 days"
    assert reason_sentence(feature, unknown, FEATURES, EURO) == "no order for 74 days"


def test_a_feature_whose_own_value_is_unknown_is_never_a_reason():
    assert reason_sentence(FEATURES["usual_gap_days"], {"usual_gap_days": float("nan")}, FEATURES, EURO) is None


def test_every_sentence_names_only_features_of_the_set():
    row = dict.fromkeys(FEATURES.names, 2.0)
    for feature in FEATURES:
        for words in feature.words:
            text = words if isinstance(words, str) else words.text
            assert text.format_map(row)
            assert isinstance(words, str) or isinstance(words.when(row), bool)


def test_a_comparison_is_told_only_on_the_side_where_it_is_true():
    feature = FEATURES["spend_90d_change"]
    row = {"spend_90d": 1000.0, "spend_90d_before": 4000.0}
    assert reason_sentence(feature, row, FEATURES, EURO, as_risk=True) == (
        "spent €10.00 in the last 90 days, down from €40.00 in the 90 before"
    )
    assert reason_sentence(feature, row, FEATURES, EURO, as_risk=False) is None
    risen = {"spend_90d": 4000.0, "spend_90d_before": 1000.0}
    assert reason_sentence(feature, risen, FEATURES, EURO, as_risk=True) is None


def test_an_empty_window_is_told_as_the_silence_that_it_is_and_not_as_a_fall():
    """Whatever the feature: money, orders, lines, products or weeks."""
    row = {**dict.fromkeys(FEATURES.names, 0.0), "days_since_order": 400.0, "usual_gap_days": 31.0}
    row |= {name: 4000.0 for name in FEATURES.names if name.endswith("_before")}
    of_orders = [feature for feature in FEATURES if WINDOW.search(feature.name) and feature.risk_falls_with_it]
    assert {"spend_90d_change", "order_days_7d", "lines_90d", "products_365d"} < {each.name for each in of_orders}
    for feature in of_orders:
        assert (
            reason_sentence(feature, row, FEATURES, EURO, as_risk=True)
            == "no order for 400 days, usually every 31 days"
        )
        assert reason_sentence(feature, row, FEATURES, EURO, as_risk=False) is None


def test_nothing_spent_is_never_told_neither_now_nor_before():
    nothing = dict.fromkeys(("spend_30d", "spend_90d", "last_spend"), 0.0)
    row = {**dict.fromkeys(FEATURES.names, 4000.0), "days_since_order": 3.0}
    for name in ("spend_30d", "spend_90d", "spend_90d_before", "spend_90d_change", "last_spend"):
        assert reason_sentence(FEATURES[name], {**row, **nothing}, FEATURES, EURO) is None, name
        known = reason_sentence(FEATURES[name], {**row, "spend_90d_before": 0.0, "last_spend": 5.0}, FEATURES, EURO)
        assert "€0.00" not in str(known)
    first = {**row, "order_days_30d": 3.0, "order_days_30d_before": 0.0}
    assert (
        reason_sentence(FEATURES["order_days_30d_change"], first, FEATURES, EURO) == "ordered on 3 days in the last 30"
    )


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
