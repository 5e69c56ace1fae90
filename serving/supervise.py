"""The process that `regulars serve` becomes: BentoML's command line, made to end whenever it is asked to.

BentoML's process manager drops a signal that comes while it starts a worker or replaces one, and takes a terminal that
is closed for a wish to start anew: the server would stay, with its port, and nobody to stop it. So whatever asks it
to end is repeated until it has.
"""

from __future__ import annotations

import os
import runpy
import signal
import socket
import sys

from serving.stopping import heed_ctrl_c, parent_is, stop_once

ENDING = {getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGQUIT", "SIGHUP") if hasattr(signal, name)}
EXIT_CODE = 130  # of a shell: 128 and the number of SIGINT


def main() -> None:
    """Run BentoML with the arguments of this process."""
    heard, written = socket.socketpair()
    written.setblocking(False)
    signal.set_wakeup_fd(written.fileno(), warn_on_full_buffer=False)
    stop_once(_Asked(heard, parent=os.getppid() if _belongs_to_its_parent() else None))
    try:
        heed_ctrl_c()
        runpy.run_module("bentoml", run_name="__main__", alter_sys=True)
    except KeyboardInterrupt:  # before the process manager listens
        sys.exit(EXIT_CODE)


def _belongs_to_its_parent() -> bool:
    """Return whether the server ends with the process that started it, such as `sh -c` or `timeout`.

    It does not where it was made to outlive that: a job of its own (typed into a shell, a session, a service), in the
    background of a script (which ignores Ctrl-C there), or under `nohup`.
    """
    if not hasattr(os, "getpgrp") or os.getpgrp() == os.getpid():
        return False
    return signal.SIG_IGN not in (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGHUP))


class _Asked:
    """Whether this process was asked to end: by a signal that it does not ignore, or by its parent being gone.

    Args:
        heard: to which the system writes the number of each signal.
        parent: process id; None = it may go.
    """

    def __init__(self, heard: socket.socket, parent: int | None) -> None:
        ignored = {each for each in ENDING if signal.getsignal(each) is signal.SIG_IGN}
        self._heard, self._parent, self._ending = heard, parent, ENDING - ignored

    def __call__(self, seconds: float) -> bool:
        """Wait so many seconds at the most."""
        self._heard.settimeout(seconds)
        try:
            if set(self._heard.recv(64)) & self._ending:
                return True
        except TimeoutError:
            pass
        return self._parent is not None and not parent_is(self._parent)


if __name__ == "__main__":
    main()
