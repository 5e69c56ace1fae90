"""Whether the comparison itself is sound: as many of the compared accounts are held out as the lot said.

Where a filter, a lost list or a hand-made change took accounts out of one arm and not out of the other, the arms are no
longer alike, and no difference between them means anything. So the counts are tested before any figure is given: over
all, within each stratum, and on each list's day. Fabijan et al. (2019), "Diagnosing sample ratio mismatch in online
controlled experiments"; at p < 0.001 for all tests together, as is usual.

The test may be looked at every week: it is the likelihood ratio of other shares held out to the declared one, mixed
over how far off they are, and by Ville's inequality it reaches 1/α with chance α at most, ever. Lindon and Malek
(2022), "Anytime-valid inference for multinomial count data"; the shares may differ from list to list.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from serving.outreach.effect.comparison import Flags, Floats
from serving.outreach.plan.holdout import HOLDOUT

ALPHA = 0.001
FAMILIES = 3  # all accounts, strata, days: each has a third of the chance
# How far off the odds of being held out may be: times and divided by 1.25, 1.6, 2.7, 7.4, and 55.
TILTS: Floats = np.array([sign * tilt for tilt in (0.22, 0.5, 1.0, 2.0, 4.0) for sign in (-1, 1)])


@dataclass(frozen=True)
class Mismatch:
    """A count that chance does not explain.

    Args:
        of: all accounts, a stratum, or the list of a day.
        accounts: that are compared.
        holdout: of them held out.
        expected: held out by the shares that were declared.
    """

    of: str
    accounts: int
    holdout: int
    expected: float

    def __str__(self) -> str:
        return (
            f"{self.of}: {self.holdout:,} of {self.accounts:,} compared accounts are held out, and the lot drew about "
            f"{self.expected:,.0f}"
        )


@dataclass(frozen=True)
class SampleRatio:
    """The counts of the whole comparison, and where they are off.

    Args:
        accounts: whose share is known: lists of before December 2026 did not keep it.
        holdout: of them held out.
        expected: held out by the shares that were declared.
        mismatches: none where the comparison is sound.
    """

    accounts: int
    holdout: int
    expected: float
    mismatches: tuple[Mismatch, ...]

    @property
    def is_sound(self) -> bool:
        """Whether chance explains all counts."""
        return not self.mismatches

    def warning(self) -> str:
        """Say why there is no figure."""
        return (
            f"no figure: {'; '.join(map(str, self.mismatches))}. Chance alone does that less than once in a thousand "
            "trials: accounts were lost from one arm and not from the other, and no difference means anything until "
            "the cause is found (a filter behind the list, episodes deleted by hand, a list of another share)"
        )


def sample_ratio(first: pd.DataFrame) -> SampleRatio:
    """Test how many of the compared accounts are held out.

    Args:
        first: their episodes: arm, stratum, began_on, and `drawn_share`, the share held out of those that were drawn
            with it (NaN, or no such column: not known, and not tested).

    >>> from datetime import date
    >>> rows = {"arm": ["treated"] * 150, "stratum": "high", "began_on": date(2026, 3, 2), "drawn_share": 0.2}
    >>> str(sample_ratio(pd.DataFrame(rows)).mismatches[0])
    'all: 0 of 150 compared accounts are held out, and the lot drew about 30'
    """
    known = first[_shares(first).between(0, 1, inclusive="neither")]
    share, held = _shares(known).to_numpy(), (known["arm"] == HOLDOUT).to_numpy(dtype=bool)
    found = tuple(_mismatches(known, held, share))
    return SampleRatio(len(known), int(held.sum()), float(share.sum()), found)


def comparable(settled: pd.DataFrame) -> pd.DataFrame:
    """Return the episodes that may be compared: none where the sample ratio is off, else those with a chance of both.

    Args:
        settled: what `serving.outreach.effect.settled.settled` returns.
    """
    with_chance = settled[had_a_chance(settled)]
    first = with_chance[(with_chance["number"] == 1) & (with_chance["cell"] == "ranked")]
    return with_chance if sample_ratio(first).is_sound else with_chance.iloc[:0]


def had_a_chance(episodes: pd.DataFrame) -> pd.Series:
    """Return of each episode whether its account could have been held out: not while nobody was."""
    return _shares(episodes) != 0


def evidence(held: Flags, share: Floats) -> float:
    """Return the logarithm of how much likelier other shares make the counts than the declared one.

    >>> share = np.full(100, 0.2)
    >>> round(evidence(np.arange(100) < 20, share), 2), round(evidence(np.arange(100) < 50, share), 1)
    (-1.81, 18.2)
    """
    log_norm = np.log1p(share[:, None] * np.expm1(TILTS))
    ratios = (held[:, None] * TILTS - log_norm).sum(axis=0)
    return float(np.logaddexp.reduce(ratios) - math.log(len(TILTS)))


def _mismatches(known: pd.DataFrame, held: Flags, share: Floats) -> Iterator[Mismatch]:
    for words, column in (("all", None), ("stratum {}", "stratum"), ("the list of {}", "began_on")):
        names = np.full(len(known), "") if column is None else known[column].astype(str).to_numpy()
        groups = np.unique(names)
        limit = math.log(FAMILIES * max(1, len(groups)) / ALPHA)
        for name in groups:
            rows = names == name
            if evidence(held[rows], share[rows]) >= limit:
                count, expected = int(held[rows].sum()), float(share[rows].sum())
                yield Mismatch(words.format(name), int(rows.sum()), count, expected)


def _shares(episodes: pd.DataFrame) -> pd.Series:
    if "drawn_share" not in episodes:
        return pd.Series(np.nan, index=episodes.index, dtype=np.float64)
    return pd.to_numeric(episodes["drawn_share"]).astype(np.float64)
