"""Optuna, as `search.py` uses it: the search space, and the studies in a shop's folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from features.errors import InputError
from features.faults import cannot_be
from training.sqlite_url import sqlite_url
from training.tuning.tuned import HOME

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import RDBStorage

DATABASE = "tuning.db"
SEED = 1
RANDOM_TRIALS, TRIALS_BEFORE_PRUNING, LEAST_TRIALS_FOR_IMPORTANCE = 10, 5, 10
INSTALL = "pip install 'optuna>=4.5,<6'"


def optuna() -> ModuleType:
    """Return Optuna with its log silenced: the result says everything.

    Raises:
        InputError: it is not installed.
    """
    try:
        import optuna as library
    except ImportError:
        raise InputError(f"tuning needs Optuna, which is not installed: {INSTALL}") from None
    library.logging.set_verbosity(library.logging.ERROR)
    return library


def space() -> dict[str, Any]:
    """Return the search space by setting; the usual settings lie inside.

    >>> from training.models.trees import USUAL
    >>> sorted(space()) == sorted(vars(USUAL))
    True
    """
    kinds = optuna().distributions
    return {
        "leaves": kinds.IntDistribution(4, 63, log=True),
        "learning_rate": kinds.FloatDistribution(0.01, 0.1, log=True),
        "feature_fraction": kinds.FloatDistribution(0.2, 1.0),
        "l2": kinds.FloatDistribution(0.1, 100.0, log=True),
        "rows_a_leaf": kinds.IntDistribution(10, 400, log=True),
        "extra_trees": kinds.CategoricalDistribution((True, False)),
    }


@contextmanager
def storage_in(folder: Path) -> Iterator[RDBStorage]:
    """Open the studies of a shop, and close them at the end.

    Raises:
        InputError: the folder cannot be written.
    """
    home = folder.resolve() / HOME
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_be("written", home, error) from error
    storage = optuna().storages.RDBStorage(sqlite_url(home / DATABASE))
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def study_in(library: ModuleType, storage: RDBStorage, name: str) -> Study:
    """Return a study by name, new or continued."""
    study: Study = library.create_study(study_name=name, storage=storage, direction="minimize", load_if_exists=True)
    tried = len(study.get_trials(deepcopy=False))
    # A session that continues a study must not draw the settings of the session before again.
    study.sampler = library.samplers.TPESampler(seed=SEED + tried, n_startup_trials=RANDOM_TRIALS)
    study.pruner = library.pruners.MedianPruner(n_startup_trials=TRIALS_BEFORE_PRUNING)
    return study


def importance_in(study: Study, finished: int) -> Mapping[str, float]:
    """Return the share of the differences that each setting explains. Hutter, Hoos and Leyton-Brown (2014)."""
    if finished < LEAST_TRIALS_FOR_IMPORTANCE:
        return {}
    library = optuna().importance
    shares = library.get_param_importances(study, evaluator=library.FanovaImportanceEvaluator(seed=SEED))
    return {name: float(share) for name, share in shares.items()}
