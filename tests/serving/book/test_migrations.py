"""A book of any age becomes one of today, without loss; one of tomorrow is refused."""

from __future__ import annotations

import logging
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from features.errors import InputError
from serving.book import Book
from serving.book.audit import audit_trail
from serving.book.connection import engine_of, writing
from serving.book.migrate import FOLDER, HEAD, VERSION_TABLE, upgrade
from serving.book.runs import record_scores
from serving.book.schema import METADATA
from serving.commands.lists.list import publish_and_enqueue
from serving.outreach.plan.plan import plan
from tests.serving.read_back import current_list, latest_scores

LATER = [
    *("overdue_days", "next_order_on", "next_order_from", "next_order_until"),
    *("silent_30d", "silent_60d", "silent_90d", "silent_180d", "value_at_risk_low", "value_at_risk_high"),
]
# What the code wrote before there were versions, to the letter.
UNVERSIONED = """
CREATE TABLE audit (id INTEGER NOT NULL, at DATETIME NOT NULL, action VARCHAR(16) NOT NULL, who VARCHAR NOT NULL,
    from_version VARCHAR(64), to_version VARCHAR(64) NOT NULL, why TEXT NOT NULL, forced BOOLEAN NOT NULL,
    PRIMARY KEY (id));
CREATE TABLE runs (id INTEGER NOT NULL, "key" VARCHAR(64) NOT NULL, as_of DATE NOT NULL, horizon_days INTEGER NOT NULL,
    model_version VARCHAR(64) NOT NULL, data_digest VARCHAR(64) NOT NULL, currency VARCHAR(8) NOT NULL,
    customers INTEGER NOT NULL, recorded_at DATETIME NOT NULL, PRIMARY KEY (id), UNIQUE ("key"));
CREATE INDEX ix_runs_as_of ON runs (as_of);
CREATE TABLE lists (id INTEGER NOT NULL, "key" VARCHAR(64) NOT NULL, run_id INTEGER NOT NULL, as_of DATE NOT NULL,
    rank_by VARCHAR(16) NOT NULL, capacity INTEGER, left_out TEXT NOT NULL, published_at DATETIME NOT NULL,
    PRIMARY KEY (id), UNIQUE ("key"), FOREIGN KEY(run_id) REFERENCES runs (id));
CREATE INDEX ix_lists_as_of ON lists (as_of);
CREATE TABLE scores (run_id INTEGER NOT NULL, customer_id VARCHAR NOT NULL, probability FLOAT NOT NULL,
    band VARCHAR(8) NOT NULL, state VARCHAR(8) NOT NULL, days_since_order INTEGER NOT NULL, usual_gap_days FLOAT,
    overdue FLOAT, expected_spend BIGINT NOT NULL, value_at_risk BIGINT NOT NULL, reasons TEXT, protective TEXT,
    PRIMARY KEY (run_id, customer_id), FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE) WITHOUT ROWID;
CREATE TABLE entries (list_id INTEGER NOT NULL, customer_id VARCHAR NOT NULL, kind VARCHAR(8) NOT NULL,
    position INTEGER NOT NULL, owner VARCHAR, name VARCHAR, segment VARCHAR, PRIMARY KEY (list_id, customer_id),
    FOREIGN KEY(list_id) REFERENCES lists (id) ON DELETE CASCADE) WITHOUT ROWID;
INSERT INTO runs VALUES (7, 'r', '2026-03-02', 30, '1', 'd', 'EUR', 1, '2026-03-02 06:00:00');
INSERT INTO scores VALUES (7, 'a', 0.6, 'high', 'at_risk', 74, 31.0, 2.4, 2000, 1200, '["late"]', '[]');
INSERT INTO lists VALUES (3, 'l', 7, '2026-03-02', 'value_at_risk', 5, '{"low risk": 1}', '2026-03-02 06:00:00');
INSERT INTO entries VALUES (3, 'a', 'regular', 1, 'Eleni', 'Ann', NULL);
"""


def differences(place: Path | str) -> list[Any]:
    """What alembic would change to bring a book to the schema of the code."""
    engine = engine_of(place)
    with engine.connect() as connection:
        others = {"include_name": lambda name, type_, _: type_ != "table" or name != VERSION_TABLE}
        context = MigrationContext.configure(connection, opts={**others, "compare_server_default": True})
        found = compare_metadata(context, METADATA)
    engine.dispose()
    return list(found)


def test_the_migrations_make_the_schema(book: Book, place: Path | str) -> None:
    """Tables, columns, types, keys and indexes, on either database."""
    assert differences(place) == []
    with book.reading() as connection:
        expected = {table.name: set(table.c.keys()) for table in METADATA.sorted_tables}
        there = sa.inspect(connection)
        found = {name: {c["name"] for c in there.get_columns(name)} for name in there.get_table_names()}
    assert found == {**expected, VERSION_TABLE: {"version_num"}}


def test_the_newest_version_is_the_one_that_is_checked() -> None:
    assert ScriptDirectory(str(FOLDER)).get_current_head() == HEAD


def test_a_book_from_before_there_were_versions_is_recognised(tmp_path: Path, make_scores: Any) -> None:
    """Its runs and lists can still be read, what they did not know is none, and new runs fill every column."""
    with closing(sqlite3.connect(tmp_path / "book.db")) as connection:
        connection.executescript(UNVERSIONED)
    with closing(Book(tmp_path)) as book:
        old = latest_scores(book, ["a"])["a"]
        assert (old.probability, str(old.value_at_risk), old.reasons) == (0.6, "12.00", ("late",))
        assert {getattr(old, name) for name in LATER} == {None}
        former = current_list(book, whole=True)
        assert former is not None
        assert former.entries[["customer_id", "owner", "name", "entry_id"]].values.tolist() == [
            ["a", "Eleni", "Ann", None]
        ]
        assert (former.capacity, former.left_out) == (5, {"low risk": 1})
        scores = make_scores(("a", 0.6, "12.00"))
        publish_and_enqueue(
            book, plan(scores, currency="EUR"), record_scores(book, scores, currency="EUR", data_digest="o")
        )
        assert latest_scores(book, ["a"])["a"].next_order_on is not None
    assert differences(tmp_path) == []


def test_a_book_of_the_first_version_is_migrated(place: Path | str) -> None:
    """What it holds stays."""
    engine = engine_of(place)
    with writing(engine) as connection:
        upgrade(connection, "0001")
        connection.exec_driver_sql(
            "INSERT INTO audit (at, action, who, to_version, why, forced) "
            "VALUES ('2026-03-02 00:00:00', 'promote', 'ann', '2', 'better', '0')"
        )
    engine.dispose()
    with closing(Book(place)) as book:
        assert [row.who for row in audit_trail(book)] == ["ann"]
    assert differences(place) == []


def test_a_migration_that_fails_leaves_the_book_as_it_was(place: Path | str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All steps are one transaction, also the changes of tables."""
    engine = engine_of(place)
    with writing(engine) as connection:
        upgrade(connection)
        connection.rollback()
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()
    Book(place).close()


def test_a_book_of_a_newer_version_is_refused(book: Book, place: Path | str) -> None:
    with book.writing() as connection:
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '0099'")
    with pytest.raises(InputError, match=r"is of version 0099, .* it was written by a newer Regulars"):
        Book(place)


def test_a_database_of_another_application_is_refused(place: Path | str) -> None:
    """MLflow's, for example, holds a table of runs, too."""
    engine = engine_of(place)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE runs (run_uuid VARCHAR(32))")
    engine.dispose()
    with pytest.raises(InputError, match="holds the tables of another application"):
        Book(place)


def test_a_file_that_is_no_book_is_refused(tmp_path: Path) -> None:
    (tmp_path / "book.db").write_bytes(b"not a database, though long enough to be looked at" * 100)
    with pytest.raises(InputError, match=r"book\.db cannot be opened: file is not a database"):
        Book(tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:s3cret@127.0.0.1:1/book",
        "postgresql://ann:s3cret@nobody.invalid/book",
        "postgresql://ann@127.0.0.1:1/book?password=s3cret",
        "postgresql://ann:part@s3cret@127.0.0.1:1/book",
        "postgresql://ann:s3cret:x@127.0.0.1:s3cret/book",
        "mysql://ann:s3cret@localhost/book",
        "://s3cret",
    ],
)
def test_no_error_tells_the_password(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Neither its words, nor what it was raised from, nor the log."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(InputError) as raised:
        Book(url)
    assert raised.value.__cause__ is None
    assert "s3cret" not in str(raised.value) + caplog.text


def test_opening_a_book_again_takes_no_time(book: Book, place: Path | str) -> None:
    """Alembic alone would take longer to import."""
    took = []
    for _ in range(5):
        began = time.perf_counter()
        Book(place).close()
        took.append(time.perf_counter() - began)
    assert min(took) < 0.1
