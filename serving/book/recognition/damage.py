"""Looks for damage in a book: what cannot be read any more, and what no command can have written, table by table.

SQLite looks at its pages and indexes by itself, and keeps whatever bytes a cell holds. So every cell is compared with
what its column is for: a number that became a text, a day that is none, a word that does not exist. PostgreSQL refuses
such values itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from features.errors import Damaged, RegularsError
from features.faults import fault_of
from serving.book.connection import OUT_OF_DAMAGE, faults_of, reading, shown_name
from serving.book.schema import (
    ARMS,
    CONSENT,
    CONTACTS,
    DRAWN,
    EPISODES,
    HELD,
    HOLDS,
    METADATA,
    OUTCOMES,
    OWNED,
    OWNERS,
    PROGRAMME,
)

SHOWN = 5
ROWS_AT_ONCE = 10_000
# What decides whether somebody is contacted: a list is made of nothing that is damaged in these.
OF_PEOPLE = (CONSENT, HOLDS, HELD, OWNERS, OWNED, ARMS, DRAWN, PROGRAMME, EPISODES, CONTACTS, OUTCOMES)
SEE = "see with `regulars book` what is damaged; then"
# What SQLite holds of a column's type, the most special first: a BigInteger is an Integer.
_HELD: Mapping[type[Any], str] = {
    sa.Boolean: "{0} IN (0, 1)",
    sa.Integer: "typeof({0}) = 'integer'",
    sa.Float: "typeof({0}) IN ('real', 'integer')",
    # The fraction apart: SQLite rounds it to milliseconds, up to the next second.
    sa.DateTime: "typeof({0}) = 'text' AND substr({0}, 1, 19) = datetime(substr({0}, 1, 19)) "
    "AND (length({0}) = 19 OR substr({0}, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]')",
    sa.Date: "{0} = date({0})",
    sa.LargeBinary: "typeof({0}) = 'blob'",
    sa.String: "typeof({0}) = 'text'",
}


def damage_in(engine: Engine) -> tuple[str, ...]:
    """Return what is damaged in a book, in words; nothing where it is whole.

    SQLite is asked about its pages, indexes and keys. Every row is read as the schema says.

    Raises:
        MachineFault: it cannot be read at all.
    """
    found: list[str] = []
    with faults_of(engine), reading(engine) as connection:
        if engine.dialect.name == "sqlite":
            found += _pages(connection)
            found += _cells(connection, METADATA.sorted_tables)
    told = {words.split()[1] for words in found}
    unread = (words for table in METADATA.sorted_tables if table.name not in told for words in _rows(engine, table))
    return (*found, *unread)


def refuse_damaged(engine: Engine) -> None:
    """Refuse a book in which something is damaged that decides whether somebody is contacted.

    Raises:
        Damaged: a row of these tables is none that was written.
    """
    if engine.dialect.name == "sqlite":
        with faults_of(engine), reading(engine) as connection:
            asked = (connection.exec_driver_sql(f"PRAGMA integrity_check('{table.name}')") for table in OF_PEOPLE)
            found = any(said != "ok" for rows in asked for (said,) in rows) or any(_cells(connection, OF_PEOPLE))
        if found:
            raise _damaged(engine)


def damage_behind(error: BaseException, engine: Engine) -> RegularsError | None:
    """Return the damage behind an error; None where the book is whole, or the error has a reason of its own.

    A value that does not decode can end any command in any way. Nothing is looked at before something failed.
    """
    if not isinstance(error, Exception) or isinstance(error, RegularsError) or fault_of(error) is not None:
        return None
    try:
        return _damaged(engine) if damage_in(engine) else None
    except RegularsError as fault:
        return fault


def _damaged(engine: Engine) -> Damaged:
    return Damaged(shown_name(engine), "it is left as it is", remedy=f"{SEE} {OUT_OF_DAMAGE}")


def _pages(connection: Connection) -> Iterator[str]:
    for (said,) in connection.exec_driver_sql(f"PRAGMA integrity_check({SHOWN})"):
        if said != "ok":
            yield f"damaged: {said}"
    for table, *_ in connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(SHOWN):
        yield f"damaged: a row of {table} belongs to nothing"


def _cells(connection: Connection, tables: Collection[sa.Table]) -> Iterator[str]:
    """Yield each column that holds what it is not for."""
    for table in tables:
        rules = {column.name: _rule(column) for column in table.c}
        counted: Iterator[sa.ColumnElement[float]] = (
            sa.literal_column(f"total(NOT ifnull({rule}, 0))") for rule in rules.values()
        )
        try:
            found = connection.execute(sa.select(*counted).select_from(table)).one()
        except SQLAlchemyError as error:
            yield f"damaged: {table.name} cannot be read: {type(error).__name__}"
            continue
        for name, wrong in zip(rules, found, strict=True):
            if wrong:
                yield f"damaged: {table.name} has {wrong:,.0f} rows whose {name} is none"


def _rule(column: sa.Column[Any]) -> str:
    """Return the SQL condition of a value that a column is for."""
    name = f'"{column.name}"'
    rules = [next(rule for kind, rule in _HELD.items() if isinstance(column.type, kind)).format(name)]
    if column.info.get("json"):
        rules.append(f"json_valid(CAST({name} AS TEXT))")
    if words := column.info.get("words"):
        rules.append(f"{name} IN ({', '.join(map(repr, words))})")
    held = " AND ".join(f"({rule})" for rule in rules)
    return f"({name} IS NULL OR ({held}))" if column.nullable else f"({held})"


def _rows(engine: Engine, table: sa.Table) -> Iterator[str]:
    with faults_of(engine), reading(engine) as connection:
        try:
            for _ in connection.execution_options(yield_per=ROWS_AT_ONCE).execute(sa.select(table)):
                pass
        except (SQLAlchemyError, ValueError, TypeError) as error:
            yield f"damaged: {table.name} cannot be read: {type(error).__name__}"
