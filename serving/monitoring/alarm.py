"""An alarm: what has changed beyond what is usual for the shop, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from features.language.messages import Sentence, sentence

Kind = Literal["level", "ranking", "feature", "orders", "events", "population", "data_age", "late_data", "schema"]
# What to do, by kind: the same for a person, a mail and a machine.
TO_DO: dict[Kind, Sentence] = {
    "level": sentence(
        "look at what moved everybody (a season, a campaign, prices); run regulars train, which learns the level"
    ),
    "ranking": sentence("run regulars train: the model no longer tells apart who leaves as well as it said"),
    "feature": sentence("see whether the shop or only its data has changed; where the shop has, run regulars train"),
    "orders": sentence("see that the export is whole and that no source is missing, then score again"),
    "events": sentence("see that the source still sends; until it does, scores read as if nothing happened there"),
    "population": sentence("see whether customers were moved or merged; run regulars train where the shop has changed"),
    "data_age": sentence("bring the export up to date, then score again"),
    "late_data": sentence("score later after the export, or see why orders arrive late"),
    "schema": sentence("see that the columns still mean what regulars.toml says"),
}


@dataclass(frozen=True)
class Alarm:
    """One alarm.

    Args:
        kind: what it is about.
        subject: a feature, a kind of event, a column; '' where the kind says it all. Never a customer.
        words: what was found and what is usual, one sentence without a full stop.
    """

    kind: Kind
    subject: str
    words: Sentence

    @property
    def key(self) -> str:
        """What tells it from other alarms, so that one that goes on is not announced again."""
        return f"{self.kind}:{self.subject}"

    @property
    def to_do(self) -> Sentence:
        """What to do."""
        return TO_DO[self.kind]

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON, in English."""
        return {"kind": self.kind, "subject": self.subject, "words": str(self.words), "to_do": str(self.to_do)}
