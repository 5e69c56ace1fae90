"""`regulars tune` on the command line, and what `regulars train` makes of it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import serving.commands.models.train
from features.churn.labels import ChurnDefinition
from features.errors import InputError
from serving.commands.models.train import train_and_judge
from serving.commands.models.tune import trees_for, tune_trees
from serving.config import load_settings
from tests.serving.conftest import Call, SmallShop, in_shop
from training.backtest.choice import Difference
from training.backtest.steps import no_progress
from training.models.trees import USUAL, TreeSettings
from training.tuning.folds import Fold
from training.tuning.search import tune
from training.tuning.tuned import Tuned, read_tuned, trees_file, write_tuned

DEFINITION = ChurnDefinition(30, 120)
FEW = TreeSettings(leaves=7)
DAY = date(2026, 11, 22)


@pytest.fixture
def folder(shop: SmallShop, tmp_path: Path) -> Path:
    """A shop's files, and nothing tuned yet."""
    shop.copy_files(tmp_path)
    return tmp_path


@pytest.fixture
def call(call: Call, folder: Path) -> Call:
    """Call the command line for that shop; returns exit code, stdout and stderr."""
    return lambda *arguments: call(*arguments, "--config", folder / "regulars.toml")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trees that take no time, six trials however slow the machine; fewer leaves are better."""

    def predict(fold: Fold, settings: TreeSettings, each_round: Any) -> Any:
        each_round()
        sure = 0.4 / settings.leaves
        return np.where(fold.test.y, 0.5 + sure, 0.5 - sure)

    def six(*given: Any, **more: Any) -> Tuned:
        return tune(*given, **{**more, "budget_minutes": 10.0, "most_trials": 6})

    monkeypatch.setattr(Fold, "predict", predict)
    monkeypatch.setattr("serving.commands.models.tune.tune", six)


def found(better: bool, definition: ChurnDefinition = DEFINITION) -> Tuned:
    gap = Difference(-0.002 if better else 0.002, 0.001)
    return Tuned(definition, (DAY,), 143, 20, 0.5, FEW, 0.498, gap, gap, {}, "trees-1")


@pytest.mark.usefixtures("quick")
def test_tune_says_what_was_tried_and_writes_what_train_takes(call: Call, folder: Path) -> None:
    code, out, err = call("tune", "--budget-minutes", "0.2", "--json")
    assert code == 0, err
    document = json.loads(out)
    assert document["tuned"] is True
    assert document["settings"]["leaves"] < USUAL.leaves
    assert document["best_log_loss"] < document["usual_log_loss"]
    assert document["trials"] > document["pruned"]
    assert Path(document["file"]) == trees_file(folder)
    for words in ("trials in all", "usual settings  log loss", "leaves", "next: regulars train"):
        assert words in err
    kept = read_tuned(folder)
    assert kept is not None
    assert asdict(kept.settings) == document["settings"]
    again, out, _ = call("tune", "--budget-minutes", "0.1", "--json")
    assert again == 0
    assert json.loads(out)["study"] == document["study"]
    assert json.loads(out)["trials"] > document["trials"]


def test_without_optuna_it_says_what_to_install(call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    code, out, err = call("tune", "--budget-minutes", "0.1")
    assert (code, out) == (2, "")
    assert "pip install 'optuna" in err
    assert not trees_file(folder).exists()


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "inf"])
def test_a_budget_that_is_none_is_refused(call: Call, minutes: str) -> None:
    code, _, err = call("tune", "--budget-minutes", minutes)
    assert code == 2
    assert "above 0" in err


def test_what_was_found_on_an_earlier_log_is_tried_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr("serving.commands.models.tune.tune", lambda *_, **more: given.update(more) or found(True))
    settings = load_settings(folder / "regulars.toml")
    in_shop(settings, tune_trees, 1.0, no_progress)
    assert given["first"] == ()
    in_shop(settings, tune_trees, 1.0, no_progress)
    assert given["first"] == (FEW,)
    trees_file(folder).write_text("{")
    assert in_shop(settings, tune_trees, 1.0, no_progress).tuned.trials == 143
    assert given["first"] == ()


def test_training_takes_what_was_found_for_its_own_question_alone(folder: Path) -> None:
    assert trees_for(folder, DEFINITION, tuned=True) == (USUAL, ())
    write_tuned(folder, found(True), DAY)
    assert trees_for(folder, DEFINITION, tuned=True) == (FEW, ("trees tuned on 2026-11-22, 143 trials",))
    assert trees_for(folder, DEFINITION, tuned=False) == (USUAL, ())
    trees, words = trees_for(folder, ChurnDefinition(60, 120), tuned=True)
    assert trees == USUAL
    assert "were tuned for 30 days ahead" in words[0]
    write_tuned(folder, found(False), DAY)
    trees, words = trees_for(folder, DEFINITION, tuned=True)
    assert trees == USUAL
    assert "found none better" in words[0]


def test_a_corrupt_file_does_not_keep_no_tuned_from_training(folder: Path) -> None:
    trees_file(folder).parent.mkdir()
    trees_file(folder).write_text("{")
    with pytest.raises(InputError, match="--no-tuned"):
        trees_for(folder, DEFINITION, tuned=True)
    assert trees_for(folder, DEFINITION, tuned=False) == (USUAL, ())


class Reached(Exception):
    """The trainer was called."""


@pytest.mark.parametrize(("tuned", "trees"), [(True, FEW), (False, USUAL)])
def test_the_settings_reach_the_trainer(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tuned: bool, trees: TreeSettings
) -> None:
    def trainer(*_: Any, **given: Any) -> None:
        assert given["trees"] == trees
        raise Reached

    monkeypatch.setattr(serving.commands.models.train, "train", trainer)
    write_tuned(folder, found(True), DAY)
    with pytest.raises(Reached):
        in_shop(load_settings(folder / "regulars.toml"), train_and_judge, no_progress, tuned=tuned)
