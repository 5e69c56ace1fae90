"""What a customer would spend over the horizon if retained.

A credibility estimator (Bühlmann, 1967): the customer's own spending per day over the last 30, 90 and 365 days, each
pulled towards the shop's by so many days of it, in a non-negative mix with the worth of one order day. The mix and the
strength of the pull are fitted on training rows that stayed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.dataset import Dataset, Floats
from training.fitted import read_json, write_json

FILE = "value.json"
WINDOWS_DAYS = (30, 90, 365)
PULLS_DAYS = (3.0, 10.0, 30.0, 90.0)
USUAL_PULL_DAYS = 30.0
ENOUGH_ROWS = 30


@dataclass(frozen=True)
class ValueModel:
    """Expected spend over the horizon, given that the customer stays.

    Args:
        names: the features it takes, in order; it looks at `spend_30d` …, `tenure_days` and `spend_per_order_day`.
        horizon_days: over so many days.
        shop_rates: minor units spent per customer and day, per window.
        pull_days: how many days of the shop's rate each customer's own is mixed with.
        weights: of the three rates over the horizon, and of one order day.
    """

    names: tuple[str, ...]
    horizon_days: int
    shop_rates: tuple[float, ...]
    pull_days: float
    weights: tuple[float, ...]

    def expected_spend(self, X: Floats) -> Floats:
        """Return minor units per row, never negative."""
        return np.asarray(self._parts(X) @ np.array(self.weights), dtype=np.float64)

    def _parts(self, X: Floats) -> Floats:
        tenure = _column(self.names, X, "tenure_days")
        rates = [
            (_column(self.names, X, f"spend_{days}d") + self.pull_days * shop)
            / (np.minimum(tenure, days) + self.pull_days)
            for days, shop in zip(WINDOWS_DAYS, self.shop_rates, strict=True)
        ]
        order_day = _column(self.names, X, "spend_per_order_day")
        return np.column_stack([*(rate * self.horizon_days for rate in rates), order_day])

    def to_files(self, folder: Path) -> None:
        """Write itself as JSON."""
        write_json(folder / FILE, asdict(self))


def read_value(folder: Path) -> ValueModel:
    """Read what `ValueModel.to_files` wrote."""
    content = read_json(folder / FILE)
    return ValueModel(
        names=tuple(content["names"]),
        horizon_days=int(content["horizon_days"]),
        shop_rates=tuple(content["shop_rates"]),
        pull_days=float(content["pull_days"]),
        weights=tuple(content["weights"]),
    )


def fit_value(data: Dataset) -> ValueModel:
    """Learn from the training rows that stayed; with too few of them, the 90-day rate stands as it is."""
    stayed = ~data.y
    tried = [_blank(data, pull) for pull in PULLS_DAYS]
    if stayed.sum() < ENOUGH_ROWS:
        return _blank(data, USUAL_PULL_DAYS)
    fits = [_weighted(model, data.values[stayed], data.spend_next[stayed]) for model in tried]
    X, spent = data.values[stayed], data.spend_next[stayed]
    return min(fits, key=lambda model: squared_error(model.expected_spend(X), spent))


def _blank(data: Dataset, pull: float) -> ValueModel:
    """Return the shop's rates with all weight on the 90-day one."""
    names, X = data.features.names, data.values
    tenure = _column(names, X, "tenure_days")
    rates = [
        float(_column(names, X, f"spend_{days}d").sum() / max(np.minimum(tenure, days).sum(), 1.0))
        for days in WINDOWS_DAYS
    ]
    return ValueModel(names, data.definition.horizon_days, tuple(rates), pull, (0.0, 1.0, 0.0, 0.0))


def _weighted(model: ValueModel, X: Floats, spent: Floats) -> ValueModel:
    from sklearn.linear_model import LinearRegression

    parts, unit = model._parts(X), max(float(spent.mean()), 1.0)
    mix = LinearRegression(positive=True, fit_intercept=False).fit(parts / unit, spent / unit)
    weights = tuple(float(weight) for weight in mix.coef_)
    return ValueModel(model.names, model.horizon_days, model.shop_rates, model.pull_days, weights)


def squared_error(said: Floats, spent: Floats) -> float:
    """Return the mean squared error, in squared minor units.

    >>> squared_error(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    2.0
    """
    return float(np.mean((said - spent) ** 2))


def value_errors(model: ValueModel, data: Dataset) -> dict[str, float]:
    """Return how far off the expected spend of those who stayed was, beside the customer's own mean, minor units.

    The customer's mean is the spending per day over the last year times the horizon. `bias` is what was said over
    what was spent.
    """
    X, spent = data.values[~data.y], data.spend_next[~data.y]
    if not len(spent):
        return {}
    said = model.expected_spend(X)
    own = _column(model.names, X, "spend_365d") / np.minimum(_column(model.names, X, "tenure_days"), 365)
    mean = own * data.definition.horizon_days
    return {
        "mean_absolute_error": float(np.abs(said - spent).mean()),
        "root_mean_squared_error": float(np.sqrt(squared_error(said, spent))),
        "customer_mean_absolute_error": float(np.abs(mean - spent).mean()),
        "customer_mean_root_mean_squared_error": float(np.sqrt(squared_error(mean, spent))),
        "bias": float(said.sum() / max(spent.sum(), 1.0)),
    }


def _column(names: tuple[str, ...], X: Floats, name: str) -> npt.NDArray[np.float64]:
    return np.asarray(X[:, names.index(name)], dtype=np.float64)
