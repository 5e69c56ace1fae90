"""The real thing: `bentoml serve` in a process of its own, and a built Bento."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from serving.book import Book
from serving.book.keys import create_key
from serving.book.runs import record_scores
from serving.book.schema import CONTACTS
from serving.config import load_settings
from serving.outreach.plan.plan import plan
from serving.scorer import score
from serving.webhooks.outbox import publish_and_enqueue
from tests.loopback import free_port
from training.tracking import Record, Tracking

# MLflow asks SQLAlchemy for what newer releases of it will drop.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning")
ROOT = Path(__file__).parents[2]
START_SECONDS = 120.0


@contextmanager
def serving(target: str, config: Path, *, folder: Path = ROOT, **environment: str) -> Iterator[httpx.Client]:
    """Run `bentoml serve` on a free port until the block ends; its words are shown when the block fails."""
    port, log = free_port(), config.parent / f"serve-{time.time_ns()}.log"
    command = [sys.executable, "-m", "bentoml", "serve", target, "--host", "127.0.0.1", "--port", str(port)]
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
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


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


def register(shop: Any, candidate: str) -> None:
    """Put a model into the shop's registry, as training does."""
    tracking = Tracking(shop.settings.folder)
    empty: dict[str, Any] = {}
    run_id = tracking.record(Record("test", empty, empty, empty, "digest", empty, empty, {}))
    tracking.register(run_id, shop.bundles[candidate], ["champion", "challenger"])
    tracking.finish(run_id)


@pytest.fixture(scope="module")
def shop(shop: Any, tracking_in: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The small shop in a folder of its own, as these tests write to it."""
    folder = tmp_path_factory.mktemp("served")
    shop.copy_files(folder)
    tracking_in(folder)
    return replace(shop, settings=load_settings(folder / "regulars.toml"))


@pytest.fixture(scope="module")
def published(shop: Any) -> Any:
    """The small shop, with scores and a list in its book."""
    scores = score(shop.log, shop.bundles["lightgbm"], "1", shop.as_of)
    book = Book(shop.settings.folder)
    run_id = record_scores(book, scores, currency="EUR", data_digest=shop.log.digest())
    publish_and_enqueue(book, plan(scores, currency="EUR"), run_id)
    book.close()
    return scores


@pytest.fixture(scope="module")
def bento_home(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where a Bento of this code is built: the variables that say so."""
    home = {"BENTOML_HOME": str(tmp_path_factory.mktemp("bento")), "BENTOML_DO_NOT_TRACK": "True"}
    command = [sys.executable, "-m", "bentoml", "build", "--version", "test"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **home}, check=True, capture_output=True)
    return home


@pytest.fixture(scope="module")
def server(shop: Any, published: Any, bento_home: dict[str, str]) -> Iterator[httpx.Client]:
    """The built Bento with one worker, far from our own folder, and at first no model."""
    folder, config = Path(bento_home["BENTOML_HOME"]), shop.settings.folder / "regulars.toml"
    with serving("regulars:test", config, folder=folder, **bento_home) as client:
        client.headers["Authorization"] = f"Bearer {key_for(shop)}"
        yield client


@pytest.fixture(scope="module")
def two_workers(shop: Any, published: Any) -> Iterator[httpx.Client]:
    """Two workers of the code as it lies here, that have a model; whoever asks may do everything."""
    if Tracking(shop.settings.folder).champion_version() is None:
        register(shop, "lightgbm")
    key, config = f"Bearer {key_for(shop)}", shop.settings.folder / "regulars.toml"
    with serving("serving.service:Regulars", config, REGULARS_WORKERS="2") as client:
        client.headers["Authorization"] = key
        wait(lambda: status(client, "/readyz") == 200)
        yield client


HISTORY = {"as_of": "2023-05-16", "orders": [{"ordered_at": "2023-01-05", "amount": "12.50"}]}


def key_for(shop: Any) -> str:
    """Make a key that may do everything."""
    book = Book(shop.settings.folder)
    text = create_key(book, "test", ["admin"])[1]
    book.close()
    return text


def workers_of(client: httpx.Client) -> list[int]:
    """Return the processes that answer for a server, oldest first: the children of the one that has its port."""
    listed = subprocess.run(["ps", "-wweo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    found = [line.split(None, 2) for line in listed.splitlines()[1:]]
    supervisor = next(pid for pid, _, command in found if f"--port {client.base_url.port}" in command)
    return sorted(int(pid) for pid, parent, command in found if parent == supervisor and "worker" in command)


def post_contacts(address: str, key: str, name: str, acknowledged: list[str], stop: threading.Event) -> None:
    """Report contacts one by one until told to stop, and note those that were acknowledged."""
    for number in itertools.count():
        if stop.is_set():
            return
        contact = {"customer_id": "c", "channel": "call", "contacted_on": "2023-01-05", "key": f"{name}-{number}"}
        try:
            # A connection of its own, so that it comes to another worker; certificates, read for each, would cost most.
            with httpx.Client(base_url=address, timeout=30, trust_env=False, verify=False) as client:
                headers = {"Authorization": f"Bearer {key}"}
                done = client.post("/v1/contacts", json={"contacts": [contact]}, headers=headers)
        except httpx.TransportError:
            continue
        if done.status_code == 200:
            acknowledged.append(contact["key"])
        time.sleep(0.01)  # or there is no processor left on which the next worker could start


@pytest.mark.slow
def test_the_service_waits_for_a_model_then_answers(shop: Any, published: Any, server: httpx.Client) -> None:
    """Not ready without a model, quietly; ready a few seconds after one is registered; then every path."""
    client = server
    known = published["customer_id"].iloc[0]
    wait(lambda: status(client, "/v1/lists/current") == 200)
    assert status(client, "/readyz") == 503
    assert client.post("/v1/score", json=HISTORY).status_code == 503
    answer = client.post("/v1/scores", json={"customer_ids": [known, "nobody"]}).json()
    assert ([row["customer_id"] for row in answer["scores"]], answer["unknown"]) == ([known], ["nobody"])

    register(shop, "lightgbm")
    wait(lambda: status(client, "/readyz") == 200)
    answer = client.post("/v1/score", json=HISTORY).json()
    assert answer["model_version"] == "1"
    assert answer["limits"]
    assert client.get("/v1/model").json()["candidate"] == "lightgbm"
    assert client.get("/v1/lists/current", headers={"Accept": "text/csv"}).content.startswith(b"\xef\xbb\xbfposition")
    assert client.get("/docs.json").json() == client.get("/v1/openapi.json").json()
    page = client.get("/").text
    assert "swagger-ui" in page
    for asset in ("./static_content/swagger-ui.css", "./static_content/swagger-ui-bundle.js"):
        assert asset in page
        assert status(client, asset.removeprefix(".")) == 200
    metrics = client.get("/metrics").text
    assert 'regulars_request_seconds_count{method="POST",path="/v1/score",status="200"} 1.0' in metrics
    assert re.findall(r"^regulars_model.*", metrics, re.MULTILINE) == ['regulars_model{version="1"} 1.0']
    assert metrics.count("# TYPE regulars_scores ") == 1
    assert client.post("/v1/scores", content=b'{"customer_ids": [1]}').status_code == 422


@pytest.mark.slow
def test_nothing_but_health_without_a_key(server: httpx.Client) -> None:
    """BentoML's own paths included: a stranger does not learn which there are."""
    with httpx.Client(base_url=server.base_url, timeout=30, trust_env=False) as client:
        wait(lambda: status(client, "/v1/model") == 401)
        for path in (
            "/",
            "/metrics",
            "/docs.json",
            "/schema.json",
            "/static_content/swagger-ui.css",
            "/nothing",
            "/v1/x",
        ):
            assert status(client, path) == 401, path
        assert status(client, "/livez") == status(client, "/healthz") == 200
        assert set(client.get("/readyz").json()) == {"ready", "model", "trouble"}


@pytest.mark.slow
def test_a_killed_worker_loses_nothing_that_was_acknowledged(shop: Any, two_workers: httpx.Client) -> None:
    """Two workers under load: one is killed, the other answers on, and what was said to be recorded is in the book."""
    client, key = two_workers, key_for(shop)
    wait(lambda: len(workers_of(client)) == 2)
    acknowledged: list[str] = []
    stop = threading.Event()
    threads = [
        threading.Thread(target=post_contacts, args=(str(client.base_url), key, f"{n}", acknowledged, stop))
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    wait(lambda: len(acknowledged) > 40)
    killed = workers_of(client)[0]
    os.kill(killed, signal.SIGKILL)
    before = len(acknowledged)
    wait(lambda: len(acknowledged) > before + 40)
    wait(lambda: len(set(workers_of(client)) - {killed}) == 2)  # another one takes its place
    stop.set()
    for thread in threads:
        thread.join()
    book = Book(shop.settings.folder)
    with book.reading() as connection:
        known = set(connection.scalars(sa.select(CONTACTS.c.key)))
    book.close()
    assert set(acknowledged) <= known


def posted_around(client: httpx.Client, path: str, sent: Any, meanwhile: Callable[[], None]) -> tuple[int, Any]:
    """Post a document, do something once a worker waits for its body, then send the body; returns status and answer.

    The worker says that it waits: `Expect: 100-continue` asks for that.
    """
    body = json.dumps(sent).encode()
    headers = {"Host": "regulars", "Authorization": client.headers["Authorization"], "Content-Length": len(body),
               "Content-Type": "application/json", "Expect": "100-continue", "Connection": "close"}  # fmt: skip
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection((client.base_url.host, client.base_url.port or 80), timeout=60) as opened:
        opened.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode())
        assert opened.recv(1_000).startswith(b"HTTP/1.1 100 ")
        meanwhile()
        opened.sendall(body)
        answer = HTTPResponse(opened)
        answer.begin()
        return answer.status, json.loads(answer.read())


@pytest.mark.slow
def test_a_server_that_is_asked_to_stop_answers_what_is_under_way(published: Any, two_workers: httpx.Client) -> None:
    """SIGTERM while a request is half sent: its answer comes whole, and then none of these workers is left."""
    wait(lambda: status(two_workers, "/readyz") == 200 and len(workers_of(two_workers)) == 2)
    asked = workers_of(two_workers)

    def stop_all() -> None:
        for worker in asked:
            os.kill(worker, signal.SIGTERM)

    known = published["customer_id"].tolist()
    code, answer = posted_around(two_workers, "/v1/scores", {"customer_ids": known, "fresh": True}, stop_all)
    assert code == 200
    assert [row["customer_id"] for row in answer["scores"]] == known
    wait(lambda: not set(asked) & set(workers_of(two_workers)))


@pytest.mark.slow
def test_a_built_bento_serves(shop: Any, bento_home: dict[str, str], server: httpx.Client) -> None:
    """It brings its own code, no tests, no address of a registry, and no shop."""
    bento = Path(bento_home["BENTOML_HOME"]) / "bentos" / "regulars" / "test"
    assert sorted(path.name for path in (bento / "src").iterdir()) == [
        "bentofile.yaml",
        "features",
        "serving",
        "training",
    ]
    assert "://" not in (bento / "env" / "python" / "requirements.txt").read_text()
    if Tracking(shop.settings.folder).champion_version() is None:
        register(shop, "lightgbm")
    wait(lambda: status(server, "/readyz") == 200)
    assert server.get("/v1/model").json()["candidate"] == "lightgbm"
