"""The real thing: `bentoml serve` in a process of its own, and a built Bento."""

from __future__ import annotations

import asyncio
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
from dataclasses import replace
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import bentoml
import httpx
import pandas as pd
import pytest
import sqlalchemy as sa
from bentoml.exceptions import BentoMLException, UnprocessableEntity

from serving.book import Book
from serving.book.keys import create_key
from serving.book.runs import record_scores
from serving.book.schema import CONTACTS, OUTCOMES
from serving.book.visits.links import create_link
from serving.config import load_settings
from serving.outreach.plan.plan import plan
from serving.scorer import score
from serving.webhooks.outbox import publish_and_enqueue
from tests.serving.bento import ROOT, serving, status, wait
from training.tracking import Record, Tracking

# MLflow asks SQLAlchemy for what newer releases of it will drop.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning")


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
    with serving("regulars:test", config, folder=folder, ended_by=signal.SIGKILL, **bento_home) as client:
        client.headers["Authorization"] = f"Bearer {key_for(shop)}"
        yield client


@pytest.fixture(scope="module")
def two_workers(shop: Any, published: Any) -> Iterator[httpx.Client]:
    """Two workers of the code as it lies here, as `regulars serve` runs them; whoever asks may do everything."""
    if Tracking(shop.settings.folder).champion_version() is None:
        register(shop, "lightgbm")
    key, config = f"Bearer {key_for(shop)}", shop.settings.folder / "regulars.toml"
    with serving("serving.service:Regulars", config, by="serving.supervise", REGULARS_WORKERS="2") as client:
        client.headers["Authorization"] = key
        wait(lambda: status(client, "/readyz") == 200)
        yield client


@pytest.fixture
def with_model(shop: Any, published: Any, server: httpx.Client) -> httpx.Client:
    """The built Bento, once it has a model."""
    if Tracking(shop.settings.folder).champion_version() is None:
        register(shop, "lightgbm")
    wait(lambda: status(server, "/readyz") == status(server, "/v1/model") == 200)
    return server


HISTORY = {"as_of": "2023-05-16", "orders": [{"ordered_at": "2023-01-05", "amount": "12.50"}]}


def key_for(shop: Any, *roles: str, owner: str | None = None) -> str:
    """Make a key; without roles it may do everything."""
    book = Book(shop.settings.folder)
    text = create_key(book, "test", roles or ["admin"], owner=owner)[1]
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
    shown, kept = client.get("/docs.json").json()["paths"], client.get("/v1/openapi.json").json()["paths"]
    assert set(shown) - set(kept) == {"/scores", "/score_history", "/current_list"}
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
def test_a_built_bento_serves(bento_home: dict[str, str], with_model: httpx.Client) -> None:
    """It brings its own code, no tests, no address of a registry, and no shop."""
    bento = Path(bento_home["BENTOML_HOME"]) / "bentos" / "regulars" / "test"
    assert sorted(path.name for path in (bento / "src").iterdir()) == [
        "bentofile.yaml",
        "features",
        "serving",
        "training",
    ]
    assert "://" not in (bento / "env" / "python" / "requirements.txt").read_text()
    assert with_model.get("/v1/model").json()["candidate"] == "lightgbm"


ASKED: dict[str, Any] = {"language": "el", "customer_ids": ["nobody"]}


@pytest.mark.slow
def test_bentomls_clients_get_what_the_api_answers(published: Any, with_model: httpx.Client) -> None:
    """Both clients learn the methods from the server, and each method answers as the path of the API does."""
    asked = {**ASKED, "customer_ids": [*published["customer_id"].iloc[:3], "nobody"]}
    expected = {
        "scores": with_model.post("/v1/scores", json=asked).json(),
        "score_history": with_model.post("/v1/score", json=HISTORY).json(),
        "current_list": with_model.get("/v1/lists/current", params={"limit": 2, "kind": "regular"}).json(),
    }
    key = with_model.headers["Authorization"].removeprefix("Bearer ")
    with bentoml.SyncHTTPClient(str(with_model.base_url), token=key) as client:
        assert set(client.endpoints) == set(expected)
        assert client.scores(**asked) == expected["scores"]
        assert len(expected["scores"]["scores"]) == 3
        answer = client.score_history(HISTORY["orders"], as_of=HISTORY["as_of"])
        assert {**answer, "scored_at": None} == {**expected["score_history"], "scored_at": None}

    async def ask() -> Any:
        async with bentoml.AsyncHTTPClient(str(with_model.base_url), token=key) as waiting:
            return await asyncio.gather(waiting.current_list(limit=2, kind="regular"), waiting.scores(**asked))

    assert asyncio.run(ask()) == [expected["current_list"], expected["scores"]]


@pytest.mark.slow
def test_bentomls_clients_are_refused_as_callers_of_the_api_are(shop: Any, with_model: httpx.Client) -> None:
    """By the same sentence, with the path of the wrong field, as the exception that BentoML has for the status."""
    url, key = str(with_model.base_url), with_model.headers["Authorization"].removeprefix("Bearer ")
    with bentoml.SyncHTTPClient(url, token=key) as client:
        for asked in ({"customer_ids": []}, {"customer_ids": ["a"], "language": "xx"}):
            expected = with_model.post("/v1/scores", json=asked)
            with pytest.raises(UnprocessableEntity) as refused:
                client.scores(**asked)
            assert json.loads(refused.value.message) == expected.json()
        with pytest.raises(UnprocessableEntity, match=r"orders\[0\].amount"):
            client.score_history(orders=[{"ordered_at": "2023-01-05", "amount": "much"}])
    pickled = {"Content-Type": "application/vnd.bentoml+pickle"}
    assert with_model.post("/scores", content=b"x", headers=pickled).status_code == 415
    outcomes = key_for(shop, "outcomes")
    wait(lambda: with_model.get("/v1/data", headers={"Authorization": f"Bearer {outcomes}"}).status_code == 403)
    with bentoml.SyncHTTPClient(url, token=outcomes) as client, pytest.raises(BentoMLException, match="takes the role"):
        client.scores(customer_ids=["a"])


@pytest.mark.slow
def test_bentomls_clients_with_an_owners_key_see_that_owner(
    shop: Any, published: Any, with_model: httpx.Client
) -> None:
    """Scores and entries of everybody else are unknown to it."""
    owners = pd.read_csv(shop.settings.folder / "customers.csv", dtype=str).set_index("customer_id")["owner"]
    known, owner = published["customer_id"].tolist(), owners[published["customer_id"].iloc[0]]
    key = key_for(shop, "scores", "lists", owner=owner)
    bearer = {"Authorization": f"Bearer {key}"}
    wait(lambda: with_model.get("/v1/lists/current", headers=bearer).status_code == 200)
    with bentoml.SyncHTTPClient(str(with_model.base_url), token=key) as client:
        answer = client.scores(customer_ids=known)
        assert [row["customer_id"] for row in answer["scores"]] == [each for each in known if owners[each] == owner]
        assert client.current_list() == with_model.get("/v1/lists/current", headers=bearer).json()


def page_examples(client: httpx.Client, known: str) -> list[str]:
    """Return the examples of docs/bento.md, for a server, its key and a customer that it knows."""
    page = (ROOT / "docs" / "bento.md").read_text(encoding="utf-8")
    key = client.headers["Authorization"].removeprefix("Bearer ")
    for shown, real in (("http://127.0.0.1:3000", str(client.base_url)), ("reg_0f3a52c4d1e8_…", key), ("00123", known)):
        page = page.replace(shown, real)
    return re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_examples_of_the_page_run(
    published: Any, with_model: httpx.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    known, probability = published["customer_id"].iloc[0], published["probability"].iloc[0]
    blocking, waiting, _ = page_examples(with_model, known)
    exec(blocking, {})
    assert capsys.readouterr().out.startswith(f"{known} {probability}")
    exec(waiting, {})
    assert 0 < float(capsys.readouterr().out) < 1


ASKING = """
import asyncio, sys, httpx

async def ask(customer_id):
    app = Desk.to_asgi()
    async with app.router.lifespan_context(app):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk") as client:
            print((await client.post("/probability", json={"customer_id": customer_id})).text)
        plain = await bentoml.get_current_service().plain.to_async.scores(customer_ids=[customer_id])
        print(plain["scores"][0]["probability"])

asyncio.run(ask(sys.argv[1]))
"""


@pytest.mark.slow
def test_another_service_of_bentoml_calls_this_one(published: Any, with_model: httpx.Client, tmp_path: Path) -> None:
    """That of the page, in a process of its own: by the class, with messages as answers, and by the address alone."""
    known, probability = published["customer_id"].iloc[0], published["probability"].iloc[0]
    (tmp_path / "desk.py").write_text(page_examples(with_model, known)[2] + ASKING, encoding="utf-8")
    key = with_model.headers["Authorization"].removeprefix("Bearer ")
    environment = {**os.environ, "BENTO_CLOUD_API_KEY": key, "BENTOML_DO_NOT_TRACK": "True"}
    environment["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, str(tmp_path / "desk.py"), known]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [float(line) for line in done.stdout.splitlines()[-2:]] == pytest.approx([probability, probability])


@pytest.mark.slow
def test_the_pages_of_a_built_bento_let_in_show_the_list_and_take_a_mark(shop: Any, with_model: httpx.Client) -> None:
    """By a personal link, as nobody is let in without one: the server does not know on what it listens."""
    with httpx.Client(base_url=with_model.base_url, timeout=30, trust_env=False) as browser:
        assert browser.get("/pages/").status_code == 401
        book = Book(shop.settings.folder)
        _, secret, _ = create_link(book, "Maria", None)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert browser.post(f"/pages/enter/{secret}", content=b"", headers=form).headers["location"] == "/pages/"
        entry = re.findall(r"entries/([\w-]+)", browser.get("/pages/").text)[0]
        page = browser.get(f"/pages/entries/{entry}").text
        tokens = dict(re.findall(r'name="(form_token|version)" value="([0-9a-f]+)"', page))
        marked = browser.post(f"/pages/entries/{entry}/mark", data={**tokens, "outcome": "wrong_alarm"})
        assert marked.headers["location"] == f"/pages/?marked={entry}"
        with book.reading() as connection:
            assert connection.scalars(sa.select(OUTCOMES.c.outcome).where(OUTCOMES.c.entry_id == entry)).all()
        book.close()
