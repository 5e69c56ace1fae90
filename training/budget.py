"""The budget of a training run: on how many dates it is judged, and how many rows it learns from.

A very large shop is learnt from a part of its customers, drawn whole: with so many, more of them cost minutes and tell
little. What the part stands for is said wherever its figures are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from features.churn.labels import ChurnDefinition
from features.clock import day_number
from features.errors import InputError
from features.log import Log
from training.dataset import sample_customers
from training.splits import TEST_DATES, active_customers, latest_dates

QUICK_TESTS, QUICK_ROWS = 2, 60_000
MOST_ROWS = 1_000_000
# A minute of one core fits all candidates on about so many rows of one test date.
ROWS_A_MINUTE = 250_000
# The least that a run with a budget does: two test dates and the refit.
LEAST_FITS = 3


@dataclass(frozen=True)
class Budget:
    """How much a training run may do.

    Args:
        tests: test dates at most.
        rows: of training at most, over all dates; with more, customers are drawn.
        seconds: after which no further test date is begun; None for no such bound.

    >>> Budget().tests
    5
    """

    tests: int = TEST_DATES
    rows: int = MOST_ROWS
    seconds: float | None = None


FULL = Budget()
QUICK = Budget(QUICK_TESTS, QUICK_ROWS)


def budget_of(text: str) -> Budget:
    """Return a budget by its name, or by a number of minutes.

    Raises:
        InputError: it is neither.

    >>> budget_of("10").seconds
    600.0
    """
    named = {"quick": QUICK, "full": FULL}
    if text in named:
        return named[text]
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not 0 < minutes < 1e6:
        raise InputError(f'--budget is quick, full, or a number of minutes above 0, such as 10; not "{text}"')
    return Budget(rows=min(MOST_ROWS, int(minutes * ROWS_A_MINUTE / LEAST_FITS)), seconds=60 * minutes)


@dataclass(frozen=True, eq=False)
class Sample:
    """The customers that are learnt from and judged on.

    Args:
        log: theirs.
        customers: how many they are.
        of: how many the shop has.
    """

    log: Log
    customers: int
    of: int

    @property
    def share(self) -> float:
        """The part of all customers that they are."""
        return self.customers / self.of if self.of else 1.0

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be said about it; nothing where they are all."""
        if self.customers == self.of:
            return ()
        return (
            f"learnt from and judged on {self.customers:,} of {self.of:,} customers, drawn at random with all their "
            f"orders; everybody is scored. Lists are counted for all",
        )


def sample(log: Log, definition: ChurnDefinition, until: date | None = None, rows: int = MOST_ROWS) -> Sample:
    """Return as many customers as give so many rows of training, or all where they give fewer.

    Args:
        log: the shop's log.
        definition: population and horizon.
        until: orders on or after this date are not read.
        rows: at most, over all training dates.

    Raises:
        InsufficientHistory: there is no training date.
    """
    dates = latest_dates(log, definition, until)
    found = len(dates) * active_customers(log, day_number(dates[-1]), definition)
    if found <= rows:
        return Sample(log, log.n_customers, log.n_customers)
    some = sample_customers(log, max(1, int(log.n_customers * rows / found)))
    return Sample(some, some.n_customers, log.n_customers)
