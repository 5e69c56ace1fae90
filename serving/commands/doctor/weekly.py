"""Whether the last weekly run ended, or waits to be taken up."""

from __future__ import annotations

from collections.abc import Iterator

from features.language.messages import Sentence, sentence
from features.language.minute import minute
from serving.commands.doctor.finding import Examined, Finding
from serving.commands.weekly.lock import Holder, holder_in, is_held
from serving.commands.weekly.run_state import DONE, RunState, read_state
from serving.commands.weekly.weekly import FILE

NAME = "weekly"


def check_weekly(examined: Examined) -> Iterator[Finding]:
    """Say how far the last weekly run came, and who works on it."""
    settings = examined.settings
    state = None if settings is None else read_state(settings.state_folder / FILE)
    if settings is None or state is None:
        return
    if state.ended_at is not None:
        yield Finding(
            NAME, "ok", sentence("the run of {day:table} ended {then}", day=state.day, then=minute(state.ended_at))
        )
    elif is_held(settings.state_folder):
        holder = holder_in(settings.state_folder)
        yield Finding(NAME, "ok", _under_way(state, holder))
    else:
        to_do = sentence("regulars weekly goes on there; its output of then says why it stopped")
        yield Finding(NAME, "warning", _stopped(state), to_do)


def _under_way(state: RunState, holder: Holder | None) -> Sentence:
    if holder is None:
        return sentence("the run of {day:table} is under way", day=state.day)
    return sentence("the run of {day:table} is under way: {holder}", day=state.day, holder=holder.words)


def _stopped(state: RunState) -> Sentence:
    begun = [name for name, each in state.stages.items() if each.state != DONE]
    if not begun:
        return sentence("the run of {day:table} stopped", day=state.day)
    return sentence("the run of {day:table} stopped at {stage}", day=state.day, stage=begun[-1])
