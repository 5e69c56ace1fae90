"""Asks `regulars serve` everything that it answers, and keeps the answers."""

from __future__ import annotations

import http.client
import json
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tools.unchanged.recorder import Recorder
from tools.unchanged.requests import Request, requests

READY_SECONDS = 120
STOP_SECONDS = 60
# Headers that hold a clock or follow from the body, whose own differences are told anyway.
UNTOLD = ("date", "content-length")
KEYS: Mapping[str, str] = {
    "scores": "--role scores",
    "lists": "--role lists",
    "outcomes": "--role outcomes",
    "admin": "--role admin",
    "eleni": "--role lists --role outcomes --role scores --owner Eleni",
    "ended": "--role admin --expires 2999-01-01",
}


@dataclass
class Client:
    """Sends requests to a server, each with a number as its X-Request-Id.

    Args:
        port: of the server on this machine.
        keys: name → key.
    """

    port: int
    keys: Mapping[str, str] = field(default_factory=dict)
    sent: int = 0

    def ask(self, request: Request) -> tuple[int, str, str]:
        """Return status, headers and body of the answer."""
        self.sent += 1
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"X-Request-Id": f"walk-{self.sent}", **self._key(request.key), **request.all_headers}
        connection.request(request.method, request.path, request.body, headers)
        answer = connection.getresponse()
        told = sorted(f"{name.lower()}: {value}" for name, value in answer.getheaders() if name.lower() not in UNTOLD)
        body = answer.read().decode()
        connection.close()
        return answer.status, "\n".join(told), body

    def _key(self, name: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys.get(name, name)}"} if name else {}


def record_answers(recorder: Recorder, shop: str, listed: Path) -> None:
    """Serve a shop, ask for everything, and keep answers and log."""
    keys = make_keys(recorder, shop)
    with serving(recorder, shop) as port:
        client = Client(port, keys)
        for request in requests(listed):
            if request.name == "revoked":
                _revoke(recorder, shop, keys["ended"])
            _keep(recorder, request, client)
    recorder.calls(shop, "keys-list | keys list --json")


def make_keys(recorder: Recorder, shop: str) -> dict[str, str]:
    """Make a key of each kind."""
    made = {
        name: recorder.call(shop, f"key-{name}", f"keys create {name} {more} --json") for name, more in KEYS.items()
    }
    return {name: json.loads(said.out)["key"] for name, said in made.items()}


def _revoke(recorder: Recorder, shop: str, key: str) -> None:
    recorder.call(shop, "keys-revoke", f"keys revoke {key.split('_')[1]} --json")
    time.sleep(2.5)  # a running server reads keys again each second


def _keep(recorder: Recorder, request: Request, client: Client) -> None:
    status, headers, body = client.ask(request)
    if request.name == "openapi":  # words of the document may change on purpose: it is compared apart
        recorder.keep("openapi.json", json.dumps(json.loads(body), indent=1, ensure_ascii=False) + "\n")
        body = "see openapi.json\n"
    asked = f"{request.method} {request.path} (key: {request.key or 'none'})\n{request.shown}"
    recorder.keep(f"api/{request.name}.txt", f"{asked[:4000]}\n{status}\n{headers}\n\n{body}")


@contextmanager
def serving(recorder: Recorder, shop: str) -> Iterator[int]:
    """Run `regulars serve` of a shop, keep its log when it ended, and say on which port it answers."""
    port, log = free_port(), recorder.shops / f"{shop}-server.log"
    command = [recorder.program("regulars"), *shlex.split(f"serve --port {port}")]
    with log.open("wb") as said:
        process = subprocess.Popen(  # noqa: S603 — our own program
            command, cwd=recorder.shops / shop, env=recorder.environment, stdout=said, stderr=said
        )
        try:
            wait_until_ready(port)
            yield port
        finally:
            code = stop(process)
    lines = log.read_text(encoding="utf-8").splitlines()
    told = [line for line in lines if line.startswith('{"at"') and "/readyz" not in line]
    recorder.keep("api/log.txt", "\n".join([f"exit code {code}", *told]) + "\n")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_until_ready(port: int) -> None:
    """Wait until the server has loaded its model.

    Raises:
        TimeoutError: it has not within two minutes.
    """
    last = time.monotonic() + READY_SECONDS
    while time.monotonic() < last:
        with suppress(OSError, http.client.HTTPException):
            if Client(port).ask(Request("ready", "GET", "/readyz"))[0] == 200:
                return
        time.sleep(0.3)
    raise TimeoutError("the server does not become ready")


def stop(process: subprocess.Popen[bytes]) -> int:
    """Stop a server as an operator does and return its exit code."""
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
