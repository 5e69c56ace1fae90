"""BG/NBD and Pareto/NBD: published estimates, integrals, simulated customers, and what must hold for every customer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import hyp2f1

from training.models import btyd
from training.models.btyd import BGNBD, ParetoNBD, _gauss, fit_bgnbd, fit_paretonbd
from training.models.history import Histories

CDNOW = np.loadtxt(Path(__file__).with_name("cdnow_sample.csv"), delimiter=",", skiprows=1)
PUBLISHED_BGNBD = BGNBD(r=0.243, alpha=4.414, a=0.793, b=2.426)
PUBLISHED_PARETO = ParetoNBD(r=0.553, alpha=10.578, s=0.606, beta=11.669)

shapes = st.floats(0.02, 50)
scales = st.floats(0.5, 2_000)
bgnbds = st.builds(BGNBD, shapes, scales, shapes, shapes)
paretos = st.builds(ParetoNBD, shapes, scales, shapes, scales)


@st.composite
def customers(draw):
    frequency = draw(st.integers(0, 400))
    age = draw(st.floats(1, 2_000))
    recency = draw(st.floats(0, 1)) * age if frequency else 0.0
    return one(frequency, recency, age)


def one(frequency, recency, age):
    return Histories(*(np.array([float(value)]) for value in (frequency, recency, age)))


def cdnow(unit=1.0):
    frequency, recency, age = CDNOW.T
    return Histories(frequency, recency * unit, age * unit)


def test_bgnbd_is_what_fader_hardie_and_lee_published():
    found = fit_bgnbd(cdnow())
    assert (found.r, found.alpha, found.a, found.b) == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=6e-4)
    assert found.log_likelihood(cdnow()).sum() == pytest.approx(-9582.4, abs=0.05)


def test_paretonbd_is_what_they_published_beside_it():
    found = fit_paretonbd(cdnow())
    assert (found.r, found.s) == pytest.approx((0.553, 0.606), abs=6e-4)
    assert (found.alpha, found.beta) == pytest.approx((10.578, 11.669), abs=6e-3)
    assert found.log_likelihood(cdnow()).sum() == pytest.approx(-9595.0, abs=0.05)


@pytest.mark.parametrize("fit", [fit_bgnbd, fit_paretonbd])
def test_the_unit_of_time_changes_no_probability(fit):
    weeks, days = fit(cdnow()), fit(cdnow(7.0))
    assert days.alpha == pytest.approx(7 * weeks.alpha, rel=1e-3)
    assert days.no_order_probability(cdnow(7.0), 91) == pytest.approx(weeks.no_order_probability(cdnow(), 13), abs=1e-4)


def test_the_published_forecast_of_a_customer():
    """Customer 1 of the sample over the next 39 weeks, as in the spreadsheet that goes with FHL 2005."""
    assert PUBLISHED_BGNBD.expected_orders(one(2, 30.43, 38.86), 39) == pytest.approx(1.226, abs=1e-3)


def test_small_cases_by_hand():
    model = BGNBD(r=1.0, alpha=1.0, a=1.0, b=1.0)
    # one order, T = 1: (1 + 1) / (1 + 1 + 2); nobody leaves before a repeat order
    assert model.no_order_probability(one(0, 0, 1), 2) == pytest.approx(0.5)
    assert model.alive(one(0, 0, 1)) == pytest.approx(1.0)
    # x = 1, t_x = 1, T = 3: left = 1 / 1 · 2⁻² = 1/4, waits = 4⁻² = 1/16
    assert model.alive(one(1, 1, 3)) == pytest.approx((1 / 16) / (5 / 16))
    assert model.no_order_probability(one(1, 1, 3), 4) == pytest.approx((1 / 4 + 1 / 64) / (5 / 16))
    # likelihood: Γ(2)/Γ(1) · B(1, 2)/B(1, 1) · (left + waits) = 1/2 · 5/16
    assert np.exp(model.log_likelihood(one(1, 1, 3))) == pytest.approx(5 / 32)
    # α = β: the hypergeometric function is 1, left = s / (r + s + x) · (1 + t_x)^−(r+s+x)
    pareto = ParetoNBD(r=1.0, alpha=1.0, s=1.0, beta=1.0)
    left, waits = 1 / 3 * 2**-3, 2 / 3 * 4**-3
    assert np.exp(pareto.log_likelihood(one(1, 1, 3))) == pytest.approx(left + waits)
    assert pareto.alive(one(1, 1, 3)) == pytest.approx(4**-3 / (left + waits))
    assert pareto.no_order_probability(one(1, 1, 3), 4) == pytest.approx((left + 2 / 3 * 8**-3) / (left + waits))


@given(model=bgnbds, seen=customers(), time=st.floats(0.5, 400))
@settings(max_examples=60, deadline=None)
def test_bgnbd_silence_is_its_own_likelihood_later(model, seen, time):
    after, before = model.log_likelihood(seen.later(time)), model.log_likelihood(seen)
    assert model.no_order_probability(seen, time) == pytest.approx(np.exp(after - before), rel=1e-6)


@given(model=paretos, x=st.integers(0, 30), recency=st.floats(0, 300), silence=st.floats(0, 300))
@settings(max_examples=60, deadline=None)
def test_paretonbd_likelihood_is_its_integral(model, x, recency, silence):
    seen = one(x, recency if x else 0.0, (recency if x else 0.0) + silence)
    age, shape = float(seen.age[0]), model.r + x

    def dies_at(u):
        log = shape * np.log(model.alpha + age) + model.s * np.log(model.beta + age)
        return model.s * np.exp(log - shape * np.log(model.alpha + u) - (model.s + 1) * np.log(model.beta + u))

    share, _ = quad(dies_at, seen.recency[0], age, limit=200)
    assert model.alive(seen) == pytest.approx(1 / (1 + share), rel=1e-6)


@pytest.mark.parametrize("model", [PUBLISHED_BGNBD, PUBLISHED_PARETO])
@given(seen=customers())
@settings(max_examples=30, deadline=None)
def test_expected_orders_begin_with_the_chance_of_one(model, seen):
    """In a moment at most one order fits: what is expected of it is the chance that it is not silent."""
    moment = 1e-4
    assert model.expected_orders(seen, moment) == pytest.approx(
        1 - model.no_order_probability(seen, moment), rel=1e-2, abs=1e-9
    )


@pytest.mark.parametrize("models", [bgnbds, paretos], ids=["bg_nbd", "pareto_nbd"])
@given(draws=st.data(), seen=customers(), times=st.tuples(st.floats(0, 400), st.floats(0, 400)))
@settings(max_examples=100, deadline=None)
def test_probabilities_are_probabilities(models, draws, seen, times):
    model, (short, long) = draws.draw(models), sorted(times)
    sooner, later = model.no_order_probability(seen, short)[0], model.no_order_probability(seen, long)[0]
    assert 0 <= later <= sooner + 1e-12 <= 1 + 2e-12
    assert model.no_order_probability(seen, 0.0)[0] == pytest.approx(1)
    assert 0 <= model.alive(seen)[0] <= 1 + 1e-9
    # (1 − P(alive)) is silent for ever
    assert later >= 1 - model.alive(seen)[0] - 1e-9


@pytest.mark.parametrize("models", [bgnbds, paretos], ids=["bg_nbd", "pareto_nbd"])
@given(draws=st.data(), seen=customers(), share=st.floats(0, 1))
@settings(max_examples=100, deadline=None)
def test_risk_rises_with_silence(models, draws, seen, share):
    model = draws.draw(models)
    longer = Histories(seen.frequency, seen.recency * share, seen.age)
    assert model.no_order_probability(longer, 30)[0] >= model.no_order_probability(seen, 30)[0] - 1e-9
    assert model.no_order_probability(seen.later(30), 30)[0] >= model.no_order_probability(seen, 30)[0] - 1e-9


@pytest.mark.parametrize("model", [PUBLISHED_BGNBD, BGNBD(0.5, 20, 1.0, 0.5), BGNBD(0.5, 20, 0.4, 0.6)])
def test_expected_orders_are_finite_where_the_formula_has_holes(model):
    seen = Histories(np.array([0.0, 1.0, 300.0]), np.array([0.0, 50.0, 395.0]), np.array([400.0, 400.0, 400.0]))
    expected = model.expected_orders(seen, 90)
    assert np.isfinite(expected).all()
    assert (expected > 0).all()
    assert (expected < 90).all()


def test_s_of_one_is_no_hole():
    seen = one(3, 50, 70)
    near, at = ParetoNBD(0.5, 20, 1 + 1e-9, 60), ParetoNBD(0.5, 20, 1.0, 60)
    assert at.expected_orders(seen, 90) == pytest.approx(near.expected_orders(seen, 90))


@given(b=st.floats(0.01, 40), above=st.floats(0.01, 40), z=st.floats(0, 0.9))
@settings(max_examples=200, deadline=None)
def test_the_continued_fraction_is_the_hypergeometric_function(b, above, z):
    assert _gauss(b, b + above, np.array([z]))[0] == pytest.approx(hyp2f1(1.0, b, b + above, z), rel=1e-8)


@pytest.mark.parametrize("z", [0.95, 0.99, 0.999, 0.9999])
@pytest.mark.parametrize("b", [0.5, 7.0, 150.0])
def test_the_continued_fraction_where_scipy_gives_up(b, z):
    c = b + 1.6

    def inside(v):  # Euler's integral, DLMF 15.6.1, in logarithms
        return (c - 1) * np.exp((c - 2) * np.log1p(-v) - b * np.log1p(-z * v))

    integral, _ = quad(inside, 0, 1, limit=500, points=[0.9, 0.99, 0.999])
    assert _gauss(b, c, np.array([z]))[0] == pytest.approx(integral, rel=1e-6)


def simulated(rates, lifetimes, age, random):
    """Who orders at these rates until these moments: histories at `age`."""
    until = np.minimum(lifetimes, age)
    frequency = random.poisson(rates * until).astype(float)
    last = until * random.random(len(rates)) ** (1 / np.maximum(frequency, 1))  # the latest of x uniform moments
    return Histories(frequency, np.where(frequency > 0, last, 0.0), np.full(len(rates), float(age)))


def test_paretonbd_recovers_what_was_simulated():
    random, size = np.random.default_rng(7), 6_000
    truth = ParetoNBD(r=0.8, alpha=20.0, s=0.7, beta=150.0)
    rates, exits = random.gamma(truth.r, 1 / truth.alpha, size), random.gamma(truth.s, 1 / truth.beta, size)
    seen = simulated(rates, random.exponential(1 / exits), 400, random)
    found = fit_paretonbd(seen)
    assert (found.r, found.alpha, found.s) == pytest.approx((truth.r, truth.alpha, truth.s), rel=0.15)
    assert found.no_order_probability(seen, 60) == pytest.approx(truth.no_order_probability(seen, 60), abs=0.03)


def test_bgnbd_recovers_what_was_simulated():
    random, size, age = np.random.default_rng(8), 6_000, 400.0
    truth = BGNBD(r=0.8, alpha=20.0, a=0.8, b=3.0)
    rates = random.gamma(truth.r, 1 / truth.alpha, size)
    leaves_after = random.geometric(np.maximum(random.beta(truth.a, truth.b, size), 1e-9))
    frequency, last = np.zeros(size), np.zeros(size)
    for _ in range(400):
        after = last + random.exponential(1 / rates)
        orders = (frequency < leaves_after) & (after < age)
        leaves_after = np.where(after >= age, 0, leaves_after)  # the clock runs out
        frequency, last = np.where(orders, frequency + 1, frequency), np.where(orders, after, last)
    seen = Histories(frequency, last, np.full(size, age))
    found = fit_bgnbd(seen)
    assert (found.r, found.alpha) == pytest.approx((truth.r, truth.alpha), rel=0.15)
    assert found.a / (found.a + found.b) == pytest.approx(truth.a / (truth.a + truth.b), rel=0.15)
    assert found.no_order_probability(seen, 60) == pytest.approx(truth.no_order_probability(seen, 60), abs=0.03)


@pytest.mark.parametrize("fit", [fit_bgnbd, fit_paretonbd])
@pytest.mark.parametrize(
    "seen",
    [
        Histories(np.zeros(50), np.zeros(50), np.full(50, 100.0)),
        Histories(np.full(50, 20.0), np.full(50, 99.0), np.full(50, 100.0)),
        one(3, 5, 9),
    ],
    ids=["nobody came back", "everyone alike and alive", "a single customer"],
)
def test_hopeless_shops_get_a_finite_answer(fit, seen):
    predicted = fit(seen).no_order_probability(seen, 30)
    assert np.isfinite(predicted).all()
    assert ((predicted >= 0) & (predicted <= 1)).all()


@pytest.mark.parametrize("customers", [1, 8, 500])
def test_few_customers_and_many_get_the_same_fraction(customers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bit for bit: a posted history is scored as the batch scores it."""
    random = np.random.default_rng(customers)
    b = random.uniform(0.5, 50.0, customers)
    c, z = b + random.uniform(0.5, 5.0, customers), random.uniform(0.0, 0.99, customers)
    at_once = btyd._gauss(b, c, z)
    monkeypatch.setattr(btyd, "FEW", 0)
    assert (btyd._gauss(b, c, z) == at_once).all()
