"""Calendar periods of the figures: months, quarters and years, as half-open ranges of business days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from features.clock import LONG_AGO
from features.errors import InputError, suggest

PeriodKind = Literal["month", "quarter", "year"]
KINDS: tuple[PeriodKind, ...] = get_args(PeriodKind)
MONTHS: dict[PeriodKind, int] = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Period:
    """The days first_day … end − 1, under a name that people use.

    >>> Period("1970-01", 0, 31).days
    31
    """

    name: str
    first_day: int
    end: int

    @property
    def days(self) -> int:
        """How many days it has."""
        return self.end - self.first_day


def period_kind(word: str) -> PeriodKind:
    """Return the kind of period with this name.

    Raises:
        InputError: no such kind.

    >>> period_kind("quarter")
    'quarter'
    """
    for kind in KINDS:
        if kind == word:
            return kind
    raise InputError(f'a period is one of {", ".join(KINDS)}, not "{word}".{suggest(word, KINDS)}')


def periods(kind: PeriodKind, first_day: int, end: int) -> tuple[Period, ...]:
    """Return the calendar periods that hold the days first_day … end − 1, oldest first, none between left out.

    Args:
        kind: of the calendar.
        first_day: day number; the first period may begin before it.
        end: day number; the last period may end after it.

    >>> [(p.name, p.first_day, p.end) for p in periods("quarter", 80, 91)]
    [('1970-Q1', 0, 90), ('1970-Q2', 90, 181)]
    """
    if end <= first_day or first_day == LONG_AGO:
        return ()
    step = MONTHS[kind]
    low, high = (
        int(np.datetime64(day, "D").astype("datetime64[M]").astype(int)) // step for day in (first_day, end - 1)
    )
    months = np.arange(low, high + 2) * step
    edges = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return tuple(
        Period(_name(kind, int(month)), int(first), int(after))
        for month, first, after in zip(months[:-1], edges[:-1], edges[1:], strict=True)
    )


def _name(kind: PeriodKind, month: int) -> str:
    """Name the period that begins with a month, counted from January 1970."""
    year, of_year = 1970 + month // 12, month % 12
    if kind == "year":
        return f"{year}"
    return f"{year}-{of_year + 1:02d}" if kind == "month" else f"{year}-Q{of_year // 3 + 1}"
