"""Columns of texts in a Parquet file, read by Arrow; DuckDB reads the others.

Where the file holds a column dictionary-coded its codes are taken over as they are, and no text is read row by row. Of
other columns Arrow gives the texts at half of what DuckDB takes to hand them over.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from features.blocks import at_once
from features.sources.cells.read_texts import ReadTexts
from features.sources.mapped_file import MappedFile
from features.sources.opening.open_file import OpenFile

_READ_ROW_BY_ROW = ("time", "money", "number")
_CODED = frozenset({"PLAIN_DICTIONARY", "RLE_DICTIONARY", "PLAIN", "RLE", "BIT_PACKED"})
_BATCH_ROWS = 1 << 17


def texts_in_parquet(file: MappedFile) -> dict[str, str]:
    """Return the columns of texts by field; none where the table is another than that of one Parquet file."""
    columns = {
        name: column.header
        for name, column in file.columns.items()
        if column.sql_type == "VARCHAR" and column.field.kind not in _READ_ROW_BY_ROW
    }
    path = _one_parquet(file.file)
    if path is None or len(columns) == len(file.columns):
        return {}
    import pyarrow.parquet as parquet  # only here: most shops have text files

    try:
        with parquet.ParquetFile(path) as opened:
            return {name: header for name, header in columns.items() if _is_read(opened, header)}
    except (pa.ArrowException, OSError):
        return {}


def _one_parquet(file: OpenFile) -> Path | None:
    part = file.parts[0]
    return part.parquet if file.source == part.source else None


def _is_read(opened: pa.parquet.ParquetFile, header: str) -> bool:
    """Say whether a column is the only one of its name, of texts, and no part of a nested one."""
    schema = opened.schema_arrow
    if schema.names.count(header) != 1 or _place(opened.metadata, header) is None:
        return False
    kind = schema.field(header).type
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _place(metadata: pa.parquet.FileMetaData, header: str) -> int | None:
    return next((n for n in range(metadata.num_columns) if metadata.schema.column(n).path == header), None)


def read_parquet(file: MappedFile, columns: Mapping[str, str]) -> dict[str, ReadTexts]:
    """Read what `texts_in_parquet` gives, several columns at once.

    Raises:
        pa.ArrowException, OSError: Arrow cannot read them; they are left to DuckDB, and so is what there is to say.
    """
    path, headers = _one_parquet(file.file), list(dict.fromkeys(columns.values()))
    if path is None:
        return {}
    read = dict(zip(headers, at_once(*(partial(_read, path, header) for header in headers)), strict=True))
    return {name: read[header] for name, header in columns.items()}


def _read(path: Path, header: str) -> ReadTexts:
    import pyarrow.parquet as parquet

    with parquet.ParquetFile(path, read_dictionary=[header]) as opened:
        if _is_coded(opened, header):
            column = opened.read([header])[header]
            for chunk in column.chunks:
                chunk.dictionary.validate(full=True)  # DuckDB refuses what is not UTF-8, and Arrow does not look
            return ReadTexts.taken(column)
    with parquet.ParquetFile(path) as opened:
        batches = opened.iter_batches(_BATCH_ROWS, columns=[header], use_threads=False)
        runs = [_runs(batch.column(0)) for batch in batches]
    return ReadTexts.of_runs(runs) if runs else ReadTexts.of([])


def _runs(texts: pa.Array) -> pa.RunEndEncodedArray:
    runs = pc.run_end_encode(texts.fill_null("") if texts.null_count else texts, run_end_type=pa.int32())
    runs.values.validate(full=True)
    return runs


def _is_coded(opened: pa.parquet.ParquetFile, header: str) -> bool:
    """Say whether a column is dictionary-coded in every group of rows."""
    with_dictionary = pa.types.is_dictionary(opened.schema_arrow.field(header).type)
    metadata, place = opened.metadata, _place(opened.metadata, header)
    chunks = [metadata.row_group(n).column(place) for n in range(metadata.num_row_groups)]
    return with_dictionary and all(each.has_dictionary_page and _CODED.issuperset(each.encodings) for each in chunks)
