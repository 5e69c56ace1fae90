"""What came of what the lists said: of everybody who was scored, who stayed away within the horizon, and who did not.

Customers who were contacted count as everybody does, so a list that works makes its own scores look too high. What
acting saved is told by `regulars effect`, which compares with whom nobody contacted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from features.churn.labels import ChurnDefinition, complete_until, label_table
from features.clock import date_of, day_number
from features.log import Log
from serving.book.book import Book
from serving.book.inbox.said import ListMade, customers_listed, lists_made, said_of_everybody
from serving.outreach.plan.candidates import NEW, REGULAR, WINBACK
from serving.scores import HIGH_FROM
from training.backtest.bands import Band, tenths
from training.dataset import Flags, Floats
from training.metrics import auroc

# Reminders come before anybody is late, and accounts that buy less still buy.
SAID_TO_LEAVE = (REGULAR, NEW, WINBACK)
MOST_LISTS = 52
LONGEST_ACTIVE_DAYS = 3650


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


@dataclass(frozen=True, eq=False)
class TurnedOut:
    """What became of everybody whom a list's run scored.

    Args:
        as_of: the day of the list.
        horizon_days: of its scores.
        p: the probability of each customer (n,).
        churned: who stayed away (n,).
        on_list: who was on the list as likely to leave (n,).
    """

    as_of: date
    horizon_days: int
    p: Floats
    churned: Flags
    on_list: Flags

    @property
    def truth(self) -> Truth:
        """The counts."""
        high = self.p >= HIGH_FROM
        return Truth(
            as_of=self.as_of,
            until=self.as_of + timedelta(self.horizon_days - 1),
            customers=len(self.p),
            churned=int(self.churned.sum()),
            auroc=auroc(self.churned, self.p),
            listed=int(self.on_list.sum()),
            listed_churned=int((self.on_list & self.churned).sum()),
            said=float(self.p.mean()),
            high=int(high.sum()),
            high_churned=int((high & self.churned).sum()),
        )


def turned_out(
    log: Log, as_of: date, horizon_days: int, scores: pd.DataFrame, listed: Collection[str]
) -> TurnedOut | None:
    """Compare scores and list with the orders of the horizon; None where the log knows nobody of them.

    Args:
        log: the shop's log; it must reach to the end of the horizon (`complete_until`).
        as_of: the day of the list.
        horizon_days: of its scores.
        scores: customer_id and probability of everybody who was scored.
        listed: customers on the list as likely to leave.
    """
    active_days = min(max(day_number(as_of) - log.first_day, 1), LONGEST_ACTIVE_DAYS)  # whoever was scored, then
    labels = label_table(log, [as_of], ChurnDefinition(horizon_days, active_days)).set_index("customer_id")["churned"]
    known = scores[scores["customer_id"].isin(labels.index)]  # without whom the shop's files no longer name
    if known.empty:
        return None
    churned = labels.reindex(known["customer_id"]).to_numpy(dtype=bool)
    on_list = known["customer_id"].isin(set(listed)).to_numpy(dtype=bool)
    return TurnedOut(as_of, horizon_days, known["probability"].to_numpy(dtype=np.float64), churned, on_list)


@dataclass(frozen=True)
class CameTrue:
    """What came of the lists whose horizon has ended.

    Args:
        truths: of each of them, the latest first.
        bands: of those of them whose horizons do not overlap, by what was said; empty where none has ended.
        lists: behind the bands.
        older: lists of before, which are not told.
        next_known_on: from which day on it is known what came of the next list; None where none is waited for.
        next_as_of: the day of that list.
        complete_until: orders before this day are known.
    """

    truths: tuple[Truth, ...]
    bands: tuple[Band, ...]
    lists: int
    older: int
    next_known_on: date | None
    next_as_of: date | None
    complete_until: date


def came_true(book: Book, log: Log, most: int = MOST_LISTS) -> CameTrue:
    """Compare what every list said with what came, as soon as its horizon has ended.

    Args:
        book: the database of record.
        log: the shop's log.
        most: so many lists are told, the latest ones.
    """
    until = date_of(complete_until(log))
    with book.reading() as connection:
        made = lists_made(connection)
    ended = [each for each in made if each.known_on <= until]
    waiting = next((each for each in made if each.known_on > until), None)
    found, apart = list[Truth](), list[TurnedOut]()
    for each in _turned_out(book, log, reversed(ended[-most:])):
        found.append(each.truth)
        if not apart or _ends(each) <= apart[-1].as_of:
            apart.append(each)
    return CameTrue(
        truths=tuple(found),
        bands=_bands(apart),
        lists=len(apart),
        older=max(0, len(ended) - most),
        next_known_on=None if waiting is None else waiting.known_on,
        next_as_of=None if waiting is None else waiting.as_of,
        complete_until=until,
    )


def _turned_out(book: Book, log: Log, made: Iterator[ListMade]) -> Iterator[TurnedOut]:
    for each in made:
        with book.reading() as connection:
            scores = said_of_everybody(connection, each.run_id)
            listed = customers_listed(connection, each.id, SAID_TO_LEAVE)
        found = turned_out(log, each.as_of, each.horizon_days, scores, listed)
        if found is not None:
            yield found


def _ends(each: TurnedOut) -> date:
    return each.as_of + timedelta(each.horizon_days)


def _bands(apart: list[TurnedOut]) -> tuple[Band, ...]:
    """Return the bands of lists whose horizons do not overlap: one customer's rows in them are independent draws."""
    if not apart:
        return ()
    return tenths(np.concatenate([each.churned for each in apart]), np.concatenate([each.p for each in apart]))
