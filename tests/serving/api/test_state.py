"""What the endpoints work with: how a server waits for a model, changes it, and keeps it on a bad day."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from features.errors import ModelNotFound, ModelRefused
from features.sources.mapping import Shop
from serving.api import loaded_model as champion_module
from serving.api import state as state_module
from serving.api.app import create_app
from serving.api.loaded_model import POINTER, Champions
from serving.api.problems import Refusal
from serving.api.state import CONFIG_VARIABLE, ServerState
from serving.book import Book
from serving.config import Settings
from tests.serving.api.conftest import admitting, calls

HISTORY = {"orders": [{"ordered_at": "2023-01-05", "amount": "12.50"}], "as_of": "2023-02-01"}


class Registry:
    """Stands for the registry: each question is answered by the next of the given answers, the last for ever.

    An answer is a version with its bundle, a version with why it is refused, None, or what asking fails with.
    """

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.loaded: list[str] = []

    def champion_version(self) -> str | None:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        self.last = answer
        return None if answer is None else answer[0]

    def load_version(self, version: str) -> Any:
        self.loaded.append(version)
        if isinstance(self.last[1], Exception):
            raise self.last[1]
        return self.last[1]


@pytest.fixture
def settings(shop: Any, tmp_path: Path) -> Settings:
    """The small shop's, in a folder of a test's own."""
    found: Settings = replace(shop.settings, folder=tmp_path)
    return found


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Registry]:
    """Put a registry in the place of the real one."""

    def placed(*answers: Any) -> Registry:
        made = Registry(*answers)
        monkeypatch.setattr(Settings, "tracking", lambda self: made)
        return made

    return placed


@pytest.fixture
def server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServerState]:
    """A server of the small shop in a folder of its own, that asks without waiting long."""
    monkeypatch.setattr(state_module, "REOPEN_SECONDS", 0.001)
    Book(settings.folder).close()
    made = ServerState(settings)
    yield made
    made.close()


def looks_until_ready(server: ServerState) -> list[str]:
    """Let a server look until it is ready, and some rounds more; returns what `on_ready` said."""
    told: list[str] = []

    async def looking() -> None:
        task = asyncio.create_task(server.keep_open(lambda: told.append("ready")))
        async with asyncio.timeout(30):
            while not told:
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(looking())
    return told


def test_it_asks_until_a_model_is_there_and_says_each_trouble_once(
    server: ServerState, shop: Any, registry: Callable[..., Registry], caplog: pytest.LogCaptureFixture
) -> None:
    """Quietly: a server may wait for its first training for days."""
    refused, broken = ("3", ModelRefused("corrupt")), RuntimeError("database is locked")
    registry(None, None, None, refused, broken, broken, ("4", shop.bundles["logistic"]))
    with caplog.at_level(logging.INFO, logger="regulars.serving"):
        told = looks_until_ready(server)
    assert [record.getMessage() for record in caplog.records] == [
        "no model is registered as champion; run `regulars train` first",
        "corrupt",
        "the model registry cannot be read at the moment: RuntimeError: database is locked",
        "model 4 is loaded",
    ]
    assert told == ["ready"]
    assert server.need_champion().version == "4"
    assert server.health() == {"ready": True, "model": "registry", "trouble": None}


def test_a_new_champion_takes_over_and_a_refused_one_does_not(
    settings: Settings, shop: Any, registry: Callable[..., Registry]
) -> None:
    """What serves changes only for something better known; the refused one is not read again at every look."""
    champions, old, new = Champions(settings), shop.bundles["logistic"], shop.bundles["lightgbm"]
    asked = registry(("1", old), ("2", ModelRefused("its probe differs")), ("2", ModelRefused("again")), ("3", new))
    champions.refresh()
    first = champions.now
    champions.refresh()
    champions.refresh()
    assert champions.now is first
    assert champions.trouble == "its probe differs"
    assert asked.loaded == ["1", "2"]
    champions.refresh()
    assert champions.now is not None
    assert (champions.now.version, champions.now.bundle, champions.trouble) == ("3", new, None)


def test_the_same_champion_is_read_once(settings: Settings, shop: Any, registry: Callable[..., Registry]) -> None:
    """A look costs a question, not a model."""
    champions, asked = Champions(settings), registry(("1", shop.bundles["logistic"]))
    for _ in range(3):
        champions.refresh()
    assert asked.loaded == ["1"]


def test_a_refused_version_is_tried_again_when_asked_for_and_after_a_while(
    settings: Settings, shop: Any, registry: Callable[..., Registry], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files may have been mended."""
    champions, asked = Champions(settings), registry(("2", ModelRefused("its probe differs")))
    for patiently in (True, True, False):
        with pytest.raises(ModelRefused):
            champions.registry_champion(patiently=patiently)
    assert asked.loaded == ["2", "2"]
    monkeypatch.setattr(champion_module, "REFUSED_AGAIN_SECONDS", 0.0)
    with pytest.raises(ModelRefused):
        champions.registry_champion()
    assert asked.loaded == ["2", "2", "2"]


def test_a_registry_that_is_down_at_the_start_leaves_the_local_copy(
    settings: Settings, shop: Any, registry: Callable[..., Registry]
) -> None:
    """It answers as the model did, and says whence it is; the registry takes over once it is back."""
    registry(("5", shop.bundles["logistic"]))
    Champions(settings).refresh()
    registry(ConnectionError("no route"), ("5", shop.bundles["logistic"]))
    server = ServerState(settings)
    call = calls(admitting(create_app(server)))
    assert server.champions is not None
    server.champions.refresh()
    answer = call("GET", "/readyz")
    assert (answer.status_code, answer.json()["model"]) == (200, "local copy")
    assert answer.json()["trouble"].endswith("the model registry cannot be read at the moment")
    scored = call("POST", "/v1/score", json=HISTORY).json()
    assert (scored["model_version"], call("GET", "/v1/model").json()["source"]) == ("5", "local copy")
    server.champions.refresh()
    assert server.health()["model"] == "registry"
    assert call("POST", "/v1/score", json=HISTORY).json() | {"scored_at": 0} == scored | {"scored_at": 0}


@pytest.mark.parametrize("harm", ["pointer", "not json", "folder", "files", "currency", "list"])
def test_a_corrupt_copy_is_ignored(settings: Settings, shop: Any, registry: Any, harm: str) -> None:
    """No model is better than half of one."""
    registry(("5", shop.bundles["logistic"]))
    Champions(settings).refresh()
    home = settings.state_folder
    if harm == "pointer":
        (home / POINTER).write_text("{}")
    elif harm == "not json":
        (home / POINTER).write_bytes(b"\xff\x00")
    elif harm == "list":
        (home / POINTER).write_text("[]")
    elif harm == "folder":
        (home / POINTER).write_text(json.dumps({"version": "5", "folder": "champion-nowhere"}))
    elif harm == "files":
        for path in home.glob("champion-*/*"):
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    else:
        settings = replace(settings, shop=Shop("Europe/Athens", "USD"))
    registry(ConnectionError("no route"))
    champions = Champions(settings)
    champions.refresh()
    assert champions.now is None
    assert champions.trouble == "the model registry cannot be read at the moment"


def test_only_the_copy_that_serves_is_kept(settings: Settings, shop: Any, registry: Any) -> None:
    """A shop's folder does not fill up."""
    registry(("1", shop.bundles["logistic"]), ("2", shop.bundles["lightgbm"]))
    champions = Champions(settings)
    champions.refresh()
    champions.refresh()
    kept = list((settings.state_folder).glob("champion-*"))
    assert [path.name for path in kept] == [json.loads((settings.state_folder / POINTER).read_text())["folder"]]


def test_a_folder_that_takes_no_copy_serves_all_the_same(settings: Settings, shop: Any, registry: Any) -> None:
    """A read-only disk is no reason not to answer."""
    registry(("1", shop.bundles["logistic"]))
    (settings.state_folder).write_text("a file where the folder would be")
    champions = Champions(settings)
    champions.refresh()
    assert champions.now is not None


def test_reload_answers_what_serves(settings: Settings, shop: Any, registry: Callable[..., Registry]) -> None:
    """The new version, 409 for a refused one, 503 while the registry is down; what served serves on."""
    server = ServerState(settings)
    call = calls(admitting(create_app(server)))
    registry(("1", shop.bundles["logistic"]))
    assert call("POST", "/v1/model/reload").json() == {"model_version": "1", "former_version": None}
    registry(("2", shop.bundles["lightgbm"]))
    assert call("POST", "/v1/model/reload").json() == {"model_version": "2", "former_version": "1"}
    registry(("3", ModelRefused("its probe differs")))
    refused = call("POST", "/v1/model/reload")
    assert (refused.status_code, refused.json()["detail"]) == (409, "its probe differs; version 2 serves on")
    registry(ConnectionError("at 10.0.0.7"))
    down = call("POST", "/v1/model/reload")
    assert (down.status_code, down.headers["retry-after"]) == (503, "5")
    assert "10.0.0.7" not in down.text
    assert call("POST", "/v1/score", json=HISTORY).json()["model_version"] == "2"


def test_without_the_book_histories_are_scored_and_look_ups_are_503(
    shop: Any, tmp_path: Path, registry: Callable[..., Registry]
) -> None:
    """Each part may be missing for a while without taking the others along."""
    from serving.api.loaded_model import Champion
    from serving.book import Book

    book = Book(tmp_path)
    server = ServerState(shop.settings, book, Champion(shop.bundles["logistic"], "7"))
    call = calls(admitting(create_app(server)))
    book.close()
    for path in tmp_path.glob("book.db*"):
        path.write_bytes(b"no database" * 1000)
    for method, path, body in (
        ("POST", "/v1/scores", {"customer_ids": ["c"]}),
        ("GET", "/v1/lists/current", None),
        ("GET", "/v1/customers/c", None),
        ("DELETE", "/v1/customers/c", None),
        ("POST", "/v1/contacts", {"contacts": [{"customer_id": "c", "channel": "call"}]}),
    ):
        answer = call(method, path, json=body)
        assert (answer.status_code, answer.headers.get("retry-after")) == (503, "5"), answer.text
        assert "sqlite" not in answer.text.lower()
    assert call("POST", "/v1/score", json=HISTORY).status_code == 200
    server.close()


def test_a_model_of_another_currency_is_refused(
    server: ServerState, shop: Any, registry: Callable[..., Registry]
) -> None:
    """Its amounts would mean something else."""
    registry(("1", replace(shop.bundles["logistic"], shop=Shop("Europe/Athens", "USD"))))
    assert server.champions is not None
    with pytest.raises(ModelRefused, match=r"trained in USD, regulars\.toml says EUR"):
        server.champions.registry_champion()
    assert not server.ready


def test_without_a_champion_it_says_which_command_makes_one(settings: Settings, registry: Any) -> None:
    """As every command does."""
    registry(None)
    with pytest.raises(ModelNotFound, match="regulars train"):
        Champions(settings).registry_champion()


def test_without_a_toml_it_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is up, and says what is missing."""
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "regulars.toml"))
    with pytest.raises(Exception, match="regulars init"):
        ServerState().open()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ('owner = "? Is Ann Li an owner, or 03/04/2026 a day?"', "nobody has answered customers.columns.owner; write"),
        ('ownr = "Ann Li"', "regulars.toml, customers: customers have no field …."),
        ("owner = 7", "regulars.toml, customers.columns.owner: not a text in quotes"),
        ("owner = Ann Li", "is not TOML: Invalid value (at line "),
        ('[customers.format.zones]\nIST = "Which? Such as \\"Ann Li\\", \\"03/04\\" are none."', "IST = … is not an"),
        ('[features]\nuse = ["? Is \\"Ann Li\\" a feature?"]', "nobody has answered features.use; write"),
    ],
)
def test_what_is_wrong_with_the_toml_is_told_to_everybody_without_a_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, wrong: str, told: str
) -> None:
    """File, key and rule, and which command says more; a question's examples and a value may be names."""
    (tmp_path / "regulars.toml").write_text(f"""
[shop]
zone = "UTC"
currency = "EUR"
[orders]
file = "orders.csv"
columns = {{ customer_id = "c", ordered_at = "d", amount = "a" }}
[customers]
file = "c.csv"
[customers.columns]
customer_id = "c"
{wrong}
""")
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "regulars.toml"))
    server = ServerState()
    with caplog.at_level(logging.INFO, logger="regulars.serving"):
        server._open_quietly()
    answer = calls(create_app(server))("GET", "/readyz")
    assert (answer.status_code, told in answer.json()["trouble"]) == (503, True), answer.json()
    for said in (answer.text, caplog.text):
        assert all(each not in said for each in ("Ann", "03/04", str(tmp_path))), said
    assert told in caplog.text
    server.close()


def test_a_server_makes_no_book(shop: Any, tmp_path: Path) -> None:
    """An empty one would know no key and no customer: a folder that was not mounted would look like revoked keys."""
    server = ServerState(replace(shop.settings, folder=tmp_path))
    with pytest.raises(Exception, match="there is no book"):
        server.open()
    assert not (tmp_path / "book.db").exists()
    server.close()


def test_a_book_that_is_moved_away_is_let_go_and_taken_up_again(server: ServerState, settings: Settings) -> None:
    """What would be written to a file that nobody reads is refused, until a book is there again."""
    folder = settings.folder
    with suppress(Exception):
        server.open()
    assert server.book is not None
    away = folder / "away"
    away.mkdir()
    for file in folder.glob("book.db*"):
        file.rename(away / file.name)
    server._close_moved_book()
    assert (server.book, server.keys.known) == (None, False)
    with pytest.raises(Refusal) as refused:
        server.need_book()
    assert refused.value.status == 503
    for file in away.iterdir():
        file.rename(folder / file.name)
    with suppress(Exception):
        server.open()
    assert server.keys.known


def test_a_server_that_ends_without_its_book_makes_no_other(server: ServerState, settings: Settings) -> None:
    """What it would still record, such as which keys were used, is lost with the book."""
    with suppress(Exception):
        server.open()
    assert server.book is not None
    away = settings.folder / "away"
    away.mkdir()
    for file in settings.folder.glob("book.db*"):
        file.rename(away / file.name)
    server.close()
    assert not list(settings.folder.glob("book.db*"))


def test_a_system_that_does_not_tell_a_process_its_cores_scores_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """As macOS and Windows do not."""
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert ServerState().scoring.total_tokens == (os.cpu_count() or 1)
