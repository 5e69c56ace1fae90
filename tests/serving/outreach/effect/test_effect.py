"""What acting saved: literal outcomes, laws of the comparison, and shops whose truth is known."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest

from features.clock import day_number
from features.errors import InputError
from features.log import Lines, Log
from features.money import Money
from features.roll_up import roll_up
from serving.commands.lists.effect import MeasuredEffect
from serving.outreach.effect.comparison import compare
from serving.outreach.effect.effect import effect
from serving.outreach.effect.estimate import UNKNOWN, MoneyEstimate, student_quantile
from serving.outreach.effect.group import group_effect
from serving.outreach.effect.sample_size import accounts_needed, plan_sample
from serving.outreach.effect.saved_share import Prior, saved_shares
from serving.outreach.effect.settled import settled
from training.forecasts.uplift import UpliftVerdict

ROOT = Path(__file__).parents[4]
MONDAY = date(2026, 3, 2)


def log_of(*orders: tuple[str, date, int], until: date = date(2026, 12, 1)) -> Log:
    rows = [*orders, ("last", until, 100)]
    return roll_up(
        Lines.of(*([list(column) for column in zip(*((w, day_number(d), a) for w, d, a in rows), strict=True)]))
    )


def episodes(*rows: tuple[str, str, date]) -> pd.DataFrame:
    named = [{"account_id": account, "customer_id": customer, "began_on": day} for account, customer, day in rows]
    return pd.DataFrame(named).assign(horizon_days=30, contacted=False)


def drawn(
    accounts: int, kept: tuple[float, float], *, share: float = 0.2, seed: int = 0, cell: str = "ranked", **columns: str
) -> pd.DataFrame:
    """Settled episodes of which `kept` of the treated and of the held-out stay; a week has a hundred of them."""
    random = np.random.default_rng(seed)
    treated = np.arange(accounts) >= accounts * share
    probability = random.uniform(0.2, 0.9, accounts)
    stays = random.random(accounts) < np.where(treated, *kept)
    given = {"playbook": "call", "owner": "ann", "band": "high", "kind": "regular", "stratum": "all"} | columns
    return pd.DataFrame(
        {
            "account_id": [f"{cell}{seed}-{place}" for place in range(accounts)],
            "began_on": [MONDAY + timedelta(weeks=int(place)) for place in random.permutation(accounts) // 100],
            "number": 1,
            "cell": cell,
            "arm": np.where(treated, "treated", "holdout"),
            "contacted": treated,
            "probability": probability,
            "expected_spend": random.integers(1_000, 9_000, accounts),
            "kept": stays,
            "spent": np.where(stays, random.integers(1_000, 9_000, accounts), 0),
            "order_days": stays.astype(int),
            "spent_before": 0,
            **given,
        }
    )


class TestSettled:
    def test_orders_within_the_horizon_decide(self):
        log = log_of(
            ("ann", MONDAY, 500), ("ann", MONDAY + timedelta(29), 70), ("ann", MONDAY + timedelta(30), 9),
            ("bob", MONDAY - timedelta(1), 300), ("bob", MONDAY + timedelta(30), 300),
        )  # fmt: skip
        found = settled(episodes(("ann", "ann", MONDAY), ("bob", "bob", MONDAY)), log)
        assert found[["account_id", "kept", "spent"]].values.tolist() == [["ann", True, 570], ["bob", False, 0]]

    def test_any_customer_of_the_account_keeps_it(self):
        log = log_of(("branch", MONDAY + timedelta(3), 500), ("head", MONDAY - timedelta(90), 100))
        asked = episodes(("firm", "head", MONDAY))
        assert settled(asked, log)["kept"].tolist() == [False]
        assert settled(asked, log, {"branch": "firm"})["spent"].tolist() == [500]

    def test_an_episode_still_running_is_not_judged(self):
        log = log_of(("ann", MONDAY - timedelta(9), 500), until=MONDAY + timedelta(29))
        asked = episodes(("ann", "ann", MONDAY), ("bob", "bob", MONDAY + timedelta(1)))
        assert settled(asked, log)["account_id"].tolist() == ["ann"]

    def test_episodes_are_numbered_by_account(self):
        asked = episodes(("ann", "ann", MONDAY + timedelta(60)), ("ann", "ann", MONDAY))
        assert settled(asked, log_of())["number"].tolist() == [1, 2]

    def test_no_episodes_at_all(self):
        asked = episodes(("ann", "ann", MONDAY)).iloc[:0]
        assert settled(asked, log_of()).empty


class TestComparison:
    def test_student_as_in_the_tables(self):
        assert [round(student_quantile(0.975, v), 2) for v in (5, 10, 30, 1000)] == [2.57, 2.23, 2.04, 1.96]

    def test_unadjusted_it_is_the_difference_of_means_with_welchs_error(self):
        random = np.random.default_rng(1)
        y, treated = random.random(60), np.arange(60) < 40
        found = compare(y, treated, np.zeros((60, 0)), np.arange(60), np.zeros(60))
        a, b = y[treated], y[~treated]
        assert found.value == pytest.approx(a.mean() - b.mean())
        assert found.standard_error == pytest.approx(np.sqrt(a.var(ddof=1) / 40 + b.var(ddof=1) / 20))

    def test_what_is_known_narrows_the_interval(self):
        random = np.random.default_rng(2)
        known = random.random((2_000, 1))
        y, treated = known[:, 0] * 10 + random.random(2_000), np.arange(2_000) % 5 > 0
        errors = [
            compare(y, treated, x, np.arange(2_000), np.zeros(2_000)).standard_error for x in (known[:, :0], known)
        ]
        assert errors[1] < errors[0] / 5

    def test_an_account_counted_twice_says_no_more_than_once(self):
        random = np.random.default_rng(3)
        y, treated = random.random(200), np.arange(200) % 2 == 0
        once = compare(y, treated, np.zeros((200, 0)), np.arange(200), np.zeros(200))
        twice = compare(
            *(np.tile(v, 2) for v in (y, treated)), np.zeros((400, 0)), np.tile(np.arange(200), 2), np.zeros(400)
        )
        assert twice.standard_error == pytest.approx(once.standard_error, rel=0.01)

    def test_strata_held_out_at_different_shares_do_not_bias(self):
        # in "safe" all stay and half are held out, in "lost" none stays and a tenth is held out: no effect anywhere
        stratum = np.repeat(["safe", "lost"], 1_000)
        treated = np.concatenate([np.arange(1_000) % 2 == 0, np.arange(1_000) % 10 > 0])
        found = compare((stratum == "safe").astype(float), treated, np.zeros((2_000, 0)), np.arange(2_000), stratum)
        assert found.value == pytest.approx(0, abs=1e-12)


class TestEffect:
    def test_the_sentence_for_people(self):
        found = effect(drawn(2_000, (0.7, 0.6)), currency="EUR")
        line = next(found.lines())
        whole = found.overall
        assert line.startswith(
            f"all: of 1,600 we meant to contact {100 * whole.kept_treated:.1f} % stayed, of 400 held out"
        )
        assert "95 % interval" in line
        assert " customers kept (" in line
        assert "€" in line
        assert whole.difference.value == pytest.approx(whole.kept_treated - whole.kept_expected)
        assert whole.customers_kept.value == pytest.approx(1_600 * whole.difference.value)

    def test_few_accounts_get_no_interval(self):
        found = effect(drawn(100, (0.7, 0.6)), currency="EUR")
        assert found.overall.difference == UNKNOWN
        assert "too few to say (80 treated, 20 held out" in next(found.lines())
        assert found.overall.answer(Money("EUR")).money_kept == MoneyEstimate(None, None, None)

    def test_money_takes_more_accounts_than_shares(self):
        found = effect(drawn(300, (0.7, 0.6)), currency="EUR")
        assert found.overall.is_enough
        assert found.overall.money_kept == UNKNOWN
        assert next(found.lines()).endswith("and too few to say of the money")

    def test_nobody_yet(self):
        found = effect(drawn(100, (0.7, 0.6)).iloc[:0], currency="EUR")
        assert found.first_on is None
        assert next(iter(found.lines())).startswith("all: too few to say")

    def test_a_group_of_few_is_said_to_be_one_and_the_others_are_not(self):
        both = pd.concat([drawn(2_000, (0.7, 0.6)), drawn(40, (0.7, 0.6), seed=1, playbook="gift")])
        rows = {row[0]: row for row in effect(both, currency="EUR").rows("playbook")}
        assert rows["gift"][5] == "too few to say"
        assert " to " in rows["call"][5]

    def test_leaked_holdouts_are_told_and_stay_in_their_arm(self):
        clean = drawn(2_000, (0.7, 0.6))
        leaked = clean.assign(contacted=clean["contacted"] | (np.arange(2_000) < 8))
        found = effect(leaked, currency="EUR")
        assert any(w.startswith("8 of 400 held-out accounts (2.0 %) were contacted") for w in found.warnings)
        assert found.overall.difference == effect(clean, currency="EUR").overall.difference

    def test_later_episodes_are_counted_not_compared(self):
        first = drawn(2_000, (0.7, 0.6))
        later = first.assign(number=2, kept=first["arm"] == "holdout")
        found = effect(pd.concat([first, later]), currency="EUR")
        assert found.later_episodes == 2_000
        assert found.overall == effect(first, currency="EUR").overall

    def test_a_small_sample_says_how_many_more_weeks(self):
        few, many = (
            effect(drawn(n, (0.65, 0.6), seed=4), currency="EUR", planned_saved_share=0.1) for n in (500, 20_000)
        )
        assert few.more_weeks_planned
        assert any("more weeks to see the planned effect" in w for w in few.warnings)
        assert many.more_weeks_found == many.more_weeks_planned == 0
        # a hundred accounts a week, four percentage points, a fifth held out: the two-proportion formula agrees
        needed = accounts_needed(0.4, 0.36, 0.2) / 0.2
        assert few.more_weeks_planned == pytest.approx((needed - 500) / 100, rel=0.15)

    def test_it_goes_to_json_with_exact_money(self):
        verdict = UpliftVerdict(wins=False, words="", accounts=0, holdout=0, qini={}, ahead={})
        found = MeasuredEffect(effect(drawn(2_000, (0.7, 0.6)), currency="EUR"), verdict, MONDAY, 0).to_dict()
        assert isinstance(found["overall"]["money_kept"]["value"], Decimal)
        assert set(found["groups"]) == {"playbook", "owner", "band", "month", "kind"}
        json.dumps(found, default=str)

    def test_a_missing_column_is_named(self):
        with pytest.raises(InputError, match="lack kept, spent"):
            effect(drawn(100, (0.7, 0.6)).drop(columns=["kept", "spent"]), currency="EUR")

    def test_a_planned_share_out_of_range_is_refused(self):
        with pytest.raises(InputError, match="between 0 and 1, not 20"):
            effect(drawn(100, (0.7, 0.6)), currency="EUR", planned_saved_share=20)


class TestFourGroups:
    def test_the_model_and_the_campaign_are_told_apart(self):
        ranked = drawn(8_000, (0.5, 0.4), share=0.5)
        random = drawn(8_000, (0.82, 0.8), share=0.5, cell="random")
        four = effect(pd.concat([ranked, random]), currency="EUR").four
        assert four is not None
        truths = {"model": 0.4, "ranked": 0.1, "random": 0.02, "targeting": 0.08}
        for name, truth in truths.items():
            figure = getattr(four, name)
            assert figure.low < truth < figure.high
            assert figure.high - figure.low < 0.13
        counts = {f"{c} {a}": 4_000 for c in ("ranked", "random") for a in ("treated", "holdout")}
        assert msgspec.to_builtins(four.counts) == counts

    def test_without_a_random_cell_there_is_none(self):
        assert effect(drawn(2_000, (0.7, 0.6)), currency="EUR").four is None


class TestSampleSize:
    def test_a_textbook_size(self):
        # 388 a group for 50 % against 40 %, 80 % power, 5 %: any table of two proportions
        assert accounts_needed(0.5, 0.4, 0.5) == 388

    def test_the_planned_power_is_the_power(self):
        needed, random = accounts_needed(0.5, 0.4, 0.1), np.random.default_rng(0)
        lost = random.binomial(needed, 0.5, 4_000) / needed
        lost_treated = random.binomial(9 * needed, 0.4, 4_000) / (9 * needed)
        error = np.sqrt(lost * (1 - lost) / needed + lost_treated * (1 - lost_treated) / (9 * needed))
        assert np.mean(np.abs(lost - lost_treated) > 1.96 * error) == pytest.approx(0.80, abs=0.03)

    def test_a_larger_share_is_known_sooner_and_costs_more_a_week(self):
        plans = plan_sample(300, 0.4, 0.15, horizon_days=56).plans
        weeks = [plan.weeks for plan in plans]
        assert [plan.share for plan in plans] == [0.05, 0.1, 0.2, 0.5]
        assert weeks == sorted(weeks, reverse=True)
        assert all(plan.weeks_to_know == plan.weeks + 8 for plan in plans)

    def test_every_wrong_share_is_named_at_once(self):
        with pytest.raises(InputError, match=r"churn_rate 1.2, saved_share 0, holdout share 1.5, 0 customers a week"):
            plan_sample(0, 1.2, 0, horizon_days=56, shares=[1.5])


class TestSavedShares:
    PRIORS = {"call": Prior(0.15, 0.05, 0.25), "gift": Prior(0.10, 0.0, 0.20)}  # noqa: RUF012 (never changed)

    def test_without_outcomes_it_is_the_prior(self):
        found = saved_shares(drawn(10, (0.7, 0.6)), self.PRIORS)
        assert {name: saved.mean for name, saved in found.items()} == {"call": 0.15, "gift": 0.10}
        assert found["call"].low == pytest.approx(0.05)
        assert found["call"].seen is None

    def test_many_outcomes_overrule_it(self):
        found = saved_shares(drawn(40_000, (0.7, 0.6), share=0.5), self.PRIORS)["call"]
        assert found.mean == pytest.approx(0.25, abs=0.02)
        assert found.seen == pytest.approx(0.25, abs=0.02)
        assert found.high - found.low < 0.05

    def test_alone_it_is_the_inverse_variance_mean(self):
        found = saved_shares(drawn(4_000, (0.7, 0.6)), self.PRIORS, shared=0)
        call = found["call"]
        precision = 1 / call.prior.standard_deviation**2, 1 / call.seen_error**2
        assert call.mean == pytest.approx(np.average([0.15, call.seen], weights=precision))
        assert found["gift"].mean == 0.10

    def test_playbooks_learn_from_one_another(self):
        found = saved_shares(drawn(30_000, (0.8, 0.6), share=0.5), self.PRIORS)
        assert 0.10 < found["gift"].mean < found["call"].mean

    def test_a_harmful_playbook_saves_nothing(self):
        found = saved_shares(drawn(30_000, (0.5, 0.6), share=0.5), self.PRIORS)["call"]
        assert found.mean == 0.0
        assert found.seen < 0


ONE_YEAR = """
import json
from serving.outreach.effect.settled import settled
from serving.outreach.simulation.shop import TrialShop
from serving.outreach.simulation.weekly_list import WeeklyLists
from serving.outreach.simulation.year import live_a_year

year = live_a_year(TrialShop.of(600, 1), WeeklyLists(6))
judged = settled(year.all_episodes(), year.log())
columns = ["arm", *(f"{what}{when}" for what in ("kept", "spent") for when in ("", "_if_treated", "_if_held_out"))]
rows = {column: judged[column].tolist() for column in columns}
print(json.dumps({"episodes": len(year.all_episodes()), "rows": rows}))
"""

ONE_SEED = """
import json
from benchmarks.effect.runs import SCARCE, one_seed

seed = one_seed(1_500, 0)
ranked = {by: [seed.ranked[by, SCARCE].contacts, seed.ranked[by, SCARCE].kept] for by in ("gain", "risk")}
share = next(one for one in seed.checked if one.name == "share kept")
estimate = [share.estimate.low, share.estimate.value, share.estimate.high]
print(json.dumps({**ranked, "truth": share.truth, "estimate": estimate}, default=float))
"""


def printed_by(script: str) -> Any:
    """Run a script in a process of its own, as benchmarks are, and return the document that it prints."""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class TestTruth:
    """A tiny benchmark of `benchmarks.effect`; its page holds the full one."""

    @pytest.mark.slow
    def test_the_log_settles_what_the_shop_did(self):
        year = printed_by(ONE_YEAR)
        judged = pd.DataFrame(year["rows"])
        treated = judged["arm"] == "treated"
        assert len(judged) == year["episodes"] > 100
        for what in ("kept", "spent"):
            did = np.where(treated, judged[f"{what}_if_treated"], judged[f"{what}_if_held_out"])
            assert (judged[what] == did).all()

    def test_intervals_hold_the_truth_over_many_trials(self):
        held = 0
        for seed in range(100):
            found = group_effect("all", drawn(600, (0.7, 0.6), seed=seed)).difference
            held += found.low <= 0.1 <= found.high
        assert 89 <= held <= 99

    @pytest.mark.slow
    @pytest.mark.whole
    def test_one_whole_shop(self):
        seed = printed_by(ONE_SEED)
        (gain_contacts, gain_kept), (risk_contacts, risk_kept) = seed["gain"], seed["risk"]
        assert gain_contacts == risk_contacts
        assert gain_kept > risk_kept
        low, value, high = seed["estimate"]
        assert 0 < seed["truth"] < 0.2
        # twice as wide as its interval an error has a chance of one in ten thousand
        assert abs(value - seed["truth"]) < high - low
