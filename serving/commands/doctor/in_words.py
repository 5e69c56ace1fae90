"""Findings as lines for a person: state, what was looked at, what was found, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from features.language.languages import Language
from features.language.messages import Message, Sentence, in_a_row, message_in, said, sentence
from serving.commands.doctor.finding import Finding, State

STATES: Mapping[State, Message] = {
    "ok": Message("ok", context="finding"),
    "warning": Message("warning", context="finding"),
    "problem": Message("problem", context="finding"),
}
# By the name of a check: how a person reads it.
CHECKED: Mapping[str, Message] = {
    "settings": Message("settings", context="check"),
    "python": Message("python", context="check"),
    "libraries": Message("libraries", context="check"),
    "access": Message("access", context="check"),
    "disk": Message("disk", context="check"),
    "clock": Message("clock", context="check"),
    "restore": Message("restore", context="check"),
    "book": Message("book", context="check"),
    "secret": Message("secret", context="check"),
    "registry": Message("registry", context="check"),
    "model": Message("model", context="check"),
    "data": Message("data", context="check"),
    "port": Message("port", context="check"),
    "mail": Message("mail", context="check"),
    "webhooks": Message("webhooks", context="check"),
    "out": Message("tables", context="check"),
    "weekly": Message("weekly", context="check"),
    "backup": Message("backup", context="check"),
}


def finding_lines(finding: Finding, language: Language) -> Iterator[str]:
    """Yield a finding as lines; a command stands by itself, without marks, to be copied.

    >>> from features.language.languages import ENGLISH
    >>> list(finding_lines(Finding("disk", "warning", "0.5 GB are free", "free space"), ENGLISH))
    ['warning  disk       0.5 GB are free', '                    to do: free space']
    """
    state, check = _padded(STATES, finding.state, language), _padded(CHECKED, finding.check, language)
    isolated = language.is_right_to_left
    yield f"{state}{check}{said(finding.words, language, isolated=isolated)}"
    if finding.to_do:
        marked = isolated and isinstance(finding.to_do, Sentence)
        to_do = sentence("to do: {remedy}", remedy=message_in(finding.to_do))
        yield " " * len(state + check) + said(to_do, language, isolated=marked)


def _padded(names: Mapping[Any, Message], name: str, language: Language) -> str:
    width = max(len(said(each, language)) for each in names.values()) + 2
    return said(names[name], language).ljust(width)


def counted(findings: Sequence[Finding]) -> Message:
    """Return how many problems and warnings there are.

    >>> from features.language.languages import ENGLISH
    >>> said(counted([Finding("disk", "warning", "0.5 GB are free")]), ENGLISH)
    '0 problems, 1 warning'
    """
    problems, warnings = (sum(each.state == state for each in findings) for state in ("problem", "warning"))
    if not problems and not warnings:
        return Message("all is well")
    return in_a_row(
        [
            Sentence.of(Message("{count} problem", {"count": problems}, plural="{count} problems", count=problems)),
            Sentence.of(Message("{count} warning", {"count": warnings}, plural="{count} warnings", count=warnings)),
        ],
        commas=True,
    )
