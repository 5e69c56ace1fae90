"""A book whose pages are sound and whose values are not: no command ends in a traceback, and no list is made of it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from features.errors import Damaged
from tests.serving.faults import COMMANDS, arguments_of, ended
from tests.serving.flips import SHORT, wrong_ends

# What a flipped bit makes of a cell, and a command that would end in a traceback over it.
UNREADABLE = {
    "keys list": "UPDATE keys SET created_at = '2026-13-77 00:00:00'",
    "webhooks list": "UPDATE webhooks SET events = '[\"list.publishe'",
    "hold": "UPDATE identity SET written_at = CAST(x'ff' AS TEXT)",
}
# What a list would be made of, without a word: somebody would be contacted who must not be.
UNLAWFUL = {
    "an arm": "UPDATE arms SET arm = 'holdouu' WHERE account_id = (SELECT min(account_id) FROM arms)",
    "a day": "INSERT INTO holds (account_id, kind, since, until, by, why, recorded_at) "
    "VALUES ('c1', 'snooze', '2022-01-09', '2O23-02-01', 'Ada', 'asked', '2022-01-09 00:00:00')",
    "a number": "UPDATE episodes SET probability = 'O.7'",
}


def damaged(folder: Path, statement: str) -> None:
    """Write what no command writes."""
    with closing(sqlite3.connect(folder / "book.db")) as book:
        assert book.execute(statement).rowcount > 0
        book.commit()


def assert_damage(folder: Path, command: str, out: Path) -> None:
    found = ended(arguments_of(folder, out, command))
    assert found.code == Damaged.exit_code, found
    assert "see with `regulars book` what is damaged; then put its backup back" in found.sentence
    assert str(folder / "book.db") in found.sentence


@pytest.mark.parametrize("command", UNREADABLE)
def test_a_value_that_does_not_decode_is_damage(command: str, changed: Path, tmp_path: Path) -> None:
    """And `regulars book` says in which table, with the same exit code."""
    damaged(changed, UNREADABLE[command])
    assert_damage(changed, command, tmp_path / "out")
    if command != "hold":  # without its identity the book does not open
        said = ended(["book", "--config", str(changed / "regulars.toml")])
        assert (said.code, "damaged: " in said.out) == (Damaged.exit_code, True)


def test_a_schema_that_is_no_text_is_damage(changed: Path, tmp_path: Path) -> None:
    """SQLite quotes the statement that it cannot read, and the driver cannot read the quote."""
    book = changed / "book.db"
    content = book.read_bytes()
    assert b"CREATE TABLE contacts" in content
    book.write_bytes(content.replace(b"CREATE TABLE contacts", b"CREATE TABLE\xf4contacts"))
    found = ended(["keys", "list", "--config", str(changed / "regulars.toml")])
    assert (found.code, "put its backup back" in found.sentence) == (Damaged.exit_code, True), found


@pytest.mark.parametrize("cell", UNLAWFUL)
def test_no_list_is_made_of_what_nobody_wrote(cell: str, changed: Path, tmp_path: Path) -> None:
    """Nothing is written; a book of this kind can be left behind too."""
    damaged(changed, UNLAWFUL[cell])
    assert_damage(changed, "list", tmp_path / "out")
    assert not list((tmp_path / "out").rglob("*.csv"))
    anew = ("book", "--new-book", "--by", "Ada", "--why", "the disk", "--config", str(changed / "regulars.toml"))
    assert "the damaged file is kept as book-damaged-" in ended(list(anew)).out


def test_thirty_flipped_bits_under_short_commands(busy: Path, tmp_path: Path) -> None:
    """Wherever they fall."""
    shop = Path(shutil.copytree(busy, tmp_path / "shop"))
    assert not wrong_ends(shop, tmp_path, seed=1, flips=30, commands=SHORT)


@pytest.mark.whole
def test_hundreds_of_flipped_bits_under_every_command(busy: Path, tmp_path: Path) -> None:
    """Every command but those that train."""
    shop = Path(shutil.copytree(busy, tmp_path / "shop"))
    assert not wrong_ends(shop, tmp_path, seed=2, flips=400, commands=tuple(COMMANDS))
