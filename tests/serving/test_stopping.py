"""`regulars serve` ends when it is asked to, whatever asks and whenever, and its workers end with it.

BentoML is played by a program that drops signals, as its process manager does while it starts a worker.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.loopback import await_that
from tests.serving.bento import ROOT

SERVES = """
import os, signal, subprocess, sys, time
left = [int(os.environ["DROPS"])]
def handle(number, frame):
    left[0] -= 1
    if left[0] < 0:
        sys.exit(0)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, handle)
code = f"import serving.stopping as s; s.EACH_SECONDS = 0.1; s.stop_without({os.getpid()}).join()"
worker = subprocess.Popen([sys.executable, "-c", code])
print(os.getpid(), worker.pid, flush=True)
while True:
    time.sleep(0.01)
"""
LOADS = "import time; print('loading', flush=True); time.sleep(60)"
FASTER = """
import os, serving.stopping, serving.supervise
serving.stopping.EACH_SECONDS, serving.stopping.LONGEST_SECONDS = 0.1, float(os.environ["LONGEST"])
serving.supervise.main()
"""
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a supervised server by a line of a shell, or by itself; what is left of it is ended in the end."""
    started: list[subprocess.Popen[str]] = []
    (tmp_path / "supervised.py").write_text(FASTER, encoding="utf-8")
    (tmp_path / "bentoml").mkdir()
    (tmp_path / "bentoml" / "__init__.py").touch()

    def starting(line: str = "", program: str = SERVES, drops: int = 2, longest: float = 60.0) -> subprocess.Popen[str]:
        (tmp_path / "bentoml" / "__main__.py").write_text(program, encoding="utf-8")
        serve = [sys.executable, str(tmp_path / "supervised.py")]
        command = ["sh", "-c", line.format(serve=" ".join(serve))] if line else serve
        own = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "DROPS": str(drops), "LONGEST": str(longest)}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        apart = {"start_new_session": True, "preexec_fn": hears_hang_ups}
        started.append(subprocess.Popen(command, env={**os.environ, **own}, text=True, **apart, **pipes))  # type: ignore[call-overload]
        return started[-1]

    yield starting
    for process in started:
        for child in [*children_of(process.pid), process]:
            child.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            assert pipe is not None
            pipe.close()


def hears_hang_ups() -> None:
    """Undo what `nohup` did to the tests themselves: a program takes that over."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def children_of(process_id: int) -> list[psutil.Process]:
    try:
        return psutil.Process(process_id).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def serving(started: subprocess.Popen[str]) -> tuple[psutil.Process, psutil.Process]:
    """Return the server and its worker, once it serves."""
    assert started.stdout is not None
    server, worker = started.stdout.readline().split()
    return psutil.Process(int(server)), psutil.Process(int(worker))


def gone(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_is_dropped_is_sent_again(start: Start, number: int) -> None:
    """Ctrl-C, SIGTERM, and a terminal that is closed."""
    started = start()
    server, worker = serving(started)
    server.send_signal(number)
    assert started.wait(20) == 0
    await_that(lambda: gone(worker))


def test_a_server_that_does_not_end_is_ended_with_its_workers(start: Start) -> None:
    started = start(drops=10_000, longest=0.5)
    server, worker = serving(started)
    server.terminate()
    assert started.wait(20) == 1
    await_that(lambda: gone(worker))


def test_a_worker_ends_with_a_server_that_was_killed(start: Start) -> None:
    server, worker = serving(start())
    server.kill()
    await_that(lambda: gone(worker))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_ends_with_the_shell_that_runs_it(start: Start, number: int) -> None:
    """A shell hands no signal on: without this the server would hold its port for ever."""
    started = start("{serve}; true")
    server, worker = serving(started)
    assert server.pid != started.pid
    started.send_signal(number)
    await_that(lambda: gone(server) and gone(worker))


@pytest.mark.parametrize("line", ["setsid {serve}; true", "{serve} & sleep 600", "nohup {serve}; true"])
def test_a_server_that_was_made_to_outlive_its_shell_does(start: Start, line: str) -> None:
    """In a session of its own, in the background of a script, and by `nohup`."""
    started = start(line)
    server, worker = serving(started)
    started.kill()
    started.wait()
    time.sleep(0.5)  # five looks at its parent
    assert not gone(server)
    server.kill()
    await_that(lambda: gone(worker))


def test_ctrl_c_while_the_server_loads_is_no_traceback(start: Start) -> None:
    started = start(program=LOADS)
    assert started.stdout is not None
    assert started.stdout.readline() == "loading\n"
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=20)
    assert (started.returncode, err) == (130, "")
