"""The comparisons of a group with all other customers, and which of them show that it is served worse beyond chance.

Three comparisons a group: the AUROC; how far the mean probability lies from the share that churned; and the share of
those gone that was on the list, which Hardt, Price and Srebro (2016) call equal opportunity. Each is a difference of
two groups of customers, none of them in both, over its standard error. Of many comparisons some look bad by chance
alone, so they are taken together: Holm (1979) keeps the chance of a single false warning at 5 %, however many there
are and however they depend on each other. What is certain and small is no warning either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any, Literal

import numpy as np

from training.backtest.choice import surely
from training.backtest.clustered import Estimate, auroc_estimate, mean, share
from training.backtest.fairness.rows import Judged
from training.metrics import known

Measure = Literal["ranking", "percentages", "list"]
FALSE_WARNINGS = 0.05
# With fewer who churned or stayed, or fewer gone, nothing is compared.
LEAST_CASES = 20
# A smaller difference changes no decision: points of AUROC; as far off as costs an A; a twentieth of those gone.
LEAST_DIFFERENCE: dict[Measure, float] = {"ranking": 0.02, "percentages": 0.03, "list": 0.05}


@dataclass(frozen=True)
class Comparison:
    """One measure of one group beside that of all other customers.

    Args:
        column: of the customers file.
        group: its name.
        measure: what is compared. Of percentages: what came minus what was said, so that above 0 too little was said.
        here: in the group.
        elsewhere: of everybody else.
        chance: of so large a difference where there is none.
        is_worse: whether the group is served worse beyond chance, all comparisons taken together.
    """

    column: str
    group: str
    measure: Measure
    here: float
    elsewhere: float
    chance: float
    is_worse: bool = False

    @property
    def is_large(self) -> bool:
        """Whether the difference is large enough to change a decision, and to the group's harm."""
        harm = abs(self.here) if self.measure == "percentages" else self.elsewhere - self.here
        return harm >= LEAST_DIFFERENCE[self.measure]

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "column": self.column,
            "group": self.group,
            "measure": self.measure,
            "here": known(self.here),
            "elsewhere": known(self.elsewhere),
            "chance": known(self.chance),
            "is_worse": self.is_worse,
        }


def compared(column: str, group: str, here: Judged, elsewhere: Judged) -> list[Comparison]:
    """Return the comparisons of a group for which there are enough customers on both sides.

    Args:
        column: of the customers file.
        group: its name.
        here: the rows of the group.
        elsewhere: the rows of everybody else.
    """
    found: list[Comparison] = []
    if _can_be_ranked(here) and _can_be_ranked(elsewhere):
        ranking = [auroc_estimate(rows.y, rows.p, rows.customer_id) for rows in (here, elsewhere)]
        found.append(_comparison(column, group, "ranking", *ranking))
        off = [mean(rows.y - rows.p, rows.customer_id) for rows in (here, elsewhere)]
        found.append(_comparison(column, group, "percentages", *off))
    if min(int(here.gone.sum()), int(elsewhere.gone.sum())) >= LEAST_CASES:
        listed = [share(rows.listed[rows.gone], rows.customer_id[rows.gone]) for rows in (here, elsewhere)]
        found.append(_comparison(column, group, "list", *listed))
    return found


def _can_be_ranked(rows: Judged) -> bool:
    return min(int(rows.y.sum()), int((~rows.y).sum())) >= LEAST_CASES


def _comparison(column: str, group: str, measure: Measure, here: Estimate, elsewhere: Estimate) -> Comparison:
    error = float(np.hypot(here.error, elsewhere.error))
    apart = here.value - elsewhere.value
    z = apart / error if error > 0 else 0.0
    tail = NormalDist().cdf(-abs(z))
    # A group may be ranked or found worse; its percentages may be off to either side.
    chance = 2 * tail if measure == "percentages" else (tail if z < 0 else 1 - tail)
    return Comparison(column, group, measure, here.value, elsewhere.value, chance)


def judged_together(comparisons: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """Return the comparisons, each with the verdict of all of them taken together.

    Args:
        comparisons: of all groups of all columns.

    >>> one = Comparison("Region", "north", "ranking", 0.6, 0.8, 0.02)
    >>> [each.is_worse for each in judged_together([one])]
    [True]
    >>> [each.is_worse for each in judged_together([one] * 3)]
    [False, False, False]
    """
    sure = surely([each.chance for each in comparisons], FALSE_WARNINGS)
    return tuple(replace(each, is_worse=number in sure and each.is_large) for number, each in enumerate(comparisons))
