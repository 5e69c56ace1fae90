from features.definitions import default_features
from features.feature import EventKind
from features.money import Money
from features.words import sentence, written

FEATURES = default_features((EventKind("mail_clicked", answers="mail_sent"), EventKind("review", has_value=True)))
EURO = Money("EUR")


def test_first_sentence_whose_numbers_are_known_is_taken():
    feature = FEATURES["days_since_order"]
    known = {"days_since_order": 74.0, "usual_gap_days": 31.0}
    unknown = {"days_since_order": 74.0, "usual_gap_days": float("nan")}
    assert sentence(feature, known, FEATURES, EURO) == "no order for 74 days, usually every 31 days"
    assert sentence(feature, unknown, FEATURES, EURO) == "no order for 74 days"


def test_a_feature_whose_own_value_is_unknown_is_never_a_reason():
    assert sentence(FEATURES["usual_gap_days"], {"usual_gap_days": float("nan")}, FEATURES, EURO) is None


def test_every_sentence_names_only_features_of_the_set():
    row = dict.fromkeys(FEATURES.names, 2.0)
    for feature in FEATURES:
        assert feature.words == () or sentence(feature, row, FEATURES, EURO)


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
        assert written(value, FEATURES[name], EURO) == text
