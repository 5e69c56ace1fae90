"""Answers that are kept for a minute."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar, cast

KEPT_SECONDS = 60.0


KEPT_ANSWERS = 32


Found = TypeVar("Found")


class MinuteCache:
    """Answers of the last minute; whoever asks for the same meanwhile waits and gets the same.

    >>> cache = MinuteCache()
    >>> cache.get("a", lambda: 1), cache.get("a", lambda: 2)
    (1, 1)
    """

    def __init__(self, kept_seconds: float = KEPT_SECONDS) -> None:
        self._kept_seconds = kept_seconds
        self._kept: dict[Hashable, tuple[float, Any]] = {}
        self._one_at_a_time = Lock()

    def get(self, asked: Hashable, make: Callable[[], Found]) -> Found:
        """Return what was made for the same question within the last minute, or make it."""
        with self._one_at_a_time:
            at, found = self._kept.get(asked, (float("-inf"), None))
            if time.monotonic() - at > self._kept_seconds:
                found = make()
                self._kept = {name: kept for name, kept in self._kept.items() if self._is_young(kept[0])}
                if len(self._kept) < KEPT_ANSWERS:
                    self._kept[asked] = (time.monotonic(), found)
            return cast(Found, found)

    def _is_young(self, at: float) -> bool:
        return time.monotonic() - at <= self._kept_seconds
