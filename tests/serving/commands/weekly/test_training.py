"""What a killed training left: done again, brought to its end, or taken as it is, by what the registry holds."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from features.language.messages import sentence
from serving.book.audit import audit_trail
from serving.commands.models.first_answer import let_rhythms_serve
from serving.commands.weekly.due import Due
from serving.commands.weekly.training import settled
from serving.config import load_settings
from serving.shop import OpenShop
from tests.serving.conftest import FAILED, PASSED, SmallShop
from training.tracking import CHALLENGER, Record, Tracking

DUE = Due(True, sentence("nothing was trained yet"))
AGAINST_1 = {**PASSED, "gate_against": "1"}


@pytest.fixture
def office_shop(office: Path) -> OpenShop:
    return OpenShop(load_settings(office / "regulars.toml"))


def register(folder: Path, shop: SmallShop, tags: dict[str, str]) -> str:
    """Register a challenger as a training does, which is killed before it lets it serve."""
    tracking = Tracking(folder)
    run_id = tracking.record(Record("killed", {}, {}, {}, "digest", {}, {}, {}))
    return tracking.register(run_id, replace(shop.bundles["lightgbm"]), [CHALLENGER], tags)


def test_one_that_registered_nothing_is_done_again(office_shop: OpenShop):
    assert settled(office_shop, DUE, "3") is None


def test_a_model_that_passed_is_let_serve(office_shop: OpenShop, shop: SmallShop):
    version = register(office_shop.settings.folder, shop, AGAINST_1)
    found = settled(office_shop, DUE, "3")
    assert found is not None
    assert (found.document["promoted"], found.document["serves"]) == (True, version)
    assert office_shop.settings.tracking().champion_version() == version
    (*_, row) = audit_trail(office_shop.book)
    assert (row.action, row.from_version, row.to_version) == ("promote", "1", version)
    assert found.lines[1] == f"version {version} (lightgbm) serves: the gate let it"
    assert settled(office_shop, DUE, "3") == found


def test_a_model_that_was_let_serve_is_audited(office_shop: OpenShop, shop: SmallShop):
    version = register(office_shop.settings.folder, shop, AGAINST_1)
    office_shop.settings.tracking().promote(version)
    found = settled(office_shop, DUE, "3")
    assert found is not None
    assert found.document["promoted"] is True
    assert audit_trail(office_shop.book)[-1].to_version == version


@pytest.mark.parametrize("tags", [FAILED, {**PASSED, "gate_against": "2"}])
def test_a_model_that_failed_or_was_judged_against_another_stays_challenger(
    tags: dict[str, str], office_shop: OpenShop, shop: SmallShop
):
    version = register(office_shop.settings.folder, shop, tags)
    found = settled(office_shop, DUE, "3")
    assert found is not None
    assert (found.document["promoted"], found.document["serves"], found.document["challenger_version"]) == (
        *(False, "1"),
        version,
    )
    if tags is FAILED:
        assert list(found.lines[2:]) == ["log_loss: failed: not better by more than chance: log loss +0.0010"]


@pytest.mark.parametrize(("tags", "promoted"), [({**PASSED, "gate_against": ""}, True), (FAILED, None)])
def test_where_rhythms_serve_a_rule_may_be_missing(
    tags: dict[str, str], promoted: bool | None, shop: SmallShop, template: Path, tmp_path: Path
):
    """A model that passed replaces what is provisional; one that failed leaves a rule to be registered, so again."""
    shop.copy_files(tmp_path)
    shutil.copytree(template / "mlruns", tmp_path / "mlruns")
    with OpenShop(load_settings(tmp_path / "regulars.toml")) as opened:
        assert let_rhythms_serve(opened) == "1"
        register(tmp_path, shop, tags)
        found = settled(opened, DUE, None)
        assert (found and found.document["promoted"]) is promoted
