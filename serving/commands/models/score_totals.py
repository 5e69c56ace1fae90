"""What the scores of a shop add up to: how many are in which state and band, what is at risk, and the level."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from features.language.messages import Sentence, in_a_row, sentence
from features.language.typed_values import Amount, Day, Days, Number
from serving.commands.models.coming_level import Level, level_of
from serving.outreach.plan.in_words import STATES as STATES_IN_WORDS
from serving.scores import STATES
from training.bundle import Bundle

COLUMNS = ("band", "state", "value_at_risk", "probability")  # that they are added up of


@dataclass(frozen=True, eq=False)
class ScoreTotals:
    """What scores add up to.

    Args:
        as_of: the day that is looked from.
        bundle: the model that gave them.
        customers: how many were scored.
        bands: band → how many, the largest first; one without anybody is not there.
        states: state → how many.
        value_at_risk: in all, major units; None where the orders hold no money.
        level: the churn rate that they add up to.
    """

    as_of: date
    bundle: Bundle
    customers: int
    bands: dict[str, int]
    states: dict[str, int]
    value_at_risk: Decimal | None
    level: Level

    @classmethod
    def of(cls, frames: Iterable[pd.DataFrame], bundle: Bundle, as_of: date, *, has_money: bool) -> ScoreTotals:
        """Add up scores, which may come some at a time.

        Args:
            frames: with COLUMNS at least, in the order of customers.
            bundle: the model that gave them.
            as_of: the day that is looked from.
            has_money: whether the orders hold money.
        """
        bands, states, worth, shares = Counter[str](), Counter[str](), Decimal(0), []
        for frame in frames:
            bands.update(frame["band"])
            states.update(frame["state"])
            worth += sum(frame["value_at_risk"], Decimal(0)) if has_money else 0
            shares.append(frame["probability"].to_numpy(dtype=np.float64))
        p = np.concatenate(shares)
        told = {str(state): states[state] for state in STATES}
        level = level_of(bundle, p, as_of)
        return cls(as_of, bundle, len(p), dict(bands.most_common()), told, worth if has_money else None, level)

    @property
    def words(self) -> Sentence:
        """How many are at risk and for how much, in one line."""
        values: dict[str, Number | Day | Days] = {
            "customers": Number(self.customers),
            "day": Day(self.as_of),
            "high": Number(self.bands.get("high", 0)),
            "horizon": Days(self.bundle.definition.horizon_days),
        }
        if self.value_at_risk is None:
            return sentence(
                "{customers} customers scored as of {day:table}: {high} are more likely to stop than to order within "
                "{horizon}; no money is known",
                **values,
            )
        money = self.bundle.money
        return sentence(
            "{customers} customers scored as of {day:table}: {high} are more likely to stop than to order within "
            "{horizon}; value at risk {amount:table} in all",
            amount=Amount(money.minor(self.value_at_risk), money.currency),
            **values,
        )

    @property
    def states_in_words(self) -> Sentence:
        """How many are in each state, in one line."""
        named = ((count, STATES_IN_WORDS[state]) for state, count in self.states.items())
        counts = [sentence("{count} {state}", count=count, state=state) for count, state in named]
        return sentence("of these {counts}", counts=in_a_row(counts, commas=True))

    def to_dict(self) -> dict[str, Any]:
        """Return them for JSON."""
        return {
            "rows": self.customers,
            "horizon_days": self.bundle.definition.horizon_days,
            "follow_days": self.bundle.timing.follow_days,
            "level": self.level.to_dict(),
            "bands": self.bands,
            "states": self.states,
            "value_at_risk": self.value_at_risk,
            "currency": self.bundle.money.currency,
        }
