"""Order heads, their lines or payments, and the persons behind customer ids, in files apart: joined by their ids."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from features.language.messages import sentence
from features.sources import plain_text
from features.sources.opening.open_file import Mark, OpenFile
from features.sources.opening.refusal import file_literal, refusal, several

ORPHANS, CHILDLESS = "lines without an order", "orders without lines"
_MOSTLY = 0.5  # of the ids of one file stand in the other, once each
LEAST_OF_NAME = 3
_ID_BEHIND = re.compile(r"(?<=\w{3})(id|no|nr|number|nummer|key|code|ref)$")


def with_lines(heads: OpenFile, lines: OpenFile) -> OpenFile:
    """Return a row for each line of an order, with the cells of its head; heads and lines without the other are marked.

    Raises:
        InputError: no column that both files have holds the ids of the heads.
    """
    head, line = _keys(heads, lines, unique=heads)
    kept = [n for n in range(len(lines.header)) if n != line]
    columns = [f"h.c{n} AS c{n}" for n in range(len(heads.header))]
    columns[head] = f"coalesce({_key('h', head)}, {_key('l', line)}) AS c{head}"
    columns += [f"l.c{n} AS c{len(heads.header) + place}" for place, n in enumerate(kept)]
    columns += ["h.row_no AS row_no", "l.row_no AS line_no", *_totals(heads)]
    columns += ["h.row_no IS NULL AS orphan", "l.row_no IS NULL AS childless"]
    query = (
        f"SELECT {', '.join(columns)} FROM {_numbered(heads)} h FULL JOIN {_without_totals(lines)} l "
        f"ON {_key('h', head)} = {_key('l', line)} ORDER BY h.row_no NULLS LAST, l.row_no"
    )
    sql_types = list(heads.sql_types)
    sql_types[head] = "VARCHAR"
    return replace(
        heads,
        header=(*heads.header, *_named(heads, lines, kept)),
        sql_types=(*sql_types, *(lines.sql_types[n] for n in kept)),
        source=_copied(heads, query, "lines"),
        marks=(*heads.marks, Mark(ORPHANS, "orphan"), Mark(CHILDLESS, "childless")),
        numbered=True,
        others=(*heads.others, lines),
        lines_from=len(heads.header),
        notes=(
            *heads.notes,
            *lines.notes,
            sentence('{file} is joined by "{column}".', file=lines.name, column=heads.header[head]),
        ),
    )


def with_persons(heads: OpenFile, persons: OpenFile) -> OpenFile:
    """Return the same rows with the cells of the person that their customer id stands for.

    Raises:
        InputError: no column that both files have holds the ids of the persons, or an id stands for two persons.
    """
    customer, key = _keys(heads, persons, unique=persons)
    kept = [n for n in range(len(persons.header)) if n != key]
    wide = len(heads.header)
    columns = [f"h.c{n} AS c{n}" for n in range(wide)]
    columns += [f"p.c{n} AS c{wide + place}" for place, n in enumerate(kept)]
    query = (
        f"SELECT {', '.join(columns)}, h.row_no AS row_no{_passed_on(heads)} FROM {_numbered(heads)} h "
        f"LEFT JOIN {_distinct(persons)} p ON {_key('h', customer)} = {_key('p', key)} "
        "ORDER BY h.row_no"
    )
    again = persons.query(
        f"SELECT c{key} FROM {_distinct(persons)} p WHERE {_key('p', key)} <> '' GROUP BY 1 HAVING count(*) > 1 LIMIT 1"
    )
    if again:
        rule = f'names two persons for "{again[0][0]}"'
        raise refusal(persons.name, rule, "keep one row for each id")
    return replace(
        heads,
        header=(*heads.header, *_named(heads, persons, kept)),
        sql_types=(*heads.sql_types, *(persons.sql_types[n] for n in kept)),
        source=_copied(heads, query, "persons"),
        numbered=True,
        others=(*heads.others, persons),
        persons_from=wide,
        notes=(
            *heads.notes,
            *persons.notes,
            sentence('{file} is joined by "{column}".', file=persons.name, column=heads.header[customer]),
        ),
    )


def _distinct(file: OpenFile) -> str:
    columns = ", ".join(f"c{n}" for n in range(len(file.header)))
    return f"(SELECT DISTINCT {columns} FROM {file.source})"


def _key(table: str, column: int) -> str:
    return f"trim(coalesce({table}.c{column}::VARCHAR, ''))"


def _totals(file: OpenFile) -> list[str]:
    return [f"coalesce(h.{mark.column}, false) AS {mark.column}" for mark in file.marks]


def _passed_on(file: OpenFile) -> str:
    more = [mark.column for mark in file.marks] + (["line_no"] if file.lines_from is not None else [])
    return "".join(f", h.{column} AS {column}" for column in more)


def _numbered(file: OpenFile) -> str:
    if file.numbered:
        return file.source
    return f"(SELECT *, row_number() OVER () - 1 AS row_no FROM {file.source})"


def _without_totals(file: OpenFile) -> str:
    totals = " OR ".join(mark.column for mark in file.marks)
    return f"(SELECT * FROM {_numbered(file)} WHERE NOT ({totals}))" if totals else _numbered(file)


def _named(heads: OpenFile, other: OpenFile, kept: list[int]) -> Iterator[str]:
    """Yield the names of another file's columns; one that the heads have, too, is written as file.column."""
    known = {name.casefold() for name in heads.header}
    for n in kept:
        name = other.header[n]
        yield f"{other.path.stem}.{name}" if name.casefold() in known else name


def _copied(file: OpenFile, query: str, name: str) -> str:
    """Return a copy of joined rows, so that they are joined once and keep their order."""
    copy = file.folder / f"with-{name}.parquet"
    file.connection.execute(f"COPY ({query}) TO {file_literal(copy)} (FORMAT parquet)")
    return f"read_parquet({file_literal(copy)})"


def _keys(heads: OpenFile, other: OpenFile, unique: OpenFile) -> tuple[int, int]:
    """Return the columns of one id in both files: of a like name, the ids once each in `unique`, most of them in both.

    Of several the one with the most ids is taken.
    """
    pairs = list(_pairs(heads, other))
    fits = [(ids, -place, pair) for place, pair in enumerate(pairs) if (ids := _shared(heads, other, pair, unique))]
    if not fits:
        names = several(other.header)
        raise refusal(
            other.name, f"shares no id with {heads.name}", f"give the id one name in both files; it has {names}"
        )
    return max(fits)[2]


def _pairs(heads: OpenFile, other: OpenFile) -> Iterator[tuple[int, int]]:
    for place, name in enumerate(other.header):
        for column, head in enumerate(heads.header):
            one, two = plain_text.plain(name), plain_text.plain(head)
            long_enough = min(len(one), len(two)) >= LEAST_OF_NAME or "id" in (one, two)
            if (
                one == two
                or _bare(one) == _bare(two)
                or (long_enough and one and two and (one.endswith(two) or two.endswith(one)))
            ):
                yield column, place


def _bare(name: str) -> str:
    """Return a name without the word that says that it is an id: "invoice" names the key "InvoiceId" of another file.

    >>> _bare("invoiceid"), _bare("orderno"), _bare("id")
    ('invoice', 'order', 'id')
    """
    return _ID_BEHIND.sub("", name) or name


def _shared(heads: OpenFile, other: OpenFile, pair: tuple[int, int], unique: OpenFile) -> int:
    """Return how many ids two columns share, 0 where they are no key of `unique`."""
    once, many = (heads, other) if unique is heads else (other, heads)
    key, column = pair if unique is heads else pair[::-1]
    filled, distinct = once.query(
        f"SELECT count(*), count(DISTINCT {_key('t', key)}) FROM {once.source} t WHERE {_key('t', key)} <> ''"
    )[0]
    ids = f"SELECT DISTINCT {_key('t', key)} FROM {once.source} t"
    total, found = many.query(
        f"SELECT count(*), count(*) FILTER (id IN ({ids})) FROM "
        f"(SELECT DISTINCT {_key('t', column)} AS id FROM {many.source} t WHERE {_key('t', column)} <> '')"
    )[0]
    return int(found) if distinct > _MOSTLY * filled and found > _MOSTLY * total else 0
