"""Gradient-boosted trees by LightGBM, small and slow: what wins on most shops.

Small trees, a low rate, a part of the features per tree, and as many rounds as helped on the latest date; then a refit
on everything with three seeds, averaged in log-odds. Kept as LightGBM's own text.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from features.errors import ModelRefused
from training.dataset import Dataset, Floats
from training.fitted import Fit, Held, read_json, write_json

if TYPE_CHECKING:
    from lightgbm import Booster

FILE = "trees.json"
SEEDS = (1, 2, 3)
LEAVES = 15
MOST_ROWS_A_LEAF, ROWS_A_LEAF_SHARE = 100, 100
MOST_ROUNDS, PATIENCE, USUAL_ROUNDS, LEAST_ROUNDS = 1000, 50, 100, 20
# Below these a further thread waits more than it works, many times so on cores that others use too.
ROWS_A_THREAD, ROWS_WORTH_THREADS = 50_000, 2_000
DIRECTION = {True: -1, False: 1, None: 0}


def lightgbm() -> ModuleType:
    """Return LightGBM, loaded so that its threads sleep, not spin, while they wait for one another.

    On shared cores spinning costs up to 20 × the time (LightGBM issue 6728); it is read when the library loads.
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
        said = [booster.predict(X, raw_score=True, num_threads=_threads_for(X)) for booster in self.boosters]
        return np.asarray(np.mean(said, axis=0), dtype=np.float64)

    def contributions(self, X: Floats) -> tuple[Floats, float]:
        """Return exact SHAP values, rows × features, and their base. Lundberg et al. (2020), path-dependent."""
        said = [booster.predict(X, pred_contrib=True, num_threads=_threads_for(X)) for booster in self.boosters]
        mean = np.asarray(np.mean(said, axis=0), dtype=np.float64)
        return mean[:, :-1], float(mean[0, -1]) if len(mean) else 0.0

    def to_files(self, folder: Path) -> None:
        """Write each booster as LightGBM's text, and a JSON that names them."""
        files = [f"trees_{place}.txt" for place in range(len(self.boosters))]
        for name, booster in zip(files, self.boosters, strict=True):
            (folder / name).write_text(booster.model_to_string(), encoding="utf-8")
        write_json(folder / FILE, {"names": list(self.names), "files": files})


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
        raise ModelRefused(f"{folder} holds trees that cannot be read ({error}); train again") from None
    return Trees(tuple(content["names"]), boosters)


def fit_trees(data: Dataset, held: Held) -> Fit:
    """Learn how many rounds help on the latest date, then learn on everything with three seeds."""
    if held is None:
        return Fit(_refit(data, USUAL_ROUNDS), None)
    earlier, latest = held
    rounds, said = _stop_early(earlier, latest)
    return Fit(_refit(data, rounds), (said, latest.y))


def _stop_early(earlier: Dataset, latest: Dataset) -> tuple[int, Floats]:
    library, params = lightgbm(), _params(earlier, SEEDS[0])
    train = library.Dataset(earlier.values, earlier.y, params=params, free_raw_data=False)
    valid = library.Dataset(latest.values, latest.y, reference=train, free_raw_data=False)
    stop = library.early_stopping(PATIENCE, verbose=False)
    booster = library.train(params, train, MOST_ROUNDS, [valid], callbacks=[stop])
    rounds = max(LEAST_ROUNDS, int(booster.best_iteration))
    said = booster.predict(latest.values, raw_score=True, num_iteration=rounds)
    return rounds, np.asarray(said, dtype=np.float64)


def _refit(data: Dataset, rounds: int) -> Trees:
    library = lightgbm()

    def grow(seed: int) -> Booster:
        params = _params(data, seed)
        booster: Booster = library.train(params, library.Dataset(data.values, data.y, params=params), rounds)
        return booster

    # LightGBM lets go of the interpreter: seeds side by side need no barriers between their threads.
    with ThreadPoolExecutor(max_workers=min(threads(), len(SEEDS))) as pool:
        return Trees(data.features.names, tuple(pool.map(grow, SEEDS)))


def _params(data: Dataset, seed: int) -> dict[str, Any]:
    return {
        "objective": "binary",
        "learning_rate": 0.03,
        "num_leaves": LEAVES,
        "min_data_in_leaf": max(5, min(MOST_ROWS_A_LEAF, len(data) // ROWS_A_LEAF_SHARE)),
        "feature_fraction": 0.6,
        "extra_trees": True,  # one random cut per feature: measured better at 30 days, level at 14, never worse
        "lambda_l2": 5.0,
        "feature_pre_filter": False,
        "monotone_constraints": [DIRECTION[feature.risk_falls_with_it] for feature in data.features],
        "seed": seed,
        "num_threads": max(1, min(threads(), len(data) // ROWS_A_THREAD)),
        "deterministic": True,
        "force_col_wise": True,
        "verbose": -1,
    }
