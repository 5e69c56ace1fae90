"""MLflow elsewhere: a tracking server over PostgreSQL with its own place for artifacts, and one that is down."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import pytest

from features.errors import LostModels, ModelNotFound, Unreachable
from serving.api.loaded_model import Champions
from serving.commands.models.lost_models import refuse_lost_models
from serving.config import MlflowSettings, load_settings
from tests.loopback import free_port
from tests.serving.conftest import MONDAY, init_shop, new_database
from training.tracking import Tracking
from training.tracking.models import Described
from training.tracking.sources import Source

STARTS_WITHIN_SECONDS = 120


@contextmanager
def mlflow_server(database: str, artifacts: Path) -> Iterator[str]:
    """Run MLflow's own server on loopback, and give its address."""
    address = f"http://127.0.0.1:{(port := free_port())}"
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    where = ["--backend-store-uri", database, "--artifacts-destination", str(artifacts)]
    log = artifacts.parent / "server.log"
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore"}
    with (
        log.open("w") as said,
        subprocess.Popen([*command, *where], stdout=said, stderr=said, env=environment) as server,
    ):
        try:
            until = time.monotonic() + STARTS_WITHIN_SECONDS
            while not _answers(address):
                assert server.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.2)
            yield address
        finally:
            server.terminate()
            server.wait()


def _answers(address: str) -> bool:
    try:
        with urlopen(f"{address}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


@pytest.fixture(scope="module")
def server(postgresql: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that keeps its tables in PostgreSQL, and artifacts in a folder of its own."""
    home = tmp_path_factory.mktemp("mlflow")
    with new_database(postgresql) as url:
        database = url.replace("postgresql://", "postgresql+psycopg://")
        with mlflow_server(database, home / "artifacts") as address:
            yield address


@pytest.mark.whole
def test_a_model_on_a_server_serves_and_nothing_lies_in_the_shops_folder(
    server: str, shop: Any, tmp_path: Path
) -> None:
    tracking, bundle = Tracking(tmp_path, server, "north"), shop.bundles["logistic"]
    with pytest.raises(ModelNotFound, match=r"in http://127\.0\.0\.1"):
        tracking.champion()
    said = Described("# Card", {"quality/auroc": 0.8}, [Source("log", "", "ab" * 40, 20, MONDAY, MONDAY)])
    with tracking.run("training") as run:
        version = tracking.register(run.id, bundle, ["challenger"], {"gate": "passed"}, said)
    assert tracking.promote(version) is None
    found, serves = tracking.champion()
    assert (serves, tracking.version_tags(version)["gate"]) == (version, "passed")
    values = np.full((2, len(bundle.features)), np.nan)
    assert np.array_equal(found.probability(values, MONDAY), bundle.probability(values, MONDAY))
    assert list(tmp_path.iterdir()) == []
    with tracking.store.open() as client:
        registered = client.get_model_version("north", version)
        model = client.get_logged_model(registered.source.removeprefix("models:/"))
    assert (registered.description, registered.aliases) == ("# Card", ["challenger", "champion"])
    assert registered.tags["data.log"] == "log, 20 rows, 2023-01-09 to 2023-01-09, fingerprint abababababab"
    assert [(each.key, each.dataset_digest) for each in model.metrics] == [("quality/auroc", ("ab" * 40)[:36])]
    assert "postgresql" not in tracking.page()
    with pytest.raises(ModelNotFound):
        Tracking(tmp_path, server, "south").champion()  # another shop on the same server


def test_another_database_holds_the_runs_and_the_folder_the_artifacts(
    template: Path, shop: Any, tmp_path: Path
) -> None:
    shutil.copy(template / "mlruns" / "mlflow.db", tmp_path / "elsewhere.db")
    tracking = Tracking(tmp_path / "shop", f"sqlite:///{tmp_path / 'elsewhere.db'}", "north")
    with tracking.run("training") as run:
        version = tracking.register(run.id, shop.bundles["logistic"], ["champion"])
    assert tracking.champion()[1] == tracking.champion_version() == version == "1"
    assert tracking.close_killed(0) == 0
    assert [path.name for path in (tmp_path / "shop" / "mlruns").iterdir()] == ["artifacts"]
    assert Tracking(tmp_path / "shop", f"sqlite:///{tmp_path / 'elsewhere.db'}", "south").champion_version() is None


@pytest.mark.slow
def test_a_server_that_is_down_says_so_and_what_served_serves_on(shop: Any, tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    settings = replace(shop.settings, folder=tmp_path, mlflow=MlflowSettings(address))
    with pytest.raises(Unreachable, match=rf"{address}.*what serves is as it was"):
        settings.tracking().champion()
    champions = Champions(settings)
    champions.refresh()
    assert champions.now is None
    assert "http" not in (champions.trouble or "")


@pytest.mark.whole
def test_a_shop_trains_watches_and_lists_with_mlflow_on_a_server(
    server: str, call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole of it by command line, the address in the environment: no file of MLflow's is made beside the shop."""
    from features.simulation.simulate import simulate

    monkeypatch.chdir(tmp_path)
    simulate(300, seed=4, days=500, usual_gap_days=12).write(tmp_path)
    init_shop(tmp_path)
    monkeypatch.setenv("REGULARS_MLFLOW_URI", server)
    for command in (("train",), ("backtest",), ("list", "--out", "list"), ("watch",), ("rollback",)):
        code, _, err = call(*command)
        assert code in ({2} if command == ("rollback",) else {0, 13}), err
    assert not (tmp_path / "mlruns").exists()
    settings = load_settings(tmp_path / "regulars.toml")
    tracking = settings.tracking()
    with tracking.store.open() as client:
        names = {each.name for each in client.search_experiments()}
    assert {"regulars", "regulars backtest", "regulars watch"} <= names
    champions = Champions(settings)
    champions.refresh()
    assert champions.now is not None
    assert champions.now.version == tracking.champion_version() == "1"
    with tracking.store.open() as client:
        client.delete_registered_model("regulars")
    from serving.shop import OpenShop

    with OpenShop(settings) as opened, pytest.raises(LostModels, match="knows none, and the shop had models"):
        refuse_lost_models(opened, tracking)


@pytest.mark.whole
def test_a_shop_trains_watches_and_lists_with_mlflow_in_postgresql_and_no_server(
    postgresql: str, call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its tables are in the database, artifacts in the shop's folder; no password is told."""
    from features.simulation.simulate import simulate

    monkeypatch.chdir(tmp_path)
    simulate(300, seed=4, days=500, usual_gap_days=12).write(tmp_path)
    init_shop(tmp_path)
    with new_database(postgresql) as url:
        monkeypatch.setenv("REGULARS_MLFLOW_URI", url.replace("postgres:@", "postgres:hush@"))
        said = ""
        for command in (("train", "--budget", "quick"), ("list", "--out", "list"), ("watch",), ("doctor",)):
            code, out, err = call(*command)
            assert code in ({0, 1} if command == ("doctor",) else {0, 13}), err
            said += out + err
        assert "hush" not in said
        assert [path.name for path in (tmp_path / "mlruns").iterdir()] == ["artifacts"]
        settings = load_settings(tmp_path / "regulars.toml")
        tracking = settings.tracking()
        assert (tracking.champion_version(), tracking.challenger_version()) == ("1", "1")
        with tracking.store.open() as client:
            assert {"regulars", "regulars watch"} <= {each.name for each in client.search_experiments()}
        champions = Champions(settings)
        champions.refresh()
        assert champions.now is not None
        assert champions.now.version == "1"
