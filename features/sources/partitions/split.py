"""Splits the rows of an open file into partitions on disk, a Parquet file each, in the order of the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from features.errors import InputError, Violation
from features.log import Ints
from features.sources.cells.cells_sql import TextReader
from features.sources.cells.read_texts import ReadTexts
from features.sources.file_facts import FileFacts
from features.sources.mapped_file import MappedFile
from features.sources.opening.open_file import PART, OpenFile, Place
from features.sources.opening.refusal import file_literal
from features.sources.partitions.keys import Moved, partition_of, put_together, row_keys
from features.sources.people.merges import Merges

ROW, ROW_KEY, ORDER_KEY = "row_of_file", "row_key", "order_key"
BATCH_ROWS = 250_000
MOST_LOOKS = 5  # orders that cross partitions, once the customers of others are together
MOST_CROSSING = 1_000_000


@dataclass(frozen=True)
class PartitionFile(OpenFile):
    """A partition of an open file; its rows are located in the file itself."""

    whole: OpenFile | None = None
    rows_path: Path = field(default_factory=Path)

    @property
    def ragged(self) -> tuple[Violation, ...]:
        """None: they are told of the file."""
        return ()

    @property
    def n_ragged(self) -> int:
        """None."""
        return 0

    def located(self, rows: Set[int]) -> dict[int, Place]:
        """Return where some rows lie, by their numbers in the partition from 0, and their cells."""
        assert self.whole is not None
        if not rows:
            return {}
        number = rows_of_file(self.rows_path)
        in_file = {int(number[row]): row for row in rows}
        return {in_file[row]: place for row, place in self.whole.located(in_file.keys()).items()}


def split(file: MappedFile, folder: Path, partitions: int, merges: Merges) -> tuple[MappedFile, list[Path], Moved]:
    """Write the rows of a file into partitions, so that each holds customers and orders whole.

    Args:
        file: open, with the column of each field.
        folder: where the partitions are written.
        partitions: how many.
        merges: old customer id → new id.

    Returns:
        The file as it could be read, the partitions, and the keys of customers that others stand for.

    Raises:
        InputError: most order numbers are used by several customers.
    """
    try:
        return file, *_split_whole(file, folder, partitions, merges)
    except duckdb.Error:
        if not file.file.is_text:
            raise
        rewritten = file.rewritten()
        return rewritten, *_split_whole(rewritten, folder, partitions, merges)


def rows_of_file(path: Path) -> Ints:
    """Return the number of each row of a partition in the whole file, from 0."""
    numbers: Ints = parquet.read_table(path, columns=[ROW])[ROW].to_numpy()
    return numbers


def opened(file: MappedFile, path: Path, facts: FileFacts) -> MappedFile:
    """Return a partition as an open file.

    Args:
        file: that was split.
        path: of the partition.
        facts: of all partitions.
    """
    whole = file.file
    partition = PartitionFile(
        **{name: getattr(whole, name) for name in OpenFile.__dataclass_fields__ if name != "source"},
        source=f"read_parquet({file_literal(path)})",
        whole=whole,
        rows_path=path,
    )
    return MappedFile(partition, file.columns, file.form, facts)


def _split_whole(file: MappedFile, folder: Path, partitions: int, merges: Merges) -> tuple[list[Path], Moved]:
    moved: Moved = {}
    for _ in range(MOST_LOOKS):
        paths = _written(file, folder, partitions, merges, moved)
        crossing = _crossing(file, paths)
        if not crossing:
            return paths, moved
        moved = put_together(crossing, moved)
    raise InputError(f"{file.file.name} cannot be read in partitions: {_SHARED}")


_SHARED = "most order numbers are used by several customers; leave order_id out of the columns"


def _written(file: MappedFile, folder: Path, partitions: int, merges: Merges, moved: Moved) -> list[Path]:
    paths = [folder / f"lines-{number}.parquet" for number in range(partitions)]
    row = 0
    with ExitStack() as stack:
        writers: list[parquet.ParquetWriter] = []
        for batch in _batches(file):
            keys, of_order = row_keys(*_ids(file, batch), merges)
            numbers = pa.array(np.arange(row, row + batch.num_rows))
            row += batch.num_rows
            whole = _of_file(file, batch).append_column(ROW, numbers)
            whole = whole.append_column(ROW_KEY, pa.array(keys)).append_column(ORDER_KEY, pa.array(of_order))
            writers = writers or [stack.enter_context(_writer(path, whole.schema)) for path in paths]
            of = partition_of(keys, partitions, moved)
            for number, writer in enumerate(writers):
                writer.write_batch(whole.take(pa.array(np.flatnonzero(of == number))))
    return paths


def _writer(path: Path, schema: pa.Schema) -> parquet.ParquetWriter:
    texts = [field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)]
    return parquet.ParquetWriter(path, schema, compression="lz4", use_dictionary=texts, write_statistics=False)


def _batches(file: MappedFile) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file: its mapped columns as they are, then the ids as texts."""
    texts = [sql for reader in _id_readers(file) for sql in reader.select]
    named = ", ".join([*_columns(file), *(f"{sql} AS id{number}" for number, sql in enumerate(texts))])
    reader = file.file.connection.sql(f"SELECT {named} FROM {file.file.source}").to_arrow_reader(BATCH_ROWS)
    yield pa.RecordBatch.from_pylist([], reader.schema)  # a file of no rows has columns all the same
    yield from reader


def _columns(file: MappedFile) -> list[str]:
    marks = [mark.column for mark in file.file.marks]
    return [*dict.fromkeys([column.sql for column in file.columns.values()]), *marks, *_part_of(file)]


def _part_of(file: MappedFile) -> Sequence[str]:
    return (PART,) if file.file.has_part else ()


def _id_readers(file: MappedFile) -> list[TextReader]:
    ids = [file.columns[name] for name in ("customer_id", "order_id") if name in file.columns]
    return [TextReader(column.sql, column.sql_type) for column in ids]


def _ids(file: MappedFile, batch: pa.RecordBatch) -> tuple[ReadTexts, ReadTexts | None]:
    """Return the ids of customers and orders of a batch."""
    first = len(_columns(file))
    found = [ReadTexts.taken(pa.chunked_array([column.dictionary_encode()])) for column in batch.columns[first:]]
    return found[0], found[1] if len(found) > 1 else None


def _of_file(file: MappedFile, batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.select(range(len(_columns(file))))


def _crossing(file: MappedFile, paths: Sequence[Path]) -> list[tuple[int, int]]:
    """Return order and row key of the orders that lie in several partitions.

    Raises:
        InputError: they are too many to be put together.
    """
    if "order_id" not in file.columns or len(paths) == 1:
        return []
    rows = " UNION ALL ".join(
        f"SELECT {ORDER_KEY}, {ROW_KEY}, {number} AS partition FROM read_parquet({file_literal(path)})"
        for number, path in enumerate(paths)
    )
    crossing = (
        f"SELECT {ORDER_KEY} FROM ({rows}) WHERE {ORDER_KEY} <> 0 GROUP BY 1 HAVING min(partition) <> max(partition)"
    )
    wanted = f"SELECT DISTINCT {ORDER_KEY}, {ROW_KEY} FROM ({rows}) WHERE {ORDER_KEY} IN ({crossing})"
    found = file.file.query(f"{wanted} LIMIT {MOST_CROSSING + 1}")
    if len(found) > MOST_CROSSING:
        raise InputError(f"{file.file.name} cannot be read in partitions: {_SHARED}")
    return [(int(order), int(key)) for order, key in found]
