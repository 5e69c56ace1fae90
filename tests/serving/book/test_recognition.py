"""A shop knows its book again: gone, empty and another one are refused, an older copy is told once."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from features.errors import ClockBehind, Damaged, OlderCopy, WrongBook
from serving.book import Book, Consent, hold, set_consent
from serving.book.audit import audit_trail
from serving.book.connection import engine_of
from serving.book.recognition import identity, known_book
from serving.book.recognition.damage import damage_in
from serving.book.recognition.known_book import KnownBook
from serving.book.runs import record_scores
from serving.book.schema import METADATA
from serving.book.sql_rows import utc_now
from tests.serving.book.test_migrations import BASELINE_BOOK, execute

DAY = date(2026, 3, 2)


def opened(place: Path | str, state: Path) -> Book:
    """Open a book as a shop does, and say nothing was wrong with it."""
    return Book(place, known_in=state)


def veto(book: Book, who: str) -> None:
    hold(book, [who], "veto", DAY, None, "Ada", "asked for it")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The folder in which the shop remembers."""
    return tmp_path / ".regulars"


@pytest.fixture
def vetoed(place: Path | str, state: Path, monkeypatch: pytest.MonkeyPatch) -> Path | str:
    """Where the book of a shop lies that has one veto."""
    monkeypatch.setattr(known_book, "NOTED_EVERY_SECONDS", 0.0)
    with closing(opened(place, state)) as book:
        veto(book, "ann")
    return place


def emptied(place: Path | str) -> None:
    if isinstance(place, Path):
        (place / "book.db").write_bytes(b"")
        return
    engine = engine_of(place)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()


def test_a_shop_that_never_had_a_book_gets_one(place: Path | str, state: Path) -> None:
    """Without a question; from then on it is known."""
    with closing(opened(place, state)) as book, book.reading() as connection:
        found = identity.identity_of(connection)
    known = KnownBook(state).read()
    assert known is not None
    assert found is not None
    assert (known.id, known.writes) == (found.id, 0)
    opened(place, state).close()


def test_two_books_have_two_identities(tmp_path: Path) -> None:
    ids = set()
    for name in "ab":
        with closing(opened(tmp_path / name, tmp_path / name)):
            known = KnownBook(tmp_path / name).read()
            assert known is not None
            ids.add(known.id)
    assert len(ids) == 2


def test_an_emptied_book_is_refused_until_it_is_back(vetoed: Path | str, state: Path) -> None:
    """Every time, with what it held and the ways on; and nothing is written in its place."""
    emptied(vetoed)
    for _ in range(2):
        with pytest.raises(WrongBook, match=r"is empty: .*held 1 veto, .*put the backup back; or .*--new-book"):
            opened(vetoed, state)
    engine = engine_of(vetoed)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


def test_a_book_that_is_gone_is_refused_and_not_made_anew(tmp_path: Path) -> None:
    with closing(opened(tmp_path, tmp_path)) as book:
        veto(book, "ann")
    for file in tmp_path.glob("book.db*"):
        file.unlink()
    with pytest.raises(WrongBook, match=r"book\.db is gone: the shop's was last written .* and held 1 veto"):
        opened(tmp_path, tmp_path)
    assert not (tmp_path / "book.db").exists()


def test_another_shops_book_is_refused_before_anything_is_written_to_it(
    vetoed: Path | str, state: Path, tmp_path: Path, make_scores: Any
) -> None:
    other = tmp_path / "other"
    with closing(opened(other, other)) as book:
        record_scores(book, make_scores(("ann", 0.6, "12.00")), currency="EUR", data_digest="d")
    before = (other / "book.db").read_bytes()
    with pytest.raises(WrongBook, match="is another one than the shop's"):
        opened(other, state)
    assert (other / "book.db").read_bytes() == before


def copied(place: Path | str, to: Path) -> Path:
    assert isinstance(place, Path)
    return Path(shutil.copy(place / "book.db", to))


def test_an_older_copy_is_told_once_with_what_is_missing(tmp_path: Path) -> None:
    """And is the shop's book from then on; its audit keeps what was said."""
    with closing(opened(tmp_path, tmp_path)) as book:
        veto(book, "ann")
    backup = copied(tmp_path, tmp_path / "backup.db")
    with closing(opened(tmp_path, tmp_path)) as book:
        veto(book, "bob")
        set_consent(book, [Consent(who, "*", False, DAY, "said") for who in ("cid", "dan")])
    shutil.copy(backup, tmp_path / "book.db")
    with pytest.raises(OlderCopy, match=r"missing since: 2 words about consent, 1 veto, snooze or lift; .*said once"):
        opened(tmp_path, tmp_path)
    with closing(opened(tmp_path, tmp_path)) as book:
        assert [row.action for row in audit_trail(book)] == ["older-copy"]
        veto(book, "eve")


def test_an_erasure_that_an_older_copy_takes_back_is_named(tmp_path: Path) -> None:
    from serving.book.privacy.erasure import erase

    with closing(opened(tmp_path, tmp_path)) as book:
        veto(book, "ann")
    backup = copied(tmp_path, tmp_path / "backup.db")
    with closing(opened(tmp_path, tmp_path)) as book:
        erase(book, "ann", "Ada")
    shutil.copy(backup, tmp_path / "book.db")
    with pytest.raises(OlderCopy, match=r"1 erasure; .*erase again whom was erased since"):
        opened(tmp_path, tmp_path)


def test_a_server_sees_that_its_book_was_emptied(vetoed: Path | str, state: Path) -> None:
    """While it has it open: at the next look, not at the next start."""
    with closing(opened(vetoed, state)) as book:
        book.recognise()
        book.engine.dispose()
        emptied(vetoed)
        with pytest.raises(WrongBook, match="is empty"):
            book.recognise()


def test_a_kill_between_a_write_and_its_note_is_no_older_copy(vetoed: Path | str, state: Path) -> None:
    """The note lags behind, never ahead; the next opening brings it up to date."""
    with closing(Book(vetoed)) as book:  # does not note
        veto(book, "bob")
    before = KnownBook(state).read()
    opened(vetoed, state).close()
    after = KnownBook(state).read()
    assert before is not None
    assert after is not None
    assert (after.writes - before.writes, dict(after.rows)["holds"]) == (1, 2)


def test_a_write_that_is_taken_back_counts_nothing(book: Book) -> None:
    with pytest.raises(ZeroDivisionError), book.writing():
        raise ZeroDivisionError
    with book.reading() as connection:
        found = identity.identity_of(connection)
    assert found is not None
    assert found.writes == 0


@pytest.mark.parametrize("harm", ["", "[]", '{"id": 1}', '{"id": "a", "writes": 1, "written_at": "soon", "rows": {}}'])
def test_a_note_that_is_not_whole_is_named(tmp_path: Path, harm: str) -> None:
    """And does not count as a shop that never had a book."""
    opened(tmp_path, tmp_path).close()
    (tmp_path / known_book.FILE).write_text(harm)
    with pytest.raises(Damaged, match=r"book\.json; .*regulars book"):
        opened(tmp_path, tmp_path)


def test_a_note_that_cannot_be_written_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A container may mount the shop's folder to be read only, with the book in PostgreSQL."""
    (tmp_path / "state").write_text("a file where the folder would be")
    with closing(opened(tmp_path, tmp_path / "state")) as book:
        veto(book, "ann")
    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.fixture
def of_before(place: Path | str) -> Path | str:
    """Where a book of the baseline lies, which knew no identities; it has runs."""
    kind = "sqlite" if isinstance(place, Path) else "postgresql"
    execute(place, (BASELINE_BOOK / f"baseline_{kind}.sql").read_text())
    return place


def test_a_book_of_before_gets_an_identity_at_its_next_opening(of_before: Path | str, state: Path) -> None:
    opened(of_before, state).close()
    known = KnownBook(state).read()
    assert known is not None
    assert len(known.id) == 32


def test_a_backup_from_before_the_upgrade_is_an_older_copy_and_not_another_book(tmp_path: Path) -> None:
    execute(tmp_path, (BASELINE_BOOK / "baseline_sqlite.sql").read_text())
    backup = copied(tmp_path, tmp_path / "backup.db")
    with closing(opened(tmp_path, tmp_path)) as book:
        veto(book, "bob")
    shutil.copy(backup, tmp_path / "book.db")
    with pytest.raises(OlderCopy, match="missing since: 1 veto"):
        opened(tmp_path, tmp_path)


def test_a_clock_that_was_set_back_writes_and_reads_nothing(
    vetoed: Path | str, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Terms and days would be wrong; the sentence says what both clocks say."""
    book = opened(vetoed, state)
    monkeypatch.setattr(identity, "utc_now", lambda: utc_now() - timedelta(days=365))
    with pytest.raises(ClockBehind, match=r"the clock is behind at .*: it says 20.*, and the book was last written 20"):
        veto(book, "bob")
    book.close()
    with pytest.raises(ClockBehind, match="--clock-is-right"):
        opened(vetoed, state)


def test_clocks_that_differ_by_minutes_are_no_fault(
    vetoed: Path | str, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "utc_now", lambda: utc_now() - timedelta(minutes=50))
    with closing(opened(vetoed, state)) as book:
        veto(book, "bob")


def test_everything_that_is_counted_has_words() -> None:
    """Of one and of many, for every table that the shop's files cannot give back."""
    of_lists = {"entries", "entry_aliases", "drawn", "mergers", "suppressed", "gone", "episodes", "held", "owned"}
    of_pages = {"links", "sessions", "views", "backgrounds"}
    made_again = of_lists | of_pages | {"runs", "scores", "answers", "identity", "outbox", "audit", "secret_check"}
    assert {table.name for table in identity.COUNTED} == set(METADATA.tables) - made_again
    assert identity.in_words(dict.fromkeys(METADATA.tables, 2)).count(",") >= len(identity.COUNTED) - 1


def test_damage_is_found_in_every_row(book: Book, make_scores: Any) -> None:
    """Also where the pages are whole and a value is not."""
    record_scores(book, make_scores(("ann", 0.6, "12.00")), currency="EUR", data_digest="d")
    assert damage_in(book.engine) == ()
    if book.engine.dialect.name == "sqlite":
        with book.writing() as connection:
            connection.exec_driver_sql("UPDATE runs SET as_of = '2026-13-77'")
        assert damage_in(book.engine) == ("damaged: runs has 1 rows whose as_of is none",)
