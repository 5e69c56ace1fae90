"""The address of a SQLite file, whatever characters its folder's name holds.

Every path that becomes a URL is quoted here: a folder may be called `Shop #1`, `100%Fair` or `Who buys?`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import quote


def sqlite_url(file: Path) -> str:
    """Return the URL by which SQLAlchemy, and so MLflow and Optuna, opens a file.

    MLflow makes the folders of a `sqlite:///` URL without unquoting it first: a quoted path names its driver too, which
    MLflow leaves alone.

    >>> sqlite_url(Path("/shop/mlflow.db")), sqlite_url(Path("/100%Fair/mlflow.db"))
    ('sqlite:////shop/mlflow.db', 'sqlite+pysqlite:////100%25Fair/mlflow.db')
    """
    path = str(file)
    quoted = path.replace("%", "%25").replace("?", "%3F")
    return f"sqlite:///{path}" if quoted == path else f"sqlite+pysqlite:///{quoted}"


def sqlite_uri(file: Path | str, mode: Literal["ro", "rw"]) -> str:
    """Return the URI by which Python's `sqlite3` opens a file that is there; it never makes one.

    >>> sqlite_uri("/Shop #1/book.db", "rw")
    'file:/Shop%20%231/book.db?mode=rw'
    """
    return f"file:{quote(str(file))}?mode={mode}"
