"""The answering side: each server a process group of its own, waited for, measured, and ended whatever happens."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.serving.peers.look_up import BOOK_VARIABLE
from benchmarks.serving.shop import Shop
from serving.worker_environment import WORKER_ENVIRONMENT
from training.tracking import Tracking

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
START_SECONDS, STOP_SECONDS, LOOK_SECONDS = 180.0, 15.0, 0.02
WORKER = "_bentoml_impl.worker.service"
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "BENTOML_DO_NOT_TRACK": "True", "OMP_WAIT_POLICY": "PASSIVE"}
# What would make a server other than it comes, if it stood in our own environment.
NOT_THEIRS = {*WORKER_ENVIRONMENT, "PYTHONDONTWRITEBYTECODE"} - set(QUIET)


@dataclass(frozen=True)
class Server:
    """A server that answers.

    Args:
        name: as the page calls it.
        port: on loopback.
        pid: of the process that was started.
        ready_seconds: from its start to its first ready answer.
    """

    name: str
    port: int
    pid: int
    ready_seconds: float

    def worker(self) -> psutil.Process:
        """Return the process that answers."""
        first = psutil.Process(self.pid)
        found = [each for each in first.children(recursive=True) if WORKER in " ".join(each.cmdline())]
        return found[0] if found else first


@dataclass(frozen=True)
class Memory:
    """Of one process, MB: all of its pages, and its share of them where others use them too."""

    rss: float
    pss: float

    @classmethod
    def of(cls, process: psutil.Process) -> Memory:
        """Read what a process holds."""
        found = process.memory_full_info()
        return cls(found.rss / 1e6, found.pss / 1e6)


def environment_of(folder: Path) -> dict[str, str]:
    """Return what every server finds: modules compiled into `folder`, as an installation has them beside themselves.

    Without, importing takes three times as long.
    """
    found = {key: value for key, value in os.environ.items() if key not in NOT_THEIRS}
    return {**found, **QUIET, "PYTHONPYCACHEPREFIX": str(folder / "compiled")}


@contextmanager
def regulars(shop: Shop, folder: Path, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Give `regulars serve`, with its keys, its rate limit, its metrics and its access log."""
    command = [BIN / "regulars", "serve", "--config", shop.toml]
    with _running("Regulars", command, "/readyz", environment or {}, folder) as server:
        yield server


@contextmanager
def plain_fastapi(shop: Shop, folder: Path, *, logging: bool = True) -> Iterator[Server]:
    """Give the look-up in FastAPI on uvicorn, which logs each request unless told otherwise."""
    quiet = [] if logging else ["--no-access-log"]
    command = [sys.executable, "-m", "uvicorn", "benchmarks.serving.peers.plain_fastapi:app", *quiet]
    name = "plain FastAPI" if logging else "plain FastAPI, no access log"
    with _running(name, command, "/openapi.json", {BOOK_VARIABLE: str(shop.folder / "book.db")}, folder) as server:
        yield server


@contextmanager
def typed_bento(shop: Shop, folder: Path) -> Iterator[Server]:
    """Give the look-up as a typed BentoML method, all settings as they come."""
    command = [sys.executable, "-m", "bentoml", "serve", "benchmarks.serving.peers.typed_bento:Scoring"]
    environment = {BOOK_VARIABLE: str(shop.folder / "book.db")}
    with _running("BentoML, typed method", command, "/readyz", environment, folder) as server:
        yield server


@contextmanager
def mlflow_models_serve(shop: Shop, folder: Path) -> Iterator[Server]:
    """Give the registered model as MLflow serves it."""
    command = [BIN / "mlflow", "models", "serve", "-m", "models:/regulars@champion", "--env-manager", "local"]
    registry = Tracking(shop.folder).store.uri
    environment = {
        "MLFLOW_TRACKING_URI": registry,
        "MLFLOW_REGISTRY_URI": registry,  # making the shop has left MLflow's usual one in our environment
        "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",  # it calls uvicorn through a shell
    }
    with _running("mlflow models serve", command, "/ping", environment, folder) as server:
        yield server


@contextmanager
def _running(
    name: str, command: Sequence[object], ready: str, environment: Mapping[str, str], folder: Path
) -> Iterator[Server]:
    port, log = _free_port(), folder / f"{name.replace(' ', '-')}.log"
    full = [*map(str, command), "--host", "127.0.0.1", "--port", str(port)]
    with log.open("ab") as out:
        began = time.perf_counter()
        surroundings = {**environment_of(folder), **environment}
        process = subprocess.Popen(full, cwd=ROOT, env=surroundings, stdout=out, stderr=out, start_new_session=True)
        try:
            _wait(process, f"http://127.0.0.1:{port}{ready}", log)
            yield Server(name, port, process.pid, time.perf_counter() - began)
        finally:
            _end(process)


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while not _answers(url):
        if process.poll() is not None or time.monotonic() > end:
            raise SystemExit(f"{log.stem} does not start:\n{log.read_text()[-4000:]}")
        time.sleep(LOOK_SECONDS)


def _answers(url: str) -> bool:
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a server and all that it started; some of that may have left the group."""
    everyone = _descendants(process.pid)
    _tell(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    _tell(process.pid, signal.SIGKILL)
    for each in everyone:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    process.wait()


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _tell(group: int, what: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, what)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
