"""What regulars.toml says of `regulars weekly` and `regulars retrain`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
        list: the folder of the list's files.
        scores: a .csv, .parquet or .json file of all scores; without one they are in the book alone.
        mail_to: addresses that get the summary, by the server of [deliver].

    >>> WeeklySettings().list.name
    'list'
    """

    list: Path = Path("list")
    scores: Path | None = None
    mail_to: tuple[str, ...] = ()

    def at(self, folder: Path) -> WeeklySettings:
        """Return the same with paths as seen from a folder.

        >>> WeeklySettings().at(Path("shop")).list.as_posix()
        'shop/list'
        """
        return replace(self, list=folder / self.list, scores=self.scores and folder / self.scores)


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
        """Refuse a term or an alarm that makes no sense.

        Raises:
            ConfigError: no day, or an alarm that is none or that no training mends.
        """
        if self.after_days < 1:
            raise ConfigError("after_days is 1 or more")
        for kind in self.on_alarms:
            if kind not in TRAINABLE:
                known = f"known are {', '.join(TRAINABLE)}.{suggest(kind, TRAINABLE)}"
                raise ConfigError(f'"{kind}" under on_alarms is no alarm that a training mends; {known}')
