from features.definitions import default_features
from features.feature import EventKind
from features.money import Money
from features.reasons import reason_sentence, value_in_words

FEATURES = default_features((EventKind("mail_clicked", answers="mail_sent"), EventKind("review", has_value=True)))
EURO = Money("EUR")


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


def test_nothing_spent_is_no_reason_beside_a_silence():
    assert reason_sentence(FEATURES["spend_30d"], {"spend_30d": 0.0}, FEATURES, EURO) is None


def test_units():
    cases = {
        ("days_since_order", 1.0): "1 day",
        ("days_since_order", 2.5): "2.5 days",
        ("days_since_order", 1234.4): "1,234 days",
        ("spend_90d", 123450.0): "€1,234.50",
        ("discounted_share", 0.404): "40%",
        ("overdue", 2.44): "2.4",
    }
    for (name, value), text in cases.items():
        assert value_in_words(value, FEATURES[name], EURO) == text
