"""What must not come back with an older book: who was erased since, and keys that were revoked since."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from serving.book import Book
from serving.book.privacy.erasure import erase, erasures_of
from tests.serving.backup.conftest import asked, back_up, regulars, restored

DECIDED = ("--by", "Ada", "--why", "it was seen")


def somebody(folder: Path) -> str:
    return str(asked(folder, "SELECT customer_id FROM entries ORDER BY position")[0][0])


def erased(folder: Path, customer_id: str) -> None:
    with closing(Book(folder)) as book:
        assert erase(book, customer_id, "key k1")


def is_known(folder: Path, customer_id: str) -> bool:
    with closing(Book(folder)) as book:
        return bool(erasures_of(book, customer_id))


def test_who_was_erased_after_the_backup_does_not_come_back(changed: Path) -> None:
    """Neither in the book nor in the exports that were added; and the record of it is there."""
    config = ("--config", changed / "regulars.toml")
    gone, stays = somebody(changed), "SELECT count(*) FROM entries"
    first, *rest = (changed / "orders.csv").read_text().splitlines()
    (changed / "later.csv").write_text("\n".join([first, *(row for row in rest if gone in row), rest[-1], ""]))
    assert regulars("add", changed / "later.csv", *config).code == 0
    (before,) = asked(changed, stays)[0]
    archive = back_up(changed)
    erased(changed, gone)
    said = restored(archive, changed, "--replace").out
    assert "1 customer of the backup was erased since, and is erased again" in said
    assert asked(changed, f"SELECT * FROM scores WHERE customer_id = '{gone}'") == []
    assert gone.encode() not in (changed / "book.db").read_bytes()
    assert asked(changed, stays) == [(before - 1,)]
    assert is_known(changed, gone)
    kept = [file.read_bytes() for file in (changed / "kept-exports").glob("*.csv")]
    assert kept
    assert not [content for content in kept if gone.encode() in content]


def test_who_was_erased_and_is_not_in_the_backup_is_known_all_the_same(changed: Path) -> None:
    """The next import would bring them back: the record travels."""
    assert regulars("consent", "new", "--no", "--config", changed / "regulars.toml").code == 0
    later = back_up(changed)
    del later
    archive = changed.parent / "first.zip"
    config = ("--config", changed / "regulars.toml")
    assert regulars("backup", "--out", archive, *config).code == 0
    assert regulars("consent", "newer", "--no", *config).code == 0
    erased(changed, "newer")
    restored(archive, changed, "--replace")
    assert is_known(changed, "newer")


def test_under_another_secret_the_erasures_are_named(changed: Path) -> None:
    config, gone = ("--config", changed / "regulars.toml"), somebody(changed)
    archive = back_up(changed)
    assert regulars("book", "--new-secret", *DECIDED, *config).code == 0
    erased(changed, gone)
    said = restored(archive, changed, "--replace").out
    assert "1 erasure since the backup is under a secret that the restored book does not know" in said


def test_where_the_former_book_is_gone_it_is_said_what_nobody_can_know(changed: Path, tmp_path: Path) -> None:
    archive = back_up(changed)
    erased(changed, somebody(changed))
    assert regulars("keys", "list", "--config", changed / "regulars.toml").code == 0  # notes how far the book has come
    for file in changed.glob("book.db*"):
        file.unlink()
    assert "1 erasure since the backup is not known to the restored book" in restored(archive, changed, "--replace").out
    assert "whoever was erased after the backup was made is back" in restored(archive, tmp_path / "new").out


def test_a_key_that_was_revoked_after_the_backup_stays_revoked(changed: Path) -> None:
    archive = back_up(changed)
    ((key,),) = asked(changed, "SELECT id FROM keys")
    assert regulars("keys", "revoke", key, "--config", changed / "regulars.toml").code == 0
    assert "1 key of the backup was revoked since" in restored(archive, changed, "--replace").out
    assert asked(changed, "SELECT count(*) FROM keys WHERE revoked_at IS NULL") == [(0,)]
