"""The streams of a log as tables of a database: loaded once for a command, or as a warehouse is to hold them.

A table has the columns of its stream, with `customer_id`, `day` (day number) and `row_number`, by which a customer's
rows are sorted. All are whole numbers but `customer_id` and the `code` of an attribute, which are text; a missing value
is NULL.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
from ibis.backends import BaseBackend

from features import aggregates as agg
from features.engines.grouped_queries import CUSTOMER, ROW
from features.log import NULL, Log

MOST_NAME_BYTES = 63  # what PostgreSQL keeps of a name; it drops the rest without a word
PREFIX, MOST_SLUG = "regulars_", 40


def table_names(streams: Iterable[str]) -> dict[str, str]:
    """Return stream → the name of its table, such as every database takes.

    >>> table_names(["orders", "event:mail_sent", "event:\u03b1", "event:\u03b2"])
    {'event:mail_sent': 'regulars_event_mail_sent', 'event:α': 'regulars_event_2', \
'event:β': 'regulars_event_3', 'orders': 'regulars_orders'}
    """
    ordered = sorted(streams)
    slugs = [re.sub(r"[^a-z0-9]+", "_", stream.lower()).strip("_") for stream in ordered]
    names: dict[str, str] = {}
    for number, (stream, slug) in enumerate(zip(ordered, slugs, strict=True), 1):
        plain = slugs.count(slug) == 1 and len(slug) <= MOST_SLUG
        names[stream] = PREFIX + (slug if plain else f"{slug[:MOST_SLUG]}_{number}")
    return names


def unbound_tables(log: Log) -> dict[str, ir.Table]:
    """Return the tables of no database: what a statement is compiled over that runs elsewhere.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> unbound_tables(roll_up(Lines.of(["a"], [10], [500])))["orders"].get_name()
    'regulars_orders'
    """
    names = table_names(log.streams)
    return {stream: ibis.table(_schema(log, stream), name=name) for stream, name in names.items()}


def stream_tables(log: Log, connection: BaseBackend) -> dict[str, ir.Table]:
    """Write each stream of a log as a temporary table, which is gone with the connection.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> tables = stream_tables(roll_up(Lines.of(["a"], [10], [500])), ibis.duckdb.connect())
    >>> tables["orders"].columns[:4]
    ('customer_id', 'day', 'row_number', 'spend')
    """
    write = _WRITERS.get(connection.name, _created)
    return {stream: write(connection, name, _arrow(log, stream)) for stream, name in table_names(log.streams).items()}


def _created(connection: BaseBackend, name: str, rows: pa.Table) -> ir.Table:
    return connection.create_table(name, rows, temp=True, overwrite=True)


def _copied(connection: BaseBackend, name: str, rows: pa.Table) -> ir.Table:
    """Load a table by COPY; Ibis sends PostgreSQL one INSERT a row."""
    table = connection.create_table(name, schema=ibis.schema(rows.schema), temp=True, overwrite=True)
    with connection.con.cursor() as cursor:
        with cursor.copy(f'COPY "{name}" FROM STDIN (FORMAT csv)') as copy:
            for batch in rows.to_batches(max_chunksize=100_000):
                copy.write(as_copied(batch))
        cursor.execute(f'ANALYZE "{name}"')
    return table


def _viewed(connection: BaseBackend, name: str, rows: pa.Table) -> ir.Table:
    """Load a table as a view of the session: Ibis makes no temporary table on Spark."""
    connection._session.createDataFrame(rows).createOrReplaceTempView(name)
    return connection.table(name)


_WRITERS = {"postgres": _copied, "pyspark": _viewed}


def as_copied(batch: pa.RecordBatch) -> bytes:
    r"""Return rows as PostgreSQL's COPY reads them: NULL is empty, and a text without a letter is quoted.

    >>> as_copied(pa.RecordBatch.from_pydict({"id": ["a", "", None]}))
    b'"a"\n""\n\n'
    """
    text = io.BytesIO()
    pa_csv.write_csv(batch, text, pa_csv.WriteOptions(include_header=False, quoting_style="needed"))
    return text.getvalue()


def _schema(log: Log, stream: str) -> ibis.Schema:
    return ibis.schema(_arrow(log.slice(0, 0), stream).schema)


def _arrow(log: Log, name: str) -> pa.Table:
    """Return a stream as an Arrow table, NULL as null."""
    stream, words = log.streams[name], log.words.get(name)
    ids = pa.array(log.customer_ids, pa.string()).take(pa.array(stream.customer))
    row_number = np.arange(len(stream), dtype=np.int64)
    columns = {column: pa.array(values, mask=values == NULL) for column, values in stream.columns.items()}
    if words is not None:
        columns[agg.CODE] = pa.array(words, pa.string()).take(columns[agg.CODE])  # a warehouse has the text itself
    return pa.table({CUSTOMER: ids, "day": pa.array(stream.day), ROW: pa.array(row_number), **columns})
