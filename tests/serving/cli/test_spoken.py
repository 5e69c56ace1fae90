"""Every command that speaks the shop's language says nothing in English there; programs read English all the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.foreign_words import english_left, speaks
from tests.serving.conftest import Call

CODES = ("fa", "el")


@pytest.fixture(params=CODES)
def spoken(request: pytest.FixtureRequest, changed: Path) -> Path:
    """The settings of a shop that speaks a language."""
    return speaks(changed, request.param)


def shown(call: Call, *arguments: object, code: int = 0) -> list[str]:
    """What a command shows to a person."""
    found, out, err = call(*arguments)
    assert found == code, err
    assert out
    return out.splitlines()


def document(call: Call, *arguments: object) -> dict[str, object]:
    """What a program reads of a command."""
    _, out, _ = call(*arguments, "--json")
    found: dict[str, object] = json.loads(out)
    return found


def test_backup_and_restore(call: Call, spoken: Path, tmp_path: Path) -> None:
    """A restore speaks the language of the shop that it puts back."""
    archive, again = tmp_path / "shop.zip", tmp_path / "again"
    assert english_left(shown(call, "backup", "--out", archive, "--config", spoken)) == []
    assert english_left(shown(call, "restore", archive, "--dry-run", "--into", spoken.parent)) == []
    assert english_left(shown(call, "restore", archive, "--into", again)) == []
    assert call("consent", "c1", "--no", "--config", spoken)[0] == 0
    assert english_left(shown(call, "restore", archive, "--into", spoken.parent, "--replace")) == []
    found = document(call, "restore", archive, "--dry-run", "--into", again)
    assert "your own file; --with-sources takes it along" in json.dumps(found)
