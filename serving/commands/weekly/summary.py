"""The summary of a run: what each stage said, for a terminal, a mail or a machine. No customer is named in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from features.language.languages import ENGLISH, Language
from features.language.messages import Message, Sentence, said
from serving.commands.models.watch import ALARM_EXIT_CODE
from serving.commands.weekly.run_state import RunState, StageRecord

NOT_MAILED_EXIT_CODE = 1
STAGES = {
    "add": Message("New exports"),
    "check": Message("The orders"),
    "score": Message("Scores"),
    "list": Message("The list"),
    "out": Message("Tables for other systems"),
    "watch": Message("The model today"),
    "train": Message("Training"),
    "tidy": Message("Old records"),
    "mail": Message("This summary"),
}


@dataclass(frozen=True)
class Summary:
    """What is mailed of a run.

    Args:
        subject: one line.
        lines: of the text.
    """

    subject: str
    lines: Sequence[str]


@dataclass(frozen=True)
class Week:
    """A run that has ended, and what is to be known of how it did.

    Args:
        state: the run.
        notes: whom it took over from, and what was taken up or begun anew.
        language: of the terminal, the shop's.
    """

    state: RunState
    notes: Sequence[Sentence] = ()
    language: Language = ENGLISH

    @property
    def alarms(self) -> tuple[str, ...]:
        """What tells the alarms of the watch apart, as `kind:subject`."""
        return tuple(key for each in self.state.stages.values() for key in each.said.alarms)

    @property
    def exit_code(self) -> int:
        """0; 1 where a mail server did not take every mail; 13 on an alarm."""
        if any(each.said.not_mailed for each in self.state.stages.values()):
            return NOT_MAILED_EXIT_CODE
        return ALARM_EXIT_CODE if self.alarms else 0

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        state = self.state
        return {
            "day": state.day,
            "began_at": state.began_at,
            "ended_at": state.ended_at,
            "times": state.times,
            "notes": list(self.notes),
            "alarms": list(self.alarms),
            "exit_code": self.exit_code,
            "stages": [{"stage": name, **_document(each)} for name, each in state.stages.items()],
        }

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        yield from (said(note, self.language) for note in self.notes)
        yield from summary_of(self.state, self.language).lines


def summary_of(state: RunState, language: Language) -> Summary:
    """Return the summary of a run.

    Args:
        state: the run.
        language: of whoever reads it.
    """
    subject = said(_subject(state), language)
    return Summary(subject, [subject, *(line for name in state.stages for line in _stage(state, name, language))])


def _document(record: StageRecord) -> dict[str, Any]:
    said = record.said
    return {"seconds": record.seconds, "words": list(said.lines), "result": dict(said.document)}


def _subject(state: RunState) -> Message:
    alarms = sum(len(each.said.alarms) for each in state.stages.values())
    values: dict[str, date | int] = {"day": state.day, "alarms": alarms, "entries": _entries(state)}
    if not alarms:
        return Message("Regulars, {day:table}: {entries} to contact, no alarm", values)
    return Message(
        "Regulars, {day:table}: {entries} to contact, {alarms} alarm",
        values,
        plural="Regulars, {day:table}: {entries} to contact, {alarms} alarms",
        count=alarms,
    )


def _entries(state: RunState) -> int:
    listed = state.stages.get("list")
    return 0 if listed is None else int(listed.said.document.get("entries", 0))


def _stage(state: RunState, name: str, language: Language) -> Iterator[str]:
    record = state.stages[name]
    if record.said.lines:
        yield from ("", said(STAGES[name], language))
        yield from (f"  {said(line, language)}" for line in record.said.lines)
