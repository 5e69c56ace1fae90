"""The windows of scoring runs: what was said when each began, and what came of it as far as the log shows.

A customer who is listed is called, and some order because of it. So a list should come out better than was said of it;
what that is worth is the effect's to measure, against those whom nobody calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd

from features.clock import date_of, day_number, future
from features.log import Ints, Log, Texts
from serving.book import Book, Run
from serving.book.judged import SAID_NUMBERS, listed_in, lists_of, runs_since, said_in
from serving.monitoring.expected_quality import Expected, Judge, expected_quality
from serving.outreach.plan.candidates import NEW, REGULAR, WINBACK
from training.dataset import Flags, Floats

# Who is listed because they may leave; whoever is reminded or buys less is expected to go on buying.
LEAVING = (REGULAR, NEW, WINBACK)
MOST_RUNS = 60
LevelError = Callable[[str, date], float]


@dataclass(frozen=True, eq=False)
class Window:
    """One scoring run and its horizon.

    Args:
        run: of the book.
        said: customer_id, probability, band, days_since_order, usual_gap_days of whom the log still knows.
        unknown: customers of the run whom the log no longer knows, such as erased ones; they are not counted.
        lists: list number → the columns LISTED of its entries that may leave.
        level_error: standard error of the level that was said, in log-odds.
        end: the first day of which the log does not show all orders, a day number.
        log: the shop's log.
    """

    run: Run
    said: pd.DataFrame
    unknown: int
    lists: dict[int, pd.DataFrame]
    level_error: float
    end: int
    log: Log

    @property
    def until(self) -> date:
        """The first day after the horizon."""
        return date_of(day_number(self.run.as_of) + self.run.horizon_days)

    @property
    def elapsed_days(self) -> int:
        """How many days of the horizon the log shows."""
        return max(0, min(self.run.horizon_days, self.end - day_number(self.run.as_of)))

    @property
    def has_ended(self) -> bool:
        """Whether the log shows the whole horizon."""
        return self.elapsed_days == self.run.horizon_days

    @property
    def p(self) -> Floats:
        """The probability of each customer."""
        return self.said["probability"].to_numpy(dtype=np.float64)

    @cached_property
    def silent(self) -> Flags:
        """Who has not ordered since the run, on the days of the horizon that the log shows."""
        first, _ = future(day_number(self.run.as_of), self.run.horizon_days)
        return ~ordered_between(self.log, self.said["customer_id"], first, first + self.elapsed_days)

    @cached_property
    def listed(self) -> Ints | None:
        """Positions of the customers of the run's last list; None where none was made of it."""
        if not self.lists:
            return None
        ids = set(self.lists[max(self.lists)]["customer_id"])
        return np.flatnonzero(self.said["customer_id"].isin(ids).to_numpy())

    @cached_property
    def expected(self) -> dict[str, Expected]:
        """What each measure was expected to be."""
        return expected_quality(self.p, self.level_error, self.listed)

    @cached_property
    def realised(self) -> dict[str, float] | None:
        """What each measure was; None while the horizon goes on."""
        if not self.has_ended:
            return None
        found = Judge(self.p, self.listed).measures(self.silent[None, :])
        return {name: float(values[0]) for name, values in found.items()}


def read_windows(book: Book, log: Log, end: int, level_error: LevelError) -> tuple[Window, ...]:
    """Return the windows of the latest runs whose day the log reaches, oldest first; arguments as of `each_window`."""
    return tuple(reversed(list(each_window(book, log, end, level_error))))


def each_window(book: Book, log: Log, end: int, level_error: LevelError) -> Iterator[Window]:
    """Yield the windows of the latest runs whose day the log reaches, the latest first, each read when it is asked for.

    Args:
        book: the database of record.
        log: the shop's log.
        end: the first day of which it does not show all orders, a day number.
        level_error: of a model's version on a day, in log-odds.
    """
    with book.reading() as connection:
        runs = [run for run in runs_since(connection, date.min, MOST_RUNS) if day_number(run.as_of) <= end]
        lists = lists_of(connection, [run.id for run in runs])
    for run in reversed(runs):
        with book.reading() as connection:
            said = said_in(connection, run.id)
            own = {each: listed_in(connection, each, LEAVING) for each, of in lists.items() if of == run.id}
        at = positions(log, said["customer_id"])
        if (at >= 0).any():
            error, rest = level_error(run.model_version, run.as_of), int((at < 0).sum())
            yield Window(run, _compact(said, at, log), rest, own, error, end, log)


def _compact(said: pd.DataFrame, at: Ints, log: Log) -> pd.DataFrame:
    """Return whom the log knows, in a tenth of the memory: sixty runs of a large shop are held at once."""
    known = said[at >= 0].reset_index(drop=True)
    numbers = {name: pd.to_numeric(known[name]) for name in SAID_NUMBERS}
    return known.assign(customer_id=log.customer_ids[at[at >= 0]], band=known["band"].astype("category"), **numbers)


def positions(log: Log, customer_ids: pd.Series | Texts) -> Ints:
    """Return where each customer stands in a log; −1 where it is not in it."""
    found = pd.Index(log.customer_ids).get_indexer(pd.Index(customer_ids))
    return np.asarray(found, dtype=np.int64)


def ordered_between(log: Log, customer_ids: pd.Series, first: int, end: int) -> Flags:
    """Return who ordered on the days first … end − 1, day numbers."""
    orders = log.streams["orders"]
    inside = (orders.day >= first) & (orders.day < end)
    ordered = np.zeros(log.n_customers + 1, dtype=bool)
    ordered[orders.customer[inside]] = True
    return np.asarray(ordered[positions(log, customer_ids)])
