"""The history of each customer as one row: how Spark carries a log to its workers, and how a worker has it again.

A column for each stream holds a list of its rows, in their order. So a batch of rows is a log of some customers, with
all that is known of each, and the single pass and the scorer run on a worker as they run here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features import aggregates as agg
from features.log import NULL, Coded, Ints, Log, Stream, Texts

CUSTOMER, DAY = "customer_id", "day"


def histories(log: Log) -> pa.Table:
    """Return a row for each customer of a log: `customer_id`, and a list of rows for each stream.

    The ids of products stay the numbers that the log gave them: only whether two are the same is ever asked.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> histories(roll_up(Lines.of(["a", "a"], [10, 12], [500, 700])))["orders"][0].as_py()[1]["gap_days"]
    2
    """
    lists = {name: _lists(stream, log.words.get(name)) for name, stream in log.streams.items()}
    return pa.table({CUSTOMER: pa.array(log.customer_ids, pa.string()), **lists})


def log_of(rows: pa.Table | pa.RecordBatch, *, has_money: bool = True) -> Log:
    """Return the log of the customers of some rows, as `histories` gives them, rows in any order.

    Args:
        rows: of each customer one.
        has_money: whether it is known what the orders are worth.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> log = roll_up(Lines.of(["b", "a"], [10, 12], [500, 700]))
    >>> log_of(histories(log)).digest() == log.digest()
    True
    """
    rows = pa.table(rows) if isinstance(rows, pa.RecordBatch) else rows
    rows = rows.take(pc.sort_indices(rows[CUSTOMER])).combine_chunks()
    streams: dict[str, Stream] = {}
    words: dict[str, Texts] = {}
    for name in rows.column_names:
        if name != CUSTOMER:
            streams[name], known = _stream(_whole(rows[name]))
            words |= {} if known is None else {name: known}
    return Log(_texts(rows[CUSTOMER]), streams, has_money, words)


def _lists(stream: Stream, words: Texts | None) -> pa.ListArray:
    columns: dict[str, pa.Array] = {DAY: pa.array(stream.day)}
    columns |= {name: pa.array(values, mask=values == NULL) for name, values in stream.columns.items()}
    if words is not None:
        columns[agg.CODE] = pa.array(words, pa.string()).take(columns[agg.CODE])
    rows = pa.StructArray.from_arrays([*columns.values()], names=[*columns])
    return pa.ListArray.from_arrays(pa.array(stream.starts, pa.int32()), rows)


def _stream(lists: pa.ListArray) -> tuple[Stream, Texts | None]:
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    fields = _fields(lists.flatten())
    coded = Coded.of(_texts(fields[agg.CODE])) if _holds_texts(fields) else None
    columns = {name: _ints(each) for name, each in fields.items() if coded is None or name != agg.CODE}
    if coded is not None:
        columns[agg.CODE] = np.asarray(coded.codes, dtype=np.int64)
    return Stream(starts, columns.pop(DAY), columns), None if coded is None else coded.values


def _fields(rows: pa.StructArray) -> Mapping[str, pa.Array]:
    return dict(zip([each.name for each in rows.type], rows.flatten(), strict=True))


def _holds_texts(fields: Mapping[str, pa.Array]) -> bool:
    return agg.CODE in fields and pa.types.is_string(fields[agg.CODE].type)


def _ints(column: pa.Array) -> Ints:
    return np.asarray(pc.fill_null(column.cast(pa.int64()), NULL).to_numpy(zero_copy_only=False))


def _texts(column: pa.Array | pa.ChunkedArray) -> Texts:
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=object)


def _whole(column: pa.ChunkedArray) -> pa.ListArray:
    found = column.combine_chunks()
    return found if isinstance(found, pa.Array) else pa.concat_arrays(found.chunks)


def joined(batches: Iterable[pa.RecordBatch]) -> pa.Table | None:
    """Return all rows of a worker's part as one table; None where it has none."""
    held = [batch for batch in batches if len(batch)]
    return pa.Table.from_batches(held) if held else None
