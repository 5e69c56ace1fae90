"""The sample ratio by hand: the evidence written a second way, where the alarm begins, and in which words."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from serving.outreach.effect.sample_ratio import (
    Mismatch,
    SampleRatio,
    comparable,
    evidence,
    had_a_chance,
    sample_ratio,
)

MONDAY, LATER = date(2026, 3, 2), date(2026, 3, 9)
TILTS = (0.22, 0.5, 1.0, 2.0, 4.0)


def counted(held: int, treated: int, share: float | None = 0.2, **other: Any) -> pd.DataFrame:
    rows = {
        "arm": ["holdout"] * held + ["treated"] * treated,
        "stratum": "high",
        "began_on": MONDAY,
        "drawn_share": share,
    }
    return pd.DataFrame(rows | other)


def odds_moved(share: float, tilt: float) -> float:
    odds = share / (1 - share) * math.exp(tilt)
    return odds / (1 + odds)


@pytest.mark.parametrize(("held", "treated"), [(0, 30), (6, 24), (30, 0), (1, 0), (0, 0)])
def test_the_evidence_is_the_mean_likelihood_of_other_odds(held: int, treated: int) -> None:
    share = np.where(np.arange(held + treated) % 2 == 0, 0.2, 0.35)
    flags = np.arange(held + treated) < held
    ratios = []
    for tilt in (sign * each for each in TILTS for sign in (-1, 1)):
        moved = np.array([odds_moved(each, tilt) for each in share])
        ratios.append(np.prod(np.where(flags, moved / share, (1 - moved) / (1 - share))))
    assert evidence(flags, share) == pytest.approx(math.log(np.mean(ratios)))


def alarms(rows: pd.DataFrame) -> dict[str, Mismatch]:
    return {each.of: each for each in sample_ratio(rows).mismatches}


def test_each_family_of_counts_alarms_with_a_third_of_the_chance_shared_by_its_groups() -> None:
    """By the first count whose evidence reaches the logarithm of three thousand times the number of groups."""
    for groups in (1, 2, 4):
        limit = math.log(3_000 * groups)
        least = next(n for n in range(200) if evidence(np.zeros(n, dtype=bool), np.full(n, 0.2)) >= limit)
        fair = [counted(20, 80, stratum=f"fair {n}", began_on=LATER) for n in range(groups - 1)]
        for count, is_found in ((least - 1, False), (least, True)):
            found = alarms(pd.concat([counted(0, count), *fair]))
            assert ("stratum high" in found) is is_found
    days = alarms(pd.concat([counted(0, 60), counted(20, 80, began_on=LATER)]))
    assert set(days) == {"the list of 2026-03-02"}


def test_a_mismatch_says_what_was_counted_and_what_was_drawn() -> None:
    found = sample_ratio(pd.concat([counted(10, 1_490), counted(7, 3, share=None), counted(5, 5, share=0.0)]))
    assert (found.accounts, found.holdout, found.expected) == (1_500, 10, pytest.approx(300))
    assert [each.of for each in found.mismatches] == ["all", "stratum high", "the list of 2026-03-02"]
    first = found.mismatches[0]
    assert (first.accounts, first.holdout, first.expected) == (1_500, 10, pytest.approx(300))
    assert str(first) == "all: 10 of 1,500 compared accounts are held out, and the lot drew about 300"
    told = "; ".join(str(each) for each in found.mismatches)
    assert found.warning() == (
        f"no figure: {told}. Chance alone does that less than once in a thousand trials: accounts were lost from one "
        "arm and not from the other, and no difference means anything until the cause is found (a filter behind the "
        "list, episodes deleted by hand, a list of another share)"
    )
    assert not found.is_sound
    assert str(Mismatch("x", 1, 1_234, 2_345.6)).startswith("x: 1,234 of 1 ")
    assert str(Mismatch("x", 1, 1, 2_345.6)).endswith("2,346")


@pytest.mark.parametrize("share", [0.0, 1.0, None, float("nan")])
def test_where_there_was_no_lot_or_it_is_not_known_nothing_is_tested(share: float | None) -> None:
    rows = counted(0, 500, share=share)
    assert sample_ratio(rows) == SampleRatio(0, 0, 0.0, ())
    assert sample_ratio(rows.drop(columns="drawn_share")) == SampleRatio(0, 0, 0.0, ())
    assert had_a_chance(rows).tolist() == [share != 0.0] * 500
    assert had_a_chance(rows.drop(columns="drawn_share").set_axis(range(500, 1_000))).index[0] == 500


def test_only_first_episodes_of_the_ranked_cell_are_counted_and_all_with_a_chance_are_compared() -> None:
    fair = counted(40, 160, number=1, cell="ranked")
    later, random = counted(0, 300, number=2, cell="ranked"), counted(0, 300, number=1, cell="random")
    without = counted(0, 50, share=0.0, number=1, cell="ranked")
    found = comparable(pd.concat([fair, later, random, without]))
    assert len(found) == 800
    lost = comparable(pd.concat([counted(0, 200, number=1, cell="ranked"), later]))
    assert (len(lost), list(lost.columns)) == (0, list(fair.columns))
