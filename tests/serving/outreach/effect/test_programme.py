"""The effect of the whole programme: on a log whose truth is known, and by hand."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from features.clock import day_number
from features.log import Lines, Log
from features.roll_up import roll_up
from serving.outreach.effect.estimate import UNKNOWN
from serving.outreach.effect.programme import ProgrammeEffect, programme_effect

FIRST, DAYS, CUSTOMERS = date(2025, 1, 6), 300, 3_000
NONE = pd.DataFrame({"customer_id": [], "account_id": [], "since": []}, dtype=object)


def shop(uplift: float, seed: int = 0) -> tuple[Log, pd.DataFrame]:
    """Orders before and since the programme began; whom it may touch orders more often by `uplift`."""
    random = np.random.default_rng(seed)
    held = random.random(CUSTOMERS) < 0.2
    rate = random.gamma(3.0, 1.0, CUSTOMERS) * np.where(held, 1.0, 1 + uplift)
    ids = [f"c{n:04}" for n in range(CUSTOMERS)]
    orders = []
    for start, often in ((-120, rate / np.where(held, 1.0, 1 + uplift)), (0, rate)):
        counts = random.poisson(often)
        who = np.repeat(np.arange(CUSTOMERS), counts)
        days = random.integers(start + (start == 0), 0 if start else DAYS, len(who))
        orders += [(ids[each], day_number(FIRST) + int(day), 1_000) for each, day in zip(who, days, strict=True)]
    log = roll_up(Lines.of(*([list(column) for column in zip(*orders, strict=True)])))
    names = [name for name, out in zip(ids, held, strict=True) if out]
    return log, pd.DataFrame({"customer_id": names, "account_id": names, "since": FIRST}, dtype=object)


def judged(log: Log, members: pd.DataFrame, share: float = 0.2) -> ProgrammeEffect | None:
    lists = [(FIRST + timedelta(weeks=week), share) for week in range(30)]
    return programme_effect(log, members, lists, {}, active_days=90, until=day_number(FIRST) + DAYS)


@pytest.mark.parametrize("uplift", [0.0, 0.3])
def test_the_money_of_a_known_programme(uplift: float) -> None:
    found = judged(*shop(uplift))
    assert found is not None
    assert found.sample_ratio.is_sound
    # three orders of ten euros each, before and after alike: the uplift of them is what each treated account brought
    truth = 3_000 * uplift * found.treated
    assert found.money_kept.low < truth < found.money_kept.high
    assert found.money_any_time.low < found.money_kept.low
    assert found.money_kept.is_beyond_chance == (uplift > 0)


def test_nothing_is_told_while_no_list_had_one() -> None:
    assert judged(shop(0.0)[0], NONE, share=0.0) is None


def test_members_who_got_lost_are_found_and_no_figure_is_given() -> None:
    log, members = shop(0.3)
    found = judged(log, members.iloc[::2])
    assert found is not None
    assert not found.sample_ratio.is_sound
    assert (found.money_kept, found.difference, found.active_holdout) == (UNKNOWN, UNKNOWN, None)


def test_who_was_left_alone_later_than_it_entered_is_on_neither_side() -> None:
    log, members = shop(0.0)
    late = members.assign(since=FIRST + timedelta(weeks=20))
    both = pd.concat([members.iloc[:200], late.iloc[200:]])
    found, whole = judged(log, both), judged(log, members)
    assert found is not None
    assert whole is not None
    assert found.treated == whole.treated
    assert found.holdout < whole.holdout


def test_entry_by_hand() -> None:
    """Active on the first day, a newcomer of the third week, one long gone, and a branch of a held-out firm."""
    first = day_number(FIRST)
    orders = [("old", first - 10, 500), ("old", first + 1, 70), ("new", first + 10, 30), ("new", first + 20, 40),
              ("gone", first - 200, 900), ("branch", first - 5, 100), ("branch", first + 5, 11)]  # fmt: skip
    log = roll_up(Lines.of(*([list(column) for column in zip(*orders, strict=True)])))
    members = pd.DataFrame({"customer_id": ["branch"], "account_id": ["firm"], "since": [FIRST]}, dtype=object)
    lists = [(FIRST + timedelta(weeks=week), 0.5) for week in range(4)]
    found = programme_effect(log, members, lists, {}, active_days=90, until=first + 40)
    assert found is not None
    assert (found.treated, found.holdout) == (2, 1)
    assert found.difference == UNKNOWN
