"""Ends a process that is asked to end, for certain: again each second, and by force where it does not end by itself."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

import psutil

EACH_SECONDS = 1.0
LONGEST_SECONDS = 45.0  # BentoML gives a worker thirty to answer what it has begun
EXIT_CODE = 1


def hold_ctrl_c() -> None:
    """Let Ctrl-C wait until `heed_ctrl_c`, while the program that takes this process over starts."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def heed_ctrl_c() -> None:
    """Raise KeyboardInterrupt where Ctrl-C waits, and from now on at once."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def parent_is(process_id: int) -> bool:
    """Return whether this process is still a child of the process that it was started by.

    >>> parent_is(os.getppid())
    True
    """
    return os.getppid() == process_id


def stop_once(asked: Callable[[float], bool]) -> threading.Thread:
    """Watch in a thread until this process is asked to end, and then end it.

    Args:
        asked: waits so many seconds at the most, and returns whether the process was asked to end.
    """

    def watch() -> None:
        while not asked(EACH_SECONDS):
            pass
        _stop()

    thread = threading.Thread(target=watch, name="stopping", daemon=True)
    thread.start()
    return thread


def stop_without(parent: int) -> threading.Thread:
    """Watch in a thread until the parent of this process is gone, and then end it: nobody would see it serve on."""

    def asked(seconds: float) -> bool:
        time.sleep(seconds)
        return not parent_is(parent)

    return stop_once(asked)


def _stop() -> None:
    """Ask this process to end until it does; this thread ends with it."""
    last = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < last:
        time.sleep(EACH_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)
    for child in psutil.Process().children(recursive=True):
        child.kill()
    os._exit(EXIT_CODE)
