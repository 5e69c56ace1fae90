"""Moments that are counted, not written: since 1970 in seconds or smaller units, or in the days of a spreadsheet."""

from __future__ import annotations

import re
from typing import Final

from features.sources.cells.marks import NO_OFFSET

# Name, as regulars.toml has it -> units in a second, for those that count from the first second of 1970 in UTC.
EPOCHS: Final = {"epoch_s": 1, "epoch_ms": 10**3, "epoch_us": 10**6, "epoch_ns": 10**9}
SERIAL: Final = "excel_days"  # days since 1899-12-30 on the shop's clock, the time as a fraction
COUNTED: Final = (*EPOCHS, SERIAL)
SERIAL_OF_1970: Final = 25569
IN_WORDS: Final = {
    "epoch_s": "seconds since 1970",
    "epoch_ms": "milliseconds since 1970",
    "epoch_us": "microseconds since 1970",
    "epoch_ns": "nanoseconds since 1970",
    SERIAL: "the days by which a spreadsheet counts",
}
_NUMBER = re.compile(r"(\d{1,19})(?:[.,](\d{0,12}))?", re.ASCII)


def counted_moment(written: str, unit: str) -> tuple[int, int] | None:
    """Return seconds since 1970-01-01 and the offset from UTC; None where the text is no count.

    Args:
        written: the count, its digits in ASCII.
        unit: one of COUNTED.

    >>> counted_moment("1522551600000", "epoch_ms"), counted_moment("45296.4375", "excel_days")
    ((1522551600, 0), (1704450600, -1000000))
    """
    found = _NUMBER.fullmatch(written)
    if found is None:
        return None
    if unit != SERIAL:
        return int(found[1]) // EPOCHS[unit], 0
    days, part = int(found[1]), found[2] or "0"
    seconds = (int(part) * 86400 * 2 + 10 ** len(part)) // (2 * 10 ** len(part))  # of a day, to the nearest
    return (days - SERIAL_OF_1970) * 86400 + seconds, NO_OFFSET
