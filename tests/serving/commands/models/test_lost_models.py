"""A registry that is gone or empty beside models, or gone with them, is not a new shop's."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serving.book.audit import audit_trail
from serving.commands.models.lost_models import begin_new_models
from serving.config import load_settings
from serving.shop import OpenShop
from tests.serving.faults import make_busy_shop
from training.tracking import Tracking

DECIDED = ("--by", "Ada", "--why", "the disk was lost")


def gone(folder: Path) -> None:
    (folder / "mlruns" / "mlflow.db").unlink()


def emptied(folder: Path) -> None:
    (folder / "mlruns" / "mlflow.db").write_bytes(b"")


def all_gone(folder: Path) -> None:
    """Only the book knows that a model served."""
    shutil.rmtree(folder / "mlruns")


LOSSES: dict[str, tuple[Callable[[Path], None], str]] = {
    "gone": (gone, "is gone"),
    "emptied": (emptied, "is empty"),
    "all gone": (all_gone, "is gone"),
}


@pytest.fixture
def served(office: Path, call: Any) -> Path:
    """Its book has audited what serves."""
    make_busy_shop(office)
    assert call("promote", "3", "--force", *DECIDED, "--config", office / "regulars.toml")[0] == 0
    return office


@pytest.mark.parametrize("loss", LOSSES)
def test_what_needs_models_refuses_and_names_the_ways_on(served: Path, call: Any, loss: str, tmp_path: Path) -> None:
    """With one sentence, and without making a registry in the former one's place."""
    lose, problem = LOSSES[loss]
    lose(served)
    shop = ("--config", served / "regulars.toml")
    for command in (("list", "--out", tmp_path / "out"), ("train",), ("promote",), ("rollback",)):
        code, _, err = call(*command, *shop)
        assert (code, err.count("\n")) == (3, 1), (command, err)
        assert f"mlflow.db {problem}, and the shop had models" in err
        assert "put the backup of mlruns back; or begin anew without them: regulars train --new-models" in err
    database = served / "mlruns" / "mlflow.db"
    assert not database.exists() or database.stat().st_size == 0


@pytest.mark.parametrize("loss", LOSSES)
def test_new_models_are_somebodys_decision(served: Path, loss: str) -> None:
    """Nothing is deleted, the book keeps who decided, and then nothing serves: the next training is the first."""
    LOSSES[loss][0](served)
    with OpenShop(load_settings(served / "regulars.toml")) as shop:
        said = begin_new_models(shop, "Ada", "the disk was lost")
        last = audit_trail(shop.book)[-1]
    assert (last.action, last.who, last.from_version, last.to_version) == ("new-models", "Ada", "3", "")
    assert [path.name in said for path in served.glob("mlruns-lost-*")] == ([] if loss == "all gone" else [True])
    assert Tracking(served).champion_version() is None


def test_without_a_loss_there_is_nothing_to_begin_anew(served: Path, call: Any) -> None:
    shop = ("--config", served / "regulars.toml")
    code, _, err = call("train", "--new-models", *DECIDED, *shop)
    assert (code, "there is nothing to begin anew" in err) == (2, True)
    assert "--new-models needs --by NAME and --why TEXT" in call("train", "--new-models", *shop)[2]
