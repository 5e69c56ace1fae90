"""Computes the KPIs of a period: who was kept, lost, gained and won back, and what they ordered.

A customer is active at a date when the last order lies within `active_days` before it. Of a period,

- S are active at its start and E at its end; kept = active at both, lost = active at its start and not at its end;
- gained = the first order lies in it; some of them are silent again at its end, so `gained_active` counts the others;
- came back = not active at its start, had ordered before, ordered in it; `recovered` = those still active at its end.

Customer retention rate: CRR = (E − N) / S × 100, with N everyone active at the end who was not at the start, gained or
recovered: E − N = kept, so the rate lies within 0 and 100, and with the churn rate, lost / S × 100, makes 100. Taking
away only the gained would count who came back as kept, and pass 100 in a month when many do.

Nothing is guessed. An unfinished period has its sums so far, but no rates and nothing of its end. Who is active
at a date is known once the log reaches `active_days` back from it: before that, silence and the log's beginning look
alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.churn.labels import complete_until
from features.churn.survival import Flags
from features.kpis.order_counts import OrderCounts, order_counts
from features.kpis.periods import Calendar, Period, PeriodKind, periods
from features.log import Ints, Log

NO_GROUP = "none"


@dataclass(frozen=True)
class Kpis:
    """Counts of one period; the rates follow from them. None = not known.

    Args:
        period: the days.
        finished: the log holds its last day.
        begun: the log holds its first day.
        active_at_start: S.
        active_at_end: E.
        kept: active at both.
        gained: first order of the log in the period.
        gained_active: of these, active at its end.
        came_back: dormant at its start, ordered in it.
        recovered: of these, active at its end.
        customers_to_date: with an order before its end.
        spend_to_date: of these, less what came back of it, minor units.
        ordering: customers with an order in the period.
        repeating: of these, on two days or more.
        orders: in the period.
        spend: in the period, minor units.
    """

    period: Period
    finished: bool
    begun: bool
    active_at_start: int | None
    active_at_end: int | None
    kept: int | None
    gained: int
    gained_active: int | None
    came_back: int | None
    recovered: int | None
    customers_to_date: int
    spend_to_date: int
    ordering: int
    repeating: int
    orders: int
    spend: int

    @property
    def lost(self) -> int | None:
        """Active at the start, not at the end."""
        return None if self.kept is None or self.active_at_start is None else self.active_at_start - self.kept

    @property
    def joined(self) -> int | None:
        """N of the retention rate: active at the end, not at the start."""
        return None if self.kept is None or self.active_at_end is None else self.active_at_end - self.kept

    @property
    def dormant_at_end(self) -> int | None:
        """Have ordered before, are not active at the end."""
        return None if self.active_at_end is None else self.customers_to_date - self.active_at_end

    @property
    def retention_percent(self) -> float | None:
        """CRR = (E − N) / S × 100; None where S is 0."""
        if self.active_at_end is None or self.joined is None or not self.active_at_start:
            return None
        return 100 * (self.active_at_end - self.joined) / self.active_at_start

    @property
    def churn_percent(self) -> float | None:
        """100 − CRR, the lost among S."""
        return None if self.retention_percent is None else 100 - self.retention_percent

    @property
    def repeat_purchase_percent(self) -> float | None:
        """Of who ordered in the period, the share that did so on two days or more."""
        return self._rate(100 * self.repeating, self.ordering)

    @property
    def purchase_frequency(self) -> float | None:
        """Orders per customer who ordered in the period."""
        return self._rate(self.orders, self.ordering)

    @property
    def average_order_value(self) -> float | None:
        """Spend per order, minor units."""
        return self._rate(self.spend, self.orders)

    @property
    def historic_lifetime_value(self) -> float | None:
        """Spend to date, less refunds, per customer who has ever ordered, minor units; not before the period's end."""
        return self.spend_to_date / self.customers_to_date if self.finished and self.customers_to_date else None

    def _rate(self, part: int, whole: int) -> float | None:
        return part / whole if self.finished and self.begun and whole else None


@dataclass(frozen=True, eq=False)
class KpiTable:
    """The figures of a shop and of its groups, period by period.

    Args:
        end: first day number that is not known.
        active_days: who has ordered in the last so many days is active.
        whole: of all customers, oldest period first.
        groups: of each group, the same periods; they add up to the whole.
    """

    end: int
    active_days: int
    whole: tuple[Kpis, ...]
    groups: Mapping[str, tuple[Kpis, ...]]

    @property
    def latest(self) -> Kpis | None:
        """The last finished period."""
        return next((each for each in reversed(self.whole) if each.finished), None)


def retention_kpis(
    log: Log,
    active_days: int,
    kind: PeriodKind = "month",
    *,
    end: int | None = None,
    group_of: Mapping[str, str] | None = None,
    calendar: Calendar = "gregorian",
) -> KpiTable:
    """Count who was kept, lost, gained and won back in every calendar period of a log.

    Args:
        log: the shop's log.
        active_days: who has ordered in the last so many days is active.
        kind: month, quarter or year.
        end: first day number that is not known; `complete_until(log)` where none is given.
        group_of: customer → group; who is not in it is in `NO_GROUP`.
        calendar: whose months, quarters and years they are.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> log = roll_up(Lines.of(["ann", "bob", "ann", "cem"], [0, 20, 40, 61], [700, 300, 50, 90]))
    >>> february = retention_kpis(log, active_days=31).whole[1]
    >>> february.active_at_start, february.kept, february.retention_percent, february.churn_percent
    (2, 1, 50.0, 50.0)
    """
    known_until = complete_until(log) if end is None else end
    spans = periods(kind, log.first_day, known_until, calendar)
    return kpis_of(log, active_days, spans, end=known_until, group_of=group_of)


def kpis_of(
    log: Log,
    active_days: int,
    spans: Sequence[Period],
    *,
    end: int,
    group_of: Mapping[str, str] | None = None,
) -> KpiTable:
    """Count the periods that are given; each begins where the one before it ends. Arguments as for `retention_kpis`.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> log = roll_up(Lines.of(["ann", "ann"], [1, 12], [700, 300]))
    >>> kpis_of(log, 10, [Period("a week", 11, 18)], end=18).whole[0].kept
    1
    """
    if not spans:
        return KpiTable(end, active_days, (), {})
    names, group = _groups(log, group_of)
    sums = _sums(log, active_days, spans, end, group, len(names))
    first_day = log.first_day
    groups = {name: _of_group(sums, index, spans, first_day, active_days, end) for index, name in enumerate(names)}
    total = {name: counts.sum(axis=0, keepdims=True) for name, counts in sums.items()}
    whole = _of_group(total, 0, spans, first_day, active_days, end)
    return KpiTable(end, active_days, whole, groups if group_of is not None else {})


def _groups(log: Log, group_of: Mapping[str, str] | None) -> tuple[list[str], Ints]:
    """Return the groups' names, sorted, and the group of each customer."""
    if group_of is None:
        return [NO_GROUP], np.zeros(log.n_customers, dtype=np.int64)
    named = np.array([group_of.get(customer, NO_GROUP) for customer in log.customer_ids], dtype=object)
    names, group = np.unique(named, return_inverse=True)
    return [str(name) for name in names], group.astype(np.int64)


def _sums(log: Log, active_days: int, spans: Sequence[Period], end: int, group: Ints, n_groups: int) -> dict[str, Ints]:
    """Return every count, groups × edges; a count of period j stands at its end, edge j + 1."""
    # An edge after the last known day is pulled back to it: nothing behind it is read.
    edges = np.array([spans[0].first_day, *(min(span.end, end) for span in spans)], dtype=np.int64)
    sums: dict[str, Ints] = {}
    for counts in order_counts(log, edges.tolist()):
        rows = group[counts.customers]
        order = np.argsort(rows, kind="stable")
        by_group = counts.take(order) if n_groups > 1 else counts
        for name, table in _tables(by_group, active_days).items():
            so_far = sums.setdefault(name, np.zeros((n_groups, len(edges)), dtype=np.int64))
            so_far += _by_group(table, rows[order], n_groups)
    return sums


def _tables(counts: OrderCounts, active_days: int) -> dict[str, Ints | Flags]:
    """Return what is counted, each customers × edges."""
    active, gained, ordered = counts.active(active_days), counts.gained, counts.ordered
    before = np.concatenate([np.zeros((len(active), 1), dtype=bool), active[:, :-1]], axis=1)
    came_back = ordered & ~before & ~gained
    return {
        "active": active,
        "kept": active & before,
        "gained": gained,
        "gained_active": gained & active,
        "came_back": came_back,
        "recovered": came_back & active,
        "ordering": ordered,
        "repeating": counts.order_days > 1,
        "orders": counts.orders,
        "spend": counts.spend,
        "net": counts.spend - counts.refunded,
    }


def _by_group(table: Ints | Flags, group: Ints, n_groups: int) -> Ints:
    """Sum a table over its rows by group; the rows are sorted by group."""
    begins = np.flatnonzero(np.diff(group, prepend=-1))
    summed = np.zeros((n_groups, table.shape[1]), dtype=np.int64)
    # Turned into integers first: reduceat is slow where it has to do that row by row.
    summed[group[begins]] = np.add.reduceat(table.astype(np.int64), begins, axis=0)
    return summed


def _of_group(
    sums: Mapping[str, Ints], group: int, spans: Sequence[Period], first_day: int, active_days: int, end: int
) -> tuple[Kpis, ...]:
    """Return the periods of one group; None for what the log cannot know."""
    counts = {name: table[group].tolist() for name, table in sums.items()}
    to_date = {name: np.cumsum(sums[name][group]).tolist() for name in ("gained", "net")}

    def period(index: int, span: Period) -> Kpis:
        finished, at = span.end <= end, index + 1
        start_known = span.first_day - active_days >= first_day
        end_known = finished and span.end - active_days >= first_day

        def known(name: str, is_known: bool, column: int = at) -> int | None:
            return counts[name][column] if is_known else None

        return Kpis(
            period=span,
            finished=finished,
            begun=span.first_day >= first_day,
            active_at_start=known("active", start_known, index),
            active_at_end=known("active", end_known),
            kept=known("kept", start_known and finished),
            gained=counts["gained"][at],
            gained_active=known("gained_active", finished),
            came_back=known("came_back", start_known and finished),
            recovered=known("recovered", start_known and finished),
            customers_to_date=to_date["gained"][at],
            spend_to_date=to_date["net"][at],
            **{name: counts[name][at] for name in ("ordering", "repeating", "orders", "spend")},
        )

    return tuple(period(index, span) for index, span in enumerate(spans))
