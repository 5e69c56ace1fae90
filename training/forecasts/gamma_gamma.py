"""Gamma-Gamma: what an order of a customer is worth, by maximum likelihood. The peer that expected spend has to beat.

Amounts of one customer's orders are gamma distributed around a mean of his own, and the means are spread over the
customers by an inverse gamma distribution. Money and frequency are taken to be unrelated. Given x orders of mean m, the
expected mean is a weighted one of the customer's and the shop's:

    E(value | x, m) = (γ + x·m)·p / (p·x + q − 1)

Sources, cited by their short names:

    FH 2013     Fader, Hardie: The Gamma-Gamma model of monetary value, brucehardie.com/notes/025
    FHL 2005    Fader, Hardie, Lee: "Counting your customers" the easy way, Marketing Science 24(2)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.dataset import Dataset, Floats
from training.models.btyd import BGNBD, fit_bgnbd
from training.models.history import Histories, followed_histories, inputs
from training.models.silence import some_customers

# p·x + q − 1 has to stay positive for the customer of no order at all; the rest keeps the search from running away.
SHAPES_P, SHAPES_Q = (1e-2, 1e3), (1.01, 1e3)
SCALES = (1e-3, 1e4)
START = (2.0, 3.0, 2.0)
SEARCH = {"ftol": 1e-11, "gtol": 1e-7, "maxiter": 300}
# So little chance of an order cannot be divided by.
LEAST_CHANCE = 1e-6


@dataclass(frozen=True)
class GammaGamma:
    """How the value of orders is spread within a customer and between customers.

    Args:
        p: shape of the amounts of one customer's orders.
        q: shape of the spread between customers, above 1.
        gamma: its scale, in the unit of money.

    >>> cdnow = GammaGamma(p=6.25, q=3.74, gamma=15.44)
    >>> cdnow.expected_value(np.array([0.0, 1.0]), np.array([0.0, 100.0])).round(2)
    array([35.22, 80.26])
    """

    p: float
    q: float
    gamma: float

    def log_likelihood(self, orders: Floats, mean: Floats) -> Floats:
        """FH 2013, equation 1a; customers need at least one order of a positive mean."""
        from scipy.special import gammaln

        px = self.p * orders
        shared = gammaln(px + self.q) - gammaln(px) - gammaln(self.q) + self.q * np.log(self.gamma)
        amounts = (px - 1) * np.log(mean) + px * np.log(orders) - (px + self.q) * np.log(self.gamma + orders * mean)
        return np.asarray(shared + amounts, dtype=np.float64)

    def expected_value(self, orders: Floats, mean: Floats) -> Floats:
        """Return the expected value of an order, in the unit of money; FH 2013, equation 5.

        Args:
            orders: how many the mean is of, one per customer.
            mean: their mean value, in the unit of money; of no account without an order.
        """
        total = self.gamma + orders * np.nan_to_num(mean)
        return np.asarray(total * self.p / (self.p * orders + self.q - 1), dtype=np.float64)


def fit_gamma_gamma(orders: Floats, mean: Floats) -> GammaGamma:
    """Return the likeliest Gamma-Gamma. Customers without an order, or whose orders cost nothing, teach nothing.

    Args:
        orders: how many orders, one per customer.
        mean: their mean value, in any unit of money.

    >>> random = np.random.default_rng(1)
    >>> means = 3 * 10 / random.gamma(4.0, size=3000)  # p·γ / gamma(q), with p = 3, q = 4, γ = 10
    >>> spent = random.gamma(3 * 5, means / (3 * 5))
    >>> round(fit_gamma_gamma(np.full(3000, 5.0), spent).q)
    4
    """
    from scipy.optimize import minimize

    teach = (orders > 0) & (np.nan_to_num(mean) > 0)
    orders, mean = orders[teach], mean[teach]
    if not len(orders):
        return GammaGamma(*START)
    unit = float(mean.mean())

    def surprise(logs: Floats) -> float:
        return -float(GammaGamma(*np.exp(logs)).log_likelihood(orders, mean / unit).mean())

    bounds = [tuple(np.log(pair)) for pair in (SHAPES_P, SHAPES_Q, SCALES)]
    found = minimize(surprise, np.log(START), method="L-BFGS-B", bounds=bounds, options=SEARCH)
    p, q, gamma = (float(value) for value in np.exp(found.x))
    return GammaGamma(p, q, gamma * unit)


@dataclass(frozen=True)
class ClassicSpend:
    """The classic recipe: BG/NBD's expected orders times Gamma-Gamma's expected value of one.

    Given at least one order in the horizon, the expected number is E(orders) / P(at least one order), both BG/NBD's:
    only so is it comparable with the spend of those who stayed.

    Args:
        names: the features it takes; it looks at the history and at `spend_per_order_day`.
        horizon_days: over so many days.
        orders: how often customers order.
        value: what an order day of theirs is worth, minor units.
    """

    names: tuple[str, ...]
    horizon_days: int
    orders: BGNBD
    value: GammaGamma

    def expected_spend(self, X: Floats) -> Floats:
        """Return minor units per row, given that the customer orders within the horizon."""
        seen = Histories.of(*inputs(self.names, X).T)
        comes = np.maximum(1 - self.orders.no_order_probability(seen, self.horizon_days), LEAST_CHANCE)
        orders = np.maximum(self.orders.expected_orders(seen, self.horizon_days) / comes, 1.0)
        return np.asarray(orders * self.value.expected_value(*order_days(self.names, X)), dtype=np.float64)


def fit_classic_spend(data: Dataset) -> ClassicSpend:
    """Learn both models: the rhythm from all histories, the value from the rows of the latest date.

    The value of the first order counts: FH 2013 leave it out in CDNOW to match x, which the features do not allow; that
    only gives the model one more order to learn from.
    """
    orders = fit_bgnbd(some_customers(followed_histories(data)))
    latest = data.on(data.days[-1:])
    value = fit_gamma_gamma(*order_days(data.features.names, latest.values))
    return ClassicSpend(data.features.names, data.definition.horizon_days, orders, value)


def order_days(names: tuple[str, ...], X: Floats) -> tuple[Floats, Floats]:
    """Return how many order days a customer has had, and what one was worth, minor units."""
    return X[:, names.index("frequency")] + 1, X[:, names.index("spend_per_order_day")]
