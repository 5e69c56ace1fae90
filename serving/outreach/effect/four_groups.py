"""The four-group design, ranked or random × treated or held out: it separates the model's effect from the campaign's.

The model's effect needs no campaign: do the customers it chose churn more than customers drawn at random, when nobody
contacts either? The campaign's effect needs no model: do the contacted stay more than the held-out, in each of the two?
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
    """What the model did and what the campaign did.

    Args:
        counts: accounts in each group, by "ranked treated", "ranked holdout", "random treated", "random holdout".
        churned_ranked: share of the ranked holdout that did not order: what the model promised to find.
        churned_random: the same of the random holdout.
        model: churned_ranked − churned_random: the model's effect, without any campaign.
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
        """Return counts, shares and estimates for JSON, None where unknown."""
        estimates = {name: getattr(self, name).to_dict() for name in ("model", "ranked", "random", "targeting")}
        shares = {"churned_ranked": self.churned_ranked, "churned_random": self.churned_random}
        return {"counts": dict(self.counts), **shares, **estimates}

    def lines(self) -> Iterator[str]:
        """Say what the model did and what the campaign did, one sentence each."""
        yield (
            f"the model: of its holdout {percent(self.churned_ranked)} churned, of one drawn at random "
            f"{percent(self.churned_random)}: {self.model.as_points_more()}"
        )
        yield f"the campaign, on those whom the model chose: {self.ranked.as_points_more()} stayed"
        yield f"the campaign, on those drawn at random: {self.random.as_points_more()} stayed"
        yield f"what choosing adds to the campaign: {self.targeting.as_points_more()}"


def four_groups(ranked: pd.DataFrame, random: pd.DataFrame) -> FourGroups:
    """Separate the model's effect from the campaign's.

    Args:
        ranked: settled episodes of accounts that the ranking chose, treated and held out.
        random: settled episodes of accounts that were drawn at random, treated and held out.
    """
    kept_ranked, kept_random = _kept_holdout(ranked), _kept_holdout(random)
    campaigns = compare_kept(ranked), compare_kept(random)
    on_ranked, on_random = (found.estimate() if found else Estimate(None) for found in campaigns)
    return FourGroups(
        counts={
            f"{name} {arm}": int((cell["arm"] == arm).sum())
            for name, cell in (("ranked", ranked), ("random", random))
            for arm in ("treated", "holdout")
        },
        churned_ranked=_churned(kept_ranked),
        churned_random=_churned(kept_random),
        model=_model_effect(kept_ranked, kept_random),
        ranked=on_ranked,
        random=on_random,
        targeting=_difference(*campaigns),
    )


def _kept_holdout(cell: pd.DataFrame) -> Floats:
    return cell[cell["arm"] == "holdout"]["kept"].to_numpy(dtype=np.float64)


def _churned(kept: Floats) -> float | None:
    return float(1 - kept.mean()) if len(kept) else None


def _model_effect(ranked: Floats, random: Floats) -> Estimate:
    """Return how much more of the ranked churned; unadjusted, because the difference in risk is the question."""
    is_ranked = np.concatenate([np.ones(len(ranked), dtype=bool), np.zeros(len(random), dtype=bool)])
    churned = 1 - np.concatenate([ranked, random])
    if not is_enough(is_ranked, churned):
        return Estimate(None)
    one_each = np.arange(len(churned))
    return compare(churned, is_ranked, np.zeros((len(churned), 0)), one_each, np.zeros(len(churned))).estimate()


def _difference(ranked: Comparison | None, random: Comparison | None) -> Estimate:
    if ranked is None or random is None:
        return Estimate(None)
    error = math.hypot(ranked.standard_error, random.standard_error)
    return estimate_around(ranked.value - random.value, error, min(ranked.freedom, random.freedom))
