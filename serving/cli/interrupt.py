"""Ctrl-C stops a command, always, and says so at once.

Python raises KeyboardInterrupt wherever the main thread happens to be. In a destructor or a callback of the garbage
collector or of C that error is ignored and the command goes on: it is raised again right after. What some library
swallowed altogether is raised at the next report of progress. While C runs, the main thread hears nothing: a thread
of its own says that the command is stopping, and at the second Ctrl-C ends the process.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

EXIT_CODE = 130  # of a shell: 128 and the signal's number
AGAIN_SECONDS = 0.01
STOPPING = "regulars: stopping after the step in hand; Ctrl-C again stops at once"
WHOLE = "every file, the book and the model that serves are whole, each as it was or already new"
_SHOW_CURSOR = "\x1b[?25h"


@dataclass
class Interrupt:
    """Whether Ctrl-C was pressed during a command.

    Args:
        command: what to run again, in words.
    """

    command: str
    asked: bool = False
    _times: int = field(default=0, init=False)

    def check(self) -> None:
        """Stop here where a stop was asked for.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed, and the command still runs.
        """
        if self.asked:
            raise KeyboardInterrupt

    @property
    def told(self) -> str:
        """What is whole after a stop, and the command to run again, as one sentence."""
        return f"regulars: stopped; {WHOLE}; run {self.command} again"

    def raise_it(self, _number: int, _frame: FrameType | None) -> None:
        """Handle the signal in the main thread."""
        self.asked = True
        raise KeyboardInterrupt

    def listen(self, heard: socket.socket) -> None:
        """Say at once what each Ctrl-C does; the second one ends the process."""
        while number := heard.recv(1)[0]:
            if number == signal.SIGINT:
                self._times += 1
                print(STOPPING if self._times == 1 else self.told, file=sys.stderr, flush=True)
                if self._times > 1:
                    _end()


_now: list[Interrupt] = []


def stop_if_asked() -> None:
    """Stop the command here where Ctrl-C was pressed and some library swallowed it."""
    for each in _now:
        each.check()


@contextmanager
def stopped_by_ctrl_c(command: str) -> Iterator[Interrupt]:
    """Let Ctrl-C stop what runs within the block; outside the main thread, and where it is ignored, nothing changes.

    Args:
        command: what to run again, in words.
    """
    made = Interrupt(command)
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, None):
        yield made
        return
    _now.append(made)
    try:
        with _handler(made), _listener(made), _raised_again():
            yield made
    finally:
        _now.remove(made)


@contextmanager
def _handler(made: Interrupt) -> Iterator[None]:
    former = signal.signal(signal.SIGINT, made.raise_it)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)


@contextmanager
def _listener(made: Interrupt) -> Iterator[None]:
    """Let a thread hear of signals at once: the system writes their numbers to a socket."""
    heard, written = socket.socketpair()
    written.setblocking(False)
    thread = threading.Thread(target=made.listen, args=(heard,), name="ctrl-c", daemon=True)
    thread.start()
    former = signal.set_wakeup_fd(written.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(former)
        written.send(b"\0")
        thread.join()
        heard.close()
        written.close()


@contextmanager
def _raised_again() -> Iterator[None]:
    """Raise a KeyboardInterrupt again that Python had to ignore, as soon as ordinary code runs."""
    former_hook = sys.unraisablehook
    with _alarm() as raise_soon:

        def hook(ignored: Any) -> None:
            if ignored.exc_type is not None and issubclass(ignored.exc_type, KeyboardInterrupt):
                raise_soon()
            else:
                former_hook(ignored)

        sys.unraisablehook = hook
        try:
            yield
        finally:
            sys.unraisablehook = former_hook


@contextmanager
def _alarm() -> Iterator[Callable[[], object]]:
    """Give what raises a KeyboardInterrupt in a moment: by the system's timer, or a thread's where it has none."""
    if not hasattr(signal, "setitimer"):  # Windows
        yield lambda: threading.Timer(AGAIN_SECONDS, _raise_in_main).start()
        return
    former = signal.signal(signal.SIGALRM, _on_alarm)
    try:
        yield lambda: signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


def _raise_in_main() -> None:
    """Raise a KeyboardInterrupt in the main thread, beside the signal's own handler, which counts how often it came."""
    main = ctypes.c_ulong(threading.main_thread().ident or 0)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(main, ctypes.py_object(KeyboardInterrupt))


def _on_alarm(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _end() -> None:
    """End the process at once, with the cursor that a bar had hidden."""
    if sys.stderr.isatty():
        print(_SHOW_CURSOR, end="", file=sys.stderr, flush=True)
    os._exit(EXIT_CODE)
