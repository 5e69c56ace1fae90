"""Every command that speaks the shop's language says nothing in English there; programs read English all the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer

from serving.cli import app
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


# Command → the test that reads its lines in Persian and in Greek.
SPOKEN = {
    **dict.fromkeys(("backup", "restore"), "serving/cli/test_spoken.py"),
    **dict.fromkeys(("export-customer", "forget", "tidy"), "serving/commands/privacy/test_spoken.py"),
    "doctor": "serving/commands/doctor/test_doctor.py",
    "explain-data": "serving/commands/data/test_explain_data.py",
    "watch": "serving/commands/models/test_watch.py",
    "why": "serving/commands/lists/test_why.py",
}
# Sentences of these have wordings, and no test reads all that they show.
IN_PARTS = {"add", "check", "demo", "effect", "init", "kpis", "list", "out", "retrain", "score", "weekly"}
STILL_ENGLISH = {
    *("backtest", "book", "consent", "contacts", "features", "hand-over", "hold", "horizon", "keys", "outcome"),
    *("promote", "rollback", "serve", "simulate", "train", "tune", "webhooks"),
}


def test_every_command_says_whether_it_speaks() -> None:
    """A new one is not English unseen: it is read in each language, or stands here as one that is not."""
    named = [*SPOKEN, *IN_PARTS, *STILL_ENGLISH]
    assert sorted(named) == sorted(typer.main.get_command(app).commands)  # type: ignore[attr-defined]  # a group
    tests = Path(__file__).parents[2]
    read = {file: (tests / file).read_text(encoding="utf-8") for file in SPOKEN.values()}
    assert [
        file
        for file, text in read.items()
        if not ("CODES" in text or {'"fa"', '"el"'} <= {*re.findall('"(?:fa|el)"', text)})
    ] == []
