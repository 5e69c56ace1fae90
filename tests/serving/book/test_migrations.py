"""A book of the baseline or later becomes one of today, without loss; an older and a newer one are refused."""

from __future__ import annotations

import logging
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from features.errors import Damaged, InputError, RegularsError
from serving.book import Book, history_of
from serving.book.audit import audit_trail
from serving.book.connection import engine_of, writing
from serving.book.migrate import FOLDER, HEAD, VERSION_TABLE, make_or_migrate
from serving.book.privacy.secret import SecretKeeper
from serving.book.runs import record_scores
from serving.book.schema import METADATA
from serving.outreach.plan.plan import plan
from serving.webhooks.outbox import publish_and_enqueue
from tests.serving.read_back import current_list, latest_scores

LATER = [
    *("overdue_days", "next_order_on", "next_order_from", "next_order_until"),
    *("silent_30d", "silent_60d", "silent_90d", "silent_180d", "value_at_risk_low", "value_at_risk_high"),
]
BASELINE_BOOK = Path(__file__).parent
# The tables that tell a book from before there were versions.
UNVERSIONED = """
CREATE TABLE runs (id INTEGER NOT NULL, as_of DATE NOT NULL, data_digest VARCHAR(64) NOT NULL);
CREATE TABLE scores (run_id INTEGER NOT NULL, customer_id VARCHAR NOT NULL, probability FLOAT NOT NULL);
"""
SECOND_VERSION = f"""
CREATE TABLE {VERSION_TABLE} (version_num TEXT);
INSERT INTO {VERSION_TABLE} VALUES ('0002');
"""


def execute(place: Path | str, script: str) -> None:
    """Run statements, each of which ends its line, on a database that no book has opened."""
    engine = engine_of(place)
    with writing(engine) as connection:
        for statement in script.split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
    engine.dispose()


def tables(place: Path | str) -> list[str]:
    engine = engine_of(place)
    names = sa.inspect(engine).get_table_names()
    engine.dispose()
    return names


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


def test_a_book_of_the_baseline_goes_on_opening(place: Path | str, make_scores: Any) -> None:
    """What it holds can be read, what it does not know is none, its schema becomes today's, and it can be written."""
    kind = "sqlite" if isinstance(place, Path) else "postgresql"
    execute(place, (BASELINE_BOOK / f"baseline_{kind}.sql").read_text())
    with closing(Book(place)) as book:
        found = latest_scores(book, ["ann", "bob", "old"])
        assert (found["ann"].probability, str(found["ann"].value_at_risk)) == (0.6, "12.00")
        assert found["ann"].reasons == ("no order for 74 days, usually every 31",)
        assert {getattr(found["old"], name) for name in LATER} == {None}
        former = current_list(book, whole=True)
        assert former is not None
        assert former.entries[["customer_id", "owner", "name"]].values.tolist() == [
            ["old", "unassigned", "Olga"],
            ["ann", "Eleni", "Ann"],
            ["bob", "unassigned", None],
        ]
        assert (former.capacity, former.left_out) == (None, {"would stay": 0})
        assert [row.to_version for row in audit_trail(book)] == ["1"]
        assert history_of(book, "ann").outcomes["outcome"].tolist() == ["saved"]
        scores = make_scores(("ann", 0.6, "12.00"))
        run_id = record_scores(book, scores, currency="EUR", data_digest="o")
        publish_and_enqueue(book, plan(scores, currency="EUR"), run_id)
        assert latest_scores(book, ["ann"])["ann"].next_order_on is not None
    assert differences(place) == []


@pytest.mark.parametrize("book_of_before", [UNVERSIONED, SECOND_VERSION])
def test_a_book_of_before_is_refused_with_the_version_that_migrates_it(place: Path | str, book_of_before: str) -> None:
    """And is left as it was."""
    execute(place, book_of_before)
    before = tables(place)
    with pytest.raises(InputError, match=r"older than this Regulars can migrate: .*0\.1\.0 at commit 7f580c7"):
        Book(place)
    assert tables(place) == before


def test_a_migration_that_fails_leaves_the_book_as_it_was(place: Path | str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All steps are one transaction, also the changes of tables."""
    engine = engine_of(place)
    with writing(engine) as connection:
        make_or_migrate(connection, SecretKeeper(None))
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
    with pytest.raises(Damaged, match=r"the file is damaged at .*book\.db; it is left as it is; put its backup back"):
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
    with pytest.raises(RegularsError) as raised:
        Book(url)
    assert raised.value.__cause__ is None
    assert "s3cret" not in str(raised.value) + caplog.text


def test_opening_a_book_again_takes_no_time(book: Book, place: Path | str) -> None:
    """Alembic alone would take longer to import. Time of this thread, so that a busy machine does not decide."""
    took = []
    for _ in range(5):
        began = time.thread_time()
        Book(place).close()
        took.append(time.thread_time() - began)
    assert min(took) < 0.1
