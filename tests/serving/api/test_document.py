"""The OpenAPI document: valid, up to date, complete, never changed in silence, and a client can be made from it."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from features.definitions import default_features
from serving.api.app import OPERATIONS
from serving.api.openapi import VERSION
from serving.api.scores import SCORE
from tests.serving.api.conftest import Live
from tests.serving.conftest import MONDAY
from tests.serving.read_back import current_list

DOCS = Path(__file__).parents[3] / "docs"
PLACEHOLDERS = ("00123", "2026-03-02?", "2026-03-02/w", "20260302-7k3mx9qp2whd")
SHELL = re.compile(r"```sh\n(curl .*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def generate() -> Any:
    """docs/generate.py."""
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """docs/openapi.json."""
    found: dict[str, Any] = json.loads((DOCS / "openapi.json").read_text(encoding="utf-8"))
    return found


def test_the_file_is_what_a_server_answers(generate: Any) -> None:
    """`make docs` writes it."""
    assert (DOCS / "openapi.json").read_bytes() == generate.openapi_page(), "run: make docs"


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    """Says somebody else."""
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_another_document_is_another_version(generate: Any) -> None:
    """Each with a note; the last one is this document's."""
    versions = tomllib.loads((DOCS / "api_versions.toml").read_text(encoding="utf-8"))["version"]
    assert versions[-1]["number"] == VERSION
    said = "the document changed: raise VERSION in serving/api/openapi.py, note it in docs/api_versions.toml, make docs"
    assert versions[-1]["sha256"] == generate.openapi_digest(), said
    numbers = [tuple(map(int, each["number"].split("."))) for each in versions]
    assert all(former < later for former, later in pairwise(numbers))
    assert {number[0] for number in numbers} == {1}
    assert all(len(each["note"]) > 10 for each in versions)
    assert len({each["sha256"] for each in versions}) == len(versions)


def test_the_reasons_of_examples_are_sentences_that_answers_have() -> None:
    """Each is what some feature says with its figures."""
    said = [*SCORE["reasons"], *SCORE["protective"]]
    texts = [words.text for feature in default_features() for words in feature.words]
    forms = [".+".join(map(re.escape, re.split(r"\{\w+\}", text))) for text in texts]
    assert [reason for reason in said if not any(re.fullmatch(form, reason) for form in forms)] == []


def test_every_operation_shows_what_goes_in_and_out(document: dict[str, Any]) -> None:
    """An example of each body and answer, words for each, and names that are unique."""
    operations = [each for path in document["paths"].values() for each in path.values()]
    assert len({each["operationId"] for each in operations}) == len(operations) == len(OPERATIONS)
    for each in operations:
        assert each["responses"]["200"]["content"]["application/json"]["example"], each["operationId"]
        assert each["summary"]
        assert each["tags"][0] in {tag["name"] for tag in document["tags"]}
        assert "Role: " in each["description"]
        if "requestBody" in each:
            assert each["requestBody"]["content"]["application/json"]["example"], each["operationId"]
        assert {"401", "403", "429", "500"} <= set(each["responses"])


def of_the_shop(text: str, live: Live) -> str:
    """Return a text of the page with a customer, an entry and a day of the shop in the place of its own."""
    entry = current_list(live.server.need_book())
    assert entry is not None
    row = entry.entries.iloc[0]
    own = (row["customer_id"], f"{MONDAY}?", f"{MONDAY}/w", row["entry_id"])
    for theirs, ours in zip(PLACEHOLDERS, own, strict=True):
        text = text.replace(theirs, ours)
    return text


def test_what_the_page_shows_works(live: Live) -> None:
    """Each command of docs/api.md, run by the shell as a reader runs it; all operations are among them."""
    commands = SHELL.findall((DOCS / "api.md").read_text(encoding="utf-8"))
    curl = shutil.which("curl")
    assert curl, "the examples of docs/api.md need curl"
    called = set()
    for command in sorted(commands, key=lambda command: ("-X DELETE" in command, "/withdrawal" in command)):
        given = of_the_shop(command, live)
        done = subprocess.run(
            ["bash", "-c", given.replace("curl ", f"{shlex.quote(curl)} --noproxy '*' -w '\\n%{{http_code}}' ", 1)],
            env={"REGULARS": live.url, "KEY": live.key}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        answer, status = done.stdout.rsplit("\n", 1)
        assert status == "200", f"{given}\n{answer}"
        method = "DELETE" if "-X DELETE" in command else "POST" if " -d " in command or "-X POST" in command else "GET"
        found = re.search(r"\$REGULARS(/v1[^\"?]*)", command)
        assert found is not None
        path = re.sub(r"(customers|customer-data)/.*", r"\1/{customer_id}", found[1]).replace("2026-03-02", "{date}")
        called.add((method, path))
    assert called == {(operation.method, operation.path) for operation in OPERATIONS}
    with live.server.need_book().writing() as connection:  # other tests read the list that the page takes back
        connection.exec_driver_sql("UPDATE lists SET withdrawn_at = NULL")


@pytest.fixture(scope="module")
def client(document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A client that was generated from the document by somebody else's program."""
    folder = tmp_path_factory.mktemp("client")
    config = folder / "config.yaml"
    config.write_text("post_hooks: []\n")
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(DOCS / "openapi.json"),
               "--output-path", str(folder / "regulars_client"), "--meta", "none", "--config", str(config),
               "--fail-on-warning"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    yield importlib.import_module("regulars_client")
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == "regulars_client"]:
        del sys.modules[name]


def test_a_generated_client_asks_and_reports(client: Any, live: Live) -> None:
    """Scores, a page of a list, an outcome, model facts and a refusal, each as an object of its own type."""
    from importlib import import_module

    def operation(name: str) -> Any:
        tag = next(each.tag for each in OPERATIONS if each.name == name)
        return import_module(f"regulars_client.api.{tag}.{name}")

    models = import_module("regulars_client.models")
    asking = client.AuthenticatedClient(base_url=live.url, token=live.key, httpx_args={"trust_env": False})
    with asking:
        page = operation("current_list").sync(client=asking, limit=2)
        assert isinstance(page, models.ListAnswer)
        assert len(page.entries) == 2
        entry = page.entries[0]

        body = models.ScoresRequest(customer_ids=[entry.customer_id, "nobody"])
        scores = operation("stored_scores").sync(client=asking, body=body)
        assert isinstance(scores, models.ScoresAnswer)
        assert [each.customer_id for each in scores.scores] == [entry.customer_id]
        assert (scores.scores[0].probability, scores.unknown) == (entry.probability, ["nobody"])

        outcome = models.Outcome(entry_id=page.entries[1].entry_id, outcome="saved", cost="1.50")
        for new in (1, 0):
            told = operation("outcomes").sync(client=asking, body=models.Outcomes(outcomes=[outcome]))
            assert (told.new, told.known) == (new, 1 - new)

        assert operation("model").sync(client=asking).currency == "EUR"
        refused = operation("customer").sync(client=asking, customer_id="nobody")
        assert isinstance(refused, models.Problem)
        assert refused.status == 404


def test_the_server_answers_the_very_document(live: Live, document: dict[str, Any]) -> None:
    """Over the wire, to whoever has a key."""
    answer = httpx.get(f"{live.url}/v1/openapi.json", headers={"Authorization": f"Bearer {live.key}"}, trust_env=False)
    assert answer.json() == document
