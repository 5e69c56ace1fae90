"""A figure that takes seconds to count: counted in a thread of its own, and kept until what it depends on changes.

Who asks while it is counted waits a little, then sees the former figure, or nothing yet; no request waits for long.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Lock, Thread
from typing import Generic, TypeVar

Figure = TypeVar("Figure")
WAIT_SECONDS = 8.0
_ONE_AT_A_TIME = Lock()  # of all figures of this process: each may hold the whole log


@dataclass(frozen=True)
class Counted(Generic[Figure]):
    """A figure that was counted.

    Args:
        figure: what was counted.
        key: what it depends on, as it was.
        at: when counting began, in UTC.
    """

    figure: Figure
    key: Hashable
    at: datetime


@dataclass
class _Counting:
    """A figure that is being counted, or was: with its error where it failed."""

    done: Event = field(default_factory=Event)
    error: Exception | None = None


@dataclass
class Kept(Generic[Figure]):
    """The last figure of its kind.

    >>> kept = Kept[int]()
    >>> kept.get("today", lambda: 7).figure, kept.get("today", lambda: 8).figure, kept.get("tomorrow", lambda: 8).figure
    (7, 7, 8)
    """

    _last: Counted[Figure] | None = None
    _counting: _Counting | None = None
    _lock: Lock = field(default_factory=Lock)

    def get(
        self, key: Hashable, count: Callable[[], Figure], until_seconds: float | None = None
    ) -> Counted[Figure] | None:
        """Return the figure of a key, or the one before it while the new one is counted; None before the first.

        Args:
            key: all that the figure depends on.
            count: counts it.
            until_seconds: until when to wait for it, on the clock of `time.monotonic`; None = a few seconds.

        Raises:
            Exception: what counting raised; the next who asks has it counted again.
        """
        with self._lock:
            if self._last is not None and self._last.key == key:
                return self._last
            counting = self._counting = self._counting or self._begin(key, count)
        end = time.monotonic() + WAIT_SECONDS if until_seconds is None else until_seconds
        counting.done.wait(max(0.0, end - time.monotonic()))
        if counting.error is not None:
            raise counting.error
        return self._last

    def _begin(self, key: Hashable, count: Callable[[], Figure]) -> _Counting:
        counting = _Counting()
        Thread(target=self._count, args=(counting, key, count), name="figures", daemon=True).start()
        return counting

    def _count(self, counting: _Counting, key: Hashable, count: Callable[[], Figure]) -> None:
        try:
            with _ONE_AT_A_TIME:
                at = datetime.now(UTC)
                self._last = Counted(count(), key, at)
        except Exception as error:  # noqa: BLE001 — it is raised to everybody who waits for it
            counting.error = error
        finally:
            with self._lock:
                self._counting = None
            counting.done.set()
