"""Laws of the retention figures, against a reading in plain Python, one customer and one period at a time."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from features.clock import date_of, day_number
from features.kpis.cohorts import cohorts
from features.kpis.periods import KINDS, PeriodKind
from features.kpis.retention import NO_GROUP, Kpis, retention_kpis
from features.kpis.yearly import yearly
from tests.laws.shops import Shop, shops
from tests.oracle import sold

kinds = st.sampled_from(KINDS)
windows = st.sampled_from((1, 7, 30, 90, 200, 365))
COUNTS = (
    *("active_at_start", "active_at_end", "kept", "lost", "joined", "gained", "gained_active", "came_back"),
    *("recovered", "dormant_at_end", "customers_to_date", "spend_to_date", "ordering", "repeating", "orders", "spend"),
)


def has_orders(shop: Shop) -> bool:
    return bool(sold(list(shop.lines)))


some_shops = shops().filter(has_orders)


def next_period(first: date, kind: PeriodKind) -> date:
    months = {"month": 1, "quarter": 3, "year": 12}[kind]
    month = first.month - 1 + months
    return date(first.year + month // 12, month % 12 + 1, 1)


def plain_periods(kind: PeriodKind, first_day: int, end: int) -> list[tuple[int, int]]:
    day = date_of(first_day)
    month = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}[kind]
    first, found = date(day.year, month, 1), []
    while day_number(first) < end:
        after = next_period(first, kind)
        found.append((day_number(first), day_number(after)))
        first = after
    return found


def plain(shop: Shop, first: int, after: int, active_days: int, end: int) -> dict[str, int | None]:
    """Every count of one period, customer by customer."""
    lines = [line for line in sold(list(shop.lines)) if line.day < end]
    log_begins = min(line.day for line in sold(list(shop.lines)))
    start_known, finished = log_begins <= first - active_days, after <= end
    end_known = finished and log_begins <= after - active_days
    found = dict.fromkeys(COUNTS, 0)
    for customer in {line.customer for line in lines}:
        mine = [line for line in lines if line.customer == customer and line.day < after]
        if not mine:
            continue
        days = {line.day for line in mine}
        inside = {day for day in days if first <= day}
        was = any(first - active_days <= day < first for day in days)
        is_ = any(after - active_days <= day < after for day in days)
        new, back = min(days) >= first, bool(inside) and min(days) < first and not was
        here = [line for line in mine if line.day >= first]
        for name, one in {
            "active_at_start": was, "active_at_end": is_, "kept": was and is_, "lost": was and not is_,
            "joined": is_ and not was, "gained": new, "gained_active": new and is_, "came_back": back,
            "recovered": back and is_, "dormant_at_end": not is_, "customers_to_date": 1,
            "spend_to_date": sum(line.amount for line in mine), "ordering": bool(inside), "repeating": len(inside) > 1,
            "orders": len({(line.day, line.order_id) for line in here}), "spend": sum(line.amount for line in here),
        }.items():  # fmt: skip
            found[name] += int(one)
    both = start_known and finished
    known = {"active_at_start": start_known, "active_at_end": end_known, "dormant_at_end": end_known}
    known |= dict.fromkeys(("kept", "lost", "joined", "came_back", "recovered"), both) | {"gained_active": finished}
    return {name: value if known.get(name, True) else None for name, value in found.items()}


def counts(row: Kpis) -> dict[str, int | None]:
    return {name: getattr(row, name) for name in COUNTS}


@given(some_shops, kinds, windows, st.integers(-40, 40))
def test_every_count_equals_the_plain_reading(shop: Shop, kind: PeriodKind, active_days: int, beyond: int) -> None:
    log = shop.log
    end = max(log.last_day + beyond, log.first_day + 1)
    found = retention_kpis(log, active_days, kind, end=end).whole
    spans = plain_periods(kind, log.first_day, end)
    assert [(row.period.first_day, row.period.end) for row in found] == spans
    assert [row.finished for row in found] == [after <= end for _, after in spans]
    for row in found[:3] + found[-5:]:
        assert counts(row) == plain(shop, row.period.first_day, row.period.end, active_days, end), row.period.name


@given(some_shops, kinds, windows)
def test_the_books_balance(shop: Shop, kind: PeriodKind, active_days: int) -> None:
    found = retention_kpis(shop.log, active_days, kind, end=shop.log.last_day + 400).whole
    for before, row in zip((None, *found[:-1]), found, strict=True):
        if row.kept is None or row.active_at_start is None:
            assert row.retention_percent is row.churn_percent is None
            continue
        assert row.active_at_start == row.kept + row.lost
        assert row.active_at_end == row.active_at_start - row.lost + row.gained_active + row.recovered
        assert row.joined == row.gained_active + row.recovered
        assert row.recovered <= row.came_back
        assert row.gained_active <= row.gained
        if before is not None and before.active_at_end is not None:
            assert row.active_at_start == before.active_at_end
            silent_again = row.gained - row.gained_active
            assert row.dormant_at_end == before.dormant_at_end + row.lost + silent_again - row.recovered
        if row.active_at_start:
            assert row.retention_percent + row.churn_percent == 100
            assert 0 <= row.retention_percent <= 100
            assert row.churn_percent >= 0
        else:
            assert row.retention_percent is row.churn_percent is None


@given(some_shops, kinds, windows, st.data())
def test_groups_add_up_to_the_whole(shop: Shop, kind: PeriodKind, active_days: int, data: st.DataObject) -> None:
    log = shop.log
    named = {customer: data.draw(st.sampled_from(("a", "b", ""))) for customer in log.customer_ids}
    group_of = {customer: group for customer, group in named.items() if group}
    found = retention_kpis(log, active_days, kind, group_of=group_of)
    assert found.whole == retention_kpis(log, active_days, kind).whole
    assert set(found.groups) == {group or NO_GROUP for group in named.values()}
    for place, row in enumerate(found.whole):
        parts = [counts(rows[place]) for rows in found.groups.values()]
        for name, total in counts(row).items():
            assert {part[name] is None for part in parts} == {total is None}
            assert total is None or sum(part[name] for part in parts) == total


@given(some_shops, kinds, windows, st.data())
def test_what_comes_later_changes_no_finished_period(
    shop: Shop, kind: PeriodKind, active_days: int, data: st.DataObject
) -> None:
    log = shop.log
    everything = retention_kpis(log, active_days, kind).whole
    cut = data.draw(st.sampled_from([row.period.end for row in everything])) + data.draw(st.integers(0, 20))
    known = retention_kpis(log.before(cut), active_days, kind, end=cut).whole
    then = [asdict(row) for row in known if row.finished]
    now = [asdict(row) for row in everything if row.finished]
    # The cut may lie after the log: what it finishes there, the whole log may not know to be finished.
    both = min(len(then), len(now))
    assert then[:both] == now[:both]
    cut_off = retention_kpis(log, active_days, kind, end=cut)
    assert [asdict(row) for row in cut_off.whole] == [asdict(row) for row in known]


@given(some_shops, kinds, windows, st.integers(0, 2**16))
def test_the_order_of_rows_changes_nothing(shop: Shop, kind: PeriodKind, active_days: int, seed: int) -> None:
    log, other = shop.log, shop.shuffled(seed).log
    assert retention_kpis(log, active_days, kind).whole == retention_kpis(other, active_days, kind).whole
    assert cohorts(log).shares() == cohorts(other).shares()
    end = log.last_day + 1
    assert yearly(log, active_days, end) == yearly(other, active_days, end)


@given(some_shops, st.integers(-40, 40))
def test_cohorts_equal_the_plain_reading(shop: Shop, beyond: int) -> None:
    log = shop.log
    end = max(log.last_day + beyond, log.first_day + 1)
    found = cohorts(log, end)
    lines = [line for line in sold(list(shop.lines)) if line.day < end]
    spans = plain_periods("month", log.first_day, end)
    firsts = {line.customer: min(other.day for other in lines if other.customer == line.customer) for line in lines}
    for row, (low, high) in enumerate(spans):
        members = {customer for customer, day in firsts.items() if low <= day < high}
        assert found.sizes[row] == len(members)
        if not members:
            continue
        for since, (begins, ends) in enumerate(spans[row:]):
            came = {line.customer for line in lines if begins <= line.day < ends} & members
            share = len(came) / len(members) if ends <= end else None
            assert found.shares()[row][since] == share


@given(some_shops, windows)
def test_a_year_is_told_by_shares_that_can_be(shop: Shop, active_days: int) -> None:
    found = yearly(shop.log, active_days, shop.log.last_day + 1)
    if found is not None:
        assert 0 <= found.retention <= 1
        assert found.gained >= -1e-12
        assert found.spend >= 0
        assert timedelta(days=found.end - found.first_day) <= timedelta(days=365) or not found.measured
