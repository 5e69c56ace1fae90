"""The public names of a package, each imported when it is first asked for.

`import serving` then costs nothing, and `from serving import score_all` costs what scoring needs.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any


def lazy_names(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package, as PEP 562 has them.

    The names are those that the package imports for a type checker; its source is read at the first one asked for.

    >>> get, names = lazy_names("features")
    >>> get("date_of")(0)
    datetime.date(1970, 1, 1)
    """
    module = sys.modules[package]

    @cache
    def home_of() -> dict[str, str]:
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        imports = next(node.body for node in tree.body if isinstance(node, ast.If))
        return {a.name: str(node.module) for node in imports if isinstance(node, ast.ImportFrom) for a in node.names}

    def get(name: str) -> Any:
        if name not in home_of():
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(home_of()[name]), name)
        setattr(module, name, value)  # the next look finds it there
        return value

    def names() -> list[str]:
        return sorted({*vars(module), *module.__all__})

    return get, names
