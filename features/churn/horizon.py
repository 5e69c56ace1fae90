"""Proposes the churn horizon from the shop's own gaps: how long a silence means that a customer has left.

Two things are mixed in a shop's silences: gaps of customers who come back, and the last silence of those who left. A
horizon has to outlast the first, so it is a quantile of the gaps *given that the customer comes back*: the aim is to
find who never comes back, not who has a long gap. The finished gaps alone would give too short a horizon: near the end
of the log only short ones have had the time to end. Kaplan–Meier counts a silence that the log cuts off as at least so
long. Its curve falls to a level, the share that never comes back, and the gaps are the part above that level.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import ceil

import numpy as np

from features.churn.labels import ChurnDefinition, complete_until, label_table
from features.churn.survival import Flags, Survival, kaplan_meier
from features.clock import date_of
from features.log import Ints, Log

# Usual horizons, in days; customers whose gaps are longer than the last have no rhythm to build a list on.
HORIZONS_DAYS = (7, 14, 30, 60, 90, 180, 365, 730)
# Covering 80–90 % gave usable churn rates on the shops that were tried.
GAPS_COVERED = 0.85
ACTIVE_HORIZONS = 3
LEAST_ACTIVE_DAYS = 90
WITHOUT_GAPS_DAYS = 30
# The curve is read as far as so many silences were followed; in a small log, as far as this share of them.
SILENCES_TO_READ = 20
SHARE_TO_READ = 0.05
# A date with less history before it has too small a population.
LEAST_HISTORY_DAYS = 7
DATES_LOOKED_AT = 3
USABLE_RATES = (0.10, 0.90)
NO_SEGMENT = "no segment"


@dataclass(frozen=True, eq=False)
class Silences:
    """Every silence of a log, one per order day.

    Args:
        begin: day number of the order before it.
        days: how long it lasted when the next order came, or when the log ended.
        ended: whether an order ended it.
        end: first day number after the log.
    """

    begin: Ints
    days: Ints
    ended: Flags
    end: int

    @classmethod
    def of(cls, log: Log, end: int) -> Silences:
        """Read the silences of a log, as known at the start of day `end`.

        >>> from features.log import Lines
        >>> from features.roll_up import roll_up
        >>> found = Silences.of(roll_up(Lines.of(["ann", "ann", "bob"], [1, 5, 3], [700, 300, 50])), end=10)
        >>> found.days.tolist(), found.ended.tolist()
        ([4, 4, 6], [True, False, False])
        """
        orders = log.streams["orders"].keep(log.streams["orders"].day < end)
        following = np.append(orders.day[1:], end - 1)
        ended = np.append(orders.customer[1:] == orders.customer[:-1], False)[: len(orders)]
        days = np.where(ended, following[: len(orders)], end - 1) - orders.day
        return cls(orders.day, days, ended, end)

    def followed(self, days: int) -> Flags:
        """Return which lasted longer than so many days and were followed for as many again."""
        return np.asarray((self.days > days) & (self.begin + 2 * days < self.end), dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class GapCurve:
    """How long the gaps of a shop are, with the silences that the log cuts off counted as at least so long.

    Args:
        survival: the product-limit estimate of all silences, days.
        reach_days: the curve is read up to here; beyond it too few silences were followed.
    """

    survival: Survival
    reach_days: float

    @classmethod
    def of(cls, silences: Silences) -> GapCurve:
        """Estimate the curve."""
        days = silences.days.astype(np.float64)
        found = kaplan_meier(np.zeros(len(days)), days, silences.ended)
        enough = ceil(min(SILENCES_TO_READ, SHARE_TO_READ * len(days)))
        return cls(found, float(np.sort(days)[-enough]) if enough else 0.0)

    @property
    def never_back(self) -> float:
        """The level that the curve falls to: the share of silences that do not end within `reach_days`."""
        return self.survival.after(self.reach_days)

    def share_covered(self, days: float) -> float:
        """Return the share of gaps that are at most so long, given that the customer comes back.

        >>> silences = Silences(np.zeros(4, int), np.array([2, 4, 9, 9]), np.array([True, True, False, False]), 10)
        >>> GapCurve.of(silences).share_covered(2)
        0.5
        """
        back = 1 - self.never_back
        return min(1.0, (1 - self.survival.after(days)) / back) if back > 0 else 0.0

    def days_covering(self, share: float) -> float | None:
        """Return the fewest days that cover so many of the gaps; None where nobody ever came back."""
        shares = [self.share_covered(time) for time in self.survival.times]
        first = next((index for index, each in enumerate(shares) if each >= share - 1e-12), None)
        return None if first is None else float(self.survival.times[first])

    def never_back_after(self, days: float) -> float | None:
        """Return P(not back within `reach_days` | silent for so long), None beyond half of `reach_days`.

        A silence that is nearly as long as the curve has no time left to end in, which proves nothing.
        """
        still = self.survival.after(days)
        return self.never_back / still if still > 0 and 2 * days <= self.reach_days else None

    def days_until_gone(self) -> float | None:
        """Return the days of silence from which on half never come back; None where the curve does not show it.

        >>> silences = Silences(np.zeros(3, int), np.array([2, 4, 9]), np.array([True, True, False]), 10)
        >>> GapCurve.of(silences).days_until_gone()
        2.0
        """
        known = ((float(time), self.never_back_after(time)) for time in self.survival.times)
        return next((time for time, never in known if never is not None and never >= 0.5), None)


@dataclass(frozen=True)
class Window:
    """One horizon, and what it would mean for this shop.

    Args:
        definition: the horizon, and the active window that goes with it.
        covered: share of the gaps that are at most so long.
        silences: how many lasted longer and were followed for as many days again.
        never_back: share of these that never ended within the log; None where there are none.
        never_back_km: the same by Kaplan–Meier, from all silences; None beyond half of what the curve knows.
        dates: latest dates whose horizon has ended, a horizon apart, oldest first.
        population: customers who could churn on the last of these dates.
        base_rate: share of the population that churned, over these dates; None where there was nobody.
    """

    definition: ChurnDefinition
    covered: float
    silences: int
    never_back: float | None
    never_back_km: float | None
    dates: tuple[date, ...]
    population: int
    base_rate: float | None

    @property
    def usable(self) -> bool:
        """Whether between 10 and 90 % churn, so that a model has two groups to tell apart."""
        return self.base_rate is not None and USABLE_RATES[0] <= self.base_rate <= USABLE_RATES[1]


@dataclass(frozen=True, eq=False)
class ProposedHorizon:
    """A churn definition proposed by the shop's gaps, and the evidence for and against it.

    Args:
        definition: the proposal.
        curve: of the gaps.
        gaps: how many gaps ended.
        cut_off: how many silences the end of the log cut off.
        windows: the proposal among others, shortest first.
        segments: the same for each segment, if asked.
    """

    definition: ChurnDefinition
    curve: GapCurve
    gaps: int
    cut_off: int
    windows: tuple[Window, ...]
    segments: Mapping[str, ProposedHorizon] = field(default_factory=dict)

    @property
    def window(self) -> Window:
        """The proposed one."""
        return next(each for each in self.windows if each.definition == self.definition)

    @property
    def warning(self) -> str:
        """What is wrong with the churn rate at the proposed horizon, in words; '' where nothing is."""
        rate, days = self.window.base_rate, self.definition.horizon_days
        if rate is None:
            return f"no date has both a history and {days} days after it, so the churn rate is not known"
        if self.window.usable:
            return ""
        who = "hardly anybody leaves" if rate < USABLE_RATES[0] else "nearly everybody leaves"
        others = [each for each in self.windows if each.usable]
        near = min(others, key=lambda each: abs(each.definition.horizon_days - days), default=None)
        instead = f"; {near.definition.horizon_days} days would give {near.base_rate:.0%}" if near else ""
        return f"at {days} days {rate:.0%} churn, outside 10–90 %: {who}, and a list has little to tell apart{instead}"


def proposed_definition(log: Log) -> ChurnDefinition:
    """Propose a churn definition from the shop's own gaps.

    The horizon covers 85 % of the gaps between a customer's order days, rounded up to 7, 14, 30, 60, 90, 180, 365 or
    730 days, and is made shorter where the log is too short to train and to test on it; who was active in the last
    three horizons, 90 days at least, can churn.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> proposed_definition(roll_up(Lines.of(["ann"] * 40, list(range(0, 400, 10)), [700] * 40)))
    ChurnDefinition(horizon_days=14, active_days=90)
    """
    end = complete_until(log)
    return _chosen(GapCurve.of(Silences.of(log, end)), end - log.first_day)


def proposed_horizon(
    log: Log, segments: Mapping[str, str] | None = None, also_days: Sequence[int] = ()
) -> ProposedHorizon:
    """Propose a churn definition and show what it, and others, would mean for the shop.

    Args:
        log: the shop's log.
        segments: customer → segment, to propose for each segment too; who is not in it is in `NO_SEGMENT`.
        also_days: horizons to show besides the usual ones, days.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> found = proposed_horizon(roll_up(Lines.of(["ann"] * 40, list(range(0, 400, 10)), [700] * 40)))
    >>> found.window.covered, found.window.base_rate
    (1.0, 0.0)
    """
    first_day, end = log.first_day, complete_until(log)
    groups: dict[str, list[str]] = {}
    for customer in log.customer_ids if segments is not None else ():
        groups.setdefault((segments or {}).get(customer, NO_SEGMENT), []).append(customer)
    parts = {name: _proposed(log.only(groups[name]), first_day, end, also_days) for name in sorted(groups)}
    return _proposed(log, first_day, end, also_days, {name: part for name, part in parts.items() if part.windows})


def _proposed(
    log: Log, first_day: int, end: int, also_days: Sequence[int], segments: Mapping[str, ProposedHorizon] | None = None
) -> ProposedHorizon:
    silences = Silences.of(log, end)
    curve = GapCurve.of(silences)
    ended = int(np.count_nonzero(silences.ended))
    horizons = sorted({*HORIZONS_DAYS, *also_days})
    return ProposedHorizon(
        definition=_chosen(curve, end - first_day),
        curve=curve,
        gaps=ended,
        cut_off=len(silences.days) - ended,
        windows=tuple(_window(log, silences, curve, first_day, days) for days in horizons if len(silences.days)),
        segments=segments or {},
    )


def _chosen(curve: GapCurve, history_days: int) -> ChurnDefinition:
    covering = curve.days_covering(GAPS_COVERED) or WITHOUT_GAPS_DAYS
    fitting = [days for days in HORIZONS_DAYS if days * (ACTIVE_HORIZONS + 2) <= history_days] or [HORIZONS_DAYS[0]]
    return _definition(next((days for days in fitting if days >= covering), fitting[-1]))


def _definition(horizon_days: int) -> ChurnDefinition:
    active = max(LEAST_ACTIVE_DAYS, ACTIVE_HORIZONS * horizon_days)
    return ChurnDefinition(horizon_days, min(active, 3650))


def _window(log: Log, silences: Silences, curve: GapCurve, first_day: int, horizon_days: int) -> Window:
    definition = _definition(horizon_days)
    followed = silences.followed(horizon_days)
    dates = _dates(first_day, silences.end, definition)
    labels = label_table(log, dates, definition) if dates else None
    on_last = 0 if labels is None else int((labels["as_of"] == labels["as_of"].max()).sum())
    return Window(
        definition=definition,
        covered=curve.share_covered(horizon_days),
        silences=int(np.count_nonzero(followed)),
        never_back=float(np.mean(~silences.ended[followed])) if followed.any() else None,
        never_back_km=curve.never_back_after(horizon_days),
        dates=dates,
        population=on_last,
        base_rate=None if labels is None or labels.empty else float(labels["churned"].mean()),
    )


def _dates(first_day: int, end: int, definition: ChurnDefinition) -> tuple[date, ...]:
    """Return the last three dates with a finished horizon and a full past; a short log gives its last one."""
    last = end - definition.horizon_days
    days = range(last, first_day + definition.active_days - 1, -definition.horizon_days)[:DATES_LOOKED_AT]
    shorter = [last] if last - first_day >= LEAST_HISTORY_DAYS else []
    return tuple(date_of(day) for day in reversed(days or shorter))
