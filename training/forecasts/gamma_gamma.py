"""Gamma-Gamma: the value of a customer's order, by maximum likelihood. The baseline that expected spend has to beat.

The amounts of one customer's orders are gamma distributed around an individual mean, and the means of the customers
follow an inverse gamma distribution. Amount and frequency are assumed to be independent. Given x orders of mean m, the
expected mean is a weighted mean of the customer's and the shop's:

    E(value | x, m) = (γ + x·m)·p / (p·x + q − 1)

Sources, cited by their short names:

    FH 2013     Fader, Hardie: The Gamma-Gamma model of monetary value, brucehardie.com/notes/025
    FHL 2005    Fader, Hardie, Lee: "Counting your customers" the easy way, Marketing Science 24(2)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.dataset import Floats

# p·x + q − 1 has to stay positive for a customer without an order; the other bounds keep the search finite.
SHAPES_P, SHAPES_Q = (1e-2, 1e3), (1.01, 1e3)
SCALES = (1e-3, 1e4)
START = (2.0, 3.0, 2.0)
SEARCH = {"ftol": 1e-11, "gtol": 1e-7, "maxiter": 300}


@dataclass(frozen=True)
class GammaGamma:
    """The distribution of order values within a customer and between customers.

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
            orders: the number of orders, one per customer.
            mean: their mean value, in the unit of money; ignored without an order.
        """
        total = self.gamma + orders * np.nan_to_num(mean)
        return np.asarray(total * self.p / (self.p * orders + self.q - 1), dtype=np.float64)


def fit_gamma_gamma(orders: Floats, mean: Floats) -> GammaGamma:
    """Return the maximum-likelihood Gamma-Gamma; customers without an order, or whose orders cost nothing, are ignored.

    Args:
        orders: the number of orders, one per customer.
        mean: their mean value, in any unit of money.

    >>> random = np.random.default_rng(1)
    >>> means = 3 * 10 / random.gamma(4.0, size=3000)  # p·γ / gamma(q), with p = 3, q = 4, γ = 10
    >>> spent = random.gamma(3 * 5, means / (3 * 5))
    >>> round(fit_gamma_gamma(np.full(3000, 5.0), spent).q)
    4
    """
    from scipy.optimize import minimize

    usable = (orders > 0) & (np.nan_to_num(mean) > 0)
    orders, mean = orders[usable], mean[usable]
    if not len(orders):
        return GammaGamma(*START)
    unit = float(mean.mean())

    def cost(logs: Floats) -> float:
        return -float(GammaGamma(*np.exp(logs)).log_likelihood(orders, mean / unit).mean())

    bounds = [tuple(np.log(pair)) for pair in (SHAPES_P, SHAPES_Q, SCALES)]
    found = minimize(cost, np.log(START), method="L-BFGS-B", bounds=bounds, options=SEARCH)
    p, q, gamma = (float(value) for value in np.exp(found.x))
    return GammaGamma(p, q, gamma * unit)


def order_days(names: tuple[str, ...], X: Floats) -> tuple[Floats, Floats]:
    """Return the number of order days of each customer, and the mean value of one, minor units."""
    return X[:, names.index("frequency")] + 1, X[:, names.index("spend_per_order_day")]
