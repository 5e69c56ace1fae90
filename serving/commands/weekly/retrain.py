"""`regulars retrain`: train → gate → promote, or say why not, when it is due by the last watch or by age."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from features.language.languages import Language
from features.language.messages import said
from serving.commands.weekly.dry_run import due_now, train_words
from serving.commands.weekly.lock import held
from serving.commands.weekly.run_state import read_state
from serving.commands.weekly.running import Running, closing, do, now
from serving.commands.weekly.said import Said
from serving.commands.weekly.stages import TRAIN
from serving.commands.weekly.take_up import taken_over, taken_up
from serving.config import FILE_NAME, Settings
from training.backtest.steps import Progress, no_progress

COMMAND, FILE = "regulars retrain", "retrain.json"


@dataclass(frozen=True)
class Retrained:
    """What a retraining came to, or would come to.

    Args:
        found: whether it was due, and what came of it.
        notes: whom it took over from, and what was taken up.
        language: of the terminal, the shop's.
    """

    found: Said
    notes: tuple[str, ...]
    language: Language

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {**self.found.document, "words": list(self.found.lines), "notes": list(self.notes)}

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        return (said(line, self.language) for line in (*self.notes, *self.found.lines))


def retrain(where: Path | None, settings: Settings, report: Progress = no_progress) -> Retrained:
    """Train where it is due; a run that was killed is taken up.

    Args:
        where: the shop's regulars.toml; None for the one in this folder.
        settings: what it says.
        report: is called before each step.

    Raises:
        Busy: a weekly run, or another retraining, holds the shop.
        InsufficientHistory: nothing can be trained yet, and nothing could score.
    """
    with held(settings.state_folder, COMMAND, settings.files.access()) as killed:
        file = settings.state_folder / FILE
        state, notes = taken_up(read_state(file), settings, (), TRAIN.name)
        run = Running(where or Path(FILE_NAME), file, settings, state, report)
        with closing(run, lambda: TRAIN.name):
            do(run, TRAIN)
            run.keep(replace(run.state, ended_at=now()))
        return Retrained(run.state.stages[TRAIN.name].said, (*taken_over(killed), *notes), settings.language)


def plan_retrain(settings: Settings) -> Retrained:
    """Say whether a training is due, without any.

    Args:
        settings: of the shop.

    Raises:
        InputError: the orders cannot be used.
    """
    due = due_now(settings)
    return Retrained(Said((train_words(due),), due.to_dict()), (), settings.language)
