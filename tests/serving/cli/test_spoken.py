"""Every command that speaks the shop's language says nothing in English there; programs read English all the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.foreign_words import CODES, english_left, speaks
from tests.serving.conftest import Call, document, shown


@pytest.fixture(params=CODES)
def spoken(request: pytest.FixtureRequest, changed: Path) -> Path:
    """The settings of a shop that speaks a language."""
    return speaks(changed, request.param)


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
