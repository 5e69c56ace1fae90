"""Gradient-boosted trees by LightGBM, small and slow: the best candidate on most shops.

Small trees, a low learning rate, a share of the features per tree, and as many rounds as helped on the latest date
(early stopping); then a refit on everything. With few rows three seeds are averaged in log-odds; with many, one says
the same at a third of the cost, and a higher learning rate at half of it. Stored as LightGBM's own text.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from features.errors import ModelRefused
from training.dataset import Dataset, Floats
from training.models.agreed_threads import AGREED
from training.models.fitted import EarlyStoppingSplit, Explained, Fit, read_json, write_json

if TYPE_CHECKING:
    from lightgbm import Booster

FILE = "trees.json"
SEEDS = (1, 2, 3)
LEAST_ROWS_A_LEAF, ROWS_A_LEAF_SHARE = 5, 100
MOST_ROUNDS, PATIENCE, USUAL_ROUNDS, LEAST_ROUNDS = 1000, 50, 100, 20
# From so many rows on, one seed alone loses less than 0.0003 of log loss to three on each of six shops.
ROWS_FOR_ONE_SEED = 20_000
# From so many rows on, trees of twice the weight, half as many of them, are no worse.
ROWS_FOR_FAST_RATE, FAST_RATE = 50_000, 0.06
# With fewer rows, a further thread waits more than it works, above all on cores that other processes use too.
ROWS_A_THREAD, ROWS_WORTH_THREADS = 50_000, 2_000
DIRECTION = {True: -1, False: 1, None: 0}


@dataclass(frozen=True)
class TreeSettings:
    """How the trees grow; the default values are strong on most shops, `regulars tune` looks for a shop's own.

    Args:
        leaves: the most leaves of a tree.
        learning_rate: the weight of each tree.
        feature_fraction: the share of the features that each tree may use.
        l2: how strongly leaves are pulled to 0.
        rows_a_leaf: the fewest rows of a leaf; at most a hundredth of all rows, so that small shops get leaves too.
        extra_trees: one random cut per feature: measured better for 30 days, equal for 14, never worse.

    >>> TreeSettings(leaves=31).learning_rate
    0.03
    """

    leaves: int = 15
    learning_rate: float = 0.03
    feature_fraction: float = 0.6
    l2: float = 5.0
    rows_a_leaf: int = 100
    extra_trees: bool = True


USUAL = TreeSettings()
EachRound = Callable[[], None]


def lightgbm() -> ModuleType:
    """Return LightGBM, loaded so that its threads sleep, not spin, while they wait for one another.

    On shared cores spinning costs up to 20 × the time (LightGBM issue 6728); the setting is read at loading.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import lightgbm as library

    return library


def threads() -> int:
    """Return how many cores this process may use.

    >>> threads() >= 1
    True
    """
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


@dataclass(frozen=True, eq=False)
class Trees:
    """Boosters of several seeds, averaged in log-odds.

    Args:
        names: the features they take, in order.
        boosters: one per seed.
    """

    names: tuple[str, ...]
    boosters: tuple[Booster, ...]

    def log_odds(self, X: Floats) -> Floats:
        """Return the log-odds of churn, one per row."""
        scores = [predicted(booster, X, _threads_for(X), raw_score=True) for booster in self.boosters]
        return np.asarray(np.mean(scores, axis=0), dtype=np.float64)

    def explained(self, X: Floats) -> Explained:
        """Return the log-odds and their exact SHAP values. Lundberg et al. (2020), path-dependent."""
        added = [predicted(booster, X, _threads_for(X), pred_contrib=True) for booster in self.boosters]
        mean = np.asarray(np.mean(added, axis=0), dtype=np.float64)
        return Explained(self.log_odds(X), mean[:, :-1], float(mean[0, -1]) if len(mean) else 0.0)

    def to_files(self, folder: Path) -> None:
        """Write each booster as LightGBM's text, and a JSON that names them."""
        files = [f"trees_{number}.txt" for number in range(len(self.boosters))]
        for name, booster in zip(files, self.boosters, strict=True):
            (folder / name).write_text(booster.model_to_string(), encoding="utf-8")
        write_json(folder / FILE, {"names": list(self.names), "files": files})


def trained(params: Mapping[str, Any], *given: Any, **more: Any) -> Booster:
    """Train as `lightgbm.train` does, with the number of threads that the parameters say.

    Args:
        params: with num_threads.
        given: the other arguments.
        more: those with names.
    """
    with AGREED.at(params["num_threads"]):
        booster: Booster = lightgbm().train(dict(params), *given, **more)
        return booster


def predicted(booster: Booster, X: Floats, most_threads: int = 1, **how: Any) -> Floats:
    """Return what a booster says of rows; the number of threads changes nothing of it.

    Args:
        booster: trained.
        X: rows × features.
        most_threads: that are worth it.
        how: raw_score, pred_contrib or num_iteration.
    """
    with AGREED.near(most_threads) as number:
        return np.asarray(booster.predict(X, num_threads=number, **how), dtype=np.float64)


def _threads_for(X: Floats) -> int:
    return threads() if len(X) >= ROWS_WORTH_THREADS else 1


def read_trees(folder: Path) -> Trees:
    """Read what `Trees.to_files` wrote.

    Raises:
        ModelRefused: LightGBM cannot read a file.
    """
    content, library = read_json(folder / FILE), lightgbm()
    try:
        texts = [(folder / name).read_text(encoding="utf-8") for name in content["files"]]
        boosters = tuple(library.Booster(model_str=text) for text in texts)
    except (OSError, library.basic.LightGBMError) as error:
        raise ModelRefused(f"{folder} holds trees that cannot be read ({error}); run regulars train") from None
    return Trees(tuple(content["names"]), boosters)


def fit_trees(
    data: Dataset,
    split: EarlyStoppingSplit,
    settings: TreeSettings = USUAL,
    *,
    seeds: tuple[int, ...] | None = None,
    each_round: EachRound | None = None,
) -> Fit:
    """Find how many rounds help on the latest date, then fit on everything.

    Args:
        data: what to learn from.
        split: (earlier dates, latest date), or None where the history is too short.
        settings: how the trees grow; the usual ones grow twice as fast where there are many rows.
        seeds: of the boosters that are averaged; by default three where there are few rows, else one.
        each_round: is called after every round of boosting; an error that it raises stops the fit.
    """
    settings, seeds = _quick_enough(settings, len(data)), seeds or _seeds_for(len(data))
    callbacks: Callbacks = [lambda _: each_round()] if each_round else []
    if split is None:
        return Fit(_refit(data, USUAL_ROUNDS, settings, seeds, callbacks), None)
    earlier, latest = split
    rounds, log_odds = _stop_early(earlier, latest, settings, callbacks)
    return Fit(_refit(data, rounds, settings, seeds, callbacks), (log_odds, latest.y))


Callbacks = list[Callable[[Any], None]]


def _seeds_for(rows: int) -> tuple[int, ...]:
    return SEEDS if rows < ROWS_FOR_ONE_SEED else SEEDS[:1]


def _quick_enough(settings: TreeSettings, rows: int) -> TreeSettings:
    if settings != USUAL or rows < ROWS_FOR_FAST_RATE:
        return settings  # a rate that was tuned for this shop is not ours to change
    return replace(settings, learning_rate=FAST_RATE)


def _stop_early(earlier: Dataset, latest: Dataset, settings: TreeSettings, callbacks: Callbacks) -> tuple[int, Floats]:
    library, params = lightgbm(), _params(earlier, SEEDS[0], settings)
    train = library.Dataset(earlier.values, earlier.y, params=params, free_raw_data=False)
    valid = library.Dataset(latest.values, latest.y, reference=train, free_raw_data=False)
    stop = library.early_stopping(PATIENCE, verbose=False)
    booster = trained(params, train, MOST_ROUNDS, [valid], callbacks=[stop, *callbacks])
    rounds = max(LEAST_ROUNDS, int(booster.best_iteration))
    return rounds, predicted(booster, latest.values, _threads_for(latest.values), raw_score=True, num_iteration=rounds)


def _refit(data: Dataset, rounds: int, settings: TreeSettings, seeds: tuple[int, ...], callbacks: Callbacks) -> Trees:
    library = lightgbm()

    def grow(seed: int) -> Booster:
        params = _params(data, seed, settings)
        known = library.Dataset(data.values, data.y, params=params)
        return trained(params, known, rounds, callbacks=list(callbacks))

    # LightGBM releases the interpreter lock, so the seeds are fitted side by side without waiting for one another.
    with ThreadPoolExecutor(max_workers=min(threads(), len(seeds))) as pool:
        return Trees(data.features.names, tuple(pool.map(grow, seeds)))


def _params(data: Dataset, seed: int, settings: TreeSettings) -> dict[str, Any]:
    return {
        "objective": "binary",
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.leaves,
        "min_data_in_leaf": max(LEAST_ROWS_A_LEAF, min(settings.rows_a_leaf, len(data) // ROWS_A_LEAF_SHARE)),
        "feature_fraction": settings.feature_fraction,
        "extra_trees": settings.extra_trees,
        "lambda_l2": settings.l2,
        "feature_pre_filter": False,
        "monotone_constraints": [DIRECTION[feature.risk_falls_with_it] for feature in data.features],
        "seed": seed,
        "num_threads": max(1, min(threads(), len(data) // ROWS_A_THREAD)),
        "deterministic": True,
        "force_col_wise": True,
        "verbose": -1,
    }
