"""One number of threads for all calls of LightGBM that go on at once.

LightGBM keeps the number for the whole process: buffers made for the threads of one call are written by those of
another that asked for more, and the process dies. Its documentation warns of changing the number meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class AgreedThreads:
    """Lets calls go on at once that take the same number of threads.

    >>> agreed = AgreedThreads()
    >>> with agreed.at(1), agreed.near(2) as number:
    ...     number
    1
    """

    def __init__(self) -> None:
        self._changed, self._number, self._inside = Condition(), 0, 0

    @contextmanager
    def at(self, number: int) -> Iterator[None]:
        """Take exactly so many threads, once no call with another number goes on: for long work.

        Args:
            number: of threads.
        """
        with self._changed:
            self._changed.wait_for(lambda: number == self._number or not self._inside)
            self._enter(number)
        try:
            yield
        finally:
            self._leave()

    @contextmanager
    def near(self, number: int) -> Iterator[int]:
        """Take as many threads as the calls that go on, else so many: for short work, which waits for nobody.

        Args:
            number: of threads.
        """
        with self._changed:
            taken = self._number if self._inside else number
            self._enter(taken)
        try:
            yield taken
        finally:
            self._leave()

    def _enter(self, number: int) -> None:
        self._number = number
        self._inside += 1

    def _leave(self) -> None:
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()


AGREED = AgreedThreads()
