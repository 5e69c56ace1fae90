"""What the endpoints work with, and how a server without a model waits for one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from features.errors import ModelNotFound, ModelRefused
from features.mapping import Shop
from serving.api import desk as desk_module
from serving.api.desk import CONFIG_VARIABLE, Desk

Answer = Callable[[], Any]


class Registry:
    """Stands for the registry: each question is answered by the next of the given answers, the last for ever."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    def __call__(self, _: Path) -> Registry:
        return self

    def champion(self) -> Any:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def desk(shop: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A desk of the small shop in a folder of its own, that asks without waiting long."""
    monkeypatch.setattr(desk_module, "RETRY_SECONDS", 0.001)
    made = Desk(replace(shop.settings, folder=tmp_path))
    yield made
    made.close()


def test_it_asks_until_a_model_is_there_and_says_each_trouble_once(
    desk: Desk, shop: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Quietly: a server may wait for its first training for days."""
    none, refused, broken = ModelNotFound("none yet"), ModelRefused("corrupt"), RuntimeError("database is locked")
    registry = Registry(none, none, none, refused, broken, broken, (shop.bundles["logistic"], "4"))
    monkeypatch.setattr(desk_module, "Tracking", registry)
    calls: list[str] = []
    with caplog.at_level(logging.INFO, logger="regulars.serving"):
        asyncio.run(desk.keep_opening(lambda: calls.append("ready")))
    assert [record.getMessage() for record in caplog.records] == [
        "not ready: none yet",
        "not ready: corrupt",
        "not ready: RuntimeError: database is locked",
        "model 4 is loaded",
    ]
    assert calls == ["ready"]
    assert desk.need_champion().version == "4"
    assert desk.trouble == "the model or the book cannot be read at the moment"


def test_a_model_of_another_currency_is_refused(desk: Desk, shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its amounts would mean something else."""
    dollars = replace(shop.bundles["logistic"], shop=Shop("Europe/Athens", "USD"))
    monkeypatch.setattr(desk_module, "Tracking", Registry((dollars, "1")))
    with pytest.raises(ModelRefused, match=r"trained in USD, regulars\.toml says EUR"):
        desk.open()
    assert not desk.ready


def test_without_a_toml_it_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is up, and says what is missing."""
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "regulars.toml"))
    with pytest.raises(Exception, match="regulars init"):
        Desk().open()
