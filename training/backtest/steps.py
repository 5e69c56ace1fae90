"""How far long work is: the callback that every long piece of training takes, and the steps of a backtest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from threading import Lock

from training.models.candidates import BLEND, CANDIDATES

# Called before each step of long work: how many steps are done, of how many, and what comes now. Of `NOTE` steps: not a
# step but something to know, which stays on the screen.
Progress = Callable[[int, int, str], None]
NOTE = 0
# How long steps take, in that of a rule; with the blend its learned parts are fitted.
FEATURES = "features"
STEP_COST = {FEATURES: 3, "pareto_nbd": 3, BLEND: 20}


def no_progress(done: int, total: int, what: str) -> None:
    """Report nothing."""


def within(progress: Progress, begin: int, end: int) -> Progress:
    """Return the progress of a part of the work, in thousandths of the whole.

    >>> within(lambda *step: print(step), 0, 800)(1, 2, "half of it")
    (400, 1000, 'half of it')
    """

    def reported(done: int, total: int, what: str) -> None:
        if total == NOTE:
            progress(done, total, what)
        else:
            progress(round(begin + (end - begin) * done / total), 1000, what)

    return reported


class Steps:
    """Counts the steps of a backtest by the time that each takes beside the others, from any thread."""

    def __init__(self, progress: Progress, dates: int) -> None:
        self._progress, self._done, self._lock = progress, 0, Lock()
        self.seconds: dict[str, float] = {}
        self._total = dates * sum(_cost(name) for name in (FEATURES, *CANDIDATES))

    def took(self, name: str, seconds: float) -> None:
        """Count the seconds of a candidate, over all test dates."""
        with self._lock:
            self.seconds[name] = self.seconds.get(name, 0.0) + seconds

    def next(self, name: str, day: date) -> None:
        """Say what comes now, of which test date."""
        with self._lock:
            self._progress(self._done, self._total, f"{name} for {day.isoformat()}")
            self._done += _cost(name)


def _cost(name: str) -> int:
    return STEP_COST.get(name, 1)
