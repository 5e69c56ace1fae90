"""Whether as many of the compared accounts are held out as were drawn: what is found, what is not, and no figure."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from features.money import Money
from serving.outreach.effect.effect import effect
from serving.outreach.effect.estimate import UNKNOWN
from serving.outreach.effect.sample_ratio import comparable, evidence, sample_ratio
from tests.serving.outreach.effect.test_effect import MONDAY, drawn

WEEKS = 52


def trial(share: float = 0.1, weeks: int = WEEKS, a_week: int = 40, seed: int = 0) -> pd.DataFrame:
    """First episodes of a year, each held out with the declared share."""
    random, accounts = np.random.default_rng(seed), weeks * a_week
    return pd.DataFrame(
        {
            "arm": np.where(random.random(accounts) < share, "holdout", "treated"),
            "stratum": random.choice(["high", "low"], accounts),
            "began_on": [MONDAY + timedelta(weeks=place // a_week) for place in range(accounts)],
            "drawn_share": share,
        }
    )


def test_a_year_of_looks_at_fair_draws_alarms_less_than_once_in_a_thousand() -> None:
    alarms = 0
    for seed in range(15):
        whole = trial(seed=seed)
        looks = [whole[whole["began_on"] < MONDAY + timedelta(weeks=week)] for week in range(4, WEEKS, 6)]
        alarms += any(not sample_ratio(look).is_sound for look in looks)
    assert alarms == 0


def test_held_out_accounts_that_got_lost_are_found() -> None:
    whole = trial()
    lost = whole[(whole["arm"] == "treated") | (np.arange(len(whole)) % 2 == 0)]
    found = sample_ratio(lost)
    assert next(each.of for each in found.mismatches) == "all"
    assert found.expected == pytest.approx(0.1 * len(lost))
    assert found.holdout == (lost["arm"] == "holdout").sum()


def test_two_errors_that_cancel_are_found_by_stratum() -> None:
    whole = trial(a_week=200)
    held, high = whole["arm"] == "holdout", whole["stratum"] == "high"
    swapped = whole.assign(arm=np.where(held & high & (np.arange(len(whole)) % 2 == 0), "treated", whole["arm"]))
    more = swapped.index[~high & ~held][: int((held & high).sum()) // 2]
    swapped.loc[more, "arm"] = "holdout"
    assert {each.of for each in sample_ratio(swapped).mismatches} >= {"stratum high", "stratum low"}


def test_one_list_that_contacted_everybody_is_named() -> None:
    whole = trial(share=0.5)
    day = MONDAY + timedelta(weeks=30)
    one = whole.assign(arm=np.where(whole["began_on"] == day, "treated", whole["arm"]))
    assert [each.of for each in sample_ratio(one).mismatches] == [f"the list of {day}"]


def test_shares_that_changed_are_no_mismatch() -> None:
    both = pd.concat([trial(share=0.3, weeks=20), trial(share=0.05, weeks=20, seed=1)])
    assert sample_ratio(both).is_sound
    assert not sample_ratio(both.assign(drawn_share=0.05)).is_sound


def test_what_was_not_kept_is_not_tested() -> None:
    found = sample_ratio(trial().drop(columns="drawn_share").assign(arm="treated"))
    assert (found.accounts, found.is_sound) == (0, True)


def test_the_evidence_is_a_fair_bet() -> None:
    """Its mean under the declared share is 1: then Ville's inequality holds."""
    random = np.random.default_rng(5)
    share = np.repeat([0.1, 0.3], 4)
    bets = [np.exp(evidence(random.random(8) < share, share)) for _ in range(20_000)]
    assert np.mean(bets) == pytest.approx(1, abs=0.05)


class TestNoFigure:
    def lost(self) -> pd.DataFrame:
        whole = drawn(4_000, (0.7, 0.6)).assign(drawn_share=0.2)
        return whole[(whole["arm"] == "treated") | (np.arange(4_000) % 2 == 0)]

    def test_there_is_a_warning_and_no_figure_where_it_fails(self) -> None:
        found = effect(self.lost(), currency="EUR")
        assert len(found.warnings) == 1
        assert found.warnings[0].startswith("no figure: all: 400 of 3,600 compared accounts are held out")
        whole = found.overall.answer(Money("EUR"))
        assert (whole.difference, whole.any_time.difference, whole.kept_treated) == (UNKNOWN, UNKNOWN, None)
        assert (whole.treated, whole.holdout) == (3_200, 400)
        assert all(group.difference == UNKNOWN for groups in found.groups.values() for group in groups)

    def test_nothing_is_learnt_from_it(self) -> None:
        assert comparable(self.lost()).empty
        assert len(comparable(drawn(4_000, (0.7, 0.6)).assign(drawn_share=0.2))) == 4_000


def test_who_was_listed_while_nobody_was_held_out_is_not_compared() -> None:
    fair = drawn(2_000, (0.7, 0.6)).assign(drawn_share=0.2)
    early = drawn(500, (0.2, 0.2), share=0.0, seed=1).assign(drawn_share=0.0, began_on=date(2026, 1, 5))
    found = effect(pd.concat([fair, early]), currency="EUR")
    assert found.overall == effect(fair, currency="EUR").overall
    assert "500 accounts were listed while nobody was held out, and are not compared" in found.warnings
