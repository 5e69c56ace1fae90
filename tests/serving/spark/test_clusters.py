"""The same scores from a standalone cluster of two workers and from a Connect server; `whole`, as all of Spark is."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.engines.spark.masters import has_java
from tests.serving.conftest import Call
from tests.serving.spark.test_killed_worker import CODE, MOST_SECONDS
from tests.serving.spark.test_orders import lake
from tests.serving.spark.test_score import same, written

__all__ = ["lake"]  # a fixture
DEPLOY = "org.apache.spark.deploy"
WORKER = ("--host", "127.0.0.1", "-c", "1", "-m", "1g", "--webui-port", "0")
CONNECT_SETTINGS = {
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": "4",
    "spark.ui.enabled": "false",
}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def running(program: str, *arguments: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of Spark's own that hears the loopback alone, ended with the block."""
    pyspark = pytest.importorskip("pyspark", reason="pip install 'pyspark>=4.0,<4.1' to run it")
    if not has_java():
        pytest.skip("no Java here")
    home = Path(pyspark.__file__).parent
    own = {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    with (folder / "spark.log").open("ab") as log:
        command = [str(home / "bin" / program), *arguments]
        process = subprocess.Popen(command, env={**os.environ, **own}, cwd=folder, stdout=log, stderr=log)
        yield process
        process.terminate()
        process.wait(60)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + MOST_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError("Spark did not start")


@pytest.fixture
def standalone(tmp_path: Path) -> Iterator[str]:
    """The URL of a master with two workers."""
    port = free_port()
    with ExitStack() as stack:
        at = ("--host", "127.0.0.1", "--port", str(port), "--webui-port", "0")
        master = stack.enter_context(running("spark-class", f"{DEPLOY}.master.Master", *at, folder=tmp_path))
        wait_for(port, master)
        for number in range(2):
            work = ("--work-dir", str(tmp_path / f"worker-{number}"), f"spark://127.0.0.1:{port}")
            worker = running("spark-class", f"{DEPLOY}.worker.Worker", *WORKER, *work, folder=tmp_path)
            stack.enter_context(worker)
        yield f"spark://127.0.0.1:{port}"


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[str]:
    """The URL of a Connect server."""
    pytest.importorskip("grpc", reason="pip install 'pyspark[connect]>=4.0,<4.1' to run it")
    port = free_port()
    settings = {**CONNECT_SETTINGS, "spark.connect.grpc.binding.port": str(port)}
    given = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    server = ("--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "--master", "local[2]")
    with running("spark-submit", *server, *given, "spark-internal", folder=tmp_path) as process:
        wait_for(port, process)
        yield f"sc://127.0.0.1:{port}"


def scored(folder: Path, url: str, *more: str) -> dict[str, Any]:
    """Score in a process of its own: this one may have another session."""
    at = ("--engine", "spark", "--url", url, "--into", str(folder / "scores"), *more)
    command = [sys.executable, "-c", CODE, "score", "--config", str(folder / "regulars.toml"), *at, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=MOST_SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def expected(folder: Path, call: Call) -> pd.DataFrame:
    assert call("score", "--config", folder / "regulars.toml", "--out", folder / "scores.parquet")[0] == 0
    return pd.read_parquet(folder / "scores.parquet")


@pytest.mark.slow
@pytest.mark.whole
def test_two_standalone_workers_score(office: Path, call: Call, standalone: str) -> None:
    answer = scored(office, standalone)
    same(written(office / "scores", answer), expected(office, call))


@pytest.mark.slow
@pytest.mark.whole
def test_a_connect_server_reads_cleans_and_scores(lake: Path, call: Call, connect: str) -> None:
    answer = scored(lake.parent, connect, "--from", f"{lake}/")
    same(written(lake.parent / "scores", answer), expected(lake.parent, call))
