import pytest

from features.build import feature_table
from features.churn.labels import ChurnDefinition, complete_until, label_table
from features.clock import date_of
from features.definitions import default_features
from features.errors import ConfigError
from features.log import Lines
from features.roll_up import roll_up

DEFINITION = ChurnDefinition(horizon_days=10, active_days=30)


def labels(days, as_of=100):
    log = roll_up(Lines.of(["ann"] * len(days), days, [700] * len(days)))
    return label_table(log, [date_of(as_of)], DEFINITION)


@pytest.mark.parametrize(
    ("next_order", "churned"), [(99, True), (100, False), (109, False), (110, True)], ids=lambda value: str(value)
)
def test_the_horizon_is_half_open(next_order, churned):
    assert labels([80, next_order])["churned"].tolist() == [churned]


@pytest.mark.parametrize(("last_order", "rows"), [(99, 1), (70, 1), (69, 0)])
def test_who_can_churn_ordered_in_the_active_days(last_order, rows):
    assert len(labels([last_order])) == rows


def test_spend_next_is_the_money_of_the_horizon():
    assert labels([80, 99, 100, 109, 110])["spend_next"].tolist() == [1400.0]


@pytest.mark.parametrize(("days", "wait"), [([99, 100, 104], 0), ([99, 109], 9), ([99, 110], 10), ([99], 10)])
def test_wait_days_is_the_silence_that_came(days, wait):
    assert labels(days)["wait_days"].tolist() == [wait]


def test_labels_and_features_stand_in_the_same_rows():
    log = roll_up(Lines.of(["b", "a", "c", "a"], [90, 80, 95, 120], [1, 2, 3, 4]))
    dates = [date_of(100), date_of(96), date_of(110)]
    table = feature_table(log, dates, default_features(), DEFINITION.active_days)
    rows = label_table(log, dates, DEFINITION)
    assert rows[["customer_id", "as_of"]].equals(table[["customer_id", "as_of"]])


def test_an_unfinished_last_day_does_not_count():
    days = [day for day in range(60) for _ in range(20)]
    log = roll_up(Lines.of([f"c{n}" for n in range(len(days))], days, [5] * len(days)))
    assert complete_until(log) == 60
    late = roll_up(Lines.of([f"c{n}" for n in range(len(days) + 1)], [*days, 60], [5] * (len(days) + 1)))
    assert complete_until(late) == 60


@pytest.mark.parametrize(
    ("weeks_ago", "on_last_day", "counts"),
    [
        ((10, 10, 10, 10), 4, False),
        ((10, 10, 10, 10), 5, True),
        ((9, 9, 9, 9), 1, True),
        ((20, 20, 20, 20), 9, False),
        ((20, 20, 20, 20), 7, False),
        ((12, 12, 8, 8), 4, False),
        ((10, 10, 10, 0), 4, False),
        ((20, 0, 0, 0), 4, True),
    ],
    ids=[
        "under half",
        "half",
        "too few to judge",
        "little under half",
        "over a third",
        "median",
        "a feast",
        "one week",
    ],
)
def test_the_last_day_is_held_to_its_own_weekday(weeks_ago, on_last_day, counts):
    """Of the last four; the other weekdays, here without any order, say nothing."""
    last = 60
    days = [last] * on_last_day + [last - 7 * (n + 1) for n, orders in enumerate(weeks_ago) for _ in range(orders)]
    log = roll_up(Lines.of([f"c{n}" for n in range(len(days))], days, [5] * len(days)))
    assert complete_until(log) == last + counts


def test_a_date_without_customers_has_the_same_columns():
    assert labels([69]).dtypes.equals(labels([99]).dtypes)
    assert labels([99])["wait_days"].dtype == "int64"


@pytest.mark.parametrize("name", ["horizon_days", "active_days"])
def test_a_window_is_from_a_day_to_ten_years(name):
    for days in (1, 3650):
        ChurnDefinition(**{"horizon_days": 90, "active_days": 90, name: days})
    for days in (0, 3651):
        with pytest.raises(ConfigError, match=f"{name} is a number of days from 1 to 3650, not {days}"):
            ChurnDefinition(**{"horizon_days": 90, "active_days": 90, name: days})
