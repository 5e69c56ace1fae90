"""How long the stages of some work take, and how much memory the process holds at most meanwhile.

The memory is what the process holds in all, not what a stage added; it is looked at ten times a second, so a peak that
is shorter may be missed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread

import psutil

LOOKED_AT_SECONDS = 0.1
_MIB = 1 << 20


@dataclass(frozen=True)
class Stage:
    """A part of some work that is over.

    Args:
        name: what was done, in lower-case letters.
        seconds: that it took.
        peak_mib: memory of the process at most meanwhile, MiB.
    """

    name: str
    seconds: float
    peak_mib: float

    @property
    def metrics(self) -> dict[str, float]:
        """Both figures by their names in MLflow.

        >>> Stage("backtest", 12.5, 800.0).metrics
        {'stage/backtest_seconds': 12.5, 'stage/backtest_peak_mib': 800.0}
        """
        return {f"stage/{self.name}_seconds": self.seconds, f"stage/{self.name}_peak_mib": self.peak_mib}


class Stages:
    """The stages of some work, measured from its making on.

    >>> stages = Stages()
    >>> with stages("read"):
    ...     rows = list(range(10))
    >>> [stage.name for stage in stages.done], stages.done[0].seconds < 60
    (['read'], True)
    """

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.done: list[Stage] = []
        self.tell: Callable[[Stage], None] | None = None

    @property
    def seconds(self) -> float:
        """Seconds since the work began."""
        return time.monotonic() - self._began

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Measure the block as a stage; one that fails is measured too."""
        began = time.monotonic()
        with _PeakMemory() as peak:
            try:
                yield
            finally:
                stage = Stage(name, time.monotonic() - began, peak.mib())
                self.done.append(stage)
        if self.tell is not None:
            self.tell(stage)


class _PeakMemory:
    """Looks at the memory of this process until it is left."""

    def __init__(self) -> None:
        self._process, self._over, self._most = psutil.Process(), Event(), 0
        self._thread = Thread(target=self._look_again, name="peak memory", daemon=True)

    def __enter__(self) -> _PeakMemory:
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def mib(self) -> float:
        """Return the most that was seen, MiB."""
        self._look()
        return self._most / _MIB

    def _look_again(self) -> None:
        while not self._over.wait(LOOKED_AT_SECONDS):
            self._look()

    def _look(self) -> None:
        self._most = max(self._most, int(self._process.memory_info().rss))
