"""The churn rate of the coming window, as scores add up to it, and how far its level may be off."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from features.clock import day_number
from features.language.messages import Sentence, sentence
from features.language.typed_values import Percent
from training.bundle import Bundle
from training.dataset import Floats
from training.log_odds import log_odds_of, sigmoid
from training.metrics import Z_95


@dataclass(frozen=True)
class Level:
    """The churn rate of a window.

    Args:
        expected: the mean of the probabilities.
        low: where the level lies at the lower end of its 95 % interval.
        high: at the upper end.
        last_year: whether the log shows the same window of last year.
    """

    expected: float
    low: float
    high: float
    last_year: bool

    @property
    def words(self) -> Sentence:
        """The interval, and what it rests on, in one sentence."""
        facts = {"share": Percent(self.expected), "low": Percent(self.low), "high": Percent(self.high)}
        if self.last_year:
            return sentence(
                "{share} are expected to order nothing, {low} to {high} with 95 %: last year's window is known", **facts
            )
        return sentence(
            "{share} are expected to order nothing, {low} to {high} with 95 %: the log does not show last year's "
            "window yet",
            **facts,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


def level_of(bundle: Bundle, p: Floats, as_of: date) -> Level:
    """Return the level of scores: everybody moves by as much as the forecast of the level may be off.

    Args:
        bundle: the model that gave them.
        p: the probability of each customer.
        as_of: the first day of the window.
    """
    forecast = bundle.base_rates.forecast(day_number(as_of))
    log_odds, off = log_odds_of(p), Z_95 * bundle.level_error(as_of)
    low, high = (float(sigmoid(log_odds + end).mean()) for end in (-off, off))
    return Level(float(p.mean()), low, high, forecast.last_year is not None)
