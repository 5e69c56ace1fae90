"""What was learnt about the values of customer attributes, day by day: data, which training and serving read alike.

A value such as the region "north" enters a model as two numbers: the share of the customers who can churn that have it,
and the log-odds by which these churn more than others of the same rhythm. Both are known on a day from what lies before
it; `training/attribute_codes.py` learns them, a bundle keeps them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

Learnt = Literal["share", "log_odds"]
Reals = npt.NDArray[np.float64]
ATTRIBUTE = "attribute:"  # what the name of a stream begins with that holds an attribute


@dataclass(frozen=True)
class CodeTable:
    """What is known of one attribute's values at the start of a day.

    A value that few customers have stands in no table: it could point at somebody.

    Args:
        day: day number; nothing on or after it was read.
        shares: value → share of the customers who can churn.
        log_odds: value → log-odds of churn beyond customers of the same rhythm, in windows that had ended by the day.
        rest_log_odds: the same of all values that stand in no table, together.
        usual_share: the share that a customer's own value has on average.
        alone_auroc: how well the attribute alone tells who churned in the ended windows; 0.5 = not at all.
        by_chance: the probability that groups without any difference would differ as much.

    >>> CodeTable(10, {"north": 0.25}, {"north": 0.5}).number("share", "north")
    0.25
    """

    day: int
    shares: Mapping[str, float]
    log_odds: Mapping[str, float]
    rest_log_odds: float = 0.0
    usual_share: float = 0.0
    alone_auroc: float = 0.5
    by_chance: float = 1.0

    def number(self, learnt: Learnt, value: str) -> float:
        """Return what a value is read as."""
        return self.shares.get(value, 0.0) if learnt == "share" else self.log_odds.get(value, self.rest_log_odds)

    def number_of_nobody(self, learnt: Learnt) -> float:
        """Return what stands for a customer of a log that came without attributes, such as a posted history."""
        return self.usual_share if learnt == "share" else 0.0


@dataclass(frozen=True)
class Codes:
    """The tables of each attribute, the earliest first; a date is read by the latest that was known on it.

    >>> codes = Codes({"region": (CodeTable(10, {"north": 0.25}, {}), CodeTable(20, {"north": 0.5}, {}))})
    >>> codes.numbers("region", "share", ["north", "south"], [5, 12, 30])
    array([[ nan,  nan],
           [0.25, 0.  ],
           [0.5 , 0.  ]])
    """

    tables: Mapping[str, tuple[CodeTable, ...]] = field(default_factory=dict)

    def at(self, attribute: str, day: int) -> CodeTable | None:
        """Return the table that was known at the start of a day; None before the first."""
        known = [table for table in self.tables.get(attribute, ()) if table.day <= day]
        return known[-1] if known else None

    def numbers(self, attribute: str, learnt: Learnt, values: Sequence[str], days: Sequence[int]) -> Reals:
        """Return what each value is read as on each day, days × values; NaN where nothing was known yet."""
        rows = [self._row(self.at(attribute, int(day)), learnt, values) for day in days]
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(values))

    def _row(self, table: CodeTable | None, learnt: Learnt, values: Sequence[str]) -> list[float]:
        return [np.nan if table is None else table.number(learnt, value) for value in values]

    def numbers_of_nobody(self, attribute: str, learnt: Learnt, days: Sequence[int]) -> Reals:
        """Return what stands on each day for customers of a log that came without the attribute."""
        tables = [self.at(attribute, int(day)) for day in days]
        return np.array([np.nan if table is None else table.number_of_nobody(learnt) for table in tables])

    def joined(self, other: Codes) -> Codes:
        """Return the tables of both; of one day those of the other."""
        names = dict.fromkeys((*self.tables, *other.tables))
        return Codes({name: _by_day((*self.tables.get(name, ()), *other.tables.get(name, ()))) for name in names})

    def latest_as_of(self, day: int) -> Codes:
        """Return the latest table of each attribute as if it had been known on a day."""
        return Codes({name: (replace(tables[-1], day=day),) for name, tables in self.tables.items() if tables})

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {name: [asdict(table) for table in tables] for name, tables in self.tables.items()}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Read what `to_dict` gave."""
        return cls({name: tuple(CodeTable(**table) for table in tables) for name, tables in content.items()})


def _by_day(tables: Sequence[CodeTable]) -> tuple[CodeTable, ...]:
    latest = {table.day: table for table in tables}
    return tuple(latest[day] for day in sorted(latest))


NO_CODES = Codes()
