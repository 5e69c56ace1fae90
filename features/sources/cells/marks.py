"""What the reading of a cell gives: the units, and the marks of a cell without a value.

A number is held in millionths (an integer), a moment in whole seconds since 1970-01-01 of the local time as written,
beside its offset from UTC where one is written.
"""

from __future__ import annotations

from typing import Final

SCALE: Final = 6
LIMIT: Final = 10 ** (12 + SCALE)
# Marks of a cell without a value. They lie outside of every value that the contract allows.
EMPTY: Final = -LIMIT + 1
BAD: Final = -LIMIT + 2
HUGE: Final = -LIMIT + 3
NO_OFFSET: Final = -(10**6)
MOST_OFFSET: Final = 14 * 3600  # seconds; no clock on earth is further from UTC
FIRST_MOMENT, LAST_MOMENT = 315532800, 7258118400  # 1980-01-01 and 2200-01-01
FLAG_EMPTY, FLAG_BAD = 2, 3
