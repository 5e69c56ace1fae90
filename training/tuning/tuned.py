"""What a search for better trees found, and the file in which `regulars train` finds it.

It is `<folder>/mlruns/trees.json`: how the trees of this shop grow, since which day, and how sure that is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

from features.atomic_write import whole
from features.churn.labels import ChurnDefinition
from features.errors import InputError
from training.backtest.choice import Difference
from training.models.trees import USUAL, TreeSettings

HOME, FILE = "mlruns", "trees.json"


@dataclass(frozen=True)
class Tuned:
    """What a search found, over all its sessions.

    Args:
        definition: population and horizon that were tuned for.
        dates: the test dates, latest first.
        trials: settings that were tried, those given up included.
        pruned: settings that were given up after a few dates.
        usual_log_loss: mean log loss of the usual settings over the test dates.
        best: the settings with the lowest mean log loss.
        best_log_loss: theirs.
        apart: how much lower that is, customers being clusters; flattered, since they were chosen on these dates.
        honest: the same where each date is judged with settings chosen on the other dates; None for one date alone.
        importance: how much of the differences between settings each one explains; empty where too few were tried.
        study: the name of the study in `mlruns/tuning.db`.
    """

    definition: ChurnDefinition
    dates: tuple[date, ...]
    trials: int
    pruned: int
    usual_log_loss: float
    best: TreeSettings
    best_log_loss: float
    apart: Difference
    honest: Difference | None
    importance: Mapping[str, float]
    study: str

    @property
    def is_better(self) -> bool:
        """Whether the best settings beat the usual ones by more than one standard error, chosen and judged apart."""
        return self.honest is not None and self.honest.is_gain and self.apart.is_gain

    @property
    def settings(self) -> TreeSettings:
        """How trees should grow: the best settings where they are better by more than chance, else the usual ones."""
        return self.best if self.is_better else USUAL

    @property
    def why(self) -> str:
        """The choice in words."""
        if self.best == USUAL:
            return "the usual settings stay: nothing that was tried is better"
        if self.honest is None:
            return "the usual settings stay: one test date cannot both choose settings and judge them"
        said = f"log loss {self.honest.mean:+.5f} ± {self.honest.standard_error:.5f} on dates that did not choose them"
        if self.is_better:
            return f"the tuned settings are better by more than one standard error: {said}"
        return f"the usual settings stay: the best found are not better by more than one standard error: {said}"

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "tuned": self.is_better,
            "why": self.why,
            "settings": asdict(self.settings),
            "definition": asdict(self.definition),
            "dates": [day.isoformat() for day in self.dates],
            "trials": self.trials,
            "pruned": self.pruned,
            "usual_log_loss": self.usual_log_loss,
            "best_log_loss": self.best_log_loss,
            "best": asdict(self.best),
            "apart": asdict(self.apart),
            "honest": asdict(self.honest) if self.honest else None,
            "importance": dict(self.importance),
            "study": self.study,
        }


@dataclass(frozen=True)
class TreesFound:
    """How the trees of a shop grow, as `mlruns/trees.json` says it.

    >>> TreesFound(USUAL, ChurnDefinition(30, 90), "2026-11-22", 143, False).words
    'trees: the usual settings; tuning on 2026-11-22 found none better (143 trials)'
    """

    settings: TreeSettings
    definition: ChurnDefinition
    tuned_on: str
    trials: int
    tuned: bool

    @property
    def words(self) -> str:
        """Say in one line where the settings come from."""
        if self.tuned:
            return f"trees tuned on {self.tuned_on}, {self.trials:,} trials"
        return f"trees: the usual settings; tuning on {self.tuned_on} found none better ({self.trials:,} trials)"


def trees_file(folder: Path) -> Path:
    """Return where the settings of a shop's trees lie.

    >>> trees_file(Path("shop")).as_posix()
    'shop/mlruns/trees.json'
    """
    return folder / HOME / FILE


def write_tuned(folder: Path, tuned: Tuned, on: date) -> Path:
    """Write what a search found, for `read_tuned`, and return the file.

    Args:
        folder: of the shop.
        tuned: what was found.
        on: the day it was found on; here is no clock.

    Raises:
        InputError: the file cannot be written.
    """
    with whole(trees_file(folder)) as half:
        content = {"tuned_on": on.isoformat(), **tuned.to_dict()}
        half.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return trees_file(folder)


def read_tuned(folder: Path) -> TreesFound | None:
    """Return what `write_tuned` wrote; None where nothing was tuned yet.

    Args:
        folder: of the shop.

    Raises:
        InputError: the file is corrupt.

    >>> read_tuned(Path("no such folder")) is None
    True
    """
    path = trees_file(folder)
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return _found(content)
    except (OSError, KeyError, TypeError, ValueError) as error:
        told = f"{path} cannot be read ({type(error).__name__}: {error})"
        raise InputError(f"{told}; delete it, or run regulars tune, or add --no-tuned") from None


def _found(content: dict[str, Any]) -> TreesFound:
    said = content["settings"]
    # Each value becomes what the usual one is, so that a number that was written as text is an error here.
    settings = {field.name: _like(getattr(USUAL, field.name), said[field.name]) for field in fields(TreeSettings)}
    definition = ChurnDefinition(**content["definition"])
    day = date.fromisoformat(content["tuned_on"]).isoformat()
    return TreesFound(TreeSettings(**settings), definition, day, int(content["trials"]), bool(content["tuned"]))


def _like(usual: Any, value: Any) -> Any:
    if isinstance(usual, bool) != isinstance(value, bool) or not isinstance(value, (bool, int, float)):
        raise TypeError(f"{value!r} is no value like {usual!r}")
    return type(usual)(value)
