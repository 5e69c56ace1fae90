"""`regulars doctor`: looks at everything that Regulars stands on, changes nothing, and says what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.errors import RegularsError
from features.language.languages import ENGLISH, Language
from features.language.messages import said, sentence
from serving.commands.doctor.access import check_access
from serving.commands.doctor.book import check_book
from serving.commands.doctor.clock import check_clock
from serving.commands.doctor.data import check_data
from serving.commands.doctor.disk import check_disk
from serving.commands.doctor.finding import Check, Examined, Finding
from serving.commands.doctor.in_words import counted, finding_lines
from serving.commands.doctor.leftovers import check_backup, check_restore
from serving.commands.doctor.libraries import check_libraries
from serving.commands.doctor.model import check_model, check_registry
from serving.commands.doctor.outside import check_mail, check_out, check_webhooks
from serving.commands.doctor.port import check_port
from serving.commands.doctor.python import check_python
from serving.commands.doctor.secret import check_secret
from serving.commands.doctor.weekly import check_weekly
from serving.config import Settings, load_settings

PROBLEM_EXIT_CODE = 1
Report = Callable[[int, int, str], None]
# By the name of what is looked at, in the order in which one thing stands on another.
CHECKS: dict[str, Check] = {
    "python": check_python,
    "libraries": check_libraries,
    "access": check_access,
    "disk": check_disk,
    "clock": check_clock,
    "restore": check_restore,
    "book": check_book,
    "secret": check_secret,
    "registry": check_registry,
    "model": check_model,
    "data": check_data,
    "port": check_port,
    "mail": check_mail,
    "webhooks": check_webhooks,
    "out": check_out,
    "weekly": check_weekly,
    "backup": check_backup,
}


@dataclass(frozen=True)
class Diagnosis:
    """What was found, in the order of the checks; and the language of the terminal, the shop's."""

    findings: Sequence[Finding]
    language: Language = ENGLISH

    @property
    def exit_code(self) -> int:
        """0, or 1 where something does not work."""
        return PROBLEM_EXIT_CODE if any(each.state == "problem" for each in self.findings) else 0

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"well": self.exit_code == 0, "findings": [each.to_dict() for each in self.findings]}

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        for each in self.findings:
            yield from finding_lines(each, self.language)
        yield said(counted(self.findings), self.language)


def examine(toml: Path, host: str, port: int, report: Report) -> Diagnosis:
    """Look at an installation and its shop; where the settings cannot be read, at what needs none.

    Args:
        toml: the file of the settings.
        host: where the server would listen.
        port: on which.
        report: is told each step.
    """
    settings, found = _settings(toml)
    examined = Examined(toml, settings, host, port)
    try:
        for done, (name, check) in enumerate(CHECKS.items()):
            report(done, len(CHECKS), f"looking at {name}")
            found += _guarded(name, check, examined)
    finally:
        examined.close()
    return Diagnosis(tuple(found), ENGLISH if settings is None else settings.language)


def _settings(toml: Path) -> tuple[Settings | None, list[Finding]]:
    try:
        settings = load_settings(toml)
    except RegularsError as error:
        to_do = sentence("correct it; regulars check names each key. What follows is what needs no settings")
        return None, [Finding("settings", "problem", str(error).splitlines()[0], to_do)]
    return settings, [Finding("settings", "ok", sentence("{toml} is read", toml=str(toml)))]


def _guarded(name: str, check: Check, examined: Examined) -> list[Finding]:
    """Return what a check found; one that fails itself is a finding, and the others go on."""
    found: list[Finding] = []
    try:
        found.extend(check(examined))
    except RegularsError as error:
        found.append(Finding(name, "problem", str(error).splitlines()[0], sentence("mend what is named")))
    except Exception as error:  # noqa: BLE001 — a sick installation can fail in any way
        why = f"{type(error).__name__}: {error}".splitlines()[0]
        words = sentence("cannot be looked at: {error}", error=why)
        found.append(
            Finding(
                name,
                "problem",
                words,
                sentence("tell us, with the output of {command}", command="regulars doctor --json"),
            )
        )
    return found
