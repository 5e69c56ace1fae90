"""The command line: each command a few lines over the rooms below.

Heavy imports stand inside the commands, after the settings were read: `regulars --help` answers at once, and so does a
regulars.toml that is not there or is wrong.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from features.errors import InputError, MachineFault, RegularsError
from features.faults import machine_fault, place_of

# A command is there once its module is read, and --help shows commands in this order.
from serving.cli import data, models, lists, weekly, keys, webhooks, book, backup, privacy  # noqa: F401 # isort: skip
from serving.cli.interrupt import EXIT_CODE, Interrupt, stopped_by_ctrl_c
from serving.cli.options import app, screen_of

__all__ = ["app", "main", "run"]


GROUPS = ("keys", "webhooks")


def main() -> None:
    """Run the command line; errors of input are one clear message and exit code 2."""
    _prepare_environment()
    sys.exit(run(lambda: app(standalone_mode=False)))


def _prepare_environment() -> None:
    """Set what libraries read when they are first imported: no telemetry, no threads that spin while they wait."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")


def run(command: Callable[[], Any]) -> int:
    """Run a command and return its exit code; errors of input and a stop are told in words."""
    with stopped_by_ctrl_c(_this_command()) as interrupt:
        code = _run(command, interrupt)
    if code == EXIT_CODE:  # also what typer makes of a KeyboardInterrupt
        print(interrupt.told, file=sys.stderr)
    return code


def _run(command: Callable[[], Any], interrupt: Interrupt) -> int:
    try:
        result = command()
        sys.stdout.flush()
    except KeyboardInterrupt:
        return EXIT_CODE
    except RegularsError as error:
        return EXIT_CODE if interrupt.asked else _report(error)  # or what became of Ctrl-C
    except BrokenPipeError:  # the reader of our output has seen enough
        _drop_output()
        return 0
    except Exception as error:
        if interrupt.asked:  # a library made an error of its own of it
            return EXIT_CODE
        if hasattr(error, "show"):  # typer's own errors carry how to show themselves
            error.show()
            return int(getattr(error, "exit_code", InputError.exit_code))
        fault = _fault(error)
        if fault is None:
            raise  # a mistake of ours keeps its traceback
        return _report(fault)
    return result if isinstance(result, int) else 0


def _fault(error: Exception) -> RegularsError | None:
    """Return what the machine or its files did, where that is what an error comes from."""
    fault = machine_fault(error, place_of(error))
    if fault is None and isinstance(error, OSError):
        return InputError(f"{place_of(error)}: {error.strerror or error}")
    return fault


def _report(error: RegularsError) -> int:
    message = error.told(_this_command()) if isinstance(error, MachineFault) else str(error)
    print(f"regulars: {message}", file=sys.stderr)
    try:
        if "--json" in sys.argv:
            document = {"error": type(error).__name__, "message": message, "violations": _violations(error)}
            screen_of(True).document(document)
        sys.stdout.flush()
    except OSError:  # it is the output that takes nothing more
        _drop_output()
    return error.exit_code


def _this_command() -> str:
    """Return the command without what was given to it: an id or a name belongs in no log."""
    names = sys.argv[1:3] if sys.argv[1:2] and sys.argv[1] in GROUPS else sys.argv[1:2]
    return " ".join(["regulars", *names])


def _drop_output() -> None:
    """Write to nowhere from now on: Python would flush once more at its end, and show a traceback."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _violations(error: RegularsError) -> list[dict[str, Any]]:
    from dataclasses import asdict

    return [asdict(violation) for violation in getattr(error, "violations", ())]
