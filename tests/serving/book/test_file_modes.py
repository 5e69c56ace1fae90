"""A book in a file is read by nobody else, whatever the umask, nor are the files that SQLite keeps beside it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from features.errors import DiskFull
from features.file_access import OWNER_ONLY, Access
from serving.book import Book
from serving.book.decisions import hand_over
from tests.features.test_file_access import a_group, mode


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def written(folder: Path, access: Access) -> dict[str, tuple[int, int]]:
    """Open a book, write to it, and return each file's mode and group while it is open."""
    book = Book(folder, access)
    hand_over(book, ["ann"], "Eleni", date(2026, 3, 2), "boss", "moved")
    found = {path.name: (mode(path), path.stat().st_gid) for path in folder.iterdir()}
    book.close()
    return found


@pytest.mark.parametrize("group", [False, True])
def test_the_files_of_a_book(tmp_path: Path, group: bool) -> None:
    """When it is made, and when it is opened again: SQLite makes the files beside it anew."""
    access = Access(a_group()) if group else OWNER_ONLY
    for _ in range(2):
        found = written(tmp_path / "shop", access)
        assert set(found) == {"book.db", "book.db-wal", "book.db-shm"}
        assert {each for each, _ in found.values()} == {access.file_mode}
        assert len({each for _, each in found.values()}) == 1
        assert access.holds(tmp_path / "shop" / "book.db")
    assert mode(tmp_path / "shop") == access.folder_mode


def test_a_book_that_was_open_to_others_is_closed_and_that_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Book(tmp_path).close()
    (tmp_path / "book.db").chmod(0o644)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            Book(tmp_path).close()
    assert mode(tmp_path / "book.db") == 0o600
    (told,) = caplog.messages
    assert "book.db could be read by others (mode 644); it is 600 now, and [files] group in regulars.toml" in told


def test_a_group_that_is_named_later_gets_the_book(tmp_path: Path) -> None:
    Book(tmp_path).close()
    access = Access(a_group())
    Book(tmp_path, access).close()
    assert access.holds(tmp_path / "book.db")


def test_a_book_of_somebody_else_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its owner decides; nothing could be done about it either."""
    Book(tmp_path).close()
    (tmp_path / "book.db").chmod(0o660)
    monkeypatch.setattr(os, "geteuid", lambda: os.stat(tmp_path).st_uid + 1)
    Book(tmp_path).close()
    assert mode(tmp_path / "book.db") == 0o660


def test_many_who_make_a_book_at_once_make_one(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        books = list(pool.map(lambda _: Book(tmp_path), range(8)))
    for book in books:
        book.close()
    assert [path.name for path in tmp_path.iterdir()] == ["book.db"]


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(DiskFull, match=r"the disk is full at .*book\.db"):
        Book(tmp_path)
