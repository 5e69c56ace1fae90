"""What the holdout has taught: whose share is moved, which episodes an uplift model sees, and what is known of each."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.build import feature_table
from features.clock import day_number
from features.definitions import default_features
from features.definitions.engagement import event_kinds
from features.log import Lines, Log
from features.roll_up import roll_up
from serving.outreach.effect import learn_uplift as module
from serving.outreach.effect.learn_uplift import LearntUplift, learn_uplift
from serving.outreach.effect.learnt import learn, learnt_shares
from serving.outreach.effect.saved_share import Prior, saved_shares
from serving.outreach.effect.settled import settled
from tests.serving.outreach.effect.test_saved_share import episodes
from training.forecasts.uplift import UpliftVerdict

MONDAY = date(2026, 3, 2)
WHO = [f"c{n}" for n in range(8)]


class Shipped(tuple[SimpleNamespace, ...]):
    """Playbooks, by number and by id."""

    def __getitem__(self, key: Any) -> Any:
        return next(each for each in self if each.id == key) if isinstance(key, str) else super().__getitem__(key)


def playbook(name: str, *saved: str) -> SimpleNamespace:
    """A playbook; of each stage the share it saves, with a range of a tenth to either side."""
    stages = [
        SimpleNamespace(
            saved=Decimal(each), saved_low=Decimal(each) - Decimal("0.1"), saved_high=Decimal(each) + Decimal("0.1")
        )
        for each in saved
    ]
    return SimpleNamespace(id=name, stages=stages)


PLAYBOOKS: Any = Shipped([playbook("call", "0.3", "0.9"), playbook("gift", "0.2"), playbook("offer", "0.25", "0.5")])
PRIORS = {"call": Prior(0.3, 0.2, 0.4), "gift": Prior(0.2, 0.1, 0.3), "offer": Prior(0.25, 0.15, 0.35)}


def test_a_share_is_moved_by_its_own_outcomes_and_that_of_one_stage_by_those_of_others() -> None:
    """What other playbooks saved says nothing of how the offers of one with several stages rise."""
    outcomes = episodes((0.7, 0.4))
    found = saved_shares(outcomes, PRIORS)
    assert learnt_shares(PLAYBOOKS, outcomes) == {name: found[name].mean for name in ("call", "gift")}
    assert learnt_shares(PLAYBOOKS, outcomes.iloc[:0]) == {}


def log() -> Log:
    rows = [(who, day_number(MONDAY) - 7 * n - 9 * k, 500 + 90 * n) for n, who in enumerate(WHO) for k in range(3)]
    rows.append(("last", day_number(MONDAY) + 200, 1))
    return roll_up(Lines.of(*([list(column) for column in zip(*rows, strict=True)])))


def outcomes(**other: Any) -> pd.DataFrame:
    """An episode of each, half of them a week later, in an order of their own."""
    place = np.array([3, 0, 6, 1, 7, 2, 5, 4])
    made = {
        "account_id": [f"of {WHO[n]}" for n in place],
        "customer_id": [WHO[n] for n in place],
        "began_on": [MONDAY + timedelta(days=7 * int(n % 2)) for n in place],
        "horizon_days": 28 + place,
        "number": 1,
        "cell": "ranked",
        "kind": "regular",
        "arm": np.where(place % 4 < 2, "treated", "holdout"),
        "kept": place % 3 == 0,
        "probability": 0.2 + place / 20,
        "expected_spend": 1_000 + place,
    }
    return pd.DataFrame(made | other, index=range(30, 22, -1))


class Judge:
    """Stands in for the backtest and the fit: says who wins, and keeps what it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, wins: bool, least: int = 4) -> None:
        self.wins, self.asked, self.fitted = wins, (), ()
        monkeypatch.setattr(module, "LEAST_ACCOUNTS", least)
        monkeypatch.setattr(module, "uplift_backtest", self.backtest)
        monkeypatch.setattr(module, "fit_uplift", self.fit)

    def backtest(self, *given: Any, **more: Any) -> UpliftVerdict:
        self.asked: Any = (given, more)
        return UpliftVerdict(wins=self.wins, words="said", accounts=0, holdout=0, qini={}, ahead={})

    def fit(self, *given: Any) -> Any:
        self.fitted: Any = given
        return SimpleNamespace(uplift=lambda X: np.nansum(X, axis=1))


def known_of(who: str, day: date, features: Any) -> np.ndarray:
    """What was known of one customer on a day, by itself."""
    table = feature_table(log(), [day], features).set_index("customer_id")  # type: ignore[list-item]
    return table.loc[who, list(features.names)].to_numpy(dtype=float, na_value=np.nan)


class TestUplift:
    def test_each_episode_is_seen_as_it_was_on_its_first_day(self, monkeypatch: pytest.MonkeyPatch) -> None:
        judge, rows = Judge(monkeypatch, wins=True), outcomes()
        found = learn_uplift(log(), rows)
        (X, kept, treated, risk), more = judge.asked
        features = default_features(event_kinds(log()))
        assert found.features.names == features.names
        for row, episode in zip(X, rows.itertuples(), strict=True):
            np.testing.assert_allclose(row, known_of(episode.customer_id, episode.began_on, features))
        assert kept.tolist() == rows["kept"].tolist()
        assert treated.tolist() == (rows["arm"] == "treated").tolist()
        assert risk.tolist() == rows["probability"].tolist()
        assert more["gain"] == pytest.approx(rows["probability"] * rows["expected_spend"])
        assert more["account_id"].tolist() == rows["account_id"].tolist()
        assert more["began_day"].tolist() == [day_number(day) for day in rows["began_on"]]
        assert (more["horizon_days"], len(more)) == (35, 4)
        assert kept.dtype == treated.dtype == bool
        assert all(given is asked for given, asked in zip(judge.fitted, (X, kept, treated), strict=True))
        assert found.verdict.words == "said"

    def test_a_model_that_wins_is_used_on_the_day_that_is_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        Judge(monkeypatch, wins=True)
        found = learn_uplift(log(), outcomes())
        told = found.predict(log(), ["c5", "c1"], MONDAY)
        assert told is not None
        assert sorted(told.index) == ["c1", "c5"]
        assert told.index.dtype == object
        for who in told.index:
            assert told[who] == pytest.approx(np.nansum(known_of(who, MONDAY, found.features)))

    def test_one_that_does_not_win_is_not_fitted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        judge = Judge(monkeypatch, wins=False)
        found = learn_uplift(log(), outcomes())
        assert (found.model, judge.fitted, found.predict(log(), WHO, MONDAY)) == (None, (), None)

    @pytest.mark.parametrize("arms", [["treated"] * 5 + ["holdout"] * 3, ["treated"] * 3 + ["holdout"] * 5])
    def test_with_too_few_in_an_arm_no_feature_is_computed(
        self, monkeypatch: pytest.MonkeyPatch, arms: list[str]
    ) -> None:
        judge = Judge(monkeypatch, wins=True)
        monkeypatch.setattr(module, "feature_table", None)
        rows = outcomes(arm=arms)
        found = learn_uplift(log(), rows)
        (X, kept, treated, risk), more = judge.asked
        assert (X.tolist(), more, found.model) == ([[0.0]] * 8, {}, None)
        assert (kept.tolist(), risk.tolist()) == (rows["kept"].tolist(), rows["probability"].tolist())
        assert treated.sum() == arms.count("treated")
        assert found.features.names == default_features(event_kinds(log())).names

    @pytest.mark.parametrize("other", [{"number": 2}, {"cell": "random"}, {"kind": "shrunk"}])
    def test_only_first_episodes_of_the_ranked_who_stay_or_leave_are_seen(
        self, monkeypatch: pytest.MonkeyPatch, other: dict[str, object]
    ) -> None:
        judge = Judge(monkeypatch, wins=False, least=99)
        learn_uplift(log(), pd.concat([outcomes(), outcomes(**other)]))
        assert len(judge.asked[0][1]) == 8
        learn_uplift(log(), outcomes().drop(columns="kind"))
        assert len(judge.asked[0][1]) == 8


def test_it_is_learnt_of_what_has_settled_and_can_be_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing where the sample ratio is off; customers of an account of today count to its episodes."""
    begun = episodes((0.7, 0.4), drawn_share=1 / 3, began_on=MONDAY, horizon_days=30, contacted=True).drop(
        columns="kept"
    )
    begun["customer_id"] = begun["account_id"]
    stays = {"treated": 14, "holdout": 8}
    orders = [
        (f"{who} branch", day_number(MONDAY) + 3, 100)
        for who, arm, n in zip(begun["account_id"], begun["arm"], begun.groupby("arm").cumcount(), strict=True)
        if n % 20 < stays[arm]
    ]
    whole = roll_up(Lines.of(*([list(c) for c in zip(*orders, ("last", day_number(MONDAY) + 99, 1), strict=True)])))
    parent = {f"{who} branch": who for who in begun["account_id"]}
    found = learn(whole, begun, parent, PLAYBOOKS)
    assert found.saved == learnt_shares(PLAYBOOKS, settled(begun, whole, parent))
    assert set(found.saved) == {"call", "gift"}
    assert isinstance(found.uplift, LearntUplift)
    assert found.uplift.verdict.words.startswith("no uplift model yet")
    lost = begun[(begun["arm"] == "treated") | (np.arange(240) % 12 == 0)]
    assert learn(whole, lost, parent, PLAYBOOKS).saved == {}
