"""The simulated shop: the same for the same seed, in the columns of the contract, and true to its own truth."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.simulation.behaviour import before_christmas, make_calendar
from features.simulation.simulate import START, SimulatedShop, simulate

DAYS = 500


@pytest.fixture(scope="module")
def shop() -> SimulatedShop:
    return simulate(3_000, seed=11, days=DAYS)


def no_order_between(shop: SimulatedShop, as_of: date, horizon_days: int) -> pd.Series[bool]:
    """Per customer with a sold line before `as_of`: whether none follows in the horizon. Read from the orders alone."""
    sold = shop.orders[~shop.orders["returned"]]
    begin, end = pd.Timestamp(as_of), pd.Timestamp(as_of + timedelta(days=horizon_days))
    known = sold.loc[sold["ordered_at"] < begin, "customer_id"].unique()
    came = set(sold.loc[(sold["ordered_at"] >= begin) & (sold["ordered_at"] < end), "customer_id"])
    return pd.Series([customer not in came for customer in known], index=known)


def test_the_same_seed_gives_the_same_shop() -> None:
    one, two, other = simulate(40, seed=5, days=120), simulate(40, seed=5, days=120), simulate(40, seed=6, days=120)
    for name in ("orders", "events", "customers", "truth"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name))
    assert not one.orders.equals(other.orders)


def test_leaving_the_events_out_leaves_the_orders_as_they_are() -> None:
    with_events, without = simulate(40, seed=5, days=120), simulate(40, seed=5, days=120, with_events=False)
    pd.testing.assert_frame_equal(with_events.orders, without.orders)
    assert len(without.events) == 0
    assert len(with_events.events) > 0


def test_every_row_lies_within_the_days_of_the_log(shop: SimulatedShop) -> None:
    first, end = pd.Timestamp(START), pd.Timestamp(START + timedelta(days=DAYS))
    for when in (shop.orders["ordered_at"], shop.events["happened_at"]):
        assert when.min() >= first
        assert when.max() < end
        assert when.is_monotonic_increasing


def test_returns_are_negative_and_follow_an_order_of_the_same_customer(shop: SimulatedShop) -> None:
    orders = shop.orders
    assert ((orders["amount"] < 0) == orders["returned"]).all()
    returned = orders[orders["returned"]].assign(order_id=lambda rows: "O" + rows["order_id"].str[1:])
    sold = orders[~orders["returned"]]
    pair = returned.merge(sold, on=["order_id", "customer_id", "product_id"], suffixes=("", "_sold"))
    assert len(pair) == len(returned) > 0
    assert (pair["ordered_at"] > pair["ordered_at_sold"]).all()
    assert (pair["amount"] == -pair["amount_sold"]).all()


def test_a_product_comes_once_per_order_and_money_has_two_decimals(shop: SimulatedShop) -> None:
    assert not shop.orders.duplicated(["order_id", "product_id"]).any()
    cents = shop.orders["amount"] * 100
    assert np.allclose(cents, cents.round(), atol=1e-6)


@pytest.mark.parametrize(("day", "horizon_days"), [(200, 14), (300, 30), (400, 60)])
def test_the_true_probability_is_calibrated(shop: SimulatedShop, day: int, horizon_days: int) -> None:
    as_of = START + timedelta(days=day)
    truth = shop.true_probability(as_of, horizon_days).set_index("customer_id")["probability"]
    churned = no_order_between(shop, as_of, horizon_days)
    assert set(churned.index) == set(truth.index)
    error = churned.loc[truth.index].astype(float) - truth
    for _, part in error.groupby(pd.qcut(truth, 5)):
        expected_noise = np.sqrt((truth[part.index] * (1 - truth[part.index])).sum()) / len(part)
        assert abs(part.mean()) < 4 * expected_noise + 1e-3


def test_the_true_probability_ranks_better_than_silence_alone(shop: SimulatedShop) -> None:
    as_of, horizon_days = START + timedelta(days=400), 30
    truth = shop.true_probability(as_of, horizon_days).set_index("customer_id")["probability"]
    churned = no_order_between(shop, as_of, horizon_days).loc[truth.index]
    sold = shop.orders[~shop.orders["returned"] & (shop.orders["ordered_at"] < pd.Timestamp(as_of))]
    silence = -sold.groupby("customer_id")["ordered_at"].max().astype("int64").loc[truth.index]
    assert area_under_roc(truth, churned) > area_under_roc(silence.astype(float), churned) + 0.01


def area_under_roc(score: pd.Series[float], positive: pd.Series[bool]) -> float:
    ranks, n = score.rank(), int(positive.sum())
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * (len(score) - n)))


def test_customers_leave_for_good(shop: SimulatedShop) -> None:
    gone = shop.truth.dropna(subset=["left_on"]).set_index("customer_id")["left_on"]
    last = shop.orders[~shop.orders["returned"]].groupby("customer_id")["ordered_at"].max()
    assert len(gone) > 100
    assert (last.loc[gone.index].dt.floor("D") == gone).all()


def test_a_stationary_shop_keeps_its_rate() -> None:
    shop = simulate(2_000, seed=3, days=400, stationary=True)
    assert shop.truth["left_on"].isna().all()
    day = (shop.orders["ordered_at"] - pd.Timestamp(START)).dt.days[~shop.orders["returned"]]
    quarters = np.bincount(day // 100)
    assert quarters.max() / quarters.min() < 1.06


def gift_shop(christmas_factor: float) -> SimulatedShop:
    """One Christmas in its last weeks: the log ends on 3 January 2025."""
    start, last = date(2023, 5, 15), date(2025, 1, 3)
    days = (last - start).days + 1
    return simulate(
        6_000,
        seed=2024,
        days=days,
        start=start,
        usual_gap_days=90.0,
        with_events=False,
        christmas_factor=christmas_factor,
    )


def test_at_christmas_fewer_churn_and_the_truth_knows_how_many() -> None:
    shop, as_of, horizon_days = gift_shop(2.0), date(2024, 11, 20), 45
    truth = shop.true_probability(as_of, horizon_days).set_index("customer_id")["probability"]
    churned = no_order_between(shop, as_of, horizon_days).loc[truth.index]
    error = churned.astype(float) - truth
    for _, part in error.groupby(pd.qcut(truth, 5, duplicates="drop")):
        noise = np.sqrt((truth[part.index] * (1 - truth[part.index])).sum()) / len(part)
        assert abs(part.mean()) < 4 * noise + 1e-3
    summer = no_order_between(shop, date(2024, 7, 1), horizon_days).mean()
    mild = no_order_between(gift_shop(1.0), as_of, horizon_days).mean()
    assert churned.mean() < mild - 0.08
    assert mild < summer - 0.04


def test_without_a_christmas_the_shop_is_what_it_always_was() -> None:
    shop = simulate(30, seed=5, days=120, christmas_factor=1.0)
    assert shop.orders["amount"].sum() == pytest.approx(4_292.87)
    calendar, flat = make_calendar(START, 730, False, 1.0), make_calendar(START, 730, False)
    assert np.array_equal(calendar.elapsed, flat.elapsed)


def test_christmas_comes_without_an_edge_and_every_year() -> None:
    much = before_christmas(date(2023, 5, 15), 900)
    day = np.datetime64("2023-05-15") + np.arange(900)
    for year in ("2023", "2024"):
        assert (much[(day >= np.datetime64(f"{year}-12-10")) & (day <= np.datetime64(f"{year}-12-20"))] == 1).all()
        rising = much[(day >= np.datetime64(f"{year}-11-01")) & (day <= np.datetime64(f"{year}-12-10"))]
        assert (np.diff(rising) > 0).all()
        assert much[day == np.datetime64(f"{year}-10-31")] == 0
        assert much[day == np.datetime64(f"{year}-12-29")] < 1e-12
    assert np.abs(np.diff(much)).max() < 0.2


def test_before_a_feast_that_moves_more_is_bought_and_the_truth_knows() -> None:
    easters = [date(2022, 4, 24), date(2023, 4, 16)]
    with_feast = simulate(1_500, seed=6, days=560, with_events=False, feasts=easters, feast_factor=2.0)
    without = simulate(1_500, seed=6, days=560, with_events=False)
    for easter in easters:
        week = (easter - START).days - 7
        in_week = [
            int(((shop.orders["ordered_at"] - pd.Timestamp(START)).dt.days.between(week, week + 4)).sum())
            for shop in (with_feast, without)
        ]
        assert in_week[0] > 1.5 * in_week[1]
    as_of = easters[1] - timedelta(21)
    truth = with_feast.true_probability(as_of, 20)["probability"].mean()
    assert truth < without.true_probability(as_of, 20)["probability"].mean() - 0.05
    assert no_order_between(with_feast, as_of, 20).mean() == pytest.approx(truth, abs=0.04)


def test_the_files_hold_the_tables_and_nothing_else_is_left(shop: SimulatedShop, tmp_path: Path) -> None:
    small = simulate(20, seed=2, days=90)
    written = small.write(tmp_path / "new" / "folder")
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == sorted(p.name for p in written)
    orders = pd.read_csv(written[0], parse_dates=["ordered_at"], dtype={"customer_id": str, "order_id": str})
    pd.testing.assert_frame_equal(orders, small.orders, check_dtype=False)
    events = written[1].read_text()
    assert "nan" not in events.lower()


def test_a_stationary_shop_has_no_christmas() -> None:
    with pytest.raises(ValueError, match="no Christmas"):
        simulate(5, seed=1, stationary=True, christmas_factor=2.0)


@pytest.mark.parametrize(
    "wrong", [{"customers": 0}, {"days": 0}, {"usual_gap_days": 0.0}, {"christmas_factor": 0.0}, {"feast_factor": 0.0}]
)
def test_impossible_shops_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="at least 1 customer, 1 day"):
        simulate(**{"customers": 5, "seed": 1, "days": 30, **wrong})  # type: ignore[arg-type]  # one wrong value each
