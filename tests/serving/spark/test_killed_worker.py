"""A job of two executors ends as if nothing had happened when one of them is killed; `whole`, as all of Spark is."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import psutil
import pytest

from features.engines.spark.masters import has_java
from tests.serving.conftest import Call
from tests.serving.spark.test_score import same, written

EXECUTOR, PYTHON = "CoarseGrainedExecutorBackend", "pyspark.daemon"
MOST_SECONDS = 600
CODE = "import sys; from serving.cli import main; sys.exit(main())"


@pytest.fixture
def scoring(office: Path) -> Iterator[subprocess.Popen[str]]:
    """The command, in a process of its own with two executors of one core each."""
    pytest.importorskip("pyspark", reason="pip install 'pyspark>=4.0,<4.1' to run it")
    if not has_java():
        pytest.skip("no Java here")
    at = ("--engine", "spark", "--url", "local-cluster[2,1,1024]", "--into", str(office / "scores"))
    command = [sys.executable, "-c", CODE, "score", "--config", str(office / "regulars.toml"), *at, "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    yield process
    if process.poll() is None:
        process.kill()


def executors(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The executors below a process that have Python at work."""
    if process.poll() is not None:
        return []
    below = psutil.Process(process.pid).children(recursive=True)
    return [each for each in below if is_one(each, EXECUTOR) and any(is_one(own, PYTHON) for own in each.children())]


def is_one(process: psutil.Process, what: str) -> bool:
    try:
        return any(what in word for word in process.cmdline())
    except psutil.Error:  # it has just ended
        return False


def killed(process: subprocess.Popen[str]) -> int:
    """Kill the first executor whose Python is at work, and return its number."""
    until = time.monotonic() + MOST_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if found := executors(process):
            found[0].kill()
            return found[0].pid
        time.sleep(0.1)
    raise AssertionError(f"no executor was met: {process.communicate()[1][-2000:]}")


@pytest.mark.slow
@pytest.mark.whole
def test_a_job_ends_though_an_executor_is_killed(
    office: Path, scoring: subprocess.Popen[str], call: Call, tmp_path: Path
) -> None:
    first = killed(scoring)
    out, err = scoring.communicate(timeout=MOST_SECONDS)
    assert scoring.returncode == 0, err
    assert not psutil.pid_exists(first)
    assert call("score", "--config", office / "regulars.toml", "--out", tmp_path / "scores.parquet")[0] == 0
    same(written(office / "scores", json.loads(out)), pd.read_parquet(tmp_path / "scores.parquet"))
