"""Killed at every step: the last good archive stays, and a shop is as it was or is restored by one command."""

from __future__ import annotations

import os
import shutil
from itertools import count, groupby
from pathlib import Path

import pytest

from serving.backup import archive as archives
from serving.backup import put_rows, restore, stage, take
from serving.backup.scratch import PREFIX
from serving.config import BOOK_URL
from serving.config.broken_restore import JOURNAL, RESTORING
from tests.serving.backup.conftest import Rows, asked, back_up, dies_at, regulars, restored, rows_of
from tests.serving.conftest import new_database

# At the beginning of each of these a process may be killed: what lies between two of them changes no file that counts.
OF_A_BACKUP: list[tuple[object, str]] = [
    (take, "_refuse_wrong_book"),
    (take, "copy_at_one_moment"),
    (take, "_manifest"),
    (take, "verify"),
    (take, "_put"),
    (Path, "replace"),
    (take, "Taken"),
]
OF_A_RESTORE: list[tuple[object, str]] = [
    (restore, "unpack"),
    (restore, "stage"),
    (stage, "move_registry"),
    (stage, "damage_in"),
    (restore, "begin"),
    (os, "replace"),
    (restore, "put_rows"),
    (put_rows, "copy_rows"),
    (put_rows, "refuse_different"),
    (restore, "put_in_place"),
    (Path, "rename"),
    (Path, "unlink"),
    (shutil, "rmtree"),
    (restore, "missing_since"),
]


@pytest.mark.slow
def test_a_killed_backup_leaves_the_last_one(changed: Path, tmp_path: Path) -> None:
    """And what it left half made goes with the next one."""
    archive = back_up(changed, out=tmp_path / "kept" / "shop.zip")
    former = archive.read_bytes()
    kills = 0
    again = ("backup", "--out", archive, "--config", changed / "regulars.toml")
    for number in count():
        if not dies_at(number, lambda: regulars(*again), points=OF_A_BACKUP):
            break
        kills += 1
        archives.verify(archive)
        assert archive.read_bytes() == former or number >= len(OF_A_BACKUP) - 1
    assert kills >= len(OF_A_BACKUP)
    assert [each.name for each in archive.parent.iterdir() if not each.name.startswith(PREFIX)] == ["shop.zip"]
    back_up(changed, out=archive)
    assert [each.name for each in archive.parent.iterdir()] == ["shop.zip"]


@pytest.fixture
def small(changed: Path) -> Path:
    """A shop whose models are a file: what takes long to check is not what a kill can hurt."""
    shutil.rmtree(changed / "mlruns")
    (changed / "mlruns").mkdir()
    (changed / "mlruns" / "README.md").write_text("models lie here")
    return changed


@pytest.mark.slow
def test_a_killed_restore_leaves_the_former_shop_or_is_ended(small: Path, tmp_path: Path) -> None:
    archive, wanted = back_up(small), rows_of(small)
    assert regulars("consent", "c1", "--no", "--config", small / "regulars.toml").code == 0
    former, ends = rows_of(small), []
    for number in count():
        folder = Path(shutil.copytree(small, tmp_path / str(number)))
        work = ("restore", archive, "--into", folder, "--replace")
        if not dies_at(number, lambda: regulars(*work), points=OF_A_RESTORE):  # noqa: B023 — run at once
            break
        ends.append(_ended(archive, folder, former, wanted))
    assert [end for end, _ in groupby(ends)] == ["as it was", "ended", "restored"]
    assert ends.count("ended") >= 8


def _ended(archive: Path, folder: Path, former: Rows, wanted: Rows) -> str:
    """Look at what a killed restore left, end it, and return how."""
    config = ("--config", folder / "regulars.toml")
    if (folder / RESTORING / JOURNAL).exists():
        refused = regulars("keys", "list", *config)
        assert (refused.code, "regulars restore --resume" in refused.sentence) == (2, True), refused
        assert "--resume" in regulars("restore", archive, "--into", folder, "--replace").sentence
        assert regulars("restore", "--into", folder, "--resume").code == 0
        end = "ended"
    elif rows_of(folder) == former:
        assert not list(folder.glob("before-restore-*"))
        restored(archive, folder, "--replace")
        end = "as it was"
    else:
        end = "restored"
    assert rows_of(folder) == wanted
    assert regulars("keys", "list", *config).code == 0
    assert (folder / "mlruns" / "README.md").exists()
    (kept,) = folder.glob("before-restore-*")
    assert rows_of(kept) == former
    assert not (folder / RESTORING).exists() or end == "restored"
    return end


@pytest.mark.slow
def test_a_killed_restore_to_a_server_is_ended_too(
    small: Path, tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's book is as it was until all of the new one is in it."""
    first, before = back_up(small), rows_of(small)
    assert regulars("consent", "c1", "--no", "--config", small / "regulars.toml").code == 0
    second, after = back_up(small, out=tmp_path / "second.zip"), rows_of(small)
    with new_database(postgresql) as url:
        monkeypatch.setenv(BOOK_URL, url)
        folder = tmp_path / "new"
        restored(first, folder)
        ends = set()
        for number in count():
            restored(first, folder, "--replace")
            work = ("restore", second, "--into", folder, "--replace")
            if not dies_at(number, lambda: regulars(*work), points=OF_A_RESTORE[6:10]):  # noqa: B023 — run at once
                break
            is_begun = (folder / RESTORING / JOURNAL).exists()
            assert rows_of(url) in (before, after)
            ends.add((is_begun, rows_of(url) == after))
            if is_begun:
                assert regulars("restore", "--into", folder, "--resume").code == 0
                assert rows_of(url) == after
                assert (folder / "mlruns" / "README.md").exists()
                assert not (folder / RESTORING).exists()
        assert {(True, False), (True, True)} <= ends


def test_there_is_nothing_to_resume_where_nothing_was_broken_off(changed: Path) -> None:
    found = regulars("restore", "--into", changed, "--resume")
    assert (found.code, "no restore was broken off" in found.sentence) == (2, True)
    assert asked(changed, "SELECT count(*) FROM lists") == [(1,)]
