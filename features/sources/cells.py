"""The meaning of one cell: the only place where a text becomes a number, a time or a flag.

Posted histories and guesses call it cell by cell. `features/sources/cells_sql.py` calls it for the cells of a file,
once per distinct text; a law in tests/laws/ holds the two ways equal.

A number is held in millionths (an integer), a moment in whole seconds since 1970-01-01 of the local time as written,
beside its offset from UTC where one is written. A cell that cannot be read becomes one of the marks below.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from features.sources import jalali

SCALE: Final = 6
LIMIT: Final = 10 ** (12 + SCALE)
# Marks of a cell without a value. They lie outside of every value that the contract allows.
EMPTY: Final = -LIMIT + 1
BAD: Final = -LIMIT + 2
HUGE: Final = -LIMIT + 3
NO_OFFSET: Final = -(10**6)
MOST_OFFSET: Final = 14 * 3600  # seconds; no clock on earth is further from UTC

# What surrounds an id or a number by accident: spaces of all widths, marks of reading direction, a BOM.
AROUND = (
    " \t\r\n\v\f\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    "\u200a\u2028\u2029\u202f\u205f\u3000\u200e\u200f\ufeff"
)
SPACE = re.compile(f"[{AROUND}]")
_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩−\u00a0\u202f\u2009", "01234567890123456789-   ")

_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
# A currency is up to six characters that are no digit and no mark of a number, before or after it.
_CURRENCY = r"(?:[^\d.,'()+\-\s]{1,6}\.?)?"
_WRITTEN = re.compile(
    r"^(?P<open>\()?\s*(?P<before>[+-])?\s*" + _CURRENCY + r"\s*(?P<sign>[+-])?\s*"
    r"(?P<whole>\d{1,3}(?:[,' ]\d{2,3})*[,' ]\d{3}|\d*)(?P<part>\.\d*)?\s*"
    + _CURRENCY + r"\s*(?P<behind>-)?\s*\)?$", re.ASCII,
)  # fmt: skip

_ZONE = re.compile(r":\d{2}(?:\.\d+)?\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)$", re.ASCII)
_NO_DATE = "0000-00-00"
_JALALI = re.compile(r"^(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})(?:[T ,-]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII)
_ISO = re.compile(r"^(\d{4})[-/ ](\d{1,2})[-/ ](\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?$", re.ASCII)
_TIMES = (
    "", " %H:%M:%S", " %H:%M", " %H:%M:%S.%f", "T%H:%M:%S", "T%H:%M:%S.%f", ", %H:%M:%S",
)  # fmt: skip
_HALF_DAY_TIMES = ("", " %I:%M:%S %p", " %I:%M %p", ", %I:%M:%S %p")
FIRST_MOMENT, LAST_MOMENT = 315532800, 7258118400  # 1980-01-01 and 2200-01-01

YES = ("1", "true", "t", "yes", "y", "x", "ja", "oui", "si", "sí", "ναι", "بله", "returned", "return", "refund", "test")
NO = ("0", "false", "f", "no", "n", "-", "nein", "non", "όχι", "οχι", "خیر", "0.0")
FLAG_EMPTY, FLAG_BAD = 2, 3
LONGEST_SHOWN = 60
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 — a local time; its zone is kept beside it


def text(value: object) -> str:
    """Return a cell as text, nothing around it; whole numbers without a decimal point.

    >>> text("  0042 "), text(123.0), text(None)
    ('0042', '123', '')
    """
    if isinstance(value, str):
        return value.strip(AROUND)
    if isinstance(value, Decimal):
        return str(value)  # also one that is no number, which `number` then refuses
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip(AROUND)


def number(value: object, decimal: str = ".") -> int:
    """Return a number in millionths, a half rounded away from zero; or EMPTY, BAD, HUGE.

    Thousands marks (, ' space), currency signs and codes, brackets or a minus behind for negatives, and Persian and
    Arabic digits are read.

    >>> number("€ 1,234.50"), number("1.234,5", decimal=","), number("(12)"), number("12,34") == BAD
    (1234500000, 1234500000, -12000000, True)
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return _limited(value)
    if isinstance(value, float):
        return _limited(repr(value)) if value == value and abs(value) != float("inf") else BAD
    cell = text(value)
    if not cell:
        return EMPTY
    if decimal == "." and (usual := _usual_number(cell)) is not None:
        return usual
    plain = _swap(cell.translate(_DIGITS), decimal)
    return _limited(plain) if _PLAIN.fullmatch(plain) else _written(plain)


def _usual_number(cell: str) -> int | None:
    """Read -12.50 without a Decimal: posted histories are mostly that."""
    whole, _, part = cell.partition(".")
    digits = whole.removeprefix("-") + part
    if not (
        digits.isdigit() and digits.isascii() and whole not in ("", "-") and len(part) <= SCALE and len(whole) <= 12
    ):
        return None
    return int(whole + part.ljust(SCALE, "0"))


def _swap(cell: str, decimal: str) -> str:
    """Bring the decimal mark to a point; ٫ and ٬ are marks of their own, whatever the file's."""
    if decimal == ",":
        cell = cell.replace(".", "'").replace(",", ".")
    return cell.replace("٬", "'").replace("٫", ".")


def _written(cell: str) -> int:
    found = _WRITTEN.match(cell)
    if found is None or not (found["whole"] or len(found["part"] or "") > 1):
        return BAD
    digits = re.sub("[,' ]", "", found["whole"]) + (found["part"] or "")
    minus = found["open"] or "-" in (found["before"], found["sign"], found["behind"])
    return _limited(f"-{digits}" if minus else digits)


def _limited(value: Decimal | str | int) -> int:
    try:
        millionths = int(Decimal(value).scaleb(SCALE).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    except ArithmeticError:  # more digits, or a larger exponent, than Decimal's context holds
        return HUGE
    return millionths if abs(millionths) < LIMIT else HUGE


def moment(value: object, date_format: str | None = None, calendar: str = "gregorian") -> tuple[int, int]:
    """Return a moment: seconds of the local time as written, and the offset from UTC in seconds or NO_OFFSET.

    >>> moment("2024-01-05 10:11:12 +0200")
    (1704449472, 7200)
    >>> moment("05/01/2024", "%d/%m/%Y")[0] == moment("1402/10/15", calendar="jalali")[0]
    True
    """
    cell = text(value.isoformat() if isinstance(value, date) else value)
    if date_format is None and calendar == "gregorian" and (usual := _usual_moment(cell)) is not None:
        return usual
    cell = cell.translate(_DIGITS)
    if not cell or cell.startswith(_NO_DATE):
        return EMPTY, NO_OFFSET
    zone = _ZONE.search(cell) if ":" in cell else None
    east = offset(zone[1] if zone else "")
    body = cell[: zone.start(1)].strip() if zone else cell
    seconds = _jalali(body, date_format) if calendar == "jalali" else _gregorian(body, date_format)
    if seconds is None or not FIRST_MOMENT <= seconds < LAST_MOMENT:
        return BAD, NO_OFFSET
    return seconds, east


def _usual_moment(cell: str) -> tuple[int, int] | None:
    """Read ISO 8601 by Python's own reader, which is fast; None where it refuses."""
    if not (len(cell) in (10, 16, 19, 20, 25) and cell[4] == cell[7] == "-" and cell.isascii()):
        return None
    try:
        when = datetime.fromisoformat(cell)
    except ValueError:
        return None
    away = when.utcoffset()
    seconds = _seconds(when.replace(tzinfo=None))
    if not FIRST_MOMENT <= seconds < LAST_MOMENT:
        return BAD, NO_OFFSET
    return seconds, NO_OFFSET if away is None else away.days * 86400 + away.seconds


def offset(written: str) -> int:
    """Return a written zone as seconds east of UTC; NO_OFFSET for none.

    >>> offset("+03:30"), offset("Z"), offset("") == NO_OFFSET
    (12600, 0, True)
    """
    if not written:
        return NO_OFFSET
    if written in ("Z", "UTC", "GMT"):
        return 0
    hours, minutes = int(written[1:3]), int(written[3:].removeprefix(":") or 0)
    return (hours * 3600 + minutes * 60) * (-1 if written[0] == "-" else 1)


def _gregorian(body: str, date_format: str | None) -> int | None:
    if date_format is None:
        return _iso(body)
    base = date_only(date_format)
    for time in _times(body):
        try:
            return _seconds(datetime.strptime(body, base + time))  # noqa: DTZ007 — see EPOCH
        except (ValueError, re.error):  # re.error: the format of the date writes hours, too
            continue
    return None


def _times(body: str) -> tuple[str, ...]:
    """Return the formats of a time that can fit, since strptime is slow to refuse one."""
    if ":" not in body:
        return ("",)
    return _HALF_DAY_TIMES if body[-1] in "mM" else _TIMES


def date_only(date_format: str) -> str:
    """Return the date's part of a format; the time is read in every usual form anyway.

    >>> date_only("%d/%m/%Y %H:%M")
    '%d/%m/%Y'
    """
    return re.split(r"[ T,]*%[HIMSpfzZ]", date_format)[0]


def _iso(body: str) -> int | None:
    found = _ISO.match(body)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    midnight = (hour, minute, second) == (24, 0, 0)  # the end of a day, as ISO 8601 lets one write it
    try:
        start = datetime(year, month, day, 0 if midnight else hour, minute, second)  # noqa: DTZ001 — see EPOCH
    except ValueError:
        return None
    return _seconds(start) + 86400 * midnight


def _seconds(when: datetime) -> int:
    since = when - EPOCH
    return since.days * 86400 + since.seconds


def _jalali(body: str, date_format: str | None) -> int | None:
    found = _JALALI.match(body)
    if found is None:
        return None
    first, month, last, hour, minute, second = (int(part or 0) for part in found.groups())
    year, day = (last, first) if day_first(date_format) else (first, last)
    try:
        days = jalali.day_number(year, month, day)
    except ValueError:
        return None
    time = hour * 3600 + minute * 60 + second
    return days * 86400 + time if hour < 24 and minute < 60 and second < 60 else None


def day_first(date_format: str | None) -> bool:
    """Say whether a format writes the day before the year.

    >>> day_first("%d/%m/%Y"), day_first(None)
    (True, False)
    """
    return date_format is not None and 0 <= date_format.find("%d") < max(date_format.find("%Y"), date_format.find("%y"))


def flag(value: object) -> int:
    """Return 1 for yes, 0 for no, FLAG_EMPTY or FLAG_BAD.

    >>> flag("Yes"), flag(False), flag("") == FLAG_EMPTY
    (1, 0, True)
    """
    cell = text(value).lower()
    if not cell:
        return FLAG_EMPTY
    return 1 if cell in YES else 0 if cell in NO else FLAG_BAD


def readable(cell: str) -> str:
    """Return a cell as a message shows it: one line, nothing invisible, not too long.

    >>> readable(chr(7) + "c" * 99)[-3:]
    'cc…'
    """
    plain = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in cell.strip(AROUND)[: LONGEST_SHOWN + 1])
    return plain if len(cell.strip(AROUND)) <= LONGEST_SHOWN else plain[:LONGEST_SHOWN] + "…"
