"""`regulars export-customer`: whatever table and file hold of a person is in the file, and nothing of others."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from serving.book import Book
from serving.book.privacy.erasure import erase
from serving.book.privacy.holdings import HOLDINGS
from serving.book.privacy.records import records_of
from serving.book.schema import METADATA
from tests.serving.commands.privacy.conftest import MAIL, NAME, PHONE, WHO
from tests.serving.conftest import in_book

Command = Callable[..., tuple[int, str, str]]
NAMING = ("customer_id", "account_id", "customer", "person_id")


def exported(command: Command, out: Path, who: str = WHO) -> tuple[dict[str, Any], str]:
    """Return what the file holds: the document, and the page."""
    assert command("export-customer", who, "--out", out)[0] == 0
    with zipfile.ZipFile(out) as archive:
        return json.loads(archive.read("customer.json")), archive.read("customer.html").decode()


def test_every_table_of_the_schema_says_whether_it_holds_persons() -> None:
    """By reflection, so that a new table cannot be forgotten, here and in `regulars forget`."""
    assert {each.table.name for each in HOLDINGS} == set(METADATA.tables)
    for table in METADATA.tables.values():
        (holding,) = [each for each in HOLDINGS if each.table is table]
        named = [name for name in NAMING if name in table.c]
        assert (holding.key in named) if named else holding.key is None, table.name


def test_law_each_row_that_names_the_person_is_in_the_file(told: Path, command: Command, tmp_path: Path) -> None:
    """In each table that the database has, ours or not: a row counts where any cell of it names the person."""
    document, page = exported(command, tmp_path / "c.zip")
    for (table,) in in_book(told, "SELECT name FROM sqlite_master WHERE type = 'table'"):
        rows = [row for row in in_book(told, f'SELECT * FROM "{table}"') if any(WHO in str(cell) for cell in row)]
        assert len(document["book"].get(table, [])) == len(rows), table
    lines = [
        line for file in ("orders.csv", "events.csv", "customers.csv") for line in (told / file).read_text().split()
    ]
    assert len(document["files"]) == sum(WHO in line for line in lines)
    for text in (NAME, PHONE, MAIL, f"engraved {NAME}", "wrong_alarm"):
        assert text in json.dumps(document, ensure_ascii=False)
        assert text in page


def test_nothing_of_others_is_in_it(command: Command, tmp_path: Path) -> None:
    document, page = exported(command, tmp_path / "c.zip")
    others = {f"C{number:03}" for number in range(150)}
    assert not [each for each in others if f'"{each}"' in json.dumps(document) or f">{each}<" in page]


def test_only_the_owner_reads_the_file_and_a_wrong_id_writes_none(command: Command, tmp_path: Path) -> None:
    exported(command, tmp_path / "c.zip")
    assert (tmp_path / "c.zip").stat().st_mode & 0o777 == 0o600
    code, _, err = command("export-customer", "C9999", "--out", tmp_path / "d.zip")
    assert (code, '"C9999"' in err, (tmp_path / "d.zip").exists()) == (2, True, False)
    assert "name it c.zip" in command("export-customer", WHO, "--out", tmp_path / "c.json")[2]


def test_who_was_forgotten_is_in_the_shops_files_alone(told: Path, command: Command, tmp_path: Path) -> None:
    command("forget", WHO, "--yes")
    document, _ = exported(command, tmp_path / "c.zip")
    assert document["book"] == {}
    assert {row["file"] for row in document["files"]} == {"orders.csv", "events.csv", "customers.csv"}


@pytest.mark.parametrize("key", ["customer_id", "account_id"])
def test_a_row_in_each_table_is_found_and_erased(tmp_path: Path, key: str) -> None:
    """Also in those that the shop above has no row in; a table that cannot be filled is a mistake here."""
    with closing(Book(tmp_path)) as book:
        tables = [each.table for each in HOLDINGS if each.key == key]
        beside = sa.create_engine(f"sqlite:///{tmp_path / 'book.db'}")  # rows of no list and no run: it checks no keys
        with beside.begin() as connection:
            for table in tables:
                connection.execute(sa.insert(table).values(**filled(table, key)))
        beside.dispose()
        assert {table.name for table in tables} <= records_of(book, [WHO]).keys()
        assert {table.name for table in tables} <= erase(book, WHO, "key").keys()
        assert records_of(book, [WHO]) == {}


def filled(table: sa.Table, key: str) -> dict[str, Any]:
    """Return a row of a table that names the person."""
    return {column.name: WHO if column.name == key else example(column) for column in table.c if not_drawn(column)}


def not_drawn(column: sa.Column[Any]) -> bool:
    return not (column.primary_key and column.name == "id")


def example(column: sa.Column[Any]) -> Any:
    """Return a value that a column takes."""
    if column.info.get("json"):
        return b"[]" if isinstance(column.type, sa.LargeBinary) else "[]"
    if isinstance(column.type, sa.DateTime):
        return datetime(2026, 3, 2)
    kinds = {sa.Date: date(2026, 3, 2), sa.Boolean: True, sa.Float: 0.5, sa.String: "x", sa.Integer: 1}
    return next(value for kind, value in kinds.items() if isinstance(column.type, kind))
