"""The spend to expect of a customer over the horizon if retained, with an interval.

A mix of credibility estimators (Bühlmann 1967, ASTIN Bulletin 4(3)). The customer's own orders and spending per day,
over the last 30, 90 and 365 days and since the first order, are each pulled towards the shop's rates, weakly and
strongly. A retained customer orders at least once, so a rate of r orders becomes r / (1 − e^−r), the mean of a Poisson
count above zero; the value of an order is Gamma-Gamma's. The mix is fitted on training rows of customers who stayed.

Means add up to totals, so the mean is fitted, by least squares. The interval is learnt as shares of the mean.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.dataset import Dataset, Floats
from training.forecasts.gamma_gamma import GammaGamma, fit_gamma_gamma, order_days
from training.models.fitted import read_json, write_json

FILE = "value.json"
WINDOWS_DAYS = (30, 90, 365)
# The features that it reads.
INPUTS = (
    *("frequency", "tenure_days", "spend_per_order_day"),
    *(f"{what}_{days}d" for what in ("order_days", "spend") for days in WINDOWS_DAYS),
)
# The prior's weights in days; the mix interpolates: shops of frequent orders need little, of rare orders much.
PULLS_DAYS = (10.0, 180.0)
# The parts are correlated: a ridge of a tenth of their squares pulls the weights towards equal ones.
EQUAL_WEIGHTS = 0.1
ENOUGH_ROWS = 30
CUSTOMERS_TO_FIT = 2_000
# The interval leaves a tenth on either side; its shares are learnt in at most so many bands of the expected spend.
INTERVAL = (0.1, 0.9)
MOST_BANDS, ROWS_PER_BAND = 10, 100
# The shares where there are too few rows to learn them, roughly those of all kinds of shops.
USUAL_SHARES = (0.2, 2.0)
PARTS = len(PULLS_DAYS) * 2 * (len(WINDOWS_DAYS) + 1)


@dataclass(frozen=True)
class SpendInterval:
    """The interval of the spend as shares of the expected one, by its level, linear between levels.

    Args:
        expected: the levels, minor units, ascending.
        low: the tenth percentile of spent over expected at each level.
        high: the ninetieth.
    """

    expected: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def around(self, expected: Floats) -> tuple[Floats, Floats]:
        """Return the 80 % interval of the spend, minor units: 0 ≤ low ≤ expected ≤ high.

        >>> SpendInterval((100.0, 300.0), (0.5, 0.7), (2.0, 1.2)).around(np.array([50.0, 200.0]))
        (array([ 25., 120.]), array([100., 320.]))
        """
        low, high = (np.interp(expected, self.expected, shares) for shares in (self.low, self.high))
        return expected * np.minimum(low, 1.0), expected * np.maximum(high, 1.0)


@dataclass(frozen=True)
class ValueModel:
    """Expected spend over the horizon, given that the customer stays.

    Args:
        names: the features it takes, in order; it uses `INPUTS`.
        horizon_days: the horizon.
        order_rates: the shop's order days per customer and day, per window and since the first order.
        spend_rates: the shop's minor units per customer and day, likewise.
        order_value: the value of an order day, minor units.
        weights: of each part in the mix.
        bands: of the interval.
    """

    names: tuple[str, ...]
    horizon_days: int
    order_rates: tuple[float, ...]
    spend_rates: tuple[float, ...]
    order_value: GammaGamma
    weights: tuple[float, ...] = (1 / PARTS,) * PARTS
    bands: SpendInterval = SpendInterval((0.0,), USUAL_SHARES[:1], USUAL_SHARES[1:])

    def expected_spend(self, X: Floats) -> Floats:
        """Return minor units per row, never negative."""
        return np.asarray(self._parts(X) @ np.array(self.weights), dtype=np.float64)

    def of(self, names: tuple[str, ...]) -> ValueModel:
        """Return the same model for rows of other features, `INPUTS` among them."""
        return replace(self, names=names)

    def _parts(self, X: Floats) -> Floats:
        """Return estimates of the spend, rows × parts: by orders and by spending, for every prior weight and window."""
        orders, spend, days = _observed(self.names, X)
        worth = self.order_value.expected_value(*order_days(self.names, X))[:, None]
        parts = []
        for pull in PULLS_DAYS:
            rate = (orders + pull * np.array(self.order_rates)) / (days + pull) * self.horizon_days
            spends = (spend + pull * np.array(self.spend_rates)) / (days + pull) * self.horizon_days
            parts += [worth * at_least_one(rate), spends]
        return np.hstack(parts)

    def to_files(self, folder: Path) -> None:
        """Write itself as JSON."""
        write_json(folder / FILE, asdict(self))


def read_value(folder: Path) -> ValueModel:
    """Read what `ValueModel.to_files` wrote."""
    content = read_json(folder / FILE)
    bands = content["bands"]
    return ValueModel(
        names=tuple(content["names"]),
        horizon_days=int(content["horizon_days"]),
        order_rates=tuple(content["order_rates"]),
        spend_rates=tuple(content["spend_rates"]),
        order_value=GammaGamma(**content["order_value"]),
        weights=tuple(content["weights"]),
        bands=SpendInterval(tuple(bands["expected"]), tuple(bands["low"]), tuple(bands["high"])),
    )


def at_least_one(rate: Floats) -> Floats:
    """Return the mean of a Poisson count, given that it is not 0.

    >>> at_least_one(np.array([0.0, 1.0, 50.0])).round(3)
    array([ 1.   ,  1.582, 50.   ])
    """
    rate = np.maximum(rate, 1e-9)
    return np.asarray(rate / -np.expm1(-rate), dtype=np.float64)


def fit_value(data: Dataset) -> ValueModel:
    """Learn from the training rows that stayed; with too few of them, all parts have the same weight."""
    names, stayed = data.features.names, ~data.y
    orders, spend, days = _observed(names, data.values)
    known = np.maximum(days.sum(axis=0), 1.0)
    order_rates, spend_rates = ((each.sum(axis=0) / known).tolist() for each in (orders, spend))
    value = _order_value(data)
    model = ValueModel(names, data.definition.horizon_days, tuple(order_rates), tuple(spend_rates), value)
    if stayed.sum() < ENOUGH_ROWS:
        return model
    X, spent = data.values[stayed], data.spend_next[stayed]
    model = replace(model, weights=_weights(model._parts(X), spent))
    return replace(model, bands=_spend_interval(model.expected_spend(X), spent))


def _order_value(data: Dataset) -> GammaGamma:
    """Learn from the customers of the latest date, at most two thousand, spread evenly."""
    latest = data.on(data.days[-1:])
    some = latest.values[:: 1 + len(latest) // CUSTOMERS_TO_FIT]
    return fit_gamma_gamma(*order_days(data.features.names, some))


def _weights(parts: Floats, spent: Floats) -> tuple[float, ...]:
    """Return the non-negative least-squares weights, pulled towards equal ones; only sums of products are needed.

    Lawson and Hanson (1974), Solving Least Squares Problems, chapter 23; the ridge: Hoerl and Kennard (1970).
    """
    from scipy.optimize import nnls

    unit = max(float(np.abs(parts).mean()), 1e-9)
    parts, spent = parts / unit, spent / unit
    products = parts.T @ parts
    ridge = EQUAL_WEIGHTS * np.diag(products) + 1e-9
    equal = spent.sum() / max(parts.sum(), 1e-9)
    root = np.linalg.cholesky(products + np.diag(ridge))
    weights, _ = nnls(root.T, np.linalg.solve(root, parts.T @ spent + ridge * equal))
    return tuple(float(weight) for weight in weights)


def _spend_interval(expected: Floats, spent: Floats) -> SpendInterval:
    """Learn the shares on rows sorted by expected spend, as many rows in each band."""
    count = int(np.clip(len(expected) // ROWS_PER_BAND, 1, MOST_BANDS))
    order = np.argsort(expected, kind="stable")
    rows = [part for part in np.array_split(order, count) if expected[part].min() > 0]
    if not rows:
        return SpendInterval((0.0,), USUAL_SHARES[:1], USUAL_SHARES[1:])
    levels = tuple(float(np.median(expected[part])) for part in rows)
    low, high = zip(*(np.quantile(spent[part] / expected[part], INTERVAL).tolist() for part in rows), strict=True)
    return SpendInterval(levels, tuple(low), tuple(high))


def squared_error(predicted: Floats, spent: Floats) -> float:
    """Return the mean squared error, in squared minor units.

    >>> squared_error(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    2.0
    """
    return float(np.mean((predicted - spent) ** 2))


def value_errors(model: ValueModel, data: Dataset, factor: float = 1.0) -> dict[str, float]:
    """Return the errors of the expected spend of customers who stayed, beside the customer's own mean, minor units.

    The root mean squared error matters most, as the mean is predicted. The customer's mean is the spending per day over
    the last year times the horizon. `bias` is predicted over actual spend, 1 = none. `interval_coverage` is the share
    within the interval, meant to be 0.8.

    Args:
        model: the model to judge.
        data: rows that it was not trained on.
        factor: of the coming window's level.
    """
    stayed = ~data.y
    X, spent = data.values[stayed], data.spend_next[stayed]
    if not len(spent):
        return {}
    predicted = factor * model.expected_spend(X)
    low, high = model.bands.around(predicted)
    mean = spend_errors("customer_", customer_mean(model.names, X, model.horizon_days), spent)
    mean["customer_mean_root_mean_squared_error"] = mean.pop("customer_root_mean_squared_error")
    return (
        spend_errors("", predicted, spent)
        | mean
        | {"interval_coverage": float(np.mean((low <= spent) & (spent <= high)))}
    )


def customer_mean(names: tuple[str, ...], X: Floats, horizon_days: int) -> Floats:
    """Return the customer's own spending per day over the last year, times the horizon, minor units."""
    own = _column(names, X, "spend_365d") / np.clip(_column(names, X, "tenure_days"), 1, 365)
    return own * horizon_days


def spend_errors(prefix: str, predicted: Floats, spent: Floats) -> dict[str, float]:
    """Return absolute, squared and systematic errors by their names, each with a prefix; minor units."""
    return {
        f"{prefix}mean_absolute_error": float(np.abs(predicted - spent).mean()),
        f"{prefix}root_mean_squared_error": float(np.sqrt(squared_error(predicted, spent))),
        f"{prefix}bias": float(predicted.sum() / max(spent.sum(), 1.0)),
    }


def _observed(names: tuple[str, ...], X: Floats) -> tuple[Floats, Floats, Floats]:
    """Return order days, spend in minor units and days covered, each rows × (windows, and since the first order)."""
    tenure, repeats = _column(names, X, "tenure_days"), _column(names, X, "frequency")
    worth = _column(names, X, "spend_per_order_day")
    orders = [_column(names, X, f"order_days_{days}d") for days in WINDOWS_DAYS]
    spend = [_column(names, X, f"spend_{days}d") for days in WINDOWS_DAYS]
    covered = [np.minimum(tenure, days) for days in WINDOWS_DAYS]
    return (
        np.column_stack([*orders, repeats]),
        np.column_stack([*spend, repeats * worth]),
        np.column_stack([*covered, tenure]),
    )


def _column(names: tuple[str, ...], X: Floats, name: str) -> npt.NDArray[np.float64]:
    return np.maximum(np.nan_to_num(X[:, names.index(name)]), 0.0)
