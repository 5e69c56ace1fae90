"""The meaning of one cell, read in DuckDB's SQL: the same reading as `cells.py`, for files of any size.

Numbers and dates are typed here. Texts, flags and zones repeat, so they are dictionary-coded first and read once per
distinct text by `cells.py` itself. Every function takes SQL and returns SQL; the usual way of writing is tried first,
since the patient one costs ten times as much.
"""

from __future__ import annotations

from features.sources import cells, jalali

NUMBER = f"DECIMAL(18,{cells.SCALE})"
FLOATS = ("FLOAT", "DOUBLE")
_CLOCKS = ("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
_ZONED = "TIMESTAMP WITH TIME ZONE"


def quoted(text: str) -> str:
    """Return a text as a SQL literal.

    >>> quoted("o'clock")
    "'o''clock'"
    """
    return "'" + text.replace("'", "''") + "'"


def text(column: str, kind: str = "VARCHAR") -> str:
    """Return a column of any SQL type as text, never NULL; 123.0 is '123', a missing number is no id.

    >>> text("c0")
    "coalesce(c0, '')"
    """
    said = column if kind == "VARCHAR" else f"({column})::VARCHAR"
    if kind in FLOATS:
        whole = f"{column} = floor({column}) AND abs({column}) < {2**53}"
        said = f"CASE WHEN isnan({column}) THEN '' WHEN {whole} THEN {column}::BIGINT::VARCHAR ELSE {said} END"
    return f"coalesce({said}, '')"


def _plain(cell: str) -> str:
    """Nothing around, digits of this script; NULL where nothing is left."""
    trimmed = f"nullif(trim({cell}, {quoted(cells.AROUND)}), '')"
    return f"translate({trimmed}, {quoted(cells.DIGITS_FROM)}, {quoted(cells.DIGITS_TO)})"


def number(column: str, kind: str = "VARCHAR", decimal: str = ".") -> str:
    """Return a cell as a decimal with six digits behind the point, or a mark of `cells`.

    >>> number("x").startswith("CASE WHEN x IS NULL")
    True
    """
    cell = column if kind == "VARCHAR" else f"({column})::VARCHAR"
    if decimal == ".":
        usual = f"CASE WHEN NOT contains({cell}, '_') THEN TRY_CAST({cell} AS {NUMBER}) END"
        said = _plain(cell)
    else:
        comma = f"regexp_full_match({cell}, '-?[0-9]+(,[0-9]+)?')"
        usual = f"CASE WHEN {comma} THEN TRY_CAST(replace({cell}, ',', '.') AS {NUMBER}) END"
        said = f"translate({_plain(cell)}, '.,', '''.')"
    return f"CASE WHEN {cell} IS NULL THEN {_mark(cells.EMPTY)} ELSE coalesce({usual}, {_written(said)}) END"


def _mark(mark: int) -> str:
    whole, part = divmod(-mark, 10**cells.SCALE)
    return f"'-{whole}.{part:0{cells.SCALE}d}'::{NUMBER}"


def _written(said: str) -> str:
    parts = "['open', 'before', 'sign', 'whole', 'part', 'behind']"
    digits = "regexp_replace(f.whole, '[, '']', '', 'g') || f.part"
    minus = "f.open <> '' OR f.before = '-' OR f.sign = '-' OR f.behind = '-'"
    value = f"TRY_CAST(CASE WHEN {minus} THEN '-' ELSE '' END || {digits} AS {NUMBER})"
    huge = _mark(cells.HUGE)
    read = (
        f"CASE WHEN s IS NULL THEN {_mark(cells.EMPTY)} "
        f"WHEN regexp_full_match(s, {quoted(cells.PLAIN)}) THEN coalesce(TRY_CAST(s AS {NUMBER}), {huge}) "
        f"WHEN f.whole = '' AND length(f.part) < 2 THEN {_mark(cells.BAD)} ELSE coalesce({value}, {huge}) END"
    )
    found = f"regexp_extract(s, {quoted(cells.WRITTEN)}, {parts})"
    # A list of one and a lambda name a sub-expression within an expression. ٫ and ٬ are marks whatever the file's.
    marks = f"translate({said}, '٬٫', '''.')"
    return f"list_transform([{marks}], lambda s: list_transform([{found}], lambda f: {read})[1])[1]"


def moment(column: str, kind: str, date_format: str | None, calendar: str) -> tuple[str, str]:
    """Return two expressions: whole seconds on the clock as written (or a mark), and the zone as text ('' = none).

    >>> moment("c0", "TIMESTAMP", None, "gregorian")[1]
    "''"
    """
    if kind in _CLOCKS or kind == _ZONED:
        # An instant's clock is that of UTC, whatever zone this machine is in.
        local = f"({column} AT TIME ZONE 'UTC')" if kind == _ZONED else f"({column})::TIMESTAMP"
        seconds = f"coalesce({_ranged(local)}, {cells.BAD})"
        return f"CASE WHEN {column} IS NULL THEN {cells.EMPTY} ELSE {seconds} END", "'Z'" if kind == _ZONED else "''"
    cell = column if kind == "VARCHAR" else f"({column})::VARCHAR"
    said = _plain(cell)
    usual = "NULL" if calendar == "jalali" else _usual(cell, date_format)
    body = f"rtrim(left({said}, length({said}) - length({_zone(said)})))"
    patient = _jalali(body, date_format) if calendar == "jalali" else _gregorian(body, date_format)
    nothing = f"coalesce({said}, '') = '' OR starts_with({said}, {quoted(cells.NO_DATE)})"
    rest = f"CASE WHEN {nothing} THEN {cells.EMPTY} ELSE coalesce({patient}, {cells.BAD}) END"
    seconds = f"CASE WHEN {cell} IS NULL THEN {cells.EMPTY} ELSE coalesce({usual}, {rest}) END"
    short = f"{cell} IS NULL OR length({cell}) < 17 AND {cell}[14] = ':' OR length({cell}) = 19 AND {cell}[17] = ':'"
    return seconds, f"CASE WHEN {short} OR NOT contains({cell}, ':') THEN '' ELSE {_zone(said)} END"


def _usual(cell: str, date_format: str | None) -> str:
    if date_format is not None:
        return _strptime(cell, date_format)
    date = (
        f"length({cell}) = 10 OR length({cell}) = 16 AND {cell}[14] = ':' OR length({cell}) = 19 AND {cell}[17] = ':'"
    )
    tail = f"regexp_full_match(substr({cell}, 20), '(\\.\\d+)? ?(Z|UTC|[+-]\\d{{2}}(:?\\d{{2}})?)?')"
    return (
        f"CASE WHEN {date} THEN {_ranged(f'TRY_CAST({cell} AS TIMESTAMP)')} "
        f"WHEN {cell}[17] = ':' AND {tail} THEN {_ranged(f'TRY_CAST(left({cell}, 19) AS TIMESTAMP)')} END"
    )


def _ranged(timestamp: str) -> str:
    inside = f"{timestamp} >= TIMESTAMP '1980-01-01' AND {timestamp} < TIMESTAMP '2200-01-01'"
    return f"CASE WHEN {inside} THEN epoch_us({timestamp}) // 1000000 END"


def _gregorian(body: str, date_format: str | None) -> str:
    return _ranged(f"TRY_CAST({body} AS TIMESTAMP)") if date_format is None else _strptime(body, date_format)


def _strptime(body: str, date_format: str) -> str:
    formats = ", ".join(quoted(cells.date_only(date_format) + time) for time in cells.TIMES)
    return _ranged(f"try_strptime({body}, [{formats}])")


def _zone(cell: str) -> str:
    return f"coalesce(regexp_extract({cell}, {quoted(cells.ZONE)}, 1), '')"


def _jalali(body: str, date_format: str | None) -> str:
    year, day = ("f.last", "f.first") if cells.day_first(date_format) else ("f.first", "f.last")
    days = jalali.sql_day_number(*(f"TRY_CAST({part} AS INT)" for part in (year, "f.month", day)))
    hour, minute, second = (f"coalesce(TRY_CAST(f.{part} AS INT), 0)" for part in ("hour", "minute", "second"))
    clock = (
        f"CASE WHEN {hour} < 24 AND {minute} < 60 AND {second} < 60 THEN {hour} * 3600 + {minute} * 60 + {second} END"
    )
    found = f"regexp_extract({body}, {quoted(cells.JALALI)}, ['first', 'month', 'last', 'hour', 'minute', 'second'])"
    return f"list_transform([{found}], lambda f: ({days})::BIGINT * 86400 + {clock})[1]"
