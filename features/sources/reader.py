"""A shop's files → a contract-clean log, or every broken rule at once.

DuckDB reads and types the cells, `cleaning.py` applies the stated rules, `features/roll_up.py` rolls up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from features.clock import day_number
from features.errors import InputError, Violation
from features.log import Coded, Ints, Log, Texts
from features.roll_up import roll_up
from features.sources import cells
from features.sources import cells_sql as cell_sql
from features.sources.cleaning import clean_events, clean_lines
from features.sources.columns import mapped, read_codes
from features.sources.customers import clean_customers
from features.sources.files import Opened, connect, opened
from features.sources.mapping import CustomersMapping, EventsMapping, FileFormat, OrdersMapping, Shop
from features.sources.posted import Posts, with_posted
from features.sources.row_checks import Cleaned, Typed
from features.sources.rules import RULES, RuleCount
from features.sources.violations import BrokenRule, Findings, findings, refused, without_headers
from features.tables import CUSTOMERS, EVENTS, ORDERS, Field, names

BATCH = 1_000_000
ZONE = "zone as written"
AnyMapping = OrdersMapping | EventsMapping | CustomersMapping
Judge = Callable[[Typed], Cleaned]


@dataclass(frozen=True, eq=False)
class Reading:
    """A log, what each stated rule touched on the way, and the date it was cut at."""

    log: Log
    rules: tuple[RuleCount, ...]
    until: date | None


@dataclass(frozen=True, eq=False)
class CheckReport:
    """Every broken rule of all files; the log where there is none.

    `violations` shows the first cells of each rule, `broken` counts all of them; `warnings` are no broken rules.
    """

    violations: tuple[Violation, ...]
    rules: tuple[RuleCount, ...]
    log: Log | None
    broken: tuple[BrokenRule, ...] = ()
    warnings: tuple[str, ...] = ()


def read_log(
    shop: Shop,
    orders: OrdersMapping,
    events: EventsMapping | None = None,
    *,
    until: date | None = None,
    latest: date | None = None,
    posted: Posts | None = None,
) -> Reading:
    """Read orders and events into a log.

    Args:
        shop: zone, currency, business day, exchange rates.
        orders: the orders file.
        events: the events file, if any.
        until: nothing on or after this business day is read.
        latest: a date after it is a mistake; None = dates are not checked against a clock.
        posted: what was posted, none of it on or after `until`; read as if it stood in the files, see `with_posted`.

    Raises:
        InputError: with every broken rule of both files, or where no order is left.
    """
    report = check_files(shop, orders, events, None, until=until, latest=latest, posted=posted)
    if report.log is None:
        file_names = " and ".join(each.file.name for each in (orders, events) if each is not None)
        raise InputError(f"{file_names} cannot be used", report.violations)
    return Reading(report.log, report.rules, until)


def check_files(
    shop: Shop,
    orders: OrdersMapping,
    events: EventsMapping | None = None,
    customers: CustomersMapping | None = None,
    *,
    until: date | None = None,
    latest: date | None = None,
    posted: Posts | None = None,
) -> CheckReport:
    """Check all files of a shop against the contract; arguments as for `read_log`. Nothing is raised."""
    limits = {
        "until": None if until is None else day_number(until),
        "latest": None if latest is None else day_number(latest),
    }
    lines, found = _read(orders, ORDERS, lambda typed: clean_lines(typed, orders.rules, shop, **limits))
    happened: Cleaned | None = None
    event_ids: list[Texts] = [np.zeros(0, dtype=object)]
    if events is not None:
        note = event_ids.append if posted is not None else None
        happened, more = _read(events, EVENTS, lambda typed: clean_events(_noted(typed, note), shop, **limits))
        found.add(more)
    if customers is not None:
        found.add(_customers(customers)[1])
    counts = {**(lines.counts if lines else {}), **(happened.counts if happened else {})}
    if found.violations or lines is None or lines.lines is None:
        return _faulty(found, counts)
    clean, told = lines.lines, happened.events if happened else None
    del lines, happened  # what was posted is put under them, and a large shop's lines are not held twice
    if posted is not None:
        try:
            clean, told = with_posted(clean, told, posted, "order_id" in orders.columns, np.concatenate(event_ids))
        except InputError as error:
            return _faulty(refused(error.violations), counts)
    log = roll_up(clean, told)
    kept = log.streams["orders"]
    if not len(kept):
        return _faulty(refused([_nothing_left(orders, counts, until)]), counts)
    bought = int(np.count_nonzero(~clean.returned))
    counts["zero-value orders"] = bought - int(kept.columns["lines"].sum())
    counts["same-day splits"] = int((kept.columns["orders"] - 1).sum())
    return CheckReport((), _counted(counts), log)


def _noted(typed: Typed, note: Callable[[Texts], None] | None) -> Typed:
    """Note the event ids of a file before the rows are judged: one that is left out is known all the same."""
    if note is not None and "event_id" in typed.texts:
        note(typed.texts["event_id"].values)
    return typed


def read_customers(mapping: CustomersMapping) -> pd.DataFrame:
    """Read the customers file.

    Returns:
        the fields of CUSTOMERS, one row per customer: texts, flags as bool, numbers as float and dates as date, each
        None where nothing is known.

    Raises:
        InputError: with every broken rule.
    """
    frame, found = _customers(mapping)
    if found.violations:
        raise InputError(f"{mapping.file.name} cannot be used", found.violations)
    return frame


def _faulty(found: Findings, counts: Mapping[str, int]) -> CheckReport:
    return CheckReport(tuple(found.violations), _counted(counts), None, tuple(found.broken), tuple(found.warnings))


def _counted(counts: Mapping[str, int]) -> tuple[RuleCount, ...]:
    return tuple(RuleCount(rule, counts[rule]) for rule in RULES if rule in counts)


def _nothing_left(orders: OrdersMapping, counts: Mapping[str, int], until: date | None) -> Violation:
    said = ", ".join(f"{rows} {rule}" for rule, rows in counts.items() if rows)
    cut = f" before {until}" if until else ""
    remedy = f"of its lines: {said}" if said else "export it again, with order lines"
    return Violation(orders.file.name, None, "", f"holds no order of a known customer{cut}", "", remedy)


def _read(
    mapping: OrdersMapping | EventsMapping, table: Sequence[Field], judge: Judge
) -> tuple[Cleaned | None, Findings]:
    try:
        with connect() as connection, opened(connection, mapping.file, mapping.format) as file:
            missing = [file.missing(c) for c in mapping.columns.values() if file.column(c) is None]
            if missing:
                return None, refused(missing)
            typed, file = typed_cells(connection, file, mapping, table)
            typed, again = without_headers(typed, file, mapping.columns)
            cleaned = judge(typed)
            problems = [*again, *cleaned.problems]
            return cleaned, findings(connection, file, mapping.columns, mapping.format, problems)
    except InputError as error:
        return None, refused(error.violations)


def typed_cells(
    connection: duckdb.DuckDBPyConnection, file: Opened, mapping: AnyMapping, table: Sequence[Field]
) -> tuple[Typed, Opened]:
    """Return the mapped cells of a file, and the file as it could be read: written anew without its ragged rows."""
    wanted = _expressions(file, mapping, table)
    try:
        return _typed(_batches(connection, file, wanted), mapping, table), file
    except (duckdb.Error, pa.ArrowException, OSError):
        if file.text is None:
            raise
        anew = file.rewritten()
        return _typed(_batches(connection, anew, wanted), mapping, table), anew


def _expressions(file: Opened, mapping: AnyMapping, table: Sequence[Field]) -> dict[str, str]:
    wanted: dict[str, str] = {}
    for each in table:
        place = file.column(mapping.columns[each.name]) if each.name in mapping.columns else None
        if place is not None:
            wanted.update(_expression(each, f"c{place}", file.kinds[place], mapping.format))
    return wanted


def _expression(each: Field, column: str, kind: str, form: FileFormat) -> dict[str, str]:
    if each.kind == "time":
        wall, zone = cell_sql.moment(column, kind, form.date_format, form.calendar)
        return {each.name: f"({wall})::BIGINT", ZONE: zone}
    if each.kind in ("money", "number"):
        return {each.name: cell_sql.number(column, kind, form.decimal if kind == "VARCHAR" else ".")}
    return {each.name: cell_sql.text(column, kind)}


def _batches(
    connection: duckdb.DuckDBPyConnection, file: Opened, wanted: Mapping[str, str]
) -> Iterator[pa.RecordBatch]:
    select = ", ".join(f'{expression} AS "{name}"' for name, expression in wanted.items())
    reader = connection.sql(f"SELECT {select} FROM {file.source}").to_arrow_reader(BATCH)
    yield pa.RecordBatch.from_pylist([], reader.schema)  # a file of no rows has columns all the same
    yield from reader


def _typed(batches: Iterator[pa.RecordBatch], mapping: AnyMapping, table: Sequence[Field]) -> Typed:
    """Turn batches into columns as they come, so that the text of the whole file is never in memory at once."""
    coded: dict[str, list[pa.Array]] = {}
    whole: dict[str, list[Ints]] = {}
    rows = 0
    for batch in batches:
        rows += batch.num_rows
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if pa.types.is_string(column.type):
                coded.setdefault(name, []).append(column.dictionary_encode())
            else:
                whole.setdefault(name, []).append(_integers(column))
    said = {name: _coded(chunks) for name, chunks in coded.items()}
    integers = {name: np.concatenate(chunks) for name, chunks in whole.items()}
    return _sorted_by_kind(rows, said, integers, mapping, table)


def _sorted_by_kind(
    rows: int, said: Mapping[str, Coded], integers: Mapping[str, Ints], mapping: AnyMapping, table: Sequence[Field]
) -> Typed:
    none = np.zeros(rows, dtype=np.int64)
    texts = {
        each.name: mapped(said[each.name], cells.text, hint=cells.SPACE)
        for each in table
        if each.kind in ("id", "text", "date") and each.name in said
    }
    if isinstance(mapping, EventsMapping) and mapping.kind is not None:
        texts["kind"] = Coded(np.array([mapping.kind], dtype=object), none)
    flags = {
        each.name: read_codes(said[each.name], cells.flag)
        for each in table
        if each.kind == "flag" and each.name in said
    }
    numbers = {
        each.name: integers[each.name] for each in table if each.kind in ("money", "number") and each.name in integers
    }
    wall = next((integers[each.name] for each in table if each.kind == "time" and each.name in integers), none)
    offset = read_codes(said[ZONE], cells.offset) if ZONE in said else none
    return Typed(rows, texts, numbers, flags, wall, offset)


def _integers(column: pa.Array) -> Ints:
    if len(column) and pa.types.is_decimal(column.type):
        # 18 digits fit into the lower half of a decimal's 128 bits, and the digits are millionths already.
        halves = column.type.bit_width // 64
        start = column.offset * halves
        buffer = np.frombuffer(column.buffers()[1], dtype=np.int64)
        return buffer[start : start + len(column) * halves : halves].copy()
    return np.asarray(column.to_numpy(zero_copy_only=False)).astype(np.int64)


def _coded(chunks: Sequence[pa.Array]) -> Coded:
    unified = pa.chunked_array(chunks).unify_dictionaries()
    values = unified.chunk(0).dictionary.to_pylist()
    codes = [chunk.indices.to_numpy(zero_copy_only=False) for chunk in unified.chunks]
    return Coded(np.array(values, dtype=object), np.concatenate(codes).astype(np.int64))


def _customers(mapping: CustomersMapping) -> tuple[pd.DataFrame, Findings]:
    frame = pd.DataFrame({name: pd.Series(dtype=object) for name in names(CUSTOMERS)})
    try:
        with connect() as connection, opened(connection, mapping.file, mapping.format) as file:
            missing = [file.missing(c) for c in mapping.columns.values() if file.column(c) is None]
            if missing:
                return frame, refused(missing)
            typed, file = typed_cells(connection, file, mapping, CUSTOMERS)
            typed, again = without_headers(typed, file, mapping.columns)
            cleaned, problems = clean_customers(typed, mapping.format)
            return cleaned, findings(connection, file, mapping.columns, mapping.format, [*again, *problems])
    except InputError as error:
        return frame, refused(error.violations)
