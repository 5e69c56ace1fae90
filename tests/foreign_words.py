"""What is left in English of a line that a Persian or a Greek reads; names, paths and commands are of no language."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path

CODES = ("fa", "el")
# What stands as it is in every language: isolated names, paths, options, sections of the settings, commands, units.
_KEPT = re.compile(
    "\u2068[^\u2069]*\u2069|\u2066[^\u2069]*\u2069"
    r"|\S*[/.=_]\S*|--[a-z-]+|\[[a-z.]+\]|regulars [a-z-]+|before-restore-\S+|\b(?:UTC|chmod|cron|GB|MB|ZIP|AUROC)\b"
)
_WORDS = re.compile("[a-z]{3,}")
NAMES = frozenset(
    {"python", "regulars", "webhook", "webhooks", "email", "api", "json", "mlflow", "mlruns", "sqlite", "csv"}
)


def english_left(lines: Iterable[str], names: Collection[str] = ()) -> list[str]:
    """Return the lines that hold an English word which is no name, with the word.

    Args:
        lines: as they are shown.
        names: more of them, in lower case.

    >>> english_left(["Το αντίγραφο: shop.zip, με regulars backup", "forgotten 3 γραμμές"])
    ['forgotten: forgotten 3 γραμμές']
    """
    found = ((sorted({*_WORDS.findall(_KEPT.sub(" ", line).casefold())} - {*NAMES, *names}), line) for line in lines)
    return [f"{', '.join(words)}: {line}" for words, line in found if words]


def speaks(folder: Path, code: str) -> Path:
    """Let a shop speak a language, and return its settings."""
    toml = folder / "regulars.toml"
    text = re.sub(r'(?m)^language = ".*"\n', "", toml.read_text(encoding="utf-8"))
    toml.write_text(re.sub(r"(?m)^\[shop\]$", f'[shop]\nlanguage = "{code}"', text, count=1), encoding="utf-8")
    return toml
