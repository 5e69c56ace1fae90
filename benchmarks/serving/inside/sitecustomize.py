"""Writes down what a worker does beside answering: Python imports a module of this name first, if it is on its path.

Each line of the file is [kind, begin, seconds, detail], by the machine's monotonic clock, which the asking side reads
too: rounds of the garbage collector, commits of the book, what the server does by itself every few seconds, and each
time that a thread had to wait for the interpreter, with the code that had it.
"""

from __future__ import annotations

import functools
import gc
import json
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

VARIABLE = "REGULARS_BENCHMARK_INSIDE"  # the file that is written
WORKER = "_bentoml_impl.worker.service"
EVERY_SECONDS = 0.02
WORTH_SECONDS = 0.003  # a shorter wait for the interpreter is none
OURS = ("/serving/", "/features/", "/training/")
WAITING = ("threading.py", "queue.py", "selectors.py", "concurrent/futures/thread.py")
# Module -> what is timed in it once it is loaded, and as what.
TIMED = {
    "sqlalchemy.engine.default": ("DefaultDialect.do_commit", "a commit of the book"),
    "serving.webhooks.delivery": ("due_webhooks", "the webhooks loop"),
    "serving.api.loaded_model": ("Champions.look_or_keep", "a look at the registry"),
    "serving.api.auth": ("Keys.refresh", "the keys read again"),
}
Note = tuple[str, float, float, str]


class Watch:
    """Collects notes in memory, and writes them every second from a thread of its own."""

    def __init__(self, path: str) -> None:
        self._path, self._notes, self._left = path, deque[Note](), dict(TIMED)
        self._began = 0.0

    def start(self) -> None:
        """Begin, in the background."""
        gc.callbacks.append(self._collected)
        threading.Thread(target=self._run, name="watch", daemon=True).start()

    def _collected(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._began = time.perf_counter()
            return
        took = time.perf_counter() - self._began
        self._notes.append(("a garbage collection", self._began, took, str(info["generation"])))

    def _run(self) -> None:
        written = time.perf_counter()
        while True:
            began = time.perf_counter()
            time.sleep(EVERY_SECONDS)
            late = time.perf_counter() - began - EVERY_SECONDS
            if late > WORTH_SECONDS:
                self._notes.append(("the interpreter held", began + EVERY_SECONDS, late, busy()))
            if began - written > 1.0:
                written = began
                self._wrap()
                self._write()

    def _wrap(self) -> None:
        for module, (place, kind) in list(self._left.items()):
            *outer, name = place.split(".")
            owner: Any = sys.modules.get(module)
            for each in outer:
                owner = getattr(owner, each, None)
            if hasattr(owner, name):  # a module that is being imported may not have it yet
                setattr(owner, name, self._timed(getattr(owner, name), kind))
                del self._left[module]

    def _timed(self, work: Callable[..., Any], kind: str) -> Callable[..., Any]:
        @functools.wraps(work)
        def timed(*arguments: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return work(*arguments, **named)
            finally:
                self._notes.append((kind, began, time.perf_counter() - began, ""))

        return timed

    def _write(self) -> None:
        with open(self._path, "a", encoding="utf-8") as file:
            while self._notes:
                file.write(json.dumps(self._notes.popleft()) + "\n")


def busy() -> str:
    """Return where the threads are that do not wait: the innermost function of each that is our code."""
    me, found = threading.get_ident(), []
    for thread, frame in sys._current_frames().items():
        if thread == me or frame.f_code.co_filename.endswith(WAITING):
            continue
        ours: Any = frame
        while ours is not None and not any(room in ours.f_code.co_filename for room in OURS):
            ours = ours.f_back
        if ours is not None:
            found.append(f"{ours.f_globals.get('__name__', '?')}.{ours.f_code.co_name}")
    return ", ".join(sorted(set(found))) or "the event loop"


if VARIABLE in os.environ and WORKER in sys.orig_argv:
    Watch(os.environ[VARIABLE]).start()
