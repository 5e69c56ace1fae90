"""Intervals that hold at every look: the published boundary, their coverage under peeking, and what a year costs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from serving.outreach.effect.confidence_sequence import sequence_around, standard_errors
from serving.outreach.effect.estimate import estimate_around, student_quantile

LOOKS = np.arange(60, 3_000, 60)


def running(seed: int, trials: int) -> tuple[np.ndarray, np.ndarray]:
    """Means and standard errors at each look, of noise around 0; trials × looks."""
    noise = np.random.default_rng(seed).standard_normal((trials, int(LOOKS[-1])))
    sums, squares = noise.cumsum(axis=1)[:, LOOKS - 1], (noise**2).cumsum(axis=1)[:, LOOKS - 1]
    means = sums / LOOKS
    return means, np.sqrt((squares / LOOKS - means**2) / (LOOKS - 1))


def test_the_boundary_of_the_paper() -> None:
    """Theorem 2.2, written as it stands there: σ √(2(tρ²+1)/(t²ρ²) log(√(tρ²+1)/α)), ρ tuned at t* by appendix B.2."""
    alpha, sigma, tuned = 0.05, 3.0, 500
    rho = math.sqrt((-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / tuned)
    for t in (50, 500, 5_000):
        inside = t * rho**2 + 1
        expected = sigma * math.sqrt(2 * inside / (t**2 * rho**2) * math.log(math.sqrt(inside) / alpha))
        assert standard_errors(t, tuned) * sigma / math.sqrt(t) == pytest.approx(expected)


def test_it_is_narrowest_where_it_was_tuned() -> None:
    widths = {tuned: standard_errors(2_000, tuned) for tuned in (100, 500, 2_000, 8_000, 50_000)}
    assert min(widths, key=lambda tuned: widths[tuned]) == 2_000
    assert widths[500] < 1.05 * widths[2_000]


def test_a_small_sample_widens_as_students_t_does() -> None:
    fixed = [estimate_around(0.0, 1.0, v).high for v in (10.0, math.inf)]
    any_time = [sequence_around(0.0, 1.0, 500, v).high for v in (10.0, math.inf)]
    assert any_time[0] / any_time[1] == pytest.approx(fixed[0] / fixed[1])


def test_peeking_every_week_fools_the_fixed_interval_and_not_this_one() -> None:
    means, errors = running(0, 2_000)
    fixed = (np.abs(means) > 1.96 * errors).any(axis=1).mean()
    reach = np.array([standard_errors(int(look), 2_000) for look in LOOKS])
    any_time = (np.abs(means) > reach * errors).any(axis=1).mean()
    assert fixed > 0.25
    assert any_time < 0.05


def test_it_is_the_boundary_times_the_error_and_what_a_small_sample_and_a_bias_add() -> None:
    found = sequence_around(7.0, 2.0, 300, 20.0, 90, 0.5)
    reach = standard_errors(300, 90) * student_quantile(0.975, 20.0) / student_quantile(0.975, math.inf) * 2 + 0.5
    assert found.value == 7.0
    assert (found.low, found.high) == (pytest.approx(7 - reach, abs=1e-5), pytest.approx(7 + reach, abs=1e-5))
    plain = sequence_around(0.0, 1.0, 300, tuned_accounts=90)
    assert (plain.low, plain.high) == (-round(standard_errors(300, 90), 6), round(standard_errors(300, 90), 6))
    assert sequence_around(0.0, 1.0, 300) == sequence_around(0.0, 1.0, 300, math.inf, 2_000, 0.0)
