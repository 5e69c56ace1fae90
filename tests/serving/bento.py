"""A server of BentoML in a process of its own, as tests start, ask and end one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.loopback import free_port

ROOT = Path(__file__).parents[2]
START_SECONDS = 120.0
END_SECONDS = 30.0


@contextmanager
def serving(
    target: str,
    config: Path,
    *,
    folder: Path = ROOT,
    by: str = "bentoml",
    ended_by: signal.Signals = signal.SIGTERM,
    **environment: str,
) -> Iterator[httpx.Client]:
    """Run `bentoml serve` on a free port until the block ends; its words are shown when the block fails.

    A signal to the process that watches the workers ends it, and no worker may outlive it.
    """
    port, log = free_port(), config.parent / f"serve-{time.time_ns()}.log"
    command = [sys.executable, "-m", by, "serve", target, "--host", "127.0.0.1", "--port", str(port)]
    env = {**os.environ, "REGULARS_CONFIG": str(config), "BENTOML_DO_NOT_TRACK": "True", **environment}
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=out, stderr=out, start_new_session=True)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:
            wait(lambda: status(client, "/livez") == 200, process)
            yield client
    except BaseException:
        print(log.read_text())
        raise
    finally:
        end(process, ended_by)


def end(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """End a server by a signal to its first process, and see that it is gone with its workers."""
    workers = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.send_signal(number)
    try:
        process.wait(END_SECONDS)
        _, left = psutil.wait_procs(workers, END_SECONDS)
        assert left == [], "workers outlived their server"
    finally:
        for worker in workers:
            with suppress(psutil.NoSuchProcess):
                worker.kill()
        process.kill()
        process.wait()


def typed_methods() -> dict[str, Any]:
    """Return the typed methods of the service by name, of an instance as BentoML makes one."""
    from serving.service import Regulars

    instance: Any = Regulars()
    return {name: getattr(instance, name).local for name in instance.bento_service.apis}


def status(client: httpx.Client, path: str) -> int:
    try:
        return client.get(path).status_code
    except httpx.TransportError:
        return 0


def wait(condition: Any, process: subprocess.Popen[bytes] | None = None) -> None:
    end = time.monotonic() + START_SECONDS
    while not condition():
        assert process is None or process.poll() is None, "the server ended"
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.2)
