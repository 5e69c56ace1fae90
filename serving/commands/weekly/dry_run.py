"""`regulars weekly --dry-run`: what a run would do now, and why; the orders are read, and nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from features.churn.labels import complete_until
from features.clock import date_of
from features.errors import InputError
from features.language.languages import ENGLISH, Language
from features.language.messages import Message, Sentence, message_in, said, sentence
from features.log import Log
from features.sources.kept.index import FOLDER, digest_of, kept_in
from features.sources.opening.paths import files_of
from features.sources.reader import check_files
from serving.commands.data.add import refuse_others
from serving.commands.weekly.due import Due, answered_alarms, last_training, whether_due
from serving.commands.weekly.lock import holder_in, is_held
from serving.commands.weekly.run_state import read_state
from serving.commands.weekly.stages import (
    ADD,
    CHECK,
    LIST,
    MAIL,
    OUT,
    SCORE,
    TIDY,
    TRAIN,
    WATCH,
    after_check,
    goes_on_at,
)
from serving.commands.weekly.take_up import taken_up
from serving.commands.weekly.tidying import planned_tidying
from serving.config import Settings
from serving.config.out_settings import OutSettings
from serving.monitoring.last_watch import last_watch
from serving.shop import calendar_day


@dataclass(frozen=True)
class Planned:
    """What a run would do.

    Args:
        notes: whether another run holds the shop, and what would be taken up.
        stages: name → what it would do.
        due: whether a training is due by what is known now; None where the orders cannot be read.
        trouble: why the run would stop at the check; None where it would not.
        language: of the terminal, the shop's.
    """

    notes: Sequence[str]
    stages: dict[str, str] = field(default_factory=dict)
    due: Due | None = None
    trouble: InputError | None = None
    language: Language = ENGLISH

    @property
    def exit_code(self) -> int:
        """0, or that of the error at which the run would stop."""
        return 0 if self.trouble is None else self.trouble.exit_code

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "notes": list(self.notes),
            "would_do": [{"stage": name, "words": words} for name, words in self.stages.items()],
            "training": None if self.due is None else self.due.to_dict(),
            "would_stop": None if self.trouble is None else str(self.trouble),
        }

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        yield from (said(note, self.language) for note in self.notes)
        yield said(sentence("nothing is done or written; a run would:"), self.language)
        yield from (f"  {name}: {said(words, self.language)}" for name, words in self.stages.items())
        if self.trouble is not None:
            yield str(self.trouble)


def plan_week(settings: Settings, files: Sequence[Path] = ()) -> Planned:
    """Say what a run of the week would do now.

    Args:
        settings: of the shop.
        files: the next exports, if they are to be added.

    Raises:
        InputError: an export that does not exist.
    """
    former = read_state(settings.state_folder / "weekly.json")
    state, notes = taken_up(former, settings, files, goes_on_at(former, settings) if former else "")
    told, given = (*_holder(settings), *notes), [Path(file) for file in state.files]
    stages = {ADD.name: _added(settings, given)}
    try:
        log = _read(settings, given)
    except InputError as trouble:
        stages[CHECK.name] = sentence("the orders cannot be used: it would stop here, and nothing would be scored")
        return Planned(told, stages, None, trouble, settings.language)
    stages[CHECK.name] = sentence("the orders can be used: {customers} customers", customers=log.n_customers)
    due = due_by(settings, log)
    words = {**_words(settings, log), TRAIN.name: train_words(due)}
    stages |= {stage.name: words[stage.name] for stage in after_check(settings, train_first=due.first)}
    if settings.weekly.mail_to:
        count = len(settings.weekly.mail_to)
        stages[MAIL.name] = Sentence.of(
            Message(
                "mail the summary to {count} address",
                {"count": count},
                plural="mail the summary to {count} addresses",
                count=count,
            )
        )
    left = {name: each for name, each in stages.items() if not state.is_done(name)}
    return Planned(told, left, due, None, settings.language)


def due_now(settings: Settings) -> Due:
    """Say whether a training is due by the orders as they are and the last watch.

    Args:
        settings: of the shop.

    Raises:
        InputError: the orders cannot be used.
    """
    return due_by(settings, _read(settings, ()))


def due_by(settings: Settings, log: Log) -> Due:
    """Say whether a training is due by a log and the last watch.

    Args:
        settings: of the shop.
        log: of its orders.
    """
    folder, until = settings.state_folder, date_of(complete_until(log))
    alarms = last_watch(folder).document.get("alarms", ())
    return whether_due(settings.retrain, last_training(settings), until, alarms, answered_alarms(folder))


def train_words(due: Due) -> str:
    """Say what would be trained."""
    if due.is_due:
        return sentence("train, as {why}; the gate decides whether it serves", why=message_in(due.why))
    return sentence("train nothing, unless the watch raises an alarm: {why}", why=message_in(due.why))


def _holder(settings: Settings) -> Iterator[str]:
    holder, folder = holder_in(settings.state_folder), settings.state_folder
    if is_held(folder):
        yield sentence("now a run would be refused: {holder}", holder="another run" if holder is None else holder.words)
    elif holder is not None:
        yield sentence("{holder} was killed: its lock is taken over", holder=holder.words)


def _added(settings: Settings, given: Sequence[Path]) -> str:
    if not given:
        return sentence("no export is given: the orders are read as they are")
    known = {each.digest for each in kept_in(settings.folder / FOLDER)}
    new = [file.name for file in given if digest_of(file) not in known]
    return sentence("new exports: {new}; there already: {known}", new=len(new), known=len(given) - len(new))


def _read(settings: Settings, given: Sequence[Path]) -> Log:
    orders = settings.orders
    if given:
        refuse_others(settings)
        orders = orders.read_from(*files_of([*orders.paths, *given]))
    report = check_files(settings.shop, orders, settings.events, settings.customers, latest=calendar_day(settings))
    if report.log is None or report.questions:
        asked = "".join(f"\n  {each.words}\n    {each.remedy}" for each in report.questions)
        raise InputError(f"{orders.source_name} cannot be used{asked}", report.violations)
    return report.log


def _words(settings: Settings, log: Log) -> dict[str, str]:
    folder = settings.weekly.list_in(settings.folder)
    scores = sentence("score everyone as of {day:table}", day=date_of(log.last_day + 1))
    tidying = {} if settings.retention is None else {TIDY.name: planned_tidying(settings)}
    out = {} if settings.out is None else {OUT.name: _written_out(settings.out)}
    return {
        **tidying,
        **out,
        SCORE.name: scores,
        LIST.name: sentence("publish the list and write it to {folder}", folder=str(folder)),
        WATCH.name: sentence("say how good the model is today, and raise what has changed"),
    }


def _written_out(out: OutSettings) -> str:
    return sentence("write {tables} into the schema {schema}", tables=", ".join(out.what), schema=out.schema)
