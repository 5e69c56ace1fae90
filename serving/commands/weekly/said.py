"""What a stage says: sentences that are kept with a run, and said in the language of whoever reads the summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from features.language.messages import Sentence, message_of


@dataclass(frozen=True)
class Said:
    """What a stage found or did.

    Args:
        lines: for a person; those that know their message are said in the reader's language. No customer is named.
        document: for a machine.
        alarms: kind and subject of each alarm of the watch, as `kind:subject`.
        not_mailed: mails of the list that its server did not take.
    """

    lines: Sequence[str] = ()
    document: Mapping[str, Any] = field(default_factory=dict)
    alarms: Sequence[str] = ()
    not_mailed: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it.

        >>> from features.language.messages import sentence
        >>> said = Said((sentence("{n} rows", n=3), "as it is"))
        >>> said_in(said.to_dict()) == said
        True
        """
        return {
            "lines": [kept(line) for line in self.lines],
            "document": dict(self.document),
            "alarms": list(self.alarms),
            "not_mailed": self.not_mailed,
        }


def said_in(held: Mapping[str, Any]) -> Said:
    """Return what a stage said, as JSON holds it.

    Raises:
        KeyError, TypeError, ValueError: it holds none.
    """
    lines = tuple(line_in(each) for each in held["lines"])
    return Said(lines, dict(held["document"]), tuple(held["alarms"]), int(held["not_mailed"]))


def kept(line: str) -> dict[str, Any]:
    """Return a line as JSON holds it: its text, and its message where it knows one."""
    message = {"message": line.message.to_dict()} if isinstance(line, Sentence) else {}
    return {"text": str(line), **message}


def line_in(held: Mapping[str, Any]) -> str:
    """Return a line as JSON held it."""
    message = held.get("message")
    return str(held["text"]) if message is None else Sentence.of(message_of(message), held["text"])
