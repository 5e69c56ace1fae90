"""Whether Python and the packages are those that Regulars was made with."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from features.language.messages import Message, Sentence, in_a_row, sentence
from serving.commands.doctor.finding import Examined, Finding

NAME, LOCK = "python", "requirements.lock"
SHOWN = 5
INSTALL = sentence(
    "install the packages of requirements.lock: {command}",
    command="python -m pip install --no-deps -r requirements.lock",
)


def check_python(_: Examined) -> Iterator[Finding]:
    """Compare Python and each package with what Regulars asks for, and with the lock where one is there."""
    wanted, here = metadata("regulars")["Requires-Python"], platform.python_version()
    if here not in SpecifierSet(wanted):
        words = sentence("this is Python {version}, and Regulars needs {rule}", version=here, rule=wanted)
        yield Finding(NAME, "problem", words, sentence("install such a Python"))
    unfit = list(unfit_packages(map(Requirement, requires("regulars") or ())))
    others = list(other_than_locked(_lock()))
    if unfit:
        yield Finding(NAME, "problem", sentence("packages do not fit: {names}", names=_shown(unfit)), INSTALL)
    elif others:
        yield Finding(
            NAME, "warning", sentence("packages are other than locked: {names}", names=_shown(others)), INSTALL
        )
    else:
        words = sentence(
            "Python {version}, Regulars {number}, packages as locked", version=here, number=version("regulars")
        )
        yield Finding(NAME, "ok", words)


def unfit_packages(needed: Iterator[Requirement]) -> Iterator[Sentence]:
    """Yield what is missing, or of a version that does not fit.

    >>> list(unfit_packages(iter([Requirement("numpy<1"), Requirement("no-such-package"), Requirement("numpy")])))
    ['numpy ... is not <1', 'no-such-package is missing']
    """
    for each in needed:
        if each.marker is not None and not each.marker.evaluate({"extra": ""}):
            continue
        found = _installed(each.name)
        if found is None:
            yield sentence("{library} is missing", library=each.name)
        elif not each.specifier.contains(found, prereleases=True):
            yield sentence(
                "{library} {version} is not {rule}", library=each.name, version=found, rule=str(each.specifier)
            )


def other_than_locked(lock: Path | None) -> Iterator[Sentence]:
    """Yield each installed package of another version than a lock says; what is not installed is not needed here."""
    for line in () if lock is None else lock.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        locked = Requirement(line)
        found = _installed(locked.name) if locked.marker is None or locked.marker.evaluate() else None
        if found is not None and found not in locked.specifier:
            rule = str(locked.specifier).removeprefix("==")
            yield sentence("{library} {version} is not {rule}", library=locked.name, version=found, rule=rule)


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _lock() -> Path | None:
    """Return the lock that lies beside the code; an installed package has none."""
    found = Path(__file__).parents[3] / LOCK
    return found if found.exists() else None


def _shown(told: list[Sentence]) -> Message:
    first, more = in_a_row(told[:SHOWN]), len(told) - SHOWN
    return Message("{names} and {more} more", {"names": first, "more": more}) if more > 0 else first
