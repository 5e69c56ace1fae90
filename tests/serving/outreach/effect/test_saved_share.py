"""The saved share: priors and the holdout weighted by their precision, against Bayes' rule written a second way."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from serving.outreach.effect.group import compare_kept
from serving.outreach.effect.saved_share import SHARED, Prior, SavedShare, saved_shares

PRIORS = {"call": Prior(0.3, 0.1, 0.5), "gift": Prior(0.1, 0.0, 0.2), "mail": Prior(0.2, 0.15, 0.25)}
Z_90 = norm.ppf(0.95)


def episodes(kept: tuple[float, float], playbook: str = "call", accounts: int = 240, **other: object) -> pd.DataFrame:
    """Settled first episodes; of the treated and the held-out these shares stay, evenly spread."""
    treated = np.arange(accounts) % 3 > 0
    place = np.where(treated, np.cumsum(treated), np.cumsum(~treated)) - 1
    return pd.DataFrame(
        {
            "account_id": [f"{playbook}{n}" for n in range(accounts)],
            "number": 1,
            "cell": "ranked",
            "playbook": playbook,
            "arm": np.where(treated, "treated", "holdout"),
            "stratum": "all",
            "kept": (place % 20) / 20 < np.where(treated, *kept),
            "probability": 0.5,
            "expected_spend": 4_000,
            "spent_before": 0,
            **other,
        }
    )


def told(found: SavedShare) -> list[float]:
    return [found.mean, found.low, found.high]


def test_a_range_of_90_percent_is_that_of_its_normal() -> None:
    prior = Prior(0.3, 0.1, 0.5)
    assert norm.cdf(0.5, 0.3, prior.standard_deviation) == pytest.approx(0.95)


def test_without_outcomes_it_is_the_prior_within_nought_and_one() -> None:
    wide = {"wide": Prior(0.5, -0.5, 1.5)}
    assert saved_shares(episodes((0.5, 0.5)), wide)["wide"] == SavedShare(0.5, 0.0, 1.0, None, None, wide["wide"])
    found = saved_shares(episodes((0.5, 0.5)).iloc[:0], PRIORS)
    assert list(found) == list(PRIORS)
    for name, prior in PRIORS.items():
        assert told(found[name]) == pytest.approx(astuple(prior))
        assert (found[name].seen, found[name].seen_error, found[name].prior) == (None, None, prior)


def test_what_is_seen_is_the_share_of_would_be_leavers_and_its_error_by_the_delta_method() -> None:
    outcomes = episodes((0.7, 0.4))
    found = saved_shares(outcomes, PRIORS)["call"]
    compared = compare_kept(outcomes)
    assert compared is not None
    assert found.seen == pytest.approx(1 - (1 - 0.7) / (1 - 0.4), abs=0.02)
    random = np.random.default_rng(0)
    draws = [
        mean.value + np.sqrt(mean.variance) * random.standard_normal(200_000) / 50
        for mean in (compared.treated, compared.holdout)
    ]
    ratio = 1 - (1 - draws[0]) / (1 - draws[1])
    assert found.seen == pytest.approx(ratio.mean(), abs=1e-4)
    assert found.seen_error == pytest.approx(50 * ratio.std(), rel=0.01)


@pytest.mark.parametrize("shared", [0.0, SHARED, 0.9])
@pytest.mark.parametrize("names", [("call",), ("gift", "mail"), ("mail", "call", "gift")])
def test_the_posterior_is_that_of_bayes(shared: float, names: tuple[str, ...]) -> None:
    """Written with precisions, where the module has gains: (Σ⁻¹ + D)⁻¹ (Σ⁻¹ m + D y)."""
    kept = {"call": (0.7, 0.4), "gift": (0.6, 0.5), "mail": (0.5, 0.45)}
    outcomes = pd.concat([episodes(kept[name], name) for name in names])
    found = saved_shares(outcomes, PRIORS, shared=shared)
    spread = np.array([prior.standard_deviation for prior in PRIORS.values()])
    prior_precision = np.linalg.inv(np.outer(spread, spread) * np.where(np.eye(3) > 0, 1.0, shared))
    seen = [found[name] if name in names else None for name in PRIORS]
    assert [None if each is None else each.seen is not None for each in seen] == [
        True if name in names else None for name in PRIORS
    ]
    precision = np.array([0.0 if each is None else 1 / each.seen_error**2 for each in seen])  # type: ignore[operator]
    values = np.array([0.0 if each is None else each.seen for each in seen])
    covariance = np.linalg.inv(prior_precision + np.diag(precision))
    means = covariance @ (prior_precision @ [prior.mean for prior in PRIORS.values()] + precision * values)
    for one, mean, deviation in zip(found.values(), means, np.sqrt(np.diag(covariance)), strict=True):
        ends = np.clip([mean, mean - Z_90 * deviation, mean + Z_90 * deviation], 0, 1)
        assert told(one) == pytest.approx(ends.tolist())


def test_by_itself_a_shop_takes_the_correlation_that_is_stated() -> None:
    outcomes = episodes((0.7, 0.4))
    assert saved_shares(outcomes, PRIORS) == saved_shares(outcomes, PRIORS, shared=0.3)


@pytest.mark.parametrize("other", [{"number": 2}, {"cell": "random"}, {"playbook": "unknown"}])
def test_later_episodes_the_random_cell_and_other_playbooks_say_nothing(other: dict[str, object]) -> None:
    plain = episodes((0.7, 0.4))
    both = pd.concat([plain, episodes((0.1, 0.9)).assign(**other)])
    assert saved_shares(both, PRIORS) == saved_shares(plain, PRIORS)


@pytest.mark.parametrize("outcomes", [episodes((0.7, 0.4), accounts=60), episodes((0.95, 1.0))])
def test_too_few_or_nobody_who_left_says_nothing(outcomes: pd.DataFrame) -> None:
    assert saved_shares(outcomes, PRIORS)["call"].seen is None
