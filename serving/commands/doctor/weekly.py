"""Whether the last weekly run ended, or waits to be taken up."""

from __future__ import annotations

from collections.abc import Iterator

from serving.commands.doctor.finding import Examined, Finding
from serving.commands.weekly.lock import holder_in, is_held
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
        yield Finding(NAME, "ok", f"the run of {state.day} ended {state.ended_at:%Y-%m-%d %H:%M UTC}")
    elif is_held(settings.state_folder):
        holder = holder_in(settings.state_folder)
        yield Finding(NAME, "ok", f"the run of {state.day} is under way{'' if holder is None else f': {holder.words}'}")
    else:
        words = f"the run of {state.day} stopped{_where(state)}"
        yield Finding(NAME, "warning", words, "regulars weekly goes on there; its output of then says why it stopped")


def _where(state: RunState) -> str:
    begun = [name for name, each in state.stages.items() if each.state != DONE]
    return f" at {begun[-1]}" if begun else ""
