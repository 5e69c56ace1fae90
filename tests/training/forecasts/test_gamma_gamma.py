"""Gamma-Gamma against the figures of its authors, and the classic recipe for spend."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import gamma as gamma_law

from benchmarks.value.classic_spend import ClassicSpend, fit_classic_spend
from training.forecasts.gamma_gamma import GammaGamma, fit_gamma_gamma
from training.models.btyd import BGNBD

CDNOW = np.loadtxt(Path(__file__).with_name("cdnow_spend.csv"), delimiter=",", skiprows=1)
NAMES = ("frequency", "tenure_days", "days_since_order", "spend_per_order_day")


def test_it_finds_the_published_estimates():
    """Fader and Hardie 2013, page 4: p = 6.25, q = 3.74, γ = 15.44."""
    found = fit_gamma_gamma(*CDNOW.T)
    assert found.p == pytest.approx(6.25, abs=0.01)
    assert found.q == pytest.approx(3.74, abs=0.01)
    assert found.gamma == pytest.approx(15.44, abs=0.02)


def test_the_unit_of_money_changes_nothing_but_gamma():
    orders, mean = CDNOW.T
    dollars, cents = fit_gamma_gamma(orders, mean), fit_gamma_gamma(orders, 100 * mean)
    assert (cents.p, cents.q, cents.gamma / 100) == pytest.approx((dollars.p, dollars.q, dollars.gamma), rel=1e-4)


def test_the_likelihood_is_the_integral_it_stands_for():
    """The mean of x gamma(p, ν) amounts is gamma(p·x, ν·x), and ν is gamma(q, γ)."""
    model, orders, mean = GammaGamma(2.5, 3.0, 20.0), 3.0, 18.0

    def both(rate):
        amounts = gamma_law.pdf(mean, model.p * orders, scale=1 / (rate * orders))
        return amounts * gamma_law.pdf(rate, model.q, scale=1 / model.gamma)

    predicted = model.log_likelihood(np.array([orders]), np.array([mean]))[0]
    assert predicted == pytest.approx(np.log(quad(both, 0, 5)[0]), rel=1e-6)


@given(st.floats(0.5, 9), st.floats(1.1, 9), st.floats(1, 500), st.integers(1, 400), st.floats(0.01, 1e4))
@settings(deadline=None)
def test_a_value_lies_between_the_customers_and_the_shops(p, q, gamma, orders, mean):
    model = GammaGamma(p, q, gamma)
    shop = model.expected_value(np.zeros(1), np.array([np.nan]))[0]
    assert shop == pytest.approx(p * gamma / (q - 1))
    predicted = model.expected_value(np.array([float(orders)]), np.array([mean]))[0]
    assert min(shop, mean) * (1 - 1e-9) <= predicted <= max(shop, mean) * (1 + 1e-9)


def test_orders_are_those_of_a_customer_who_comes():
    """Nobody leaves and all rates are alike: a Poisson count of mean 2, given at least one, is 2 / (1 − e^−2)."""
    model = ClassicSpend(NAMES, 20, BGNBD(2e3, 2e4, 1e-6, 1e2), GammaGamma(1e3, 2.0, 1e-6))
    predicted = model.expected_spend(np.array([[9.0, 100.0, 4.0, 50.0]]))
    assert predicted == pytest.approx([50 * 2 / (1 - np.exp(-2))], rel=1e-3)


def test_a_shop_of_nothing_gets_numbers(data):
    assert np.isfinite(fit_gamma_gamma(np.zeros(3), np.full(3, np.nan)).expected_value(np.zeros(1), np.zeros(1))).all()
    predicted = fit_classic_spend(data).expected_spend(data.values)
    assert np.isfinite(predicted).all()
    assert (predicted > 0).all()
    assert predicted[~data.y].sum() == pytest.approx(data.spend_next[~data.y].sum(), rel=0.15)
