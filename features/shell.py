"""A command as it is typed into a shell: whatever is printed to be copied is quoted here."""

from __future__ import annotations

import shlex
from pathlib import Path


def shell_line(*words: str | Path) -> str:
    """Return words as one line of a shell.

    >>> shell_line("regulars", "serve", "--config", Path("Shop #1/regulars.toml"))
    "regulars serve --config 'Shop #1/regulars.toml'"
    """
    return shlex.join(map(str, words))
