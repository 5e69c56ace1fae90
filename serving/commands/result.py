"""What every command gives back: one document for a machine, and lines and tables for a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from features.language.languages import Language
from features.language.messages import Message, said


@dataclass(frozen=True)
class Table:
    """A table among the lines of a result.

    Args:
        columns: their heads.
        rows: a text for each column.
        wide: the column that takes the room that is left.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    wide: str = ""


class Result(Protocol):
    """What a command found or did."""

    def to_dict(self) -> dict[str, Any]: ...  # noqa: D102

    def lines(self) -> Iterable[str | Table]: ...  # noqa: D102


@dataclass(frozen=True)
class WordedResult:
    """A result that is put in words where it is made."""

    document: dict[str, Any]
    words: Sequence[str]

    def to_dict(self) -> dict[str, Any]:
        """Return the document for a machine."""
        return self.document

    def lines(self) -> Sequence[str]:
        """Return the lines for a person."""
        return self.words


def spoken(lines: Iterable[Message | str], language: Language) -> Iterator[str]:
    """Yield lines in the language of a terminal's reader; where it runs from right to left, names are set apart.

    >>> from features.language.languages import PERSIAN
    >>> list(spoken([Message("no backup was made yet")], PERSIAN))
    ['هنوز پشتیبانی گرفته نشده است']
    """
    for line in lines:
        yield said(line, language, isolated=language.is_right_to_left)
