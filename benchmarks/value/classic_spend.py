"""The classic recipe of expected spend, which ours is compared with: BG/NBD times Gamma-Gamma."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.dataset import Dataset, Floats
from training.forecasts.gamma_gamma import GammaGamma, fit_gamma_gamma, order_days
from training.models.btyd import BGNBD, fit_bgnbd
from training.models.history import Histories, followed_histories, inputs
from training.models.silence import some_customers

# Divisors below this make the quotient meaningless.
LEAST_CHANCE = 1e-6


@dataclass(frozen=True)
class ClassicSpend:
    """The classic recipe: BG/NBD's expected orders times Gamma-Gamma's expected value of one.

    Given at least one order in the horizon, the expected number is E(orders) / P(at least one order), both by BG/NBD:
    this makes it comparable with the spend of customers who stayed.

    Args:
        names: the features it takes; it uses the history and `spend_per_order_day`.
        horizon_days: the horizon.
        orders: the model of when orders come.
        value: the model of the value of an order day, minor units.
    """

    names: tuple[str, ...]
    horizon_days: int
    orders: BGNBD
    value: GammaGamma

    def expected_spend(self, X: Floats) -> Floats:
        """Return minor units per row, given that the customer orders within the horizon."""
        seen = Histories.of(*inputs(self.names, X).T)
        any_order = np.maximum(1 - self.orders.no_order_probability(seen, self.horizon_days), LEAST_CHANCE)
        orders = np.maximum(self.orders.expected_orders(seen, self.horizon_days) / any_order, 1.0)
        return np.asarray(orders * self.value.expected_value(*order_days(self.names, X)), dtype=np.float64)


def fit_classic_spend(data: Dataset) -> ClassicSpend:
    """Fit both models: the order times on all histories, the value on the rows of the latest date.

    The first order counts in the value: FH 2013 leave it out in CDNOW to match x. The features do not allow that, and
    one more order does the model no harm.
    """
    orders = fit_bgnbd(some_customers(followed_histories(data)))
    latest = data.on(data.days[-1:])
    value = fit_gamma_gamma(*order_days(data.features.names, latest.values))
    return ClassicSpend(data.features.names, data.definition.horizon_days, orders, value)
