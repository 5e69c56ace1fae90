"""Trees that suit one shop: the search behind `regulars tune`, and what `regulars train` takes from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from typing import Any

from features.churn.labels import ChurnDefinition
from features.errors import InputError
from serving.shop import OpenShop
from training.backtest.steps import Progress
from training.models.trees import USUAL, TreeSettings
from training.tuning.optuna_studies import optuna
from training.tuning.search import tune
from training.tuning.tuned import Tuned, read_tuned, write_tuned


@dataclass(frozen=True, eq=False)
class TreesTuned:
    """What a search found, and the file that `regulars train` reads."""

    tuned: Tuned
    path: Path
    notes: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {**self.tuned.to_dict(), "file": str(self.path)}

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        tuned = self.tuned
        yield from self.notes
        yield f"{tuned.trials:,} trials in all, {tuned.pruned:,} given up early; on {len(tuned.dates)} test dates:"
        yield f"  usual settings  log loss {tuned.usual_log_loss:.5f}"
        yield f"  best settings   log loss {tuned.best_log_loss:.5f}, {_differences(tuned.best)}"
        yield tuned.why
        if tuned.importance:
            shares = ", ".join(f"{name} {share:.0%}" for name, share in tuned.importance.items())
            yield f"what mattered between settings: {shares}"
        yield f"written to {self.path}; next: regulars train; to look further: regulars tune again"


def _differences(settings: TreeSettings) -> str:
    """Return those settings that differ from the usual ones, in words."""
    usual, given = asdict(USUAL), asdict(settings)
    if given == usual:
        return "the usual ones"
    words = {name: f"{value:.3g}" if isinstance(value, float) else str(value).lower() for name, value in given.items()}
    return ", ".join(f"{name} {words[name]}" for name in given if given[name] != usual[name])


def tune_trees(shop: OpenShop, budget_minutes: float, report: Progress) -> TreesTuned:
    """Look for better trees under a budget, go on where the last session ended, and write what was found.

    Args:
        shop: the open shop.
        budget_minutes: how long to look.
        report: is called as time passes.

    Raises:
        InputError: Optuna is not installed, the budget is not positive, or it was over before anything was judged.
    """
    optuna()  # a missing library is reported before any file is read
    if not 0 < budget_minutes < inf:
        raise InputError(f"--budget-minutes is a number above 0, not {budget_minutes:g}")
    definition, folder = shop.definition, shop.settings.folder
    tuned = tune(
        shop.log,
        definition,
        folder,
        budget_minutes=budget_minutes,
        until=shop.until,
        first=_former(folder, definition),
        progress=report,
    )
    return TreesTuned(tuned, write_tuned(folder, tuned, shop.today), shop.settings.auto_note(definition))


def _former(folder: Path, definition: ChurnDefinition) -> tuple[TreeSettings, ...]:
    """Return what was best on an earlier log: a good place to begin."""
    try:
        found = read_tuned(folder)
    except InputError:  # it is about to be replaced
        return ()
    return (found.settings,) if found is not None and found.definition == definition else ()


def trees_for(folder: Path, definition: ChurnDefinition, *, tuned: bool) -> tuple[TreeSettings, tuple[str, ...]]:
    """Return how trees grow for a definition, and in words where that comes from; no words where nothing was tuned.

    Args:
        folder: of the shop.
        definition: population and horizon to train for.
        tuned: whether to look at what `regulars tune` found.

    Raises:
        InputError: the file of `regulars tune` is corrupt.
    """
    found = read_tuned(folder) if tuned else None
    if found is None:
        return USUAL, ()
    if found.definition == definition:
        return found.settings, (found.words,)
    known = found.definition
    return USUAL, (
        f"trees: the usual settings; those of {found.tuned_on} were tuned for {known.horizon_days} days ahead and "
        f"{known.active_days} active days",
    )
