"""The meaning of one cell: the only place where a text becomes a number, a time or a flag.

Posted histories and guesses call it cell by cell. `features/sources/cells/cells_sql.py` calls it for the cells of a
file, once per distinct text; a law in tests/laws/ holds the two ways equal. A cell that cannot be read becomes one of
the marks of `features/sources/cells/marks.py`.
"""

from features.sources.cells.flags import flag
from features.sources.cells.marks import (
    BAD,
    EMPTY,
    FIRST_MOMENT,
    FLAG_BAD,
    FLAG_EMPTY,
    HUGE,
    LAST_MOMENT,
    LIMIT,
    MOST_OFFSET,
    NO_OFFSET,
    SCALE,
)
from features.sources.cells.numbers import number
from features.sources.cells.texts import SPACE, readable, text
from features.sources.cells.times import date_only, day_first, moment, offset

__all__ = [
    "BAD",
    "EMPTY",
    "FIRST_MOMENT",
    "FLAG_BAD",
    "FLAG_EMPTY",
    "HUGE",
    "LAST_MOMENT",
    "LIMIT",
    "MOST_OFFSET",
    "NO_OFFSET",
    "SCALE",
    "SPACE",
    "date_only",
    "day_first",
    "flag",
    "moment",
    "number",
    "offset",
    "readable",
    "text",
]
