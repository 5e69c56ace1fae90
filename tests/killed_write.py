"""A file of SQLite whose last write was killed when half of its pages were on the disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_WRITES = """
import os, signal, sqlite3, sys
writing = sqlite3.connect(sys.argv[1], isolation_level=None)
writing.execute("PRAGMA cache_size = 1")  # so that pages go to the disk before the commit
writing.execute("BEGIN")
writing.execute("CREATE TABLE half (content BLOB)")
writing.executemany("INSERT INTO half VALUES (?)", [(b"half" * 250,)] * 400)
os.kill(os.getpid(), signal.SIGKILL)
"""


def killed_amid_a_write(file: Path) -> None:
    """Kill a process that adds a table `half` to a database: its journal is left to be rolled back."""
    subprocess.run([sys.executable, "-c", _WRITES, str(file)], check=False)
    assert file.with_name(f"{file.name}-journal").stat().st_size > 0
