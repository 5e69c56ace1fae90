"""The cells of a file of any size: DuckDB reads the usual forms, Python everything else.

A cell has one reading, that of this folder. DuckDB reads plain numbers and plain ISO times, whose form leaves no doubt,
and cuts other dates from their times: a log of years has few different dates and few different times. Those, and every
other text, are read in Python, once per distinct text of a batch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache, partial

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.blocks import at_once
from features.log import Coded, Ints
from features.memory import give_back
from features.sources import cells
from features.sources.business_day import on_clock_of
from features.sources.cells.distinct import filled, read_distinct
from features.sources.cells.hints import SPACED, WRAPPED
from features.sources.cells.numbers_sql import NumberReader
from features.sources.cells.parquet_texts import read_parquet, texts_in_parquet
from features.sources.cells.read_texts import ReadTexts
from features.sources.columns import Mask, mapped, read_codes
from features.sources.mapped_file import Column, MappedFile
from features.sources.opening.open_file import PART, OpenFile
from features.sources.row_checks import TypedTable
from features.sources.split_moments import joined, times_of_day
from features.tables import Kind

BATCH_ROWS = 250_000
KEPT_TEXTS = 200_000
FIRST_TEXTS, FEW_DIFFERENT = 10_000, 0.1  # of a column whose texts come again and again
_FLOATS = ("FLOAT", "DOUBLE")
_ZONED = "TIMESTAMP WITH TIME ZONE"
_TIMESTAMPS = ("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", _ZONED)
_SIXTY = f":[0-5۰-۵٠-٥]{cells.DIGIT}"
_USUAL_TIME = f"[ T,]+(?:{cells.DIGIT}{{1,2}}{_SIXTY}(?:{_SIXTY})?|(?:0?[1-9]|1[0-2]){_SIXTY}(?:{_SIXTY})? [AaPp][Mm])"
_ISO_DATE_AND_TIME = (
    r"\d{4}[-/]\d{2}[-/]\d{2}[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s*(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?"
)
_PLAIN_ISO = r"\d{4}-\d{2}-\d{2}(?:[ T](?:[01]\d|2[0-3]):\d{2}(?::\d{2})?)?"


def read_cells(file: MappedFile) -> tuple[TypedTable, MappedFile]:
    """Return the mapped cells of a file, and the file as it could be read: without its ragged rows, if it has any."""
    try:
        return _read(file, texts_in_parquet(file)), file
    except (duckdb.Error, pa.ArrowException, OSError):
        if not file.file.is_text:
            return _read(file, {}), file
        rewritten = file.rewritten()
        return _read(rewritten, {}), rewritten


def read_again(file: MappedFile) -> TypedTable:
    """Return the mapped cells of rows that were written down as they were read."""
    return _read(file, {})


def _read(file: MappedFile, of_arrow: Mapping[str, str]) -> TypedTable:
    """Read batch by batch, so that the text of the whole file is never in memory at once.

    `of_arrow` are the columns that Arrow reads, see `texts_in_parquet`.
    """
    coded = read_parquet(file, of_arrow)
    readers = {name: _reader(column, file) for name, column in file.columns.items() if name not in coded}
    rows, marks, has_part = 0, list[list[Mask]](), file.file.has_part
    parts = [np.zeros(0, dtype=np.int64)]
    for batch in _taken_over(readers.values(), _batches(file.file, readers.values(), (PART,) if has_part else ())):
        rows += batch.num_rows
        arrays = iter(batch.columns[sum(len(reader.select) for reader in readers.values()) :])
        marks.append([next(arrays).to_numpy(zero_copy_only=False).astype(bool) for _ in file.file.marks])
        parts += [each.to_numpy(zero_copy_only=False).astype(np.int64) for each in arrays]
    of_texts = {name: reader for name, reader in readers.items() if isinstance(reader, TextReader)}
    read = at_once(*(reader.coded for reader in of_texts.values()))
    texts: dict[str, Coded] = {**coded, **dict(zip(of_texts, read, strict=True))}
    kinds = {name: file.columns[name].field.kind for name in texts}
    clocks = {name: times_of_day(coded) for name, coded in texts.items() if kinds[name] == "clock"}
    plain = {name: _clean(coded, kinds[name]) for name, coded in texts.items() if kinds[name] not in ("flag", "clock")}
    numbers = {name: reader.millionths() for name, reader in readers.items() if isinstance(reader, NumberReader)}
    times = next((reader for reader in readers.values() if isinstance(reader, TimeReader)), None)
    if "zone" in plain:
        plain["zone"] = mapped(plain["zone"], lambda name: file.form.zones.get(name, name))
    moments = times.moments() if times else (np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=np.int64))
    local_time, offset = joined(*moments, clocks.get("time"), plain.get("zone"), file.facts)
    give_back()  # what the texts took is missed by the rules
    return TypedTable(
        rows,
        plain,
        {**numbers, **{name: seconds for name, (seconds, _) in clocks.items()}},
        {name: read_codes(coded, cells.flag) for name, coded in texts.items() if kinds[name] == "flag"},
        local_time,
        offset if file.form.zone is None else on_clock_of(local_time, offset, file.form.zone, file.facts),
        {name: column.header for name, column in file.columns.items()},
        {mark.rule: np.concatenate(each) for mark, each in zip(file.file.marks, zip(*marks, strict=True), strict=True)},
        np.concatenate(parts),
        facts=file.facts,
    )


def _taken_over(readers: Collection[Reader], batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield batches that the readers take over while DuckDB reads the next one."""
    with ThreadPoolExecutor(1) as pool:
        former: tuple[Future[None], pa.RecordBatch] | None = None
        for batch in batches:
            if former is not None:
                former[0].result()
                yield former[1]
            former = (pool.submit(_take_over, readers, batch), batch)
        if former is not None:
            former[0].result()
            yield former[1]


def _take_over(readers: Collection[Reader], batch: pa.RecordBatch) -> None:
    arrays = iter(batch.columns)
    for reader in readers:
        reader.add([next(arrays) for _ in reader.select])


def _clean(coded: Coded, kind: Kind) -> Coded:
    """Return a column's texts without what is around them, and its ids without what is wrapped around those."""
    if kind == "id":
        return mapped(coded, cells.identifier, hint=WRAPPED)
    return mapped(coded, cells.text, hint=SPACED)


def _batches(file: OpenFile, readers: Collection[Reader], more: Sequence[str] = ()) -> Iterator[pa.RecordBatch]:
    expressions = ", ".join(f"{sql} AS x{n}" for n, sql in enumerate(sql for each in readers for sql in each.select))
    expressions += "".join(f", {column}" for column in (*(mark.column for mark in file.marks), *more))
    # DuckDB reckons what stands in two CASEs twice; in a table of its own it is named, and reckoned once.
    named = "".join(f", {sql}" for each in readers for sql in each.named)
    source = f"(SELECT *{named} FROM {file.source})" if named else file.source
    reader = file.connection.sql(f"SELECT {expressions} FROM {source}").to_arrow_reader(BATCH_ROWS)
    yield pa.RecordBatch.from_pylist([], reader.schema)  # a file of no rows has columns all the same
    yield from reader


def _reader(column: Column, file: MappedFile) -> Reader:
    kind, form = column.field.kind, file.form
    if kind == "time":
        return TimeReader(column.sql, column.sql_type, form.date_format, form.calendar, form.zones)
    if kind in ("money", "number"):
        return NumberReader(column.sql, column.sql_type, form.decimal)
    return TextReader(column.sql, column.sql_type)


def text(column: str, sql_type: str = "VARCHAR") -> str:
    """Return SQL for a column of any type as text, never NULL; 123.0 is '123', a missing number is no id.

    >>> text("c0")
    "coalesce(c0, '')"
    """
    written = _varchar(column, sql_type)
    if sql_type in _FLOATS:
        whole = f"{column} = floor({column}) AND abs({column}) < {2**53}"
        written = f"CASE WHEN isnan({column}) THEN '' WHEN {whole} THEN {column}::BIGINT::VARCHAR ELSE {written} END"
    return f"coalesce({written}, '')"


class TextReader:
    """Reads a column as dictionary-coded texts; arguments as for `TimeReader`."""

    def __init__(self, column: str, sql_type: str = "VARCHAR") -> None:
        self.named: tuple[str, ...] = ()
        self.select: tuple[str, ...] = (text(column, sql_type),)
        self._come_again = False
        self._parts: list[pa.Array] = []

    def add(self, arrays: Sequence[pa.Array]) -> None:
        """Take over a batch of what `select` gives: as codes where texts come again and again, else as runs of them."""
        if not any(len(part) for part in self._parts):
            first = arrays[0].slice(0, FIRST_TEXTS)
            self._come_again = pc.count_distinct(first).as_py() < len(first) * FEW_DIFFERENT
            self._parts = []
        coded = arrays[0].dictionary_encode() if self._come_again else None
        self._parts.append(pc.run_end_encode(arrays[0], run_end_type=pa.int32()) if coded is None else coded)

    def coded(self) -> Coded:
        """Return the texts of all batches, once."""
        parts, self._parts = self._parts, []
        return ReadTexts.taken(pa.chunked_array(parts)) if self._come_again else ReadTexts.of_runs(parts)


class TimeReader:
    """Reads a column as moments: seconds of the local time as written, and the offset from UTC, as `cells.moment` does.

    Args:
        column: SQL of the column.
        sql_type: of its cells.
        date_format: strptime codes of the date, a count of `cells.COUNTED`, None for ISO 8601.
        calendar: 'gregorian' or 'jalali'.
        zones: what abbreviations of zones mean that several countries use.
    """

    def __init__(
        self,
        column: str,
        sql_type: str,
        date_format: str | None,
        calendar: str,
        zones: Mapping[str, str] = cells.NO_ZONES,
    ) -> None:
        self._whole: Callable[[str], tuple[int, int]] = partial(
            cells.moment, date_format=date_format, calendar=calendar, zones=zones
        )
        # The same dates and times come again in every batch.
        again = lru_cache(KEPT_TEXTS)
        self._date: Callable[[str], int] = again(partial(cells.date_before, date_format=date_format, calendar=calendar))
        self._time: Callable[[str], tuple[int, int]] = again(
            partial(_time_or_bad, date_format=date_format, zones=zones)
        )
        self.named: tuple[str, ...] = ()
        self._offset = 0 if sql_type == _ZONED or date_format in cells.EPOCHS else cells.NO_OFFSET
        if sql_type in _TIMESTAMPS:
            self._offset = 0 if sql_type == _ZONED else cells.NO_OFFSET
            self.select: tuple[str, ...] = (_timestamp_seconds(column, sql_type), "NULL::VARCHAR", "NULL::VARCHAR")
        else:
            plain = f"plain_{column}"
            seconds, *select = _written_moment(_varchar(column, sql_type), date_format, calendar, plain)
            self.named, self.select = (f"{seconds} AS {plain}",), tuple(select)
        self._parts: list[tuple[Ints, Ints]] = []

    def add(self, arrays: Sequence[pa.Array]) -> None:
        """Take over a batch of what `select` gives."""
        usual, dates, times = arrays
        known = (usual.fill_null(cells.BAD) if usual.null_count else usual).to_numpy()
        usual_rows = known > cells.HUGE
        if usual_rows.all() and len(usual_rows):
            # A copy: a view of one column would keep the texts of its whole batch in memory.
            seconds, offsets = known.copy(), np.broadcast_to(np.int64(self._offset), len(known))
        else:
            seconds, offsets = self._moments(dates, times)
            seconds = np.where(filled(usual), known, seconds)
            offsets = np.where(usual_rows, self._offset, offsets)
        self._parts.append((seconds, offsets))

    def moments(self) -> tuple[Ints, Ints]:
        """Return seconds and offsets of all batches, with the marks of `cells`, once."""
        (seconds, offsets), self._parts = zip(*self._parts, strict=True), []
        every = np.concatenate(seconds)
        if all((each == self._offset).all() for each in offsets):
            return every, np.broadcast_to(np.int64(self._offset), len(every))
        return every, np.concatenate(offsets)

    def _moments(self, dates: pa.Array, times: pa.Array) -> tuple[Ints, Ints]:
        """Return the moments of dates and of the times that are cut from behind some of them."""
        cut = filled(times)
        if not cut.any():
            seconds, offsets = read_distinct(dates, self._whole).T
            return seconds, offsets
        clock, zones = read_distinct(times, self._time).T
        # What is no time behind a date may be a time all the same, once the cell is read as one.
        again = cut & (clock == cells.BAD)
        uncut = pa.array(~cut | again)
        whole = dates
        if again.any():
            whole = pc.binary_join_element_wise(dates, pc.if_else(pa.array(again), times, ""), "")
        seconds, offsets = read_distinct(pc.if_else(uncut, whole, None), self._whole).T
        day = read_distinct(pc.if_else(uncut, None, dates), self._date)
        timed, joined = cut & ~again, day + clock
        good = (day > cells.HUGE) & (joined >= cells.FIRST_MOMENT) & (joined < cells.LAST_MOMENT)
        seconds = np.where(timed, np.where(good, joined, np.minimum(day, cells.BAD)), seconds)
        return seconds, np.where(timed, np.where(good, zones, cells.NO_OFFSET), offsets)


def _time_or_bad(written: str, date_format: str | None, zones: Mapping[str, str]) -> tuple[int, int]:
    return cells.time_behind(written, date_format, zones) or (cells.BAD, cells.NO_OFFSET)


Reader = TextReader | NumberReader | TimeReader


def _varchar(column: str, sql_type: str) -> str:
    return column if sql_type == "VARCHAR" else f"({column})::VARCHAR"


def _timestamp_seconds(column: str, sql_type: str) -> str:
    """Return SQL for the seconds of a column that holds dates or timestamps already."""
    # The clock of an instant is that of UTC, whatever zone this machine is in.
    local = f"({column} AT TIME ZONE 'UTC')" if sql_type == _ZONED else f"({column})::TIMESTAMP"
    return f"CASE WHEN {column} IS NOT NULL THEN coalesce({_seconds(local)}, {cells.BAD}) END"


def _seconds(timestamp: str) -> str:
    inside = f"{timestamp} >= TIMESTAMP '1980-01-01' AND {timestamp} < TIMESTAMP '2200-01-01'"
    return f"CASE WHEN {inside} THEN epoch_us({timestamp}) // 1000000 END"


def _written_moment(cell: str, date_format: str | None, calendar: str, plain: str) -> tuple[str, str, str, str]:
    """Return SQL for the seconds of a plain text; and for the seconds of a usual text, else its date and its time.

    The last three call the first by the name `plain`. Where date and time are not cut apart the date is the whole
    cell, and the time NULL.
    """
    if date_format in cells.COUNTED:
        return _counted(cell, date_format), plain, cell, "NULL::VARCHAR"
    date_part, time_part = _cut(cell, date_format)
    if date_format is not None or calendar == "jalali":
        return "NULL::BIGINT", plain, date_part, time_part
    written = f"CASE WHEN regexp_full_match({cell}, {_quoted(_PLAIN_ISO)}) THEN TRY_CAST({cell} AS TIMESTAMP) END"
    usual = f"CASE WHEN {plain} >= {cells.FIRST_MOMENT} AND {plain} < {cells.LAST_MOMENT} THEN {plain} END"
    zoned = f"WHEN {usual} IS NOT NULL THEN NULL WHEN regexp_full_match({cell}, {_quoted(_ISO_DATE_AND_TIME)}) THEN"
    return (
        f"epoch_us({written}) // 1000000",
        usual,
        f"CASE {zoned} left({cell}, 10) ELSE {date_part} END",
        f"CASE {zoned} substr({cell}, 11) ELSE {time_part} END",
    )


def _counted(cell: str, unit: str) -> str:
    """Return SQL for whole counts; NULL where there is another text."""
    count = f"CASE WHEN regexp_full_match({cell}, '[0-9]{{1,18}}') THEN {cell}::BIGINT END"
    if unit == cells.SERIAL:
        seconds = f"({count} - {cells.SERIAL_OF_1970}) * 86400"
        inside = f"{count} < 200000"
    else:
        seconds, inside = f"{count} // {cells.EPOCHS[unit]}", "true"
    bounds = f"{inside} AND {seconds} >= {cells.FIRST_MOMENT} AND {seconds} < {cells.LAST_MOMENT}"
    return f"CASE WHEN {bounds} THEN {seconds} END"


def _cut(cell: str, date_format: str | None) -> tuple[str, str]:
    before = f"nullif(regexp_extract({cell}, {_quoted(cells.cut_pattern(date_format))}, 1), '')"
    return (
        f"coalesce({before}, {cell})",
        f"CASE WHEN {before} IS NOT NULL THEN substr({cell}, length({before}) + 1) END",
    )


def date_counts(file: OpenFile, index: int, date_format: str | None = None) -> Counter[str]:
    """Return the dates of a column of texts, with the number of cells of each; usual times are cut off.

    Whether a date fits a format, and which day it means, does not depend on the time.

    Args:
        file: the file.
        index: of the column.
        date_format: of the column, as far as it is known.
    """
    cell = f"c{index}"
    if date_format in cells.COUNTED:
        return Counter(dict(file.query(f"SELECT coalesce({cell}, ''), count(*) FROM {file.source} GROUP BY 1")))
    date_part, time_part = _cut(cell, date_format)
    usual = f"CASE WHEN regexp_full_match({time_part}, {_quoted(_USUAL_TIME)}) THEN {date_part} ELSE {cell} END"
    return Counter(dict(file.query(f"SELECT coalesce({usual}, ''), count(*) FROM {file.source} GROUP BY 1")))


def _quoted(written: str) -> str:
    return "'" + written.replace("'", "''") + "'"
