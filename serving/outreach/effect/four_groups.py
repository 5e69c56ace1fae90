"""The four-group design, ranked or random × treated or held out: it separates the model's effect from the campaign's.

The model's effect needs no campaign: do the customers it chose churn more than customers drawn at random, when nobody
contacts either? The campaign's effect needs no model: do the contacted stay more than the held-out, in each of the two?
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated

import msgspec
import numpy as np
import pandas as pd
from msgspec import Meta

from serving.outreach.effect.comparison import Comparison, Floats, compare
from serving.outreach.effect.estimate import UNKNOWN, Estimate, estimate_around, percent
from serving.outreach.effect.group import compare_kept, is_enough
from serving.scores import Share


class FourGroupCounts(msgspec.Struct, frozen=True):
    """Accounts in each of the four groups."""

    ranked_treated: int = msgspec.field(name="ranked treated")
    ranked_holdout: int = msgspec.field(name="ranked holdout")
    random_treated: int = msgspec.field(name="random treated")
    random_holdout: int = msgspec.field(name="random holdout")


class FourGroups(msgspec.Struct, frozen=True):
    """Ranked or random × treated or held out: the model's effect and the campaign's, apart."""

    counts: FourGroupCounts
    churned_ranked: Annotated[
        Share | None, Meta(description="share of the ranked holdout that did not order; null: nobody in it")
    ]
    churned_random: Annotated[Share | None, Meta(description="the same of the random holdout")]
    model: Annotated[Estimate, Meta(description="churned_ranked − churned_random: the model's effect, uncontacted")]
    ranked: Annotated[Estimate, Meta(description="the campaign's effect on the share kept among the ranked")]
    random: Annotated[Estimate, Meta(description="the campaign's effect among accounts drawn at random")]
    targeting: Annotated[Estimate, Meta(description="ranked − random: what the campaign gains by the ranking")]

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
    on_ranked, on_random = (found.estimate() if found else UNKNOWN for found in campaigns)
    return FourGroups(
        counts=FourGroupCounts(*_arm_sizes(ranked), *_arm_sizes(random)),
        churned_ranked=_churned(kept_ranked),
        churned_random=_churned(kept_random),
        model=_model_effect(kept_ranked, kept_random),
        ranked=on_ranked,
        random=on_random,
        targeting=_difference(*campaigns),
    )


def _arm_sizes(cell: pd.DataFrame) -> tuple[int, int]:
    return int((cell["arm"] == "treated").sum()), int((cell["arm"] == "holdout").sum())


def _kept_holdout(cell: pd.DataFrame) -> Floats:
    return cell[cell["arm"] == "holdout"]["kept"].to_numpy(dtype=np.float64)


def _churned(kept: Floats) -> float | None:
    return float(1 - kept.mean()) if len(kept) else None


def _model_effect(ranked: Floats, random: Floats) -> Estimate:
    """Return how much more of the ranked churned; unadjusted, because the difference in risk is the question."""
    is_ranked = np.concatenate([np.ones(len(ranked), dtype=bool), np.zeros(len(random), dtype=bool)])
    churned = 1 - np.concatenate([ranked, random])
    if not is_enough(is_ranked, churned):
        return UNKNOWN
    one_each = np.arange(len(churned))
    return compare(churned, is_ranked, np.zeros((len(churned), 0)), one_each, np.zeros(len(churned))).estimate()


def _difference(ranked: Comparison | None, random: Comparison | None) -> Estimate:
    if ranked is None or random is None:
        return UNKNOWN
    error = math.hypot(ranked.standard_error, random.standard_error)
    return estimate_around(
        ranked.value - random.value, error, min(ranked.degrees_of_freedom, random.degrees_of_freedom)
    )
