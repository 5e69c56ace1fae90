"""Chosen by the ranking or at random × treated or held out: the model's effect and the campaign's, told apart.

The model's effect needs no campaign: do those whom it chose churn more than those drawn at random, when nobody contacts
either? The campaign's needs no model: do the contacted stay more than the held-out, among the chosen and at random?
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from serving.outreach.effect.comparison import Comparison, Floats, compare
from serving.outreach.effect.estimate import Estimate, estimate_around, percent
from serving.outreach.effect.group import compare_kept, is_enough


@dataclass(frozen=True)
class FourGroups:
    """The four-group design: chosen by the ranking or at random × treated or held out.

    Args:
        churned_ranked: share of the ranked holdout that did not order: what the model promised to find.
        churned_random: the same of the random holdout.
        model: how much more of the ranked holdout churned: the model's effect, no campaign in it.
        ranked: the campaign's effect on the share kept among the ranked.
        random: the campaign's effect among accounts drawn at random.
        targeting: ranked − random: what the campaign gains by going to the ranked.
    """

    counts: Mapping[str, int]
    churned_ranked: float | None
    churned_random: float | None
    model: Estimate
    ranked: Estimate
    random: Estimate
    targeting: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Return the figures, None where unknown."""
        figures = {name: getattr(self, name).to_dict() for name in ("model", "ranked", "random", "targeting")}
        shares = {"churned_ranked": self.churned_ranked, "churned_random": self.churned_random}
        return {"counts": dict(self.counts), **shares, **figures}

    def lines(self) -> Iterator[str]:
        """Say what the model did and what the campaign did, apart."""
        yield (
            f"the model: of its holdout {percent(self.churned_ranked)} churned, of one drawn at random "
            f"{percent(self.churned_random)}: {self.model.points_more()}"
        )
        yield f"the campaign, on those whom the model chose: {self.ranked.points_more()} stayed"
        yield f"the campaign, on those drawn at random: {self.random.points_more()} stayed"
        yield f"what choosing adds to the campaign: {self.targeting.points_more()}"


def four_groups(ranked: pd.DataFrame, random: pd.DataFrame) -> FourGroups:
    """Tell the model's effect and the campaign's apart.

    Args:
        ranked: the accounts that the ranking chose, treated and held out.
        random: the accounts that were drawn at random, treated and held out.
    """
    held = [cell[cell["arm"] == "holdout"]["kept"].to_numpy(dtype=np.float64) for cell in (ranked, random)]
    gaps = compare_kept(ranked), compare_kept(random)
    campaign = [gap.estimate() if gap else Estimate(None) for gap in gaps]
    return FourGroups(
        counts={
            f"{name} {arm}": int((cell["arm"] == arm).sum())
            for name, cell in (("ranked", ranked), ("random", random))
            for arm in ("treated", "holdout")
        },
        churned_ranked=_churned(held[0]),
        churned_random=_churned(held[1]),
        model=_churned_more(held[0], held[1]),
        ranked=campaign[0],
        random=campaign[1],
        targeting=_apart(*gaps),
    )


def _churned(kept: Floats) -> float | None:
    return float(1 - kept.mean()) if len(kept) else None


def _churned_more(ranked: Floats, random: Floats) -> Estimate:
    """Return how much more of the ranked churned; unadjusted, for the difference in risk is what is looked for."""
    cells = np.concatenate([np.ones(len(ranked), dtype=bool), np.zeros(len(random), dtype=bool)])
    churned = 1 - np.concatenate([ranked, random])
    if not is_enough(cells, churned):
        return Estimate(None)
    alone = np.arange(len(cells))
    return compare(churned, cells, np.zeros((len(cells), 0)), alone, np.zeros(len(cells))).estimate()


def _apart(ranked: Comparison | None, random: Comparison | None) -> Estimate:
    if ranked is None or random is None:
        return Estimate(None)
    error = math.hypot(ranked.standard_error, random.standard_error)
    return estimate_around(ranked.value - random.value, error, min(ranked.freedom, random.freedom))
