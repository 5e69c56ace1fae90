"""Promotion and rollback: only what passed its gate serves, who overrode it is known, and what served comes back."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.errors import InputError, ModelRefused
from features.simulation.simulate import simulate
from serving.book import Book
from serving.book.audit import audit_trail
from serving.commands.models.promote import promote, roll_back
from serving.commands.models.train import train_and_judge
from serving.config import load_settings
from tests.serving.conftest import TOML, in_shop, regulars
from training.backtest.steps import no_progress
from training.tracking import ARTIFACTS, Tracking

BOSS = "Ada Lovelace"


@pytest.fixture
def folder(registered: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    shutil.copytree(registered, tmp_path / "shop")
    return tmp_path / "shop"


@pytest.fixture
def settings(folder: Path) -> Any:
    """Its settings."""
    return load_settings(folder / "regulars.toml")


def audited(folder: Path) -> list[tuple[str, str, str | None, str, bool]]:
    book = Book(folder)
    rows = [(row.action, row.who, row.from_version, row.to_version, row.forced) for row in audit_trail(book)]
    book.close()
    return rows


def serves(folder: Path) -> str | None:
    return Tracking(folder).champion_version()


def test_what_passed_its_gate_is_promoted_and_audited(settings: Any, folder: Path) -> None:
    """The book first notes the champion that it had not seen begin."""
    done = in_shop(settings, promote, "2", by=BOSS, why="Monday")
    assert serves(folder) == "2"
    assert audited(folder) == [("found", "not said", None, "1", False), ("promote", BOSS, "1", "2", False)]
    assert "version 2 serves: lightgbm; before it: version 1" in "\n".join(done.lines())
    assert json.loads(json.dumps(done.to_dict()))["why"] == "Monday"


def test_what_failed_is_refused_with_the_failed_checks_alone(settings: Any, folder: Path) -> None:
    """The challenger is the default."""
    with pytest.raises(InputError, match="version 3 is not promoted") as refused:
        in_shop(settings, promote)
    assert "log_loss: not better by more than chance: log loss +0.0010" in str(refused.value)
    assert "risk falls" not in str(refused.value)
    assert "--force --by NAME --why TEXT" in str(refused.value)
    assert serves(folder) == "1"
    assert not (folder / "book.db").exists()


@pytest.mark.parametrize("said", [{}, {"by": BOSS}, {"why": "because"}, {"by": " ", "why": "because"}])
def test_force_says_who_and_why(settings: Any, folder: Path, said: dict[str, str]) -> None:
    """Half of it is refused."""
    with pytest.raises(InputError, match="--by NAME and --why TEXT"):
        in_shop(settings, promote, force=True, **said)
    assert serves(folder) == "1"


def test_by_force_it_serves_and_mlflow_learns_no_name(settings: Any, folder: Path) -> None:
    """What was overridden is said; the name stays in the book."""
    done = in_shop(settings, promote, force=True, by=BOSS, why="a new season")
    assert serves(folder) == "3"
    assert audited(folder)[-1] == ("promote", BOSS, "1", "3", True)
    assert "overridden: log_loss: not better" in "\n".join(done.lines())
    with closing(sqlite3.connect(folder / "mlruns" / "mlflow.db")) as database:
        assert BOSS not in "\n".join(database.iterdump())


def test_a_gate_that_was_passed_against_another_champion_is_not_enough(settings: Any, folder: Path) -> None:
    """Version 2 was better than 1; nobody knows whether it is better than 3."""
    in_shop(settings, promote, "3", force=True, by=BOSS, why="a test")
    with pytest.raises(InputError, match="passed against version 1, but version 3 serves now"):
        in_shop(settings, promote, "2")
    assert serves(folder) == "3"


def test_rollback_brings_back_the_same_scores(settings: Any, folder: Path, shop: Any) -> None:
    """Bit for bit; and again forwards, as its gate was passed against what serves again."""
    from training.dataset import build_dataset

    data = build_dataset(
        shop.log, shop.bundles["logistic"].training_dates, settings.definition, shop.bundles["logistic"].features
    )
    tracking, day = Tracking(folder), shop.as_of
    before = tracking.champion()[0].probability(data.X, day)
    in_shop(settings, promote, "2")
    assert not np.array_equal(tracking.champion()[0].probability(data.X, day), before)
    in_shop(settings, roll_back, by=BOSS, why="complaints")
    assert np.array_equal(tracking.champion()[0].probability(data.X, day), before)
    assert audited(folder)[-1] == ("rollback", BOSS, "2", "1", False)
    in_shop(settings, promote, "2")
    assert serves(folder) == "2"


def test_rollback_goes_back_step_by_step_and_then_says_so(settings: Any, folder: Path) -> None:
    """3 → 2 → 1 → nothing."""
    in_shop(settings, promote, "2")
    in_shop(settings, promote, "3", force=True, by=BOSS, why="a test")
    assert [in_shop(settings, roll_back).audit.to_version for _ in range(2)] == ["2", "1"]
    with pytest.raises(InputError, match="nothing to roll back to"):
        in_shop(settings, roll_back)
    in_shop(settings, roll_back, "3")
    assert serves(folder) == "3"


def test_what_was_let_in_by_force_is_let_in_by_force_again(settings: Any, folder: Path) -> None:
    """Or by rollback, which is open to whatever has served, and is named."""
    in_shop(settings, promote, "3", force=True, by=BOSS, why="a test")
    in_shop(settings, promote, "2", force=True, by=BOSS, why="a test")
    in_shop(settings, roll_back)
    with pytest.raises(InputError, match=r"passed against version 1, but version 3.*\n.*regulars rollback --to 2\n"):
        in_shop(settings, promote, "2")
    in_shop(settings, roll_back, "2")
    assert serves(folder) == "2"


def test_rollback_is_no_way_round_the_gate(settings: Any, folder: Path) -> None:
    """A version that has never served is not brought back."""
    with pytest.raises(InputError, match="has never served"):
        in_shop(settings, roll_back, "3")
    assert serves(folder) == "1"


def test_a_corrupt_bundle_is_refused_before_anything_moves(settings: Any, folder: Path) -> None:
    """Forwards and backwards; the book stays as it was."""
    in_shop(settings, promote, "2")
    known = audited(folder)
    for file in (folder / "mlruns" / ARTIFACTS).rglob("bundle.json"):
        file.write_text(file.read_text(encoding="utf-8").replace('"logistic"', '"logistics"'), encoding="utf-8")
    with pytest.raises(ModelRefused):
        in_shop(settings, roll_back)
    with pytest.raises(ModelRefused):
        in_shop(settings, promote, "3", force=True, by=BOSS, why="a test")
    assert serves(folder) == "2"
    assert audited(folder) == known


def test_a_move_that_fails_is_not_audited(settings: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is stopped between the book and the registry leaves the old champion and no row."""

    def stopped(self: Tracking, version: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Tracking, "promote", stopped)
    with pytest.raises(KeyboardInterrupt):
        in_shop(settings, promote, "2")
    assert serves(folder) == "1"
    assert [row[0] for row in audited(folder)] == ["found"]


def test_another_question_is_not_answered_by_force(folder: Path) -> None:
    """No list could be made with it."""
    toml = folder / "regulars.toml"
    toml.write_text(
        toml.read_text(encoding="utf-8").replace("horizon_days = 30", "horizon_days = 45"), encoding="utf-8"
    )
    with pytest.raises(InputError, match="was trained for a horizon of 30 days"):
        in_shop(load_settings(toml), promote, "2", force=True, by=BOSS, why="a test")
    assert serves(folder) == "1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("promote", "99"), "there is no version 99"),
        (("promote", "x y"), "there is no version x y"),
        (("promote", "1"), "version 1 serves already"),
        (("promote", "1", "--force", "--by", "Ada", "--why", "x"), "version 1 serves already"),
        (("promote",), "log_loss: not better"),
        (("rollback",), "there is nothing to roll back to"),
        (("rollback", "--to", "99"), "there is no version 99"),
    ],
)
def test_errors_are_one_message_and_exit_code_2(folder: Path, capsys: Any, arguments: Any, message: str) -> None:
    """As every error of input."""
    assert regulars(*arguments, "--config", folder / "regulars.toml") == 2
    assert message in capsys.readouterr().err
    assert serves(folder) == "1"


def test_the_command_prints_what_was_audited(folder: Path, capsys: Any) -> None:
    """In words and as a document."""
    toml = str(folder / "regulars.toml")
    command = ["promote", "--force", "--by", BOSS, "--why", "a new season", "--json", "--config", toml]
    assert regulars(*command) in (0, None)
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert (document["who"], document["from_version"], document["to_version"]) == (BOSS, "1", "3")
    assert document["forced"]
    assert document["at"].endswith("Z")
    assert f"audited: promote, forced, by {BOSS}" in printed.err


@pytest.mark.usefixtures("without_pictures")
def test_what_training_lets_serve_is_audited_and_what_it_does_not_is_not(tmp_path: Path, tracking_in: Any) -> None:
    """A tiny shop: its rule serves at first; trained again at once there is nothing new to judge by."""
    tracking_in(tmp_path)
    simulate(12, seed=3, days=200).write(tmp_path)
    toml = tmp_path / "regulars.toml"
    toml.write_text(TOML, encoding="utf-8")
    first, again = (in_shop(load_settings(toml), train_and_judge, no_progress) for _ in range(2))
    assert audited(tmp_path) == [("promote", "automatic gate", None, "1", False)]
    assert first.to_dict()["gate"]["promoted"] is False
    assert (again.result.model_version, again.result.challenger_version) == ("1", "2")
    text = "\n".join(map(str, again.lines()))
    assert "challenger: version 2" in text
    assert "log_loss: failed: nothing new to judge by" in text
    assert "version 1 serves" in text
    json.dumps(again.to_dict(), allow_nan=False, default=str)


def test_before_the_first_training_there_is_nothing_to_move(folder: Path) -> None:
    """And nothing is made."""
    shutil.rmtree(folder / "mlruns")
    settings = load_settings(folder / "regulars.toml")
    with pytest.raises(InputError, match="run regulars train first"):
        in_shop(settings, promote)
    with pytest.raises(InputError, match="run regulars train first"):
        in_shop(settings, roll_back)
    with pytest.raises(InputError, match="there is no version 1"):
        in_shop(settings, promote, "1")
    assert not (folder / "mlruns").exists()
