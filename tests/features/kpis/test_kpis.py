"""Retention figures on shops that can be counted by hand."""

from datetime import date
from itertools import pairwise

import pytest

from features.clock import date_of, day_number
from features.errors import InputError
from features.kpis.cohorts import cohorts
from features.kpis.periods import Period, period_kind, periods
from features.kpis.retention import kpis_of, retention_kpis
from features.kpis.yearly import Yearly, customers_over_years, five_points_more, lifetime_spend, twelve_months, yearly
from features.log import Lines
from features.roll_up import roll_up
from features.sources.mapping import OrdersMapping, Shop
from features.sources.reader import read_log


def log_of(orders):
    """Return the log of {customer: dates, "m-d" of 2025 or a date}."""
    rows = [(who, on) for who, days in orders.items() for on in days]
    days = [day_number(date.fromisoformat(on if len(on) > 5 else f"2025-{on}")) for _, on in rows]
    return roll_up(Lines.of([who for who, _ in rows], days, [1_000] * len(rows)))


END = day_number(date(2025, 8, 1))
# Active = an order in the last 31 days. July is looked at.
SHOP = {
    "old": ["01-01"],  # so that the log begins early; dormant ever since
    "ann": ["06-20", "07-15"],  # kept
    "bob": ["06-20"],  # lost
    "cem": ["07-02", "07-20"],  # gained
    "dan": ["02-01", "07-10"],  # recovered
    "eva": ["06-05", "07-01"],  # kept: the first of July lies 31 days before the first of August
}


def july(active_days=31, shop=None):
    return retention_kpis(log_of(shop or SHOP), active_days, end=END).whole[-1]


def test_a_month_counted_by_hand():
    found = july()
    assert found.period.name == "2025-07"
    assert (found.active_at_start, found.active_at_end) == (3, 4)
    assert (found.kept, found.lost, found.gained, found.gained_active, found.recovered) == (2, 1, 1, 1, 1)
    assert (found.joined, found.dormant_at_end) == (2, 2)
    assert found.retention_percent == pytest.approx(200 / 3)
    assert found.retention_percent + found.churn_percent == 100
    assert (found.ordering, found.repeating, found.orders) == (4, 1, 5)
    assert found.repeat_purchase_percent == 25
    assert found.purchase_frequency == 1.25
    assert found.average_order_value == 1_000
    assert found.historic_lifetime_value == pytest.approx(10_000 / 6)


def test_who_came_back_is_not_kept():
    shop = {"old": ["01-01"], "ann": ["06-20", "07-15"], **{f"back {n}": ["02-01", "07-10"] for n in range(5)}}
    found = july(shop=shop)
    # (E − gained) / S would be 600 %.
    assert (found.retention_percent, found.recovered, found.gained) == (100.0, 5, 0)


def test_gained_and_lost_within_one_period():
    shop = {"old": ["2024-01-01"], "ann": ["2024-12-20", "12-20"], "eph": ["03-01"], "ret": ["2024-02-01", "05-01"]}
    found = retention_kpis(log_of(shop), 31, "year", end=day_number(date(2026, 1, 1))).whole[-1]
    assert (found.gained, found.gained_active, found.came_back, found.recovered) == (1, 0, 1, 0)
    assert (found.active_at_start, found.active_at_end, found.retention_percent) == (1, 1, 100.0)
    assert found.dormant_at_end == 3


def test_an_unfinished_period_tells_sums_so_far_and_no_rate():
    found = retention_kpis(log_of(SHOP), 31, end=END - 1).whole[-1]
    assert not found.finished
    assert (found.orders, found.spend, found.gained, found.active_at_start) == (5, 5_000, 1, 3)
    unknown = ("active_at_end", "kept", "lost", "joined", "recovered", "came_back", "dormant_at_end")
    rates = ("retention_percent", "churn_percent", "repeat_purchase_percent", "purchase_frequency")
    for name in (*unknown, *rates, "average_order_value", "historic_lifetime_value", "gained_active"):
        assert getattr(found, name) is None, name


def test_retention_is_not_told_before_the_log_holds_an_active_window():
    found = {row.period.name: row for row in retention_kpis(log_of(SHOP), 90, end=END).whole}
    assert found["2025-03"].retention_percent is None
    assert found["2025-03"].active_at_end is not None  # 90 days before the first of April the log had begun
    assert found["2025-04"].active_at_start == found["2025-03"].active_at_end
    assert found["2025-07"].retention_percent is not None


def test_nobody_active_at_the_start_is_no_rate():
    found = july(shop={"old": ["01-01"], "cem": ["07-02"]})
    assert (found.active_at_start, found.gained_active) == (0, 1)
    assert found.retention_percent is found.churn_percent is None


def test_groups_have_the_same_periods():
    found = retention_kpis(log_of(SHOP), 31, end=END, group_of={"ann": "north", "bob": "north"})
    assert set(found.groups) == {"north", "none"}
    assert found.groups["north"][-1].retention_percent == 50.0
    assert {len(rows) for rows in found.groups.values()} == {len(found.whole)}


def test_latest_is_the_last_finished_period():
    assert retention_kpis(log_of(SHOP), 31, end=END - 1).latest.period.name == "2025-06"
    assert retention_kpis(log_of({"ann": ["01-05"]}), 31, end=day_number(date(2025, 1, 9))).latest is None


def test_no_periods_no_figures():
    assert kpis_of(log_of(SHOP), 31, [], end=END).whole == ()


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("month", ["2024-02", "2024-03"]),
        ("quarter", ["2024-Q1"]),
        ("year", ["2024"]),
    ],
)
def test_calendar_periods(kind, names):
    first, end = day_number(date(2024, 2, 29)), day_number(date(2024, 4, 1))
    found = periods(kind, first, end)
    assert [span.name for span in found] == names
    assert found[0].first_day <= first < found[0].end
    assert all(left.end == right.first_day for left, right in pairwise(found))


def test_periods_before_1970_and_none():
    assert [span.name for span in periods("quarter", -1, 0)] == ["1969-Q4"]
    assert periods("month", 5, 5) == ()


def test_months_of_the_jalali_calendar():
    first, end = day_number(date(2025, 3, 20)), day_number(date(2026, 3, 22))
    found = periods("month", first, end, "jalali")
    names = ["1403-12", *(f"1404-{month:02d}" for month in range(1, 13)), "1405-01"]
    assert [span.name for span in found] == names
    assert [span.days for span in found] == [30, *[31] * 6, *[30] * 5, 29, 31]
    assert date_of(found[1].first_day) == date(2025, 3, 21)
    assert all(left.end == right.first_day for left, right in pairwise(found))
    assert [span.name for span in periods("quarter", first, end, "jalali")][:2] == ["1403-Q4", "1404-Q1"]
    assert [span.name for span in periods("year", first, end, "jalali")] == ["1403", "1404", "1405"]


def test_days_of_which_the_jalali_calendar_is_not_known_are_counted_by_the_other():
    assert [
        span.name for span in periods("month", day_number(date(1900, 1, 1)), day_number(date(1900, 1, 2)), "jalali")
    ] == ["1900-01"]


def test_figures_of_a_jalali_month_are_those_of_its_days():
    tir = Period("1404-04", day_number(date(2025, 6, 22)), day_number(date(2025, 7, 23)))
    found = retention_kpis(log_of(SHOP), 31, end=END, calendar="jalali").whole[-2]
    [by_days] = kpis_of(log_of(SHOP), 31, [tir], end=END).whole
    assert (found.period, found.active_at_start, found.kept) == (tir, by_days.active_at_start, by_days.kept)
    assert cohorts(log_of(SHOP), END, "jalali").months[-2] == tir


def test_a_mistyped_period_is_told():
    with pytest.raises(InputError, match=r'one of month, quarter, year, not "quater"\. Did you mean "quarter"'):
        period_kind("quater")


def test_cohorts_by_hand():
    found = cohorts(log_of({"ann": ["05-05", "07-01"], "bob": ["05-31", "06-01"], "cem": ["07-02"]}), END - 1)
    assert [month.name for month in found.months] == ["2025-05", "2025-06", "2025-07"]
    assert found.sizes == (2, 0, 1)
    assert found.shares() == [[1.0, 0.5, None], [None, None, None], [None, None, None]]


def test_a_year_carried_over_from_months():
    # All four stay every month; the log is too short for a year and its window.
    shop = {f"s{n}": [f"{m:02d}-15" for m in range(1, 8)] for n in range(4)}
    found = yearly(log_of(shop), 31, END)
    assert (found.measured, found.retention, found.active) == (False, 1.0, 4)
    assert found.growth == pytest.approx(0)
    assert found.spend == pytest.approx(12_000, rel=0.02)
    assert yearly(log_of(shop), 180, END) is None


def test_the_arithmetic_of_practice():
    # 20 % gained a year: nearly double in seven years at 90 %, and no growth at 80 %.
    assert customers_over_years(0.9, 0.2)[7] == pytest.approx(1.9487, abs=1e-4)
    assert customers_over_years(0.8, 0.2)[7] == pytest.approx(1.0)
    endless = sum(100 * 0.8**t / 1.1**t for t in range(400))
    assert lifetime_spend(100, 0.8) == pytest.approx(endless)
    assert five_points_more(1.0) == 0
    assert five_points_more(0.9) > five_points_more(0.5) > 0


def test_twelve_months_is_the_sum_of_its_horizons():
    kept = 0.6 ** (1 / 5)
    assert twelve_months(10, 73, 0.6) == pytest.approx(sum(10 * kept**t for t in range(5)))
    assert twelve_months(10, 73, 0.0) == 10


def test_growth_of_a_year():
    assert Yearly(0, 365, True, 10, 0.8, 0.2, 1.0).growth == pytest.approx(0)


def test_any_period_may_be_counted():
    first = day_number(date(2025, 7, 14))
    found = kpis_of(log_of(SHOP), 31, [Period("a week", first, first + 7)], end=END).whole[0]
    assert (found.ordering, found.orders) == (2, 2)


def test_money_to_date_is_net_of_what_came_back_of_counted_sales(tmp_path):
    """Credit memos and negative rows are taken off; a sale that came back whole was never counted."""
    path = tmp_path / "orders.csv"
    rows = [
        "1,ann,2024-01-05,100,invoice,paid,",
        "2,ann,2024-01-20,40,credit memo,paid,",
        "3,bob,2024-01-06,50,invoice,refunded,",
        "4,bob,2024-01-07,80,invoice,paid,30",
        "5,cem,2024-01-08,60,invoice,paid,",
        "6,cem,2024-02-08,-10,invoice,paid,",
        "7,cem,2024-02-29,1,invoice,paid,",
        "8,cem,2024-03-01,1,invoice,paid,",
    ]
    path.write_text("\n".join(["no,who,day,money,kind,state,back", *rows, ""]))
    columns = {"order_id": "no", "customer_id": "who", "ordered_at": "day", "amount": "money", "type": "kind"}
    columns |= {"status": "state", "refunded": "back"}
    log = read_log(Shop("UTC", "EUR"), OrdersMapping(path, columns)).log
    january, february = retention_kpis(log, 31).whole[:2]
    assert (january.spend, january.spend_to_date) == (10_000 + 5_000 + 6_000, 6_000 + 5_000 + 6_000)
    assert february.spend_to_date == january.spend_to_date + 100 - 1_000
