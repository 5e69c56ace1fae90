"""What both levels of a coming window are learnt from, read from a log once."""

from __future__ import annotations

from dataclasses import dataclass

from features.churn.labels import ChurnDefinition
from features.log import Log
from training.dataset import Dataset
from training.forecasts.base_rate import Weeks, base_rates, read_weeks
from training.forecasts.level import Levels
from training.forecasts.spend import ValueModel
from training.forecasts.spend_level import read_spend_weeks, spend_levels


@dataclass(frozen=True, eq=False)
class LevelHistory:
    """The weeks of a log, as both levels need them.

    Args:
        weeks: who churned, and the feasts that move.
        spend_weeks: what was spent; None where the log holds no money.
    """

    weeks: Weeks
    spend_weeks: Dataset | None

    @classmethod
    def of(cls, log: Log, definition: ChurnDefinition, end: int, country: str = "") -> LevelHistory:
        """Read a log.

        Args:
            log: the shop's log.
            definition: population and horizon.
            end: the first day number that no label may read.
            country: two letters of ISO 3166, whose feasts are looked at; empty: none.
        """
        return cls(read_weeks(log, definition, end, country), read_spend_weeks(log, definition, end))

    def base_rates(self, data: Dataset, until: int) -> Levels:
        """Return the level of the churn rate, as known on a day; the mean of the training rows is its zero."""
        return base_rates(self.weeks, data, until)

    def spend(self, model: ValueModel, until: int) -> Levels:
        """Return the level of the spend beside what a model expects, as known on a day."""
        return spend_levels(self.spend_weeks, self.weeks, model, until)
