"""What regulars.toml says of `regulars weekly` and `regulars retrain`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from features.errors import ConfigError, suggest

# Alarms of a watch that another training may mend; the others are about the files.
TRAINABLE: Mapping[str, str] = MappingProxyType(
    {
        "level": "more or fewer left than was said",
        "ranking": "who leaves is told apart less well",
        "feature": "a feature moved",
        "population": "a segment grew or shrank",
    }
)


@dataclass(frozen=True)
class WeeklySettings:
    """Where `regulars weekly` writes, and who is mailed its summary.

    Args:
        list: the folder of the list's files, as seen from regulars.toml.
        scores: a .csv, .parquet or .json file of all scores; without one they are in the book alone.
        mail_to: addresses that get the summary, by the server of [deliver].

    >>> WeeklySettings().list.name
    'list'
    """

    list: Path = Path("list")
    scores: Path | None = None
    mail_to: tuple[str, ...] = ()

    def list_in(self, folder: Path) -> Path:
        """Return the folder of the list's files, where that of the shop is known.

        >>> WeeklySettings().list_in(Path("shop")).as_posix()
        'shop/list'
        """
        return folder / self.list

    def scores_in(self, folder: Path) -> Path | None:
        """Return the file of the scores, where the folder of the shop is known; None where there is none."""
        return None if self.scores is None else folder / self.scores


@dataclass(frozen=True)
class RetrainSettings:
    """When `regulars weekly` and `regulars retrain` train.

    Args:
        after_days: of orders, since those that the last training learnt from.
        on_alarms: kinds of alarms of the watch on which it is not waited for that.
        budget: of the training: quick, full, or minutes.

    >>> RetrainSettings().after_days
    28
    """

    after_days: int = 28
    on_alarms: tuple[str, ...] = tuple(TRAINABLE)
    budget: str = "full"

    def __post_init__(self) -> None:
        """Refuse a term, a budget or an alarm that makes no sense.

        Raises:
            ConfigError: no day, no budget, or an alarm that is none or that no training mends.
        """
        if self.after_days < 1:
            raise ConfigError("after_days is 1 or more")
        if self.budget not in ("quick", "full") and not re.fullmatch(r"\d{1,5}(\.\d+)?", self.budget):
            raise ConfigError(f'budget under [retrain] is "quick", "full" or minutes such as "10", not "{self.budget}"')
        for kind in self.on_alarms:
            if kind not in TRAINABLE:
                known = f"known are {', '.join(TRAINABLE)}.{suggest(kind, TRAINABLE)}"
                raise ConfigError(f'"{kind}" under on_alarms is no alarm that a training mends; {known}')
