"""An open file whose columns are found: which column holds which field of the contract.

Headers are looked up once, when the file is opened. Whoever reads the file afterwards asks for a field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from features.errors import InputError, Violation
from features.sources.file_facts import WHOLE, FileFacts
from features.sources.mapping import Beside, CustomersMapping, EventsMapping, FileFormat, OrdersMapping
from features.sources.opening.open_file import OpenFile, by_place
from features.sources.opening.opener import open_files, rewritten
from features.tables import Field

# A database has no order of its own: the lines of an order stand together, its later state below an earlier one.
ROWS_IN_ORDER = ("ordered_at", "order_id", "updated_at")
# Of several files each has to hold these: read as empty, they would leave out rows, or count what was cancelled.
DECIDING = frozenset(
    ("customer_id", "ordered_at", "amount", "price", "quantity", "happened_at", "kind", "status", "type")
)
AnyMapping = OrdersMapping | EventsMapping | CustomersMapping


@dataclass(frozen=True)
class Column:
    """The column of a file that holds a field.

    Args:
        field: of the contract.
        index: of the column in the file, from 0.
        name: of the column as the shop's settings write it; messages call it so.
        header: of the column as the file writes it.
        sql_type: of its cells; VARCHAR in a text file.
    """

    field: Field
    index: int
    name: str
    header: str
    sql_type: str

    @property
    def sql(self) -> str:
        """The column in a query over the file's `source`."""
        return f"c{self.index}"


@dataclass(frozen=True)
class MappedFile:
    """An open file, the column of each mapped field in the order of the contract, and how the file writes its cells.

    `facts` are of the whole file, where this is a partition of it.
    """

    file: OpenFile
    columns: Mapping[str, Column]
    form: FileFormat
    facts: FileFacts = WHOLE

    def column_name(self, field: str) -> str:
        """Return what messages call the column of a field; the field itself where no column holds it."""
        return self.columns[field].name if field in self.columns else field

    def rewritten(self) -> MappedFile:
        """Return the same file without its ragged rows, see `opener.rewritten`."""
        return replace(self, file=rewritten(self.file))


@contextmanager
def open_mapped(
    mapping: AnyMapping,
    table: Sequence[Field],
    before: date | None = None,
    columns: Mapping[str, str] | None = None,
) -> Iterator[MappedFile]:
    """Open the file of a mapping, or read its database into one, and find the columns of its fields.

    Args:
        mapping: the file, and which column is which field.
        table: the fields of the contract.
        before: a database need not send rows of this business day or a later one.
        columns: which column is which field, instead of the mapping's own.

    Raises:
        InputError: the file cannot be opened, or has no column of a name that the mapping gives.
    """
    beside = mapping.beside if isinstance(mapping, OrdersMapping) else Beside()
    named = mapping.columns if columns is None else columns
    with _files_of(mapping, named, before) as paths, open_files(paths, mapping.format, beside=beside) as file:
        beside_orders = mapping.contacts if isinstance(mapping, OrdersMapping) and mapping.database is None else {}
        yield MappedFile(file, _columns(file, {**beside_orders, **named}, table), mapping.format)


@contextmanager
def _files_of(mapping: AnyMapping, named: Mapping[str, str], before: date | None) -> Iterator[tuple[Path, ...]]:
    if not isinstance(mapping, OrdersMapping) or mapping.database is None:
        yield mapping.paths if isinstance(mapping, OrdersMapping) else (mapping.file,)
        return
    from features.sources.databases.extract import Wanted, extracted  # only here: Parquet is written there

    wanted = Wanted(
        list(dict.fromkeys(named.values())),
        None if before is None else (named["ordered_at"], before),
        [named[name] for name in ROWS_IN_ORDER if name in named],
    )
    with extracted(mapping.database, wanted) as path:
        yield (path,)


def _columns(file: OpenFile, names: Mapping[str, str], table: Sequence[Field]) -> dict[str, Column]:
    indices = {field: file.column_index(name) for field, name in names.items()}
    missing = [file.missing(names[field]) for field, index in indices.items() if index is None]
    missing = missing or list(_lacking(file, {field: indices[field] for field in indices if field in DECIDING}))
    if missing:
        raise InputError(f"{file.name} cannot be used", missing)
    found = [(each, index) for each in table if (index := indices.get(each.name)) is not None]
    return {
        each.name: Column(each, index, names[each.name], file.header[index], file.sql_types[index])
        for each, index in found
    }


def _lacking(file: OpenFile, indices: Mapping[str, int | None]) -> Iterator[Violation]:
    """Yield a violation for each of several files that lacks a column without which its rows mean something else."""
    several = file.parts if len(file.parts) > 1 and not file.form.line_columns else ()
    own = min(each for each in (file.lines_from, file.persons_from, len(file.header)) if each is not None)
    for part in several:
        names = {name.strip().casefold() for name in by_place(part.header)}
        for field, index in indices.items():
            if index is not None and index < own and file.header[index].strip().casefold() not in names:
                rule = f"is not in this file, and holds {field} in the others"
                remedy = "add the column, leave the file out, or take the field out of the columns"
                yield Violation(part.name, 1, file.header[index], rule, "", remedy)
