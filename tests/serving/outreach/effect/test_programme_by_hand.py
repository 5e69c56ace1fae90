"""The effect of the whole programme, account by account with loops: who entered, on which side, and what it spent."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from features.clock import day_number
from features.log import Lines, Log
from features.roll_up import roll_up
from serving.outreach.effect.comparison import compare
from serving.outreach.effect.estimate import UNKNOWN
from serving.outreach.effect.programme import ProgrammeEffect, programme_effect
from serving.outreach.effect.sample_ratio import sample_ratio

FIRST = date(2025, 1, 6)
BEGIN = day_number(FIRST)
ACTIVE, UNTIL = 60, BEGIN + 100
LISTS = [
    (FIRST - timedelta(weeks=1), 0.0),
    *((FIRST + timedelta(weeks=3 * n), 0.4 if n < 3 else 0.5) for n in range(6)),
]
NOBODY = pd.DataFrame({"customer_id": [], "account_id": [], "since": []}, dtype=object)


class Entered(NamedTuple):
    """One account that has entered."""

    name: str
    held: bool
    began_on: date
    share: float
    active: bool
    spent: int
    before: int


def shop(customers: int = 900, seed: int = 0) -> tuple[list[tuple[str, int, int]], pd.DataFrame, dict[str, str]]:
    """Orders (who, day, minor units), the programme holdout, and branches of firms."""
    random = np.random.default_rng(seed)
    ids = [f"c{n:03}" for n in range(customers)]
    counts = random.poisson(random.gamma(1.0, 2.0, customers))
    orders = [
        (who, BEGIN + int(random.integers(-150, 110)), int(random.integers(100, 9_000)))
        for who, count in zip(ids, counts, strict=True)
        for _ in range(count)
    ]
    parent = {who: f"firm {n // 3}" for n, who in enumerate(ids[:90])}
    rows = [(who, parent.get(who, who)) for who in ids]
    chosen = {name for name in sorted({name for _, name in rows}) if random.random() < 0.4}
    late = {name: FIRST + timedelta(weeks=9 * (n % 10 == 0)) for n, name in enumerate(sorted(chosen))}
    members = [(who, name, late[name]) for who, name in rows if name in chosen]
    return orders, pd.DataFrame(members, columns=["customer_id", "account_id", "since"], dtype=object), parent


def log_of(orders: list[tuple[str, int, int]]) -> Log:
    return roll_up(Lines.of(*([list(column) for column in zip(*orders, strict=True)])))


def judged(orders: list[tuple[str, int, int]], members: pd.DataFrame, parent: dict[str, str], **more: Any) -> Any:
    asked = {"shares": LISTS, "active_days": ACTIVE, "until": UNTIL} | more
    return programme_effect(log_of(orders), members, asked.pop("shares"), parent, **asked)


def entered(orders: list[tuple[str, int, int]], members: pd.DataFrame, parent: dict[str, str]) -> list[Entered]:
    """The accounts by name as loops find them, first ordered first: as the log numbers its customers."""
    held = {who: name for who, name, _ in members.itertuples(index=False)}
    since: dict[str, date] = {}
    for _, name, day in members.itertuples(index=False):
        since[name] = min(day, since.get(name, day))
    own: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for who in log_of(orders).customer_ids:
        own[held.get(who, parent.get(who, who))] += [(day, money) for by, day, money in orders if by == who]
    found = []
    for name, lines in own.items():
        for day, share in LISTS:
            start = day_number(day)
            if share > 0 and start < UNTIL and any(start - ACTIVE <= on < start for on, _ in lines):
                break
        else:
            continue
        if name in since and since[name] > day:
            continue
        spent = sum(money for on, money in lines if start <= on < UNTIL)
        before = sum(money for on, money in lines if 2 * start - UNTIL <= on < start)
        active = any(UNTIL - ACTIVE <= on < UNTIL for on, _ in lines)
        found.append(Entered(name, name in since, day, share, active, spent, before))
    return found


def test_it_is_the_comparison_of_the_accounts_that_loops_find() -> None:
    orders, members, parent = shop()
    found, rows = judged(orders, members, parent, tuned_accounts=700), entered(orders, members, parent)
    treated = np.array([not row.held for row in rows])
    before = np.array([row.before for row in rows], dtype=float)
    known = np.column_stack([before, np.log1p(before)])
    drawn = [row.name for row in rows], [str(row.began_on) for row in rows]
    count = int(treated.sum())
    active, spent = (np.array([getattr(row, name) for row in rows], dtype=float) for name in ("active", "spent"))
    share, money = (compare(values, treated, known, *drawn).difference for values in (active, spent))
    assert (found.since, found.treated, found.holdout) == (FIRST, count, len(rows) - count)
    assert found.active_treated == pytest.approx(active[treated].mean())
    assert found.active_holdout == pytest.approx(active[~treated].mean())
    assert (found.difference, found.difference_any_time) == (share.estimate(), share.any_time(700))
    assert (found.money_kept, found.money_any_time) == (money.estimate() * count, money.any_time(700) * count)
    frame = pd.DataFrame(rows).assign(arm=np.where(treated, "treated", "holdout"), stratum="all")
    assert found.sample_ratio == sample_ratio(frame.rename(columns={"share": "drawn_share"}))
    assert found.sample_ratio.is_sound


@pytest.mark.parametrize(("treated", "holdout", "told"), [(150, 150, True), (149, 151, False), (151, 149, False)])
def test_money_takes_a_hundred_and_fifty_on_either_side(treated: int, holdout: int, told: bool) -> None:
    ids = [f"c{n:03}" for n in range(treated + holdout)]
    orders = [(who, BEGIN - 5, 100) for who in ids] + [(who, BEGIN + 60, 70 + n) for n, who in enumerate(ids) if n % 2]
    members = pd.DataFrame({"customer_id": ids[treated:], "account_id": ids[treated:], "since": FIRST}, dtype=object)
    found = judged(orders, members, {}, shares=[(FIRST, 0.5)])
    assert (found.treated, found.holdout) == (treated, holdout)
    assert (found.money_kept != UNKNOWN, found.money_any_time != UNKNOWN) == (told, told)
    assert found.difference != UNKNOWN
    usual = judged(orders, members, {}, shares=[(FIRST, 0.5)], tuned_accounts=2_000)
    assert usual == found


def by_hand(orders: list[tuple[str, int, int]], members: pd.DataFrame = NOBODY, **more: Any) -> ProgrammeEffect:
    found = judged(orders, members, {"branch": "firm", "other": "firm"}, **{"shares": [(FIRST, 0.5)], **more})
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("day", "treated", "active"),
    [(-ACTIVE - 1, 0, None), (-ACTIVE, 1, 0.0), (-1, 1, 0.0), (0, 0, None)],
)
def test_an_account_enters_with_an_order_of_the_active_days_before_a_list(
    day: int, treated: int, active: float | None
) -> None:
    found = by_hand([("ann", BEGIN + day, 100)])
    assert (found.treated, found.holdout, found.active_treated, found.active_holdout) == (treated, 0, active, None)


def test_a_list_on_the_last_day_lets_nobody_enter() -> None:
    late = [("ann", UNTIL - 3, 100)]
    for day, treated in ((-1, 1), (0, 0)):
        shares = [(FIRST, 0.5), (FIRST + timedelta(days=100 + day), 0.5)]
        assert by_hand(late, shares=shares).treated == treated


@pytest.mark.parametrize(("day", "active"), [(-ACTIVE - 1, 0.0), (-ACTIVE, 1.0), (-1, 1.0), (0, 0.0)])
def test_it_is_active_with_an_order_of_the_last_active_days(day: int, active: float) -> None:
    assert by_hand([("ann", BEGIN - 1, 100), ("ann", UNTIL + day, 100)]).active_treated == active


def test_a_firm_is_one_account_and_left_alone_with_its_first_member() -> None:
    orders = [(who, BEGIN - 5, 100) for who in ("branch", "other", "ann")]
    assert by_hand(orders).treated == 2
    rows = [("branch", "firm", FIRST + timedelta(1)), ("other", "firm", FIRST)]
    members = pd.DataFrame(rows, columns=["customer_id", "account_id", "since"], dtype=object)
    found = by_hand(orders, members)
    assert (found.treated, found.holdout) == (1, 1)
    later = by_hand(orders, members.iloc[:1])
    assert (later.treated, later.holdout) == (1, 0)


def test_without_a_share_or_accounts_there_is_no_figure() -> None:
    assert judged([("ann", BEGIN, 100)], NOBODY, {}, shares=[(FIRST, 0.0)]) is None
    assert judged([("ann", BEGIN, 100)], NOBODY, {}, shares=[]) is None
    found = by_hand([("ann", BEGIN + 500, 100)])
    assert (found.treated, found.difference, found.money_kept) == (0, UNKNOWN, UNKNOWN)


def test_where_the_lot_does_not_explain_the_sides_only_the_counts_are_told() -> None:
    orders, _, parent = shop()
    found = judged(orders, NOBODY, parent)
    assert found.treated > 300
    assert not found.sample_ratio.is_sound
    assert (found.active_treated, found.active_holdout, found.difference) == (None, None, UNKNOWN)
    assert (found.difference_any_time, found.money_kept, found.money_any_time) == (UNKNOWN, UNKNOWN, UNKNOWN)
