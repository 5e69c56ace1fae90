"""Scores before anything was trained: rhythms alone answer, which is said, recorded and replaced by a training."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from serving.book.audit import audit_trail, auditing
from serving.commands.models.promote import PROMOTE
from serving.commands.models.train import GATE
from serving.config import load_settings
from serving.shop import OpenShop
from tests.serving.conftest import SmallShop
from training.gate import PASSED
from training.tracking import CHALLENGER, Tracking
from training.train import _champion


@pytest.fixture
def untrained(shop: SmallShop, tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    shop.copy_files(tmp_path / "shop")
    return tmp_path / "shop"


def test_scoring_before_any_training_lets_rhythms_answer_and_says_so(untrained: Path, call: Any) -> None:
    """Once: the next scoring uses what serves, and the next training compares itself with nothing."""
    scored = ("score", "--out", untrained / "scores.csv", "--config", untrained / "regulars.toml")
    for _ in range(2):
        code, out, err = call(*scored)
        assert code == 0, err
        assert "careful: version 1 is provisional, from rhythms alone and not judged: regulars train" in out
    bundle, version = Tracking(untrained).champion()
    assert (bundle.candidate, version, bundle.is_provisional) == ("gap_hazard", "1", True)
    assert _champion(Tracking(untrained), bundle.definition, bundle.shop) == (None, "")
    with OpenShop(load_settings(untrained / "regulars.toml")) as opened:
        row = audit_trail(opened.book)[-1]
    assert (row.action, row.from_version, row.to_version) == ("promote", None, "1")
    assert row.why.startswith("provisional")


def test_a_first_model_that_was_rolled_back_to_a_rule_is_promoted_again(
    untrained: Path, call: Any, shop: SmallShop
) -> None:
    """Its gate compared it with none, as rhythms alone served; it had taken their place."""
    config = ("--config", untrained / "regulars.toml")
    assert call("score", "--out", untrained / "scores.csv", *config)[0] == 0
    tracking = Tracking(untrained)
    run_id = tracking.run_of("1") or ""
    tracking.register(run_id, shop.bundles["logistic"], [CHALLENGER], {"gate": PASSED, "gate_against": ""})
    refused = call("promote", *config)
    assert (refused[0], "passed against nothing, but version 1 serves now" in refused[2]) == (2, True)
    with (
        OpenShop(load_settings(untrained / "regulars.toml")) as opened,
        auditing(opened.book, PROMOTE, GATE, tracking.promote("2"), "2", "better than the rule"),
    ):
        pass  # as a training does
    assert call("rollback", *config)[0] == 0
    code, out, err = call("promote", *config)
    assert (code, err) == (0, "")
    assert "version 2 serves: logistic; before it: version 1" in out


def test_a_shop_that_lost_its_models_is_not_given_new_ones(office: Path, call: Any) -> None:
    """Only the book knows that a model served."""
    code = call("promote", "3", "--force", "--by", "Ada", "--why", "a test", "--config", office / "regulars.toml")[0]
    assert code == 0
    shutil.rmtree(office / "mlruns")
    code, _, err = call("score", "--out", office / "scores.csv", "--config", office / "regulars.toml")
    assert (code, "and the shop had models" in err) == (3, True)
