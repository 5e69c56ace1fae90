"""`regulars serve` before it becomes the server: it says in a sentence where nobody can listen."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from serving.worker_environment import SUPERVISOR_VARIABLE
from tests.loopback import HOST, free_port


@pytest.fixture
def toml(shop: Any, tmp_path: Path) -> Path:
    """The settings of a shop."""
    shop.copy_files(tmp_path)
    return tmp_path / "regulars.toml"


def test_a_port_that_is_taken_is_a_sentence(call: Any, toml: Path) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        code, _, err = call("serve", "--port", port, "--config", toml)
    assert code == 2
    assert f"{HOST}, port {port}: address already in use; stop what listens there" in err


@pytest.mark.parametrize(
    ("host", "said"), [("localhost", 'not "localhost"'), ("203.0.113.9", "cannot assign requested address")]
)
def test_an_address_that_is_not_of_this_machine_is_a_sentence(call: Any, toml: Path, host: str, said: str) -> None:
    code, _, err = call("serve", "--host", host, "--port", free_port(), "--config", toml)
    assert (code, said in err) == (2, True)


def test_the_server_is_this_very_process_and_its_workers_are_told_which(
    call: Any, toml: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sends a signal to the command sends it to the server."""
    became: list[Any] = []
    monkeypatch.setattr("os.execve", lambda *arguments: became.extend(arguments))
    port = free_port()
    assert call("serve", "--port", port, "--config", toml)[0] == 0
    program, command, environment = became
    assert (program, command[:4]) == (sys.executable, [sys.executable, "-m", "serving.supervise", "serve"])
    assert command[-4:] == ["--host", HOST, "--port", str(port)]
    assert environment[SUPERVISOR_VARIABLE] == str(os.getpid())
    assert environment["REGULARS_CONFIG"] == str(toml)
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
