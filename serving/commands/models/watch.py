"""`regulars watch`: how good the model is today, what came of what it said, and what has changed in the shop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from features.churn.labels import complete_until
from features.errors import InputError, ModelNotFound, ModelRefused, suggest
from serving.commands.result import Table
from serving.monitoring.report import Watch, watched
from serving.monitoring.said_and_done import COLUMNS, GROUPS
from serving.monitoring.so_far import SoFar, survival, under_way
from serving.monitoring.windows import Window, read_windows
from serving.shop import OpenShop
from training.bundle import Bundle
from training.forecasts.level import UNKNOWN_UNCERTAINTY
from training.tracking import Tracking

ALARM_EXIT_CODE = 13
USUALLY_SHOWN = ("month",)


@dataclass(frozen=True, eq=False)
class Watched:
    """A watch, and the groups of it that are shown to a person."""

    watch: Watch
    by: Sequence[str] = USUALLY_SHOWN

    @property
    def exit_code(self) -> int:
        """0, or that of an alarm."""
        return ALARM_EXIT_CODE if self.watch.alarms else 0

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return self.watch.to_dict()

    def lines(self) -> Iterator[str | Table]:
        """Say it to a person: three sentences, each alarm with what to do, and what was said and done."""
        yield from self.watch.sentences()
        for alarm in self.watch.alarms:
            yield f"alarm: {alarm.words}"
            yield f"  to do: {alarm.to_do}"
        if self.watch.so_far is not None:
            yield self.watch.so_far.words
        for group in self.by:
            if rows := self.watch.groups[group]:
                yield from ("", f"said and done by {group}:", "")
                yield Table((group, *COLUMNS), [row.row() for row in rows])


def watch(shop: OpenShop, by: Sequence[str] = ()) -> Watched:
    """Watch a shop: nothing is recorded in its book, and no score is made.

    Args:
        shop: the open shop.
        by: the groups to show apart; default: by month.

    Raises:
        InputError: there is no such group.
    """
    for group in by:
        if group not in GROUPS:
            raise InputError(f'"{group}" is no group; known are {", ".join(GROUPS)}.{suggest(group, GROUPS)}')
    log, models = shop.log, _models(shop)
    windows = read_windows(shop.book, log, complete_until(log), _level_error(models))
    found = watched(
        windows,
        shop.customers.segment_of,
        as_of=shop.as_of,
        model_version=Tracking(shop.settings.folder).champion_version(),
        so_far=_so_far(windows, models),
    )
    return Watched(found, tuple(by) or USUALLY_SHOWN)


def _models(shop: OpenShop) -> Callable[[str], Bundle | None]:
    """Return the way to the model of a version, None where the registry has it no more; each is read once."""
    tracking = Tracking(shop.settings.folder)

    @cache
    def model(version: str) -> Bundle | None:
        try:
            return tracking.load_version(version)
        except (ModelNotFound, ModelRefused):
            return None

    return model


def _level_error(models: Callable[[str], Bundle | None]) -> Callable[[str, date], float]:
    def level_error(version: str, as_of: date) -> float:
        bundle = models(version)
        return UNKNOWN_UNCERTAINTY if bundle is None else bundle.level_error(as_of)

    return level_error


def _so_far(windows: Sequence[Window], models: Callable[[str], Bundle | None]) -> SoFar | None:
    window = under_way(windows)
    bundle = None if window is None else models(window.run.model_version)
    return None if window is None or bundle is None else survival(window, bundle)
