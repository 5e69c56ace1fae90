"""What every candidate said on a test date, before calibration, and the blend with weights learnt over the dates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from features.log import Texts
from training.backtest.gone import NOT_YET
from training.backtest.listing import Listing
from training.backtest.results import DateResult
from training.dataset import Flags, Floats
from training.forecasts.level import Forecast
from training.metrics import evaluate
from training.models.blend import weights_of
from training.models.calibration import Method, calibrate, level_scale, sigmoid
from training.models.candidates import BLEND, WEIGHTS, usual_weights
from training.splits import Split


@dataclass(frozen=True, eq=False)
class Said:
    """What one candidate said, in raw log-odds.

    Args:
        test: of the test date.
        later: of the latest training date when fitted without it, and who churned; None where history is too short.
    """

    test: Floats
    later: tuple[Floats, Flags] | None


@dataclass(frozen=True, eq=False)
class Predictions:
    """What every candidate said on one test date.

    Args:
        split: the test date and its training dates.
        said: by candidate.
        y: who churned.
        customer_id: whose row it is.
        training_rows: what they were learnt from.
        value: the errors of the expected spend beside those of its rivals, minor units.
        forecast: of the window's level.
        listing: who would have come on the list of the date, and in which order.
        gone: the measures of P(left); NaN where three horizons from the date on have not ended.
    """

    split: Split
    said: dict[str, Said]
    y: Flags
    customer_id: Texts
    training_rows: int
    value: dict[str, float]
    forecast: Forecast
    listing: Listing
    gone: dict[str, float] = field(default_factory=lambda: dict(NOT_YET))

    def parts(self, names: Iterable[str]) -> Floats:
        """Return the log-odds of some candidates, rows × candidates."""
        return np.column_stack([self.said[name].test for name in names])

    def result(self, name: str, method: Method) -> DateResult:
        """Return what came of what a candidate said, with a calibration."""
        said = self.said[name]
        scale = level_scale(said.later, self.forecast.spread)
        p = sigmoid(calibrate(method, said.later, self.forecast.spread).apply(said.test, self.forecast.shift))
        measures = evaluate(self.y, p)
        return DateResult(self.split.test_date, len(p), int(self.y.sum()), measures, self.y, p, self.customer_id, scale)


def blend_weights(dates: Sequence[Predictions]) -> dict[str, float]:
    """Return the weights of the blend's parts learnt on all of the dates; empty where no blend was fitted.

    Args:
        dates: oldest first.
    """
    if not dates or BLEND not in dates[-1].said:
        return {}
    return weights_of([(date.parts(WEIGHTS), date.y) for date in dates], usual_weights(dates[-1].training_rows))


def with_blend_of_earlier_dates(dates: Sequence[Predictions]) -> list[Predictions]:
    """Return the dates, each with the blend by weights learnt on the test dates before it.

    The first date keeps the weights that were learnt on its latest training date.

    Args:
        dates: oldest first; the horizon of each had ended when the next one began.
    """
    if not dates or BLEND not in dates[-1].said:
        return list(dates)
    return [date if not place else _reblended(date, blend_weights(dates[:place])) for place, date in enumerate(dates)]


def _reblended(date: Predictions, weights: Mapping[str, float]) -> Predictions:
    shares = np.array([weights[name] for name in WEIGHTS])
    later = [said for said in (date.said[name].later for name in WEIGHTS) if said is not None]
    mixed = (np.column_stack([log_odds for log_odds, _ in later]) @ shares, later[0][1]) if later else None
    blend = Said(date.parts(WEIGHTS) @ shares, mixed)
    return replace(date, said={**date.said, BLEND: blend})
