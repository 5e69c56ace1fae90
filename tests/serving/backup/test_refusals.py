"""What is not restored and not backed up: over something, of something that is not whole, of another version."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from serving.backup.manifest import FILE as MANIFEST
from serving.book import Book
from serving.book.migrate import HEAD
from tests.serving.backup.conftest import asked, back_up, files_of, regulars, restored, rows_of
from tests.serving.cli.test_book import LOSSES
from tests.upgrade.test_upgrade import ARCHIVE as FORMER_SHOP
from tools.former_shop import unpack

WHOLE = "the shop is as it was"


def test_a_place_that_is_not_empty_is_refused_by_name(archive: Path, changed: Path) -> None:
    before = files_of(changed)
    found = regulars("restore", archive, "--into", changed)
    assert found.code == 2
    assert ".regulars, book.db, mlruns, regulars.toml would be replaced; --replace does so" in found.sentence
    assert files_of(changed) == before


def test_what_was_there_is_kept_aside(archive: Path, changed: Path) -> None:
    """Every file of it, and the shop's own files stay where they are."""
    assert regulars("consent", "c1", "--no", "--config", changed / "regulars.toml").code == 0
    before, rows = files_of(changed), rows_of(changed)
    said = restored(archive, changed, "--replace").out
    (kept,) = changed.glob("before-restore-*")
    assert f"kept in {kept.name}" in said
    assert "missing since: 1 word about consent" in said
    aside = files_of(kept)
    assert rows_of(kept) == rows
    assert {name for name in before if name not in aside} == {
        name for name in before if name.endswith(".csv") or name.startswith("list/")
    }
    assert asked(changed, "SELECT count(*) FROM consent WHERE customer_id = 'c1'") == [(0,)]
    assert (changed / ".regulars" / "book.secret").read_bytes() == before[".regulars/book.secret"]


def test_a_book_that_is_open_is_not_replaced(archive: Path, changed: Path) -> None:
    """What its server still wrote would be lost."""
    before = rows_of(changed)
    with closing(Book(changed)) as book, book.reading():
        found = regulars("restore", archive, "--into", changed, "--replace")
    assert found.code == 9
    assert f"the book is open; {WHOLE}; stop the server" in found.sentence
    assert rows_of(changed) == before


@pytest.mark.parametrize("problem", LOSSES)
def test_no_backup_of_a_wrong_book_replaces_a_good_one(changed: Path, problem: str) -> None:
    archive = back_up(changed)
    before = archive.read_bytes()
    LOSSES[problem](changed)
    found = regulars("backup", "--out", archive, "--config", changed / "regulars.toml")
    assert (found.code, problem in found.sentence) == (4, True), found
    assert archive.read_bytes() == before
    assert [each.name for each in archive.parent.glob("*.zip")] == ["shop.zip"]


def test_no_backup_of_a_damaged_book_replaces_a_good_one(changed: Path) -> None:
    archive = back_up(changed)
    before = archive.read_bytes()
    with closing(sqlite3.connect(changed / "book.db")) as book:
        book.execute("UPDATE consent SET decided_on = 'never'")
        book.execute("UPDATE arms SET arm = 'neither'")
        book.commit()
    found = regulars("backup", "--out", archive, "--config", changed / "regulars.toml")
    assert (found.code, "no backup was made, the last one is as it was" in found.sentence) == (8, True), found
    assert archive.read_bytes() == before


def cut(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes()[:-500])


def flipped(archive: Path) -> None:
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 1
    archive.write_bytes(content)


def with_another_file(archive: Path) -> None:
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr("more.toml", "")


def without_a_file(archive: Path) -> None:
    again(archive, lambda name, content: None if name == "book.db" else content)


def with_another_book(archive: Path) -> None:
    """Whole as a ZIP, and not what the manifest says."""
    again(archive, lambda name, content: content + b"!" if name == "book.db" else content)


def again(archive: Path, change: Any) -> None:
    with zipfile.ZipFile(archive) as opened:
        held = {name: opened.read(name) for name in opened.namelist()}
    with zipfile.ZipFile(archive, "w") as opened:
        for name, content in held.items():
            if (now := change(name, content)) is not None:
                opened.writestr(name, now)


@pytest.mark.parametrize("damage", [cut, flipped, with_another_file, without_a_file, with_another_book])
def test_an_archive_that_is_not_whole_changes_nothing(damage: Any, archive: Path, changed: Path) -> None:
    before = files_of(changed)
    damage(archive)
    for more in (("--replace",), ("--dry-run",)):
        found = regulars("restore", archive, "--into", changed, *more)
        assert found.code == 8, (more, found)
        assert WHOLE in found.sentence
        assert found.sentence.endswith("take another backup and run regulars restore again")
    assert files_of(changed) == before


def test_what_is_no_backup_is_refused(archive: Path, tmp_path: Path) -> None:
    other, text = tmp_path / "other.zip", tmp_path / "text.zip"
    with zipfile.ZipFile(other, "w") as opened:
        opened.writestr("orders.csv", "")
    text.write_text("no archive")
    assert "is no backup: it has no manifest.json" in regulars("restore", other).sentence
    assert regulars("restore", text, "--into", tmp_path / "new").code == 8
    assert "No such file" in regulars("restore", tmp_path / "none.zip", "--into", tmp_path / "new").sentence
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["../evil.toml", "/tmp/evil.toml", "a/../../evil.toml", "..\\evil.toml"])
def test_a_name_that_leads_out_of_the_folder_is_refused(archive: Path, tmp_path: Path, name: str) -> None:
    def renamed(text: str) -> str:
        manifest = json.loads(text)
        manifest["files"][name] = manifest["files"].pop("regulars.toml")
        return json.dumps(manifest)

    with zipfile.ZipFile(archive) as opened:
        held = {each: opened.read(each) for each in opened.namelist()}
    held[name] = held.pop("regulars.toml")
    held[MANIFEST] = renamed(held[MANIFEST].decode()).encode()
    with zipfile.ZipFile(archive, "w") as opened:
        for each, content in held.items():
            opened.writestr(each, content)
    found = regulars("restore", archive, "--into", tmp_path / "deep" / "new")
    assert (found.code, "leads out of the folder" in found.sentence) == (2, True)
    assert not list(tmp_path.rglob("evil.toml"))


def test_a_newer_book_and_a_newer_archive_are_refused_with_the_version_to_install(
    archive: Path, changed: Path, tmp_path: Path
) -> None:
    def of_tomorrow(name: str, content: bytes) -> bytes:
        return content.replace(b'"format": 1', b'"format": 2') if name == MANIFEST else content

    with closing(sqlite3.connect(changed / "book.db")) as book:
        book.execute("UPDATE book_version SET version_num = '9999'")
        book.commit()
    newer = back_up(changed, out=tmp_path / "newer.zip")
    found = regulars("restore", newer, "--into", tmp_path / "new")
    assert (found.code, f"knows versions up to {HEAD} only" in found.sentence) == (2, True)
    again(archive, of_tomorrow)
    found = regulars("restore", archive, "--into", tmp_path / "new")
    assert (found.code, "was written by a newer Regulars (0.1.0)" in found.sentence) == (2, True)
    assert not list((tmp_path / "new").glob("*.*"))


def test_a_shop_of_a_former_version_is_backed_up_as_it_is_and_migrated_when_it_is_restored(tmp_path: Path) -> None:
    """Its models serve, by their probe."""
    former = tmp_path / "former"
    former.mkdir()
    unpack(FORMER_SHOP, former)
    was = asked(former, "SELECT version_num FROM book_version")
    archive = back_up(former, "--with-sources")
    assert asked(former, "SELECT version_num FROM book_version") == was != [(HEAD,)]
    said = restored(archive, tmp_path / "new").out
    assert "which a restore migrates" in said
    assert "refused" not in said
    assert asked(tmp_path / "new", "SELECT version_num FROM book_version") == [(HEAD,)]
    for table in ("outcomes", "contacts", "entries", "scores"):
        count = f"SELECT count(*) FROM {table}"
        assert asked(tmp_path / "new", count) == asked(former, count), table


def test_a_model_of_another_form_is_restored_and_refused_with_the_reason(changed: Path, tmp_path: Path) -> None:
    for file in (changed / "mlruns").rglob("bundle.json"):
        file.write_text(file.read_text().replace('"format": 2', '"format": 1'))
    said = restored(back_up(changed), tmp_path / "new").out
    assert "model 2 is refused by this version: " in said
    assert "has bundle format 1, this is for 2; run regulars train" in said


def test_settings_that_this_version_cannot_read_are_restored_and_named(archive: Path, tmp_path: Path) -> None:
    with_entry(archive, "regulars.toml", lambda content: content + b"\n[tomorrow]\nkey = 1\n")
    said = restored(archive, tmp_path / "new").out
    assert "regulars.toml cannot be read by this version, regulars check says more" in said
    assert b"[tomorrow]" in (tmp_path / "new" / "regulars.toml").read_bytes()
    assert "tomorrow: no such key" in regulars("check", "--config", tmp_path / "new" / "regulars.toml").err


def with_entry(archive: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Change a file in a backup, and what the manifest says of it."""
    with zipfile.ZipFile(archive) as opened:
        now, manifest = change(opened.read(name)), json.loads(opened.read(MANIFEST))
    manifest["files"][name] = {"sha256": sha256(now).hexdigest(), "size_bytes": len(now)}
    changed = {name: now, MANIFEST: json.dumps(manifest).encode()}
    again(archive, lambda each, content: changed.get(each, content))


def test_one_thing_at_a_time() -> None:
    assert regulars("restore").code == 2
    assert "regulars restore FILE" in regulars("restore", "a.zip", "--resume").sentence
