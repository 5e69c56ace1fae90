"""The public names of a package, each imported when it is first asked for.

`import serving` then costs nothing, and `from serving import score_all` costs what scoring needs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(package: str, home_of: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package, as PEP 562 has them.

    Args:
        package: its name.
        home_of: public name → the module that defines it.

    >>> get, names = lazy_names("features", {"date_of": "features.clock"})
    >>> get("date_of")(0)
    datetime.date(1970, 1, 1)
    """

    def get(name: str) -> Any:
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(home_of[name]), name)
        setattr(sys.modules[package], name, value)  # the next look finds it there
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *home_of})

    return get, names
