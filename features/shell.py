"""A command as it is typed into a shell: whatever is printed to be copied is quoted here."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path


def shell_line(*words: str | Path) -> str:
    """Return words as one line of a shell.

    >>> shell_line("regulars", "serve", "--config", Path("Shop #1/regulars.toml"))
    "regulars serve --config 'Shop #1/regulars.toml'"
    """
    return shlex.join(map(str, words))


def program(name: str) -> str:
    """Return what a shell calls a program of this environment: its name, or its path where the name finds nothing.

    >>> program("no such program")
    'no such program'
    """
    beside = Path(sys.executable).with_name(name)
    return name if shutil.which(name) or not beside.exists() else str(beside)
