"""The meaning of one cell: the only place where a text becomes a number, a time or a flag.

Posted histories and guesses call it cell by cell. `features/sources/cells/cells_sql.py` calls it for the cells of a
file, once per distinct text; a law in tests/laws/ holds the two ways equal. A cell that cannot be read becomes one of
the marks of `features/sources/cells/marks.py`.
"""

from features.sources.cells.clocks import (
    NO_ZONES,
    ambiguous_zones,
    clock,
    is_zone_id,
    time_of_day,
    zone_in,
    zone_offset,
)
from features.sources.cells.counted import COUNTED, EPOCHS, IN_WORDS, SERIAL, SERIAL_OF_1970
from features.sources.cells.days import day_first
from features.sources.cells.flags import flag
from features.sources.cells.ids import (
    NO_ID,
    ROUNDED_HINT,
    WRAPPED,
    all_rounded,
    customer_id,
    identifier,
    is_rounded,
    rounded_ids,
)
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
from features.sources.cells.numbers import DECIMALS, EITHER, mark_shown, number
from features.sources.cells.texts import SPACE, readable, text
from features.sources.cells.times import DIGIT, cut_pattern, date_before, date_only, moment, time_behind

__all__ = [
    "BAD",
    "COUNTED",
    "DECIMALS",
    "DIGIT",
    "EITHER",
    "EMPTY",
    "EPOCHS",
    "FIRST_MOMENT",
    "FLAG_BAD",
    "FLAG_EMPTY",
    "HUGE",
    "IN_WORDS",
    "LAST_MOMENT",
    "LIMIT",
    "MOST_OFFSET",
    "NO_ID",
    "NO_OFFSET",
    "NO_ZONES",
    "ROUNDED_HINT",
    "SCALE",
    "SERIAL",
    "SERIAL_OF_1970",
    "SPACE",
    "WRAPPED",
    "all_rounded",
    "ambiguous_zones",
    "clock",
    "customer_id",
    "cut_pattern",
    "date_before",
    "date_only",
    "day_first",
    "flag",
    "identifier",
    "is_rounded",
    "rounded_ids",
    "is_zone_id",
    "mark_shown",
    "moment",
    "number",
    "readable",
    "text",
    "time_of_day",
    "time_behind",
    "zone_in",
    "zone_offset",
]
