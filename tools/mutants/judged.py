"""Which modules are judged, by which tests, and which of their mutants no test can tell from the code."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).with_name("judged.toml")
# Of these every module is to be judged in the end; the page names those that are not yet.
ROOMS = ("serving/outreach/plan", "serving/outreach/effect")


@dataclass(frozen=True)
class Kind:
    """A kind of change that no test can tell from the code.

    Args:
        why: nothing differs.
        argument: may have any value, or be missing; "" = the changed lines are named.
        lines: of this module: those of the code, of which an argument may change, or the changed ones.
    """

    why: str
    argument: str = ""
    lines: tuple[str, ...] = ()

    def has(self, before: str, after: str) -> bool:
        """Return whether a change is of this kind.

        >>> kind = Kind("as long", "strict", ("zip(a, b, strict=True)",))
        >>> kind.has("zip(a, b, strict=True)", "zip(a, b, )"), kind.has("zip(a, b, strict=True)", "zip(None, b)")
        (True, False)
        """
        if not self.argument:
            return after in self.lines
        return before in self.lines and self._without(before) == self._without(after)

    def _without(self, line: str) -> str:
        return re.sub(rf"\b{self.argument}=[^,()\]]+|[,\s]", "", line)


@dataclass(frozen=True)
class Judged:
    """A module whose tests are judged.

    Args:
        module: its path in the repository.
        tests: the paths of the tests that are run.
        equivalent: the kinds of its changes that no test can tell from the code.
    """

    module: str
    tests: tuple[str, ...]
    equivalent: tuple[Kind, ...] = ()

    def why_equivalent(self, before: str, after: str) -> str | None:
        """Return why no test can tell a changed line from the code's own; None = a test can."""
        return next((kind.why for kind in self.equivalent if kind.has(before, after)), None)

    @property
    def folder(self) -> Path:
        """Where its mutants are run, and what a broken run left."""
        return ROOT / ".mutants" / self.module.removesuffix(".py").replace("/", ".")

    def fingerprint(self) -> str:
        """Return a hash of module and tests: results of other ones do not count."""
        texts = ((ROOT / name).read_bytes() for name in (self.module, *self.tests, "tests/conftest.py"))
        return hashlib.sha256(b"\0".join(texts)).hexdigest()


def judged_modules() -> tuple[Judged, ...]:
    """Return the modules of `judged.toml`, in its order.

    >>> judged_modules()[0].module
    'features/clock.py'
    """
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    kinds = {name: Kind(**row) for name, row in table.pop("kinds", {}).items()}
    return tuple(_judged(name, row, kinds) for name, row in table.items())


def _judged(module: str, row: Mapping[str, Any], kinds: Mapping[str, Kind]) -> Judged:
    named = row.get("equivalent", {}).items()
    return Judged(module, tuple(row["tests"]), tuple(replace(kinds[kind], lines=tuple(lines)) for kind, lines in named))


def not_judged() -> list[str]:
    """Return the modules of the rooms that are to be judged and are not in `judged.toml` yet."""
    known = {each.module for each in judged_modules()}
    found = (path.relative_to(ROOT).as_posix() for room in ROOMS for path in sorted((ROOT / room).glob("*.py")))
    return [name for name in found if name not in known and not name.endswith("__init__.py")]
