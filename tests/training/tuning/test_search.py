"""Tuning: a search that goes on where it ended, ends when its time is over, and does not take chance for skill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import training.tuning.search
from features.churn.labels import ChurnDefinition
from features.definitions import default_features
from features.definitions.engagement import event_kinds
from features.errors import InputError, InsufficientHistory
from features.log import Log
from tests.training.conftest import renewal_shop
from training.backtest.choice import Difference
from training.dataset import Dataset
from training.models.candidates import fit
from training.models.trees import SEEDS, USUAL, USUAL_ROUNDS, TreeSettings, fit_trees, lightgbm
from training.splits import rolling_origin
from training.tuning.folds import Fold, temporal_folds
from training.tuning.search import tune
from training.tuning.tuned import Tuned, read_tuned, trees_file, write_tuned

optuna = pytest.importorskip("optuna")

DEFINITION = ChurnDefinition(horizon_days=28, active_days=84)
BAD = TreeSettings(leaves=4)
TODAY = date(2026, 11, 22)
LONG_MINUTES = 5.0
Said = Callable[[Fold, TreeSettings, Any], Any]


@pytest.fixture(scope="module")
def small() -> Log:
    """200 customers over 300 days, who leave."""
    return renewal_shop(200, 300, leaving=True)


def chance(fold: Fold, settings: TreeSettings, each_round: Any = None) -> Any:
    """Say the same true share for everyone, plus noise that only depends on the settings: nothing is better."""
    random = np.random.default_rng(abs(hash((settings, fold.day.toordinal()))))
    return np.clip(fold.test.y.mean() + random.normal(0, 0.08, len(fold.test)), 0.01, 0.99)


def skill(fold: Fold, settings: TreeSettings, each_round: Any = None) -> Any:
    """Say what comes, the surer the more leaves: more leaves are truly better."""
    sure = min(0.45, settings.leaves / 100)
    return np.where(fold.test.y, 0.5 + sure, 0.5 - sure)


@pytest.fixture(scope="module")
def folds(small: Log) -> tuple[Fold, ...]:
    """The folds of that shop, made once."""
    features = default_features(event_kinds(small))
    return temporal_folds(small, rolling_origin(small, DEFINITION), DEFINITION, features, lambda what: None)


@pytest.fixture
def saying(monkeypatch: pytest.MonkeyPatch, folds: tuple[Fold, ...]) -> Callable[[Said], None]:
    """Let a function speak instead of trees, on folds that are made already."""

    def say(said: Said) -> None:
        monkeypatch.setattr(training.tuning.search, "temporal_folds", lambda *given: folds)
        monkeypatch.setattr(Fold, "predict", said)

    return say


def states(folder: Path, study: str) -> list[str]:
    storage = optuna.storages.RDBStorage(f"sqlite:///{folder / 'mlruns' / 'tuning.db'}")
    found = [trial.state.name for trial in optuna.load_study(study_name=study, storage=storage).get_trials()]
    storage.remove_session()
    storage.engine.dispose()
    return found


def test_the_usual_trees_are_bit_for_bit_what_they_were(data: Dataset) -> None:
    """Tuning exists beside the default; without it not one bit of a model may change."""
    direction = {True: -1, False: 1, None: 0}
    params = {
        "objective": "binary",
        "learning_rate": 0.03,
        "num_leaves": 15,
        "min_data_in_leaf": max(5, min(100, len(data) // 100)),
        "feature_fraction": 0.6,
        "extra_trees": True,
        "lambda_l2": 5.0,
        "feature_pre_filter": False,
        "monotone_constraints": [direction[feature.risk_falls_with_it] for feature in data.features],
        "seed": SEEDS[0],
        "num_threads": 1,
        "deterministic": True,
        "force_col_wise": True,
        "verbose": -1,
    }
    library = lightgbm()
    before = library.train(params, library.Dataset(data.values, data.y, params=params), USUAL_ROUNDS)
    now: Any = fit_trees(data, None).fitted
    assert now.boosters[0].model_to_string() == before.model_to_string()


def test_settings_reach_the_trees_alone_and_inside_the_blend(data: Dataset) -> None:
    few = TreeSettings(leaves=3)
    alone, inside = fit("lightgbm", data, few).fitted, fit("blend", data, few).fitted
    assert "num_leaves: 3]" in alone.boosters[0].model_to_string()  # type: ignore[attr-defined]
    assert "num_leaves: 3]" in inside.parts["lightgbm"].boosters[0].model_to_string()  # type: ignore[attr-defined]


def test_a_second_session_goes_on_and_gives_up_what_lags_behind(
    small: Log, tmp_path: Path, saying: Callable[[Said], None]
) -> None:
    """The second begins with settings that are bad on every date."""
    saying(skill)
    first = tune(small, DEFINITION, tmp_path, budget_minutes=LONG_MINUTES, most_trials=9)
    second = tune(small, DEFINITION, tmp_path, budget_minutes=LONG_MINUTES, most_trials=2, first=(BAD,))
    assert second.study == first.study
    assert (first.trials, second.trials) == (10, 12)  # the usual settings are the first trial
    assert states(tmp_path, second.study)[10] == "PRUNED"
    assert second.pruned > first.pruned
    assert second.best_log_loss <= first.best_log_loss <= first.usual_log_loss == second.usual_log_loss


def test_importance_is_said_once_there_is_enough(small: Log, tmp_path: Path, saying: Callable[[Said], None]) -> None:
    saying(skill)
    found = tune(small, DEFINITION, tmp_path, budget_minutes=LONG_MINUTES, most_trials=15)
    assert max(found.importance, key=lambda name: found.importance[name]) == "leaves"


def test_what_is_truly_better_is_taken(small: Log, tmp_path: Path, saying: Callable[[Said], None]) -> None:
    saying(skill)
    found = tune(small, DEFINITION, tmp_path, budget_minutes=LONG_MINUTES, most_trials=15)
    assert found.is_better
    assert found.settings.leaves > USUAL.leaves
    assert "better by more than one standard error" in found.why


def test_the_luckiest_of_many_does_not_beat_the_usual_settings(
    small: Log, tmp_path: Path, saying: Callable[[Said], None]
) -> None:
    """On the dates that chose it the best of twenty looks better; on dates that did not, it is not."""
    saying(chance)
    found = tune(small, DEFINITION, tmp_path, budget_minutes=LONG_MINUTES, most_trials=20)
    assert found.best != USUAL
    assert found.apart.mean < 0
    assert found.settings == USUAL
    assert found.why.startswith("the usual settings stay")


def test_another_log_or_question_is_another_study(small: Log, tmp_path: Path, saying: Callable[[Said], None]) -> None:
    saying(skill)
    asked = {"budget_minutes": LONG_MINUTES, "most_trials": 1}
    one = tune(small, DEFINITION, tmp_path, **asked)
    other = tune(small, replace(DEFINITION, active_days=70), tmp_path, **asked)
    longer = tune(renewal_shop(200, 310, leaving=True), DEFINITION, tmp_path, **asked)
    assert len({one.study, other.study, longer.study}) == 3
    assert states(tmp_path, one.study) == ["COMPLETE", "COMPLETE"]  # the old one stays


def test_who_is_stopped_keeps_what_was_finished(
    small: Log, tmp_path: Path, saying: Callable[[Said], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    saying(skill)
    monkeypatch.setattr(training.tuning.search, "SECONDS_BETWEEN_REPORTS", 0.0)

    def press(done: int, total: int, what: str) -> None:
        if what.startswith("trial 3"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(small, DEFINITION, tmp_path, budget_minutes=LONG_MINUTES, progress=press)
    found = tune(small, DEFINITION, tmp_path, budget_minutes=LONG_MINUTES, most_trials=1)
    assert found.trials == 4
    assert states(tmp_path, found.study) == ["COMPLETE", "COMPLETE", "COMPLETE", "FAIL", "COMPLETE"]


def test_who_is_killed_within_a_trial_loses_only_that(
    small: Log, tmp_path: Path, saying: Callable[[Said], None]
) -> None:
    saying(skill)
    first = tune(small, DEFINITION, tmp_path, budget_minutes=LONG_MINUTES, most_trials=1)
    storage = optuna.storages.RDBStorage(f"sqlite:///{tmp_path / 'mlruns' / 'tuning.db'}")
    optuna.load_study(study_name=first.study, storage=storage).ask()  # begun, and never told
    storage.remove_session()
    storage.engine.dispose()
    again = tune(small, DEFINITION, tmp_path, budget_minutes=LONG_MINUTES, most_trials=2)
    assert (first.trials, again.trials) == (2, 4)


def test_the_budget_is_kept_within_a_fit_too(
    small: Log, tmp_path: Path, saying: Callable[[Said], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trees that never stop growing are cut off at a round; the trial counts for nothing."""
    seconds = 0.0
    monkeypatch.setattr(training.tuning.search, "time", SimpleNamespace(monotonic=lambda: seconds))

    def endless(fold: Fold, settings: TreeSettings, each_round: Any) -> Any:
        nonlocal seconds
        while settings != USUAL:
            seconds += 0.05
            each_round()
        return skill(fold, settings)

    saying(endless)
    found = tune(small, DEFINITION, tmp_path, budget_minutes=0.1)
    assert 6 < seconds < 6.1
    assert states(tmp_path, found.study) == ["COMPLETE", "FAIL"]


def test_real_trees_are_compared_and_cut_off(folds: tuple[Fold, ...]) -> None:
    """What a round raises comes out of LightGBM as it is."""

    def stop() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        folds[0].predict(USUAL, stop)
    p = folds[0].predict(TreeSettings(leaves=4))
    assert ((p > 0) & (p < 1)).all()
    assert len(p) == len(folds[0].test)


def test_a_budget_too_small_to_judge_anything_says_so(small: Log, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="give more"):
        tune(small, DEFINITION, tmp_path, budget_minutes=0.001)


def test_too_little_history_says_so(tmp_path: Path) -> None:
    with pytest.raises(InsufficientHistory, match="too few customers"):
        tune(renewal_shop(2, 300, leaving=True), DEFINITION, tmp_path, budget_minutes=1)


def test_until_hides_what_came_later(small: Log, tmp_path: Path) -> None:
    found = tune(small, DEFINITION, tmp_path, budget_minutes=LONG_MINUTES, most_trials=1, until=date(1970, 6, 1))
    assert max(found.dates) <= date(1970, 6, 1)
    assert found.dates == tuple(sorted(found.dates, reverse=True))


def of(mean: float, error: float, **other: Any) -> Tuned:
    gap = Difference(mean, error)
    made = Tuned(DEFINITION, (TODAY,), 9, 2, 0.5, TreeSettings(leaves=7), 0.5 + mean, gap, gap, {}, "trees-1")
    return replace(made, **other)


@pytest.mark.parametrize(
    ("found", "better"),
    [
        (of(-0.002, 0.001), True),
        (of(-0.001, 0.002), False),
        (of(-0.002, 0.001, honest=None), False),
        (of(-0.002, 0.001, honest=Difference(0.001, 0.001)), False),
        (of(0.0, 0.0, best=USUAL), False),
    ],
)
def test_the_rule_asks_for_one_standard_error(found: Tuned, better: bool) -> None:
    assert found.is_better is better
    assert found.settings == (TreeSettings(leaves=7) if better else USUAL)
    assert found.why.startswith("the tuned settings" if better else "the usual settings stay")


def test_the_file_gives_back_what_was_written(tmp_path: Path) -> None:
    write_tuned(tmp_path, of(-0.002, 0.001), TODAY)
    found = read_tuned(tmp_path)
    assert found is not None
    assert (found.settings, found.definition) == (TreeSettings(leaves=7), DEFINITION)
    assert found.words == "trees tuned on 2026-11-22, 9 trials"


def test_where_nothing_better_was_found_the_file_says_the_usual_settings(tmp_path: Path) -> None:
    """An older finding must not live on after a later search has refuted it."""
    write_tuned(tmp_path, of(-0.002, 0.001), TODAY)
    write_tuned(tmp_path, of(-0.001, 0.002), TODAY)
    found = read_tuned(tmp_path)
    assert found is not None
    assert found.settings == USUAL
    assert "none better" in found.words


@pytest.mark.parametrize("broken", ["", "[]", "{}", '"x"', '{"settings": {"leaves": "many"}}'])
def test_a_corrupt_file_is_refused_in_words(tmp_path: Path, broken: str) -> None:
    trees_file(tmp_path).parent.mkdir()
    trees_file(tmp_path).write_text(broken)
    with pytest.raises(InputError, match="delete it"):
        read_tuned(tmp_path)


def test_a_number_written_as_text_is_refused(tmp_path: Path) -> None:
    path = write_tuned(tmp_path, of(-0.002, 0.001), TODAY)
    path.write_text(path.read_text().replace('"leaves": 7', '"leaves": "7"'))
    with pytest.raises(InputError, match="delete it"):
        read_tuned(tmp_path)
