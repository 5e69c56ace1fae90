"""Every fault of the machine under every command: one sentence, its own exit code, and nothing lost."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.serving.faults import (
    COMMANDS,
    DEMO,
    FAULTS,
    LONG,
    WITHOUT_FAULT,
    Ended,
    arguments_of,
    ended,
    print_table,
    under,
)

# What no command promises to be the same twice: drawn ids, times, and where a copy of the book was taken.
DRAWN = {"identity", "keys", "webhooks", "secret_check", "audit", "book_version"}
# Reads alone, or works on what no fault of this kind touches.
UNTOUCHED = {
    "ENOSPC": {
        "check",
        "why",
        "effect",
        "keys list",
        "webhooks list",
        "webhooks deliver",
        "book",
        "serve",
        *(WITHOUT_FAULT.keys() - {"watch", "weekly"}),  # which keep what they found
    },
    "no memory": {"simulate"},
}


def rows(folder: Path) -> dict[str, list[Any]]:
    """Return every row of the book, table by table, but for what is drawn and timed."""
    with closing(sqlite3.connect(folder / "book.db")) as book:
        names = [name for (name,) in book.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(map(str, book.execute(f"SELECT * FROM {name}"))) for name in names if name not in DRAWN}


def assert_told(found: Ended, fault: str, command: str) -> None:
    """One sentence that names the fault, the place and the command that goes on, with the fault's own exit code."""
    expected = FAULTS[fault].expected
    assert found.code == expected.exit_code, (command, found)
    assert found.sentence.startswith(f"regulars: {expected.fault} at "), found.sentence
    assert found.sentence.endswith(f"and run regulars {command} again"), found.sentence
    assert "Traceback" not in found.err
    assert "is as it was" in found.sentence or "unchanged" in found.sentence or "left as it is" in found.sentence or (
        "nothing was written" in found.sentence
    ), found.sentence  # fmt: skip


# The other faults of a disk take the way of the full one; the whole table tries them.
@pytest.mark.parametrize("fault", [name for name in FAULTS if name not in ("EIO", "EACCES", "EROFS")])
def test_a_list_ends_with_one_sentence(fault: str, changed: Path, tmp_path: Path) -> None:
    """The book is as it was, and nobody has half a list."""
    before, arguments = rows(changed), arguments_of(changed, tmp_path / "out", "list")
    told = under(FAULTS[fault], changed, arguments)
    assert_told(told, fault, "list")
    if fault == "half a registry":
        assert f"at {changed / 'mlruns' / 'mlflow.db'};" in told.sentence
    held = rows(changed)
    assert {name: held[name] for name in ("lists", "entries", "arms", "episodes")} == {
        name: before[name] for name in ("lists", "entries", "arms", "episodes")
    }
    assert not list((tmp_path / "out").rglob("*.csv"))


def test_a_broken_run_and_the_next_give_what_an_unbroken_one_gives(busy: Path, tmp_path: Path) -> None:
    """Byte for byte, but for ids that are drawn."""
    assert_goes_on(["ENOSPC"], busy, tmp_path)


@pytest.mark.whole
def test_a_run_broken_by_every_fault_in_turn_goes_on(busy: Path, tmp_path: Path) -> None:
    """Nine times broken, and then as if it had never been."""
    assert_goes_on(FAULTS, busy, tmp_path)


def assert_goes_on(faults: Iterable[str], busy: Path, tmp_path: Path) -> None:
    broken = Path(shutil.copytree(busy, tmp_path / "broken"))
    unbroken = Path(shutil.copytree(busy, tmp_path / "unbroken"))
    again = arguments_of(broken, tmp_path / "again", "list")
    assert {under(FAULTS[fault], broken, again).code for fault in faults} == {
        FAULTS[fault].expected.exit_code for fault in faults
    }
    assert ended(again).code == 0
    assert ended(arguments_of(unbroken, tmp_path / "once", "list")).code == 0
    files = {path.name: path for path in (tmp_path / "once").rglob("*.csv")}
    assert files
    for name, path in files.items():
        (other,) = (tmp_path / "again").rglob(name)
        pd.testing.assert_frame_equal(_undrawn(other), _undrawn(path))


def _undrawn(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str).drop(columns="entry_id", errors="ignore")


def test_commands_end_a_full_disk_with_one_sentence(changed: Path, tmp_path: Path) -> None:
    """One of each kind: of a file, of the book, of the registry, of what is written nowhere."""
    assert_full_disk(
        ("init", "outcome", "hold", "keys create", "promote", "webhooks list", "backup", "restore"), changed, tmp_path
    )


@pytest.mark.whole
def test_every_command_ends_a_full_disk_with_one_sentence(changed: Path, tmp_path: Path) -> None:
    """And what the book holds is as it was."""
    assert_full_disk(COMMANDS, changed, tmp_path)


def assert_full_disk(commands: Iterable[str], changed: Path, tmp_path: Path) -> None:
    before = rows(changed)
    for command in commands:
        found = under(FAULTS["ENOSPC"], changed, arguments_of(changed, tmp_path / "out", command))
        if command in UNTOUCHED["ENOSPC"]:
            assert found.code == WITHOUT_FAULT.get(command, 0), (command, found)
        else:
            assert_told(found, "ENOSPC", command)
    assert rows(changed) == before
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_the_demo_ends_a_full_disk_with_one_sentence(tmp_path: Path) -> None:
    """It makes a shop of its own; nothing of it is half there."""
    found = under(FAULTS["ENOSPC"], tmp_path, ["demo", "--out", str(tmp_path / "out")])
    assert_told(found, "ENOSPC", "demo")
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_every_command_is_in_the_table() -> None:
    """A new one has to say how it ends."""
    from typer.main import get_command

    from serving.cli import app

    known = get_command(app).commands  # type: ignore[attr-defined]
    names = {
        f"{name} {inner}".strip() for name, one in known.items() for inner in (getattr(one, "commands", None) or ("",))
    }
    assert names == set(COMMANDS | LONG | DEMO)


@pytest.mark.whole
def test_no_fault_under_any_command_ends_without_a_sentence(busy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The whole table."""
    with capsys.disabled():
        assert print_table(busy, COMMANDS | LONG | DEMO) == 0
