"""Uplift: by how much a contact raises the chance of staying, learnt from the shop's own holdout.

A T-learner (Künzel, Sekhon, Bickel and Yu 2019): one model of staying of the treated, one of the held-out, on the same
features; the uplift is the difference. Uplift is far noisier than risk, so such a model is used only where it wins by
Qini (Radcliffe 2007), out of time and beyond the chance of accounts, over the two rankings that need no trial: by risk
and by gain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np
import pandas as pd
from msgspec import Meta

from features.log import Ints, Texts
from training.dataset import Flags, Floats
from training.models.logistic import Ranks
from training.models.trees import lightgbm, predicted, trained

# With fewer accounts in the smaller arm, or fewer in it who stayed or left, any uplift found is noise.
LEAST_ACCOUNTS, LEAST_EACH = 500, 100
# With fewer accounts in the smaller arm a logistic regression on ranks is better than trees.
ROWS_WORTH_TREES = 5_000
STRENGTH = 0.05
FOLDS, BLOCKS, FIRST_SHARE = 5, 3, 0.4
RESAMPLES = 1000
COVERAGE = (2.5, 97.5)
MOST_GROUPS = 20_000
# A fitted model of P(stays): one probability per row of features.
Stays = Callable[[Floats], Floats]


@dataclass(frozen=True)
class TLearner:
    """Two models of staying: one of treated accounts, one of held-out ones."""

    treated: Stays
    holdout: Stays

    def uplift(self, X: Floats) -> Floats:
        """Return by how much a contact raises P(stays), one per row."""
        return self.treated(X) - self.holdout(X)


def fit_uplift(X: Floats, kept: Flags, treated: Flags) -> TLearner:
    """Fit a model of staying in each arm: a logistic regression on ranks, or trees where both arms are large.

    Args:
        X: episodes × features as they were on entry, NaN = unknown.
        kept: whether each account stayed.
        treated: whether it was meant to be contacted.

    >>> random = np.random.default_rng(0)
    >>> X, treated = random.random((4000, 1)), np.arange(4000) % 2 == 0
    >>> kept = random.random(4000) < 0.4 + 0.3 * X[:, 0] * treated
    >>> low, high = fit_uplift(X, kept, treated).uplift(np.array([[0.1], [0.9]]))
    >>> bool(high > low + 0.1)
    True
    """
    small = min(int(treated.sum()), int((~treated).sum())) < ROWS_WORTH_TREES
    learn = _logistic if small else _trees
    return TLearner(learn(X[treated], kept[treated]), learn(X[~treated], kept[~treated]))


def _logistic(X: Floats, kept: Flags) -> Stays:
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    ranks = Ranks.of(X)
    with threadpool_limits(1):
        model = LogisticRegression(C=STRENGTH, solver="newton-cholesky").fit(ranks.design(X), kept)
    return lambda rows: np.asarray(model.predict_proba(ranks.design(rows))[:, 1], dtype=np.float64)


def _trees(X: Floats, kept: Flags) -> Stays:
    library = lightgbm()
    params = {"objective": "binary", "learning_rate": 0.03, "num_leaves": 7, "min_data_in_leaf": max(50, len(X) // 50)}
    fixed = {"lambda_l2": 5.0, "seed": 1, "num_threads": 1, "deterministic": True, "verbose": -1}
    booster = trained(params | fixed, library.Dataset(X, kept, params=params | fixed), 150)
    return lambda rows: predicted(booster, rows)


def qini(score: Floats, kept: Flags, treated: Flags) -> float:
    """Return the Qini coefficient: the area between the curve and the straight line to its end, per treated account.

    0 is a random order; at 0.01, lists of half the accounts keep about one customer more per hundred treated.

    >>> flags = np.array([True, False, False, True])
    >>> round(qini(np.array([4.0, 3.0, 2.0, 1.0]), flags, np.array([True, False, True, False])), 3)
    0.375
    """
    order = np.argsort(-score, kind="stable")
    return float(_areas(np.ones((1, len(score))), kept[order], treated[order])[0])


def qini_curves(weight: Floats, kept: Flags, treated: Flags) -> Floats:
    """Return the customers kept by a list that ends at each account, from 0 accounts on; accounts in list order.

    n_T(kept) − n_C(kept) × n_T / n_C among the accounts of that list. Radcliffe (2007), "Using control groups to target
    on predicted lift".

    Args:
        weight: of each account, curves × accounts.
        kept: whether each account stayed.
        treated: whether it was treated or held out.

    >>> flags = np.array([True, False, False, True])
    >>> qini_curves(np.ones((1, 4)), flags, np.array([True, False, True, False]))
    array([[0., 1., 1., 1., 0.]])
    """
    n_treated, n_holdout = np.cumsum(weight * treated, axis=1), np.cumsum(weight * ~treated, axis=1)
    treated_kept = np.cumsum(weight * (treated & kept), axis=1)
    holdout_kept = np.cumsum(weight * (~treated & kept), axis=1)
    ratio = np.divide(n_treated, n_holdout, out=np.zeros_like(n_treated), where=n_holdout > 0)
    gained = treated_kept - holdout_kept * ratio
    return np.hstack([np.zeros((len(weight), 1)), gained])


def _areas(weight: Floats, kept: Flags, treated: Flags) -> Floats:
    curve = qini_curves(weight, kept, treated)
    down = np.hstack([np.zeros((len(weight), 1)), np.cumsum(weight, axis=1)])
    down = down / np.maximum(down[:, -1:], 1e-12)
    area = (np.diff(down, axis=1) * (curve[:, 1:] + curve[:, :-1]) / 2).sum(axis=1) - curve[:, -1] / 2
    return np.asarray(area / np.maximum((weight * treated).sum(axis=1), 1e-12), dtype=np.float64)


class QiniEstimate(msgspec.Struct, frozen=True):
    """A Qini coefficient, or the difference of two, in customers kept per treated account, with its 95 % interval."""

    value: Annotated[float, Meta(description="0: as good as a random order")]
    low: float
    high: float

    @property
    def words(self) -> str:
        """The coefficient in words, in customers kept per hundred treated."""
        value, low, high = (f"{100 * end:+.2f}".replace("-", "−") for end in (self.value, self.low, self.high))
        return f"{value} (95 % interval {low} to {high})"


class UpliftVerdict(msgspec.Struct, frozen=True):
    """Whether an uplift model ranks accounts better, beyond chance, than rankings that need no model of their own."""

    wins: Annotated[bool, Meta(description="lists are ranked by it")]
    words: Annotated[str, Meta(description="why, in one sentence")]
    accounts: Annotated[int, Meta(description="settled accounts that it was tested on")]
    holdout: Annotated[int, Meta(description="of these, held out")]
    qini: Annotated[
        dict[str, QiniEstimate], Meta(description="of each ranking: uplift, risk and gain; empty: too few accounts")
    ]
    ahead: Annotated[
        dict[str, QiniEstimate], Meta(description="by how much uplift is ahead of risk and of gain; empty: as `qini`")
    ]

    def lines(self) -> Iterator[str]:
        """Yield the verdict and the coefficients in words."""
        yield self.words
        for name, estimate in self.qini.items():
            yield f"  Qini of {name}: {estimate.words} customers per hundred treated"


def uplift_backtest(
    X: Floats,
    kept: Flags,
    treated: Flags,
    risk: Floats,
    *,
    gain: Floats | None = None,
    account_id: Texts | None = None,
    began_day: Ints | None = None,
    horizon_days: int = 0,
) -> UpliftVerdict:
    """Judge an uplift model against ranking by risk and by gain.

    With `began_day` it is out of time: three blocks of days, each scored by a model trained on the episodes whose
    horizon had ended before the block began. Without it, five folds of accounts, each scored by a model of the others.

    Args:
        X: episodes × features as they were on entry, NaN = unknown.
        kept: whether each account stayed.
        treated: whether it was meant to be contacted.
        risk: P(churn) as predicted on entry.
        gain: expected gain as predicted on entry.
        account_id: the account of each episode; None = each its own.
        began_day: day number of each episode.
        horizon_days: of the episodes.

    >>> few = np.arange(40) % 2 == 0
    >>> uplift_backtest(np.zeros((40, 1)), few, few, np.zeros(40)).words
    'no uplift model yet: it takes 500 accounts in each arm, 100 who stayed and 100 who left; the smaller arm has 20'
    """
    why_not = _too_few(kept, treated)
    if why_not:
        return UpliftVerdict(False, why_not, 0, 0, {}, {})
    codes = pd.factorize(account_id)[0] if account_id is not None else np.arange(len(kept))
    block = _folds(codes) if began_day is None else _blocks(began_day)
    uplift = _out_of_sample(X, kept, treated, block, began_day, horizon_days)
    test = np.isfinite(uplift)
    why_not = _too_few(kept[test], treated[test])
    if why_not:
        return UpliftVerdict(False, f"{why_not} in the test", int(test.sum()), int((test & ~treated).sum()), {}, {})
    rankings = {"uplift": uplift, "risk": risk, **({"gain": gain} if gain is not None else {})}
    ranks = {name: _ranks_within(score[test], block[test]) for name, score in rankings.items()}
    return _judged(ranks, kept[test], treated[test], codes[test])


def _too_few(kept: Flags, treated: Flags) -> str:
    arms = [kept[treated], kept[~treated]]
    if all(len(arm) >= LEAST_ACCOUNTS and LEAST_EACH <= arm.sum() <= len(arm) - LEAST_EACH for arm in arms):
        return ""
    return (
        f"no uplift model yet: it takes {LEAST_ACCOUNTS} accounts in each arm, {LEAST_EACH} who stayed and "
        f"{LEAST_EACH} who left; the smaller arm has {min(len(arm) for arm in arms)}"
    )


def _folds(account: Ints) -> Ints:
    """Return each episode's fold, whole accounts together."""
    fold = np.random.default_rng(0).integers(0, FOLDS, int(account.max(initial=0)) + 1)
    return np.asarray(fold[account], dtype=np.int64)


def _blocks(began_day: Ints) -> Ints:
    """Return each episode's block of days: 0 = only to learn from, then equal parts in time order."""
    ends = np.quantile(began_day, FIRST_SHARE + (1 - FIRST_SHARE) * np.arange(BLOCKS) / BLOCKS)
    return np.searchsorted(ends, began_day, side="right").astype(np.int64)


def _out_of_sample(
    X: Floats, kept: Flags, treated: Flags, block: Ints, began_day: Ints | None, horizon_days: int
) -> Floats:
    """Return the uplift as predicted by a model of other episodes; NaN where there is no such model."""
    uplift = np.full(len(kept), np.nan)
    for one in np.unique(block):
        test = block == one
        ended = ~test if began_day is None else began_day + horizon_days <= began_day[test].min()
        known = np.asarray(ended, dtype=bool)
        if all(len(np.unique(kept[known & arm])) == 2 for arm in (treated, ~treated)):
            uplift[test] = fit_uplift(X[known], kept[known], treated[known]).uplift(X[test])
    return uplift


def _ranks_within(score: Floats, block: Ints) -> Floats:
    """Return ranks within each block: models of different blocks do not share a scale."""
    ranks = pd.Series(score).groupby(block).rank(pct=True, method="first")
    return np.asarray(ranks, dtype=np.float64)


def _judged(ranks: dict[str, Floats], kept: Flags, treated: Flags, account: Ints) -> UpliftVerdict:
    drawn = {name: _drawn(rank, kept, treated, account) for name, rank in ranks.items()}
    found = {name: qini(rank, kept, treated) for name, rank in ranks.items()}
    others = [name for name in ranks if name != "uplift"]
    ahead = {name: _estimate(found["uplift"] - found[name], drawn["uplift"] - drawn[name]) for name in others}
    estimates = {name: _estimate(found[name], drawn[name]) for name in ranks}
    wins = all(estimate.low > 0 for estimate in ahead.values()) and estimates["uplift"].low > 0
    leads = " and ".join(f"{estimate.words} ahead of {name}" for name, estimate in ahead.items())
    verdict = "the uplift model is used" if wins else "the uplift model is not used, it may be ahead by chance only"
    words = f"{verdict}: by Qini, customers kept per hundred treated, {leads}"
    return UpliftVerdict(wins, words, len(kept), int((~treated).sum()), estimates, ahead)


def _estimate(value: float, drawn: Floats) -> QiniEstimate:
    low, high = np.percentile(drawn, COVERAGE)
    return QiniEstimate(value, float(low), float(high))


def _drawn(rank: Floats, kept: Flags, treated: Flags, account: Ints) -> Floats:
    """Return the coefficient in each resample: accounts get Poisson weights, the same for each ranking."""
    order = np.argsort(-rank, kind="stable")
    group = np.unique(account, return_inverse=True)[1] % MOST_GROUPS
    random, found = np.random.default_rng(1), []
    for _ in range(RESAMPLES):
        weight = random.poisson(1.0, int(group.max(initial=0)) + 1)[group][order].astype(np.float64)
        found.append(_areas(weight[None, :], kept[order], treated[order])[0])
    return np.array(found)
