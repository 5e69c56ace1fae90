"""`regulars weekly`: the stages of a week, one after the other, taken up where a former run stopped.

A stage that has ended is not done again while settings, orders and customers are the same, so a run that was stopped
ends as if it never had been.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path

from features.errors import RegularsError
from features.language.messages import Sentence, said, sentence
from serving.commands.models.lost_models import refuse_lost_models
from serving.commands.result import WordedResult
from serving.commands.weekly.lock import held, is_held
from serving.commands.weekly.run_state import DONE, read_state
from serving.commands.weekly.running import Running, closing, do, failure_mailed, now
from serving.commands.weekly.stages import ADD, CHECK, MAIL, OUT, after_check, goes_on_at
from serving.commands.weekly.summary import Week
from serving.commands.weekly.take_up import is_recent, taken_over, taken_up
from serving.commands.weekly.training import due_in
from serving.config import FILE_NAME, Settings
from training.backtest.steps import Progress, no_progress
from training.tracking import parent_run

COMMAND, FILE = "regulars weekly", "weekly.json"


def run_week(
    where: Path | None, settings: Settings, files: Sequence[Path] = (), report: Progress = no_progress
) -> Week:
    """Run the stages of a week.

    Args:
        where: the shop's regulars.toml; None for the one in this folder.
        settings: what it says.
        files: the next exports, if they are to be added.
        report: is called before each step of long work.

    Raises:
        Busy: another run holds the shop.
        RegularsError: of a stage; what was done before it stays, and the next run goes on there. One of the tables for
            other systems ends the run after all other stages, and the next run writes these tables alone.
    """
    with held(settings.state_folder, COMMAND, settings.files.access()) as killed:
        file = settings.state_folder / FILE
        former = read_state(file)
        with failure_mailed(settings, lambda: ADD.name):  # an export that is not there
            state, notes = taken_up(former, settings, files, goes_on_at(former, settings) if former else "")
        run = Running(where or Path(FILE_NAME), file, settings, state, report)
        with closing(run, lambda: goes_on_at(run.state, run.settings)):
            with _recorded(run):
                notes = (*taken_over(killed), *notes, *_stages(run))
            run.keep(replace(run.state, ended_at=now()))  # last: what is killed before goes on, and ends its record too
        return Week(run.state, notes, run.settings.language)


def nothing_stopped(settings: Settings) -> WordedResult | None:
    """Return the words that there is no run to go on with; None where one was stopped and can be taken up.

    Args:
        settings: of the shop.
    """
    former = read_state(settings.state_folder / FILE)
    if is_held(settings.state_folder):
        words = sentence("a run goes on at this moment: there is nothing to take up")
    elif former is None or former.ended_at is not None or not is_recent(former, settings):
        words = sentence("no run was stopped: there is nothing to take up")
    else:
        return None
    return WordedResult({"taken_up": False, "words": str(words)}, [said(words, settings.language)])


@contextmanager
def _recorded(run: Running) -> Iterator[None]:
    """Record what the block does within one run of MLflow, which goes on where the week was taken up.

    Raises:
        LostModels: the shop had models, and its registry is gone or empty: no run makes it look like a new one.
    """
    tracking = run.settings.tracking()
    refuse_lost_models(run.shop, tracking)
    tracking.close_killed(time.time() * 1000)
    for each in [*run.state.stages.values()][-1:]:
        if each.state == DONE and each.recorded_as:  # killed between the end of its last stage and that of its record
            tracking.finish(each.recorded_as)
    with parent_run(tracking, f"week of {run.state.day}", run.state.recorded_as or None) as run.recorded:
        run.keep(replace(run.state, recorded_as=run.recorded.id))
        yield


def _stages(run: Running) -> Iterator[Sentence]:
    """Do what is left to do, and yield what is to be said of it."""
    do(run, ADD)
    if run.state.is_done(CHECK.name) and run.fingerprint() != run.state.reads:
        run.keep(run.state.only(ADD.name))
        yield sentence("the orders, the customers or the settings have changed since: the stages after add begin anew")
    do(run, CHECK)
    if run.state.train_first is None:
        run.keep(replace(run.state, train_first=due_in(run.shop).first, reads=run.fingerprint()))
    for stage in after_check(run.settings, train_first=bool(run.state.train_first)):
        with suppress(RegularsError) if stage is OUT else nullcontext():  # its database is down: the shop is not
            do(run, stage)
    if run.settings.out is not None:  # once more, where it did not answer; what is done is not done again
        do(run, OUT)
    if run.settings.weekly.mail_to:
        do(run, MAIL)
