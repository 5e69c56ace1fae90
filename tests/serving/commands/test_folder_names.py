"""A shop lives in a folder of any name: from its files to a stored score over HTTP, and every line that is printed."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from features.simulation.simulate import simulate
from serving.api.app import create_app
from serving.api.state import ServerState
from serving.book import Book
from serving.cli.demo import next_commands
from serving.commands.data.simulate import simulate_shop
from serving.config import load_settings
from tests.serving.api.conftest import admitting, calls
from tests.serving.conftest import Call, init_shop, regulars
from training.sqlite_url import sqlite_url

NAMES = (
    "My Shop", "Shop #1", "100%Fair", "50%25", "Who buys?", "a=b&uri=true", "a;b", "it's \"mine\"", "Shop [old]*",
    "فروشگاه", "Μαγαζί",
)  # fmt: skip
EVERYTHING = 'Shop #1? 100%Fair 50%25 a=b&uri=true;it\'s "mine" $HOME `x` [old]* فروشگاه Μαγαζί'

RUNS = (
    "http://127.0.0.1:5000/#/experiments/1/runs?workflowType=machine_learning&searchFilter=tags.kind%3D%27training%27"
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A shop too young for a backtest, trained in a folder whose name holds everything, and what was said of it."""
    folder = tmp_path_factory.mktemp("names") / EVERYTHING
    simulate(40, seed=5, days=70, usual_gap_days=7).write(folder)
    init_shop(folder)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert regulars("train", "--config", folder / "regulars.toml") == 0
    return folder, printed.getvalue()


def test_a_shop_is_trained_where_it_lies(trained: tuple[Path, str]) -> None:
    folder, printed = trained
    *_, uri = shlex.split(printed.rpartition("see: ")[2].splitlines()[0])
    assert sa.make_url(uri).database == str(folder / "mlruns" / "mlflow.db")
    assert list((folder / "mlruns").rglob("bundle.json"))
    assert [each.name for each in folder.parent.iterdir()] == [EVERYTHING]


@pytest.mark.parametrize("name", NAMES)
def test_a_stored_score_is_answered_from_a_folder_of_any_name(
    name: str, trained: tuple[Path, str], tmp_path: Path, call: Call
) -> None:
    folder = tmp_path / name
    shutil.copytree(trained[0], folder)
    assert call("score", "--config", folder / "regulars.toml", "--out", folder / "scores.csv")[0] == 0
    first = (folder / "scores.csv").read_text(encoding="utf-8").splitlines()[1].partition(",")[0]
    assert stored_score(folder, first)["customer_id"] == first
    assert [each.name for each in tmp_path.iterdir()] == [name]


def stored_score(folder: Path, customer_id: str) -> dict[str, Any]:
    """Ask the application in this process for one customer's stored score."""
    settings = load_settings(folder / "regulars.toml")
    book = Book(settings.book_place)
    try:
        asking = calls(admitting(create_app(ServerState(settings, book))))
        answer = asking("POST", "/v1/scores", json={"customer_ids": [customer_id]})
        assert answer.status_code == 200, answer.text
        (score,) = answer.json()["scores"]
        return dict(score)
    finally:
        book.close()


def test_every_line_to_copy_is_read_back_by_a_shell(tmp_path: Path) -> None:
    folder = tmp_path / EVERYTHING
    *_, said = simulate_shop(2, 1, folder).lines()
    orders, events, customers = (str(folder / f"{table}.csv") for table in ("orders", "events", "customers"))
    toml = str(folder / "regulars.toml")
    wanted = ["regulars", "init", orders, "--events", events, "--customers", customers, "--out", toml]
    assert shlex.split(said.removeprefix("next: ")) == wanted
    init_shop(folder)
    lines = next_commands(load_settings(folder / "regulars.toml"), RUNS)
    (serve,) = (line for line in lines if "regulars serve" in line)
    command = shlex.split(serve.partition(": ")[2])
    assert (Path(command[0]).name, *command[1:]) == ("regulars", "serve", "--config", toml)
    (runs,) = (line for line in lines if "mlflow ui" in line)
    assert sa.make_url(shlex.split(runs)[-1]).database == str(folder / "mlruns" / "mlflow.db")
    assert lines[lines.index(runs) + 1].split()[-1] == RUNS


def test_what_the_demo_says_at_its_end_is_found_where_no_environment_is_active(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate_shop(2, 1, tmp_path)
    init_shop(tmp_path)
    monkeypatch.setenv("PATH", os.defpath)
    lines = next_commands(load_settings(tmp_path / "regulars.toml"), RUNS)
    programs = {word for line in lines for word in shlex.split(line) if Path(word).name in ("regulars", "mlflow")}
    assert {Path(each).name for each in programs if Path(each).is_absolute() and os.access(each, os.X_OK)} == {
        "regulars",
        "mlflow",
    }


@pytest.mark.parametrize("name", NAMES)
def test_sqlalchemy_reads_back_the_file_of_a_url(name: str, tmp_path: Path) -> None:
    file = tmp_path / name / "mlflow.db"
    assert sa.make_url(sqlite_url(file)).database == str(file)
