"""Which run goes on, and which begins anew.

A run is taken up on the day it began or the next, where it is given the same exports or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from features.language.messages import Sentence, sentence
from features.sources.kept.index import digest_of
from features.sources.opening.paths import files_of
from serving.commands.weekly.lock import Holder
from serving.commands.weekly.run_state import RunState
from serving.commands.weekly.running import now
from serving.config import Settings
from serving.shop import today

TAKEN_UP_FOR = timedelta(days=1)


def taken_up(
    former: RunState | None, settings: Settings, files: Sequence[Path], stage: str
) -> tuple[RunState, tuple[Sentence, ...]]:
    """Return the run that is taken up, or a new one, and what is to be said about it.

    Args:
        former: the last run; None where there was none.
        settings: of the shop.
        files: the exports that are given now.
        stage: at which the last run stopped.

    Raises:
        InputError: an export that does not exist.
    """
    day = today(settings)
    given = {str(file.resolve()): digest_of(file) for file in files_of(files)} if files else {}
    if former is None or former.ended_at is not None:
        return RunState(day, now(), given), ()
    facts: dict[str, date | str] = {"began": former.day, "stage": stage}
    if not is_recent(former, settings):
        why = sentence(
            "the run of {began:table} stopped at {stage}, too long ago to be taken up: a new one begins", **facts
        )
        return RunState(day, now(), given), (why,)
    if given and sorted(given.values()) != sorted(former.files.values()):
        why = sentence(
            "the run of {began:table} stopped at {stage} and was given other exports: a new one begins", **facts
        )
        return RunState(day, now(), given), (why,)
    goes_on = sentence("the run of {began:table} stopped at {stage}: it goes on there", **facts)
    return replace(former, files=given or former.files, times=former.times + 1), (goes_on,)


def is_recent(former: RunState, settings: Settings) -> bool:
    """Say whether a run began today or yesterday by the shop's day.

    Args:
        former: the run.
        settings: of the shop.
    """
    return abs(today(settings) - former.day) <= TAKEN_UP_FOR


def taken_over(killed: Holder | None) -> tuple[Sentence, ...]:
    """Say whose lock was taken over.

    Args:
        killed: who was killed with it; None where nobody was.
    """
    if killed is None:
        return ()
    return (sentence("{holder} was killed: its lock is taken over", holder=killed.words),)
