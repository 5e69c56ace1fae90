"""The database that tests are lent one after another: nothing of a test is left in it for the next."""

from __future__ import annotations

import psycopg

from tests.serving.book.lent_database import Lend

VIEWED = "INSERT INTO views (at, who, what) VALUES (now(), 'Ada', 'list') RETURNING id"


def test_what_comes_back_is_lent_again_as_it_was(lend_database: Lend) -> None:
    """No rows, the same numbers again, and what a new book holds; also where a connection was left open."""
    with lend_database() as url:
        left_open = psycopg.connect(url)
        new = left_open.execute("TABLE identity").fetchall()
        assert [left_open.execute(VIEWED).fetchone() for _ in range(2)] == [(1,), (2,)]
        left_open.execute("UPDATE identity SET writes = writes + 1")
        left_open.commit()
    with lend_database() as again, psycopg.connect(again) as connection:
        assert again == url
        assert connection.execute("TABLE identity").fetchall() == new
        assert connection.execute("TABLE views").fetchall() == []
        assert connection.execute(VIEWED).fetchone() == (1,)
    left_open.close()


def test_what_a_test_has_rebuilt_is_not_lent_again(lend_database: Lend) -> None:
    for change in ("ALTER TABLE views ADD COLUMN more INTEGER", "DROP SCHEMA public CASCADE", "CREATE SCHEMA more"):
        with lend_database() as url, psycopg.connect(url, autocommit=True) as connection:
            connection.execute(change)
        with lend_database() as another:
            assert another != url
