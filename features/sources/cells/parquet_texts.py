"""Columns of texts that a Parquet file holds dictionary-coded: taken over as they are, no text is read row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from features.sources.cells.read_texts import ReadTexts
from features.sources.mapped_file import MappedFile
from features.sources.opening.open_file import OpenFile

_READ_ROW_BY_ROW = ("time", "money", "number")
_CODED = frozenset({"PLAIN_DICTIONARY", "RLE_DICTIONARY", "PLAIN", "RLE", "BIT_PACKED"})


def texts_in_parquet(file: MappedFile) -> dict[str, ReadTexts]:
    """Return the dictionary-coded columns of texts by field; none where the table is another than that of one file.

    A file that Arrow cannot read so is left to DuckDB, and so is what there is to say about it.
    """
    columns = {
        name: column.header
        for name, column in file.columns.items()
        if column.sql_type == "VARCHAR" and column.field.kind not in _READ_ROW_BY_ROW
    }
    if not _is_one_parquet(file.file) or len(columns) == len(file.columns):
        return {}
    try:
        found = _read(file.file, list(columns.values()))
        return {name: found[header] for name, header in columns.items() if header in found}
    except (pa.ArrowException, OSError):
        return {}


def _is_one_parquet(file: OpenFile) -> bool:
    part = file.parts[0]
    return part.parquet is not None and file.source == part.source


def _read(file: OpenFile, headers: Sequence[str]) -> Mapping[str, ReadTexts]:
    import pyarrow.parquet as parquet  # only here: most shops have text files

    path = file.parts[0].parquet
    with parquet.ParquetFile(path, read_dictionary=list(headers)) as opened:
        coded = [name for name in dict.fromkeys(headers) if _is_coded(opened.metadata, opened.schema_arrow, name)]
        table = opened.read(coded)
        for name in coded:
            for chunk in table[name].chunks:
                chunk.dictionary.validate(full=True)  # DuckDB refuses what is not UTF-8, and Arrow does not look
        return {name: ReadTexts.taken(table[name]) for name in coded}


def _is_coded(metadata: pa.parquet.FileMetaData, schema: pa.Schema, name: str) -> bool:
    """Say whether a column is one of texts, and coded in every group of rows."""
    if schema.names.count(name) != 1:
        return False
    kind = schema.field(name).type
    if not pa.types.is_dictionary(kind) or not pa.types.is_string(kind.value_type):
        return False
    place = next((n for n in range(metadata.num_columns) if metadata.schema.column(n).path == name), None)
    chunks = () if place is None else [metadata.row_group(n).column(place) for n in range(metadata.num_row_groups)]
    return bool(chunks) and all(each.has_dictionary_page and _CODED.issuperset(each.encodings) for each in chunks)
