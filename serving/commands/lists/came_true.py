"""What came of what the lists said, list by list, and by probability: of everybody who was scored, who stayed away.

Customers who were contacted count as everybody does, so a list that works makes its own scores look too high. What
acting saved is told by `regulars effect`, which compares with whom nobody contacted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from features.churn.labels import complete_until
from features.clock import date_of
from features.log import Log
from serving.book.book import Book
from serving.monitoring.alarm import Alarm
from serving.monitoring.expected_quality import Expected
from serving.monitoring.report import realised_alarms, so_far_alarms
from serving.monitoring.so_far import SoFar, survival
from serving.monitoring.windows import Window, each_window
from serving.scores import HIGH_FROM
from training.backtest.bands import Band, tenths
from training.bundle import Bundle
from training.dataset import Flags, Floats
from training.forecasts.level import UNKNOWN_UNCERTAINTY
from training.metrics import auroc


@dataclass(frozen=True)
class Truth:
    """What came true within the horizon of a list.

    Args:
        as_of: the day of the list.
        until: the last day of its horizon.
        customers: who were scored.
        churned: of them stayed away.
        auroc: how often one who left had the higher risk than one who stayed; NaN where all did the same.
        listed: customers on the list as likely to leave.
        listed_churned: of them stayed away.
        said: the mean probability of everybody.
        high: customers more likely to stay away than to order.
        high_churned: of them stayed away.
    """

    as_of: date
    until: date
    customers: int
    churned: int
    auroc: float
    listed: int
    listed_churned: int
    said: float
    high: int
    high_churned: int

    @property
    def lift(self) -> float | None:
        """How many times as many stayed away on the list as among all; None where nobody did, or nobody is on it."""
        base = self.churned / self.customers
        return self.listed_churned / self.listed / base if self.listed and base else None


def truth_of(window: Window) -> Truth:
    """Return what came true of a window that has ended."""
    p, churned = window.p, window.silent
    high, on_list = p >= HIGH_FROM, np.zeros(len(p), dtype=bool)
    on_list[[] if window.listed is None else window.listed] = True
    return Truth(
        as_of=window.run.as_of,
        until=window.until - timedelta(1),
        customers=len(p),
        churned=int(churned.sum()),
        auroc=auroc(churned, p),
        listed=int(on_list.sum()),
        listed_churned=int((on_list & churned).sum()),
        said=float(p.mean()),
        high=int(high.sum()),
        high_churned=int((high & churned).sum()),
    )


@dataclass(frozen=True)
class Pending:
    """A list whose horizon goes on.

    Args:
        as_of: its day.
        known_on: the first day on which it is known what came of it.
        listed: customers on it as likely to leave.
        hits: how many of them are expected to stay away.
        so_far: who has ordered nothing yet, from half of the horizon on; None = it is too early, or not known.
    """

    as_of: date
    known_on: date
    listed: int
    hits: Expected
    so_far: SoFar | None


@dataclass(frozen=True)
class CameTrue:
    """What came of the lists.

    Args:
        truths: of each list whose horizon has ended, the latest first.
        bands: of those of them whose horizons do not overlap, by what was said; empty where none has ended.
        lists: behind the bands.
        pending: of the lists whose horizon goes on, the one that ends first; None where there is none.
        alarms: where what came, or comes, is further from what was said than chance explains.
        complete_until: orders before this day are known.
    """

    truths: tuple[Truth, ...]
    bands: tuple[Band, ...]
    lists: int
    pending: Pending | None
    alarms: tuple[Alarm, ...]
    complete_until: date


def came_true(book: Book, log: Log, bundle: Bundle | None = None, version: str = "") -> CameTrue:
    """Compare what every list said with what came, as soon as its horizon has ended.

    Args:
        book: the database of record.
        log: the shop's log.
        bundle: the model that serves; None = none does.
        version: of it.
    """

    def level_error(of: str, day: date) -> float:
        return UNKNOWN_UNCERTAINTY if bundle is None or of != version else bundle.level_error(day)

    end, told, first, alarms = complete_until(log), _Told(), None, list[Alarm]()
    for window in _listed(each_window(book, log, end, level_error)):
        if not window.has_ended:
            first = window
            continue
        alarms += realised_alarms([window]) if not told.truths else []
        told.add(window)
    pending = None if first is None else _pending(first, bundle if first.run.model_version == version else None)
    alarms += so_far_alarms(None if pending is None else pending.so_far)
    return CameTrue(tuple(told.truths), told.bands, len(told.p), pending, tuple(alarms), date_of(end))


class _Told:
    """What is kept of the windows that have ended, the latest first: the rest of each is let go."""

    def __init__(self) -> None:
        self.truths, self.p, self.churned = list[Truth](), list[Floats](), list[Flags]()
        self._first_day: date | None = None

    def add(self, window: Window) -> None:
        """Take in one window; to the bands only where it shares no day with one that is in them."""
        self.truths.append(truth_of(window))
        if self._first_day is None or window.until <= self._first_day:
            self._first_day = window.run.as_of
            self.p.append(window.p)
            self.churned.append(window.silent)

    @property
    def bands(self) -> tuple[Band, ...]:
        """Said against come, by probability."""
        return tenths(np.concatenate(self.churned), np.concatenate(self.p)) if self.p else ()


def _listed(windows: Iterator[Window]) -> Iterator[Window]:
    return (window for window in windows if window.listed is not None)


def _pending(window: Window, bundle: Bundle | None) -> Pending:
    half_over = 2 * window.elapsed_days >= window.run.horizon_days
    return Pending(
        as_of=window.run.as_of,
        known_on=window.until,
        listed=0 if window.listed is None else len(window.listed),
        hits=window.expected["hits"],
        so_far=survival(window, bundle) if half_over and bundle is not None else None,
    )
