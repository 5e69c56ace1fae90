"""A backup is of one moment, whatever is written meanwhile."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import pytest

from features.sources.kept.index import kept_in
from serving.backup import take
from serving.book import Book, Consent, set_consent
from serving.book.privacy.secret import VARIABLE
from serving.commands.models.promote import promote
from serving.config import BOOK_URL, load_settings
from tests.serving.backup.conftest import asked, back_up, regulars, restored
from tests.serving.conftest import in_shop, new_database

ROUNDS = 4


@contextmanager
def meanwhile(work: Callable[[int], object]) -> Iterator[list[int]]:
    """Do some work again and again until the block ends; the list says how often."""
    stop, done = threading.Event(), list[int]()

    def again() -> None:
        while not stop.is_set():
            work(len(done))
            done.append(len(done))

    thread = threading.Thread(target=again)
    thread.start()
    try:
        yield done
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_backup_while_a_server_writes_holds_whole_transactions(
    kind: str, changed: Path, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every transaction writes two rows and counts itself: of each, both are in the backup or neither."""
    monkeypatch.setenv(VARIABLE, "of-a-test-" * 4)
    if kind == "sqlite":
        _written_to(changed, changed, tmp_path)
        return
    archive = back_up(changed)
    with new_database(request.getfixturevalue("postgresql")) as url:
        monkeypatch.setenv(BOOK_URL, url)
        restored(archive, tmp_path / "on-server")
        _written_to(url, tmp_path / "on-server", tmp_path)


def _written_to(place: Path | str, shop: Path, tmp_path: Path) -> None:
    with closing(Book(place)) as book:
        before = _writes(book)

        def write(number: int) -> None:
            day = date(2026, 3, 2)
            rows = [Consent(f"{who}{number}", "*", allowed=False, decided_on=day, source="asked") for who in "ab"]
            set_consent(book, rows)

        seen = []
        with meanwhile(write) as done:
            for number in range(ROUNDS):
                archive = back_up(shop, out=tmp_path / f"{number}.zip")
                seen.append(_held(archive, tmp_path / f"copy{number}", before))
        assert len(done) > ROUNDS
    assert seen == sorted(seen)
    assert seen[-1] > seen[0]


def _writes(book: Book) -> int:
    with book.reading() as connection:
        return int(connection.exec_driver_sql("SELECT writes FROM identity").scalar_one())


def _held(archive: Path, folder: Path, before: int) -> int:
    """Return how many of the transactions a backup holds, each whole and counted."""
    said = regulars("restore", archive, "--into", folder, "--book", "sqlite")
    assert said.code == 0, said
    held = {who: asked(folder, f"SELECT customer_id FROM consent WHERE customer_id LIKE '{who}%'") for who in "ab"}
    numbers = {who: {int(each[1:]) for (each,) in rows} for who, rows in held.items()}
    assert numbers["a"] == numbers["b"] == set(range(len(numbers["a"])))
    (writes,) = asked(folder, "SELECT writes FROM identity")[0]
    assert writes == before + len(numbers["a"]) + 1  # the restore's own record
    return len(numbers["a"])


def test_models_and_book_are_of_the_same_moment(changed: Path, tmp_path: Path) -> None:
    """Whoever promotes moves the registry within the transaction that records it in the book."""
    settings, versions = load_settings(changed / "regulars.toml"), ("1", "2")

    def moved(number: int) -> None:
        in_shop(settings, promote, versions[number % 2], by="Ada", why="tried", force=True)

    with meanwhile(moved) as done:
        archives = [back_up(changed, out=tmp_path / f"{number}.zip") for number in range(ROUNDS)]
    assert done
    for archive in archives:
        folder = tmp_path / archive.stem
        restored(archive, folder)
        query = "SELECT to_version FROM audit WHERE action = 'promote' ORDER BY id DESC LIMIT 1"
        with closing(sqlite3.connect(folder / "mlruns" / "mlflow.db")) as registry:
            (serves,) = registry.execute(
                "SELECT version FROM registered_model_aliases WHERE alias = 'champion'"
            ).fetchone()
        recorded = asked(folder, query)
        assert not recorded or str(serves) == recorded[0][0]


def test_exports_that_are_added_meanwhile_are_in_it_with_their_index_or_not_at_all(
    changed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One comes between copying the book and reading the exports: all is read again."""
    first, *rest = (changed / "orders.csv").read_text().splitlines()
    real, tries = take.copy_at_one_moment, list[int]()

    def copied(*arguments: object) -> object:
        found = real(*arguments)  # type: ignore[arg-type]
        if not tries:
            (changed / "later.csv").write_text(f"{first}\n{rest[-1]}\n")
            assert regulars("add", changed / "later.csv", "--config", changed / "regulars.toml").code == 0
        tries.append(1)
        return found

    monkeypatch.setattr(take, "copy_at_one_moment", copied)
    archive = back_up(changed)
    monkeypatch.undo()
    restored(archive, tmp_path / "again")
    kept = tmp_path / "again" / "kept-exports"
    assert len(tries) == 2
    assert {each.name for each in kept_in(kept)} == {each.name for each in kept.iterdir()} - {"index.toml"}
    assert len(kept_in(kept)) == len(kept_in(changed / "kept-exports")) > 0
    assert (tmp_path / "again" / "regulars.toml").read_bytes() == (changed / "regulars.toml").read_bytes()


def test_settings_that_never_stand_still_are_told(changed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toml, real = changed / "regulars.toml", take.copy_at_one_moment

    def copied(*arguments: object) -> object:
        toml.write_text(toml.read_text() + "\n# edited")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(take, "copy_at_one_moment", copied)
    monkeypatch.setattr(take, "PAUSE_SECONDS", 0.0)
    found = regulars("backup", "--out", changed.parent / "a.zip", "--config", toml)
    assert (found.code, "changed while they were read" in found.sentence) == (9, True)
    assert not (changed.parent / "a.zip").exists()
