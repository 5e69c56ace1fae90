"""Keeps expensive answers for a minute, so that a figure of the whole log is computed once and not per request."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar, cast

KEPT_SECONDS = 60.0
KEPT_ANSWERS = 32
Answer = TypeVar("Answer")


class MinuteCache:
    """Answers of the last minute; whoever asks while one is being computed waits for it.

    >>> cache = MinuteCache()
    >>> cache.get("a", lambda: 1), cache.get("a", lambda: 2)
    (1, 1)
    """

    def __init__(self, kept_seconds: float = KEPT_SECONDS) -> None:
        self._kept_seconds = kept_seconds
        self._kept: dict[Hashable, tuple[float, Any]] = {}
        self._one_at_a_time = Lock()

    def get(self, question: Hashable, compute: Callable[[], Answer]) -> Answer:
        """Return the answer that the same question got within the last minute, or compute it."""
        with self._one_at_a_time:
            at, answer = self._kept.get(question, (float("-inf"), None))
            if time.monotonic() - at > self._kept_seconds:
                answer = compute()
                self._kept = {key: kept for key, kept in self._kept.items() if self._is_young(kept[0])}
                if len(self._kept) < KEPT_ANSWERS:
                    self._kept[question] = (time.monotonic(), answer)
            return cast(Answer, answer)

    def _is_young(self, at: float) -> bool:
        return time.monotonic() - at <= self._kept_seconds
