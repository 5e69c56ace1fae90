"""The command line: each command a few lines over the rooms below.

Heavy imports stand inside the commands, after the settings were read: `regulars --help` answers at once, and so does a
regulars.toml that is not there or is wrong.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from features.errors import InputError, RegularsError

# A command is there once its module is read, and --help shows commands in this order.
from serving.cli import data, models, lists, keys, webhooks, book  # noqa: F401 # isort: skip
from serving.cli.options import app, screen_of

__all__ = ["app", "main", "run"]


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
    """Run a command and return its exit code; errors of input are told in words."""
    try:
        result = command()
    except RegularsError as error:
        return _report(error)
    except KeyboardInterrupt:
        print("stopped; what was there before is unchanged", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        # typer's own errors carry how to show themselves; what has no `show` is ours and keeps its traceback.
        if not hasattr(error, "show"):
            raise
        error.show()
        return int(getattr(error, "exit_code", InputError.exit_code))
    return result if isinstance(result, int) else 0


def _report(error: RegularsError) -> int:
    print(f"regulars: {error}", file=sys.stderr)
    if "--json" in sys.argv:
        screen_of(True).document(
            {"error": type(error).__name__, "message": str(error), "violations": _violations(error)}
        )
    return error.exit_code


def _violations(error: RegularsError) -> list[dict[str, Any]]:
    from dataclasses import asdict

    return [asdict(violation) for violation in getattr(error, "violations", ())]
