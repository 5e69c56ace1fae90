"""The result of a search for better trees, and the file that passes it on to `regulars train`.

The file is `<folder>/mlruns/trees.json`: the settings of this shop's trees, the day they were found, and the evidence.
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
from features.file_access import BY_UMASK
from training.backtest.choice import Difference
from training.models.trees import USUAL, TreeSettings

HOME, FILE = "mlruns", "trees.json"


@dataclass(frozen=True)
class Tuned:
    """The result of a search, over all its sessions.

    Args:
        definition: population and horizon of the search.
        dates: the test dates, latest first.
        trials: settings that were tried, pruned ones included.
        pruned: settings that were given up after a few dates.
        usual_log_loss: mean log loss of the usual settings over the test dates.
        best: the settings with the lowest mean log loss.
        best_log_loss: the mean log loss of these.
        apart: their difference, customers being clusters; flattered, as they were chosen on these dates.
        honest: the same with the settings of each date chosen on the other dates; None for one date alone.
        importance: the share of the differences in log loss that each setting explains; empty after too few trials.
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
        """Whether the best settings beat the usual ones by more than one standard error, by either comparison."""
        return self.honest is not None and self.honest.is_gain and self.apart.is_gain

    @property
    def settings(self) -> TreeSettings:
        """The settings to use: the best where they are better by more than chance, else the usual ones."""
        return self.best if self.is_better else USUAL

    @property
    def why(self) -> str:
        """The choice in words."""
        if self.best == USUAL:
            return "the usual settings stay: nothing that was tried is better"
        if self.honest is None:
            return "the usual settings stay: one test date cannot both choose settings and judge them"
        evidence = (
            f"log loss {self.honest.mean:+.5f} ± {self.honest.standard_error:.5f} on dates that did not choose them"
        )
        if self.is_better:
            return f"the tuned settings are better by more than one standard error: {evidence}"
        return f"the usual settings stay: the best found are not better by more than one standard error: {evidence}"

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
    """The settings of a shop's trees, as read from `mlruns/trees.json`.

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
        """Where the settings come from, in one line."""
        if self.tuned:
            return f"trees tuned on {self.tuned_on}, {self.trials:,} trials"
        return f"trees: the usual settings; tuning on {self.tuned_on} found none better ({self.trials:,} trials)"


def trees_file(folder: Path) -> Path:
    """Return the file of a shop's tree settings.

    >>> trees_file(Path("shop")).as_posix()
    'shop/mlruns/trees.json'
    """
    return folder / HOME / FILE


def write_tuned(folder: Path, tuned: Tuned, on: date) -> Path:
    """Write the result of a search for `read_tuned`, and return the file.

    Args:
        folder: of the shop.
        tuned: the result.
        on: the day it was found on; training has no clock.

    Raises:
        InputError: the file cannot be written.
    """
    with whole(trees_file(folder), BY_UMASK) as half:
        content = {"tuned_on": on.isoformat(), **tuned.to_dict()}
        half.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return trees_file(folder)


def read_tuned(folder: Path) -> TreesFound | None:
    """Return the settings that `write_tuned` wrote; None where nothing was tuned yet.

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
        problem = f"{path} cannot be read ({type(error).__name__}: {error})"
        raise InputError(f"{problem}; delete it, or run regulars tune, or add --no-tuned") from None


def _found(content: dict[str, Any]) -> TreesFound:
    written = content["settings"]
    # Each value gets the type of the usual one, so that a number written as text is an error here.
    settings = {field.name: _like(getattr(USUAL, field.name), written[field.name]) for field in fields(TreeSettings)}
    definition = ChurnDefinition(**content["definition"])
    day = date.fromisoformat(content["tuned_on"]).isoformat()
    return TreesFound(TreeSettings(**settings), definition, day, int(content["trials"]), bool(content["tuned"]))


def _like(usual: Any, value: Any) -> Any:
    if isinstance(usual, bool) != isinstance(value, bool) or not isinstance(value, (bool, int, float)):
        raise TypeError(f"{value!r} is no value like {usual!r}")
    return type(usual)(value)
