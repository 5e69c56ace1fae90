"""Which modules are judged, by which tests, and which of their mutants no test can tell from the code."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).with_name("judged.toml")
# Of these every module is to be judged in the end; the page names those that are not yet.
ROOMS = ("serving/outreach/plan", "serving/outreach/effect")


@dataclass(frozen=True)
class Judged:
    """A module whose tests are judged.

    Args:
        module: its path in the repository.
        tests: the paths of the tests that are run.
        equivalent: changed line → why no test can tell it from the code's own.
    """

    module: str
    tests: tuple[str, ...]
    equivalent: Mapping[str, str] = field(default_factory=dict)

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
    return tuple(Judged(name, tuple(row["tests"]), row.get("equivalent", {})) for name, row in table.items())


def not_judged() -> list[str]:
    """Return the modules of the rooms that are to be judged and are not in `judged.toml` yet."""
    known = {each.module for each in judged_modules()}
    found = (path.relative_to(ROOT).as_posix() for room in ROOMS for path in sorted((ROOT / room).glob("*.py")))
    return [name for name in found if name not in known and not name.endswith("__init__.py")]
