"""An alarm: what has changed beyond what is usual for the shop, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal["level", "ranking", "feature", "orders", "events", "population", "data_age", "late_data", "schema"]
# What to do, by kind: the same for a person, a mail and a machine.
TO_DO: dict[Kind, str] = {
    "level": "look at what moved everybody (a season, a campaign, prices); run regulars train, which learns the level",
    "ranking": "run regulars train: the model no longer tells apart who leaves as well as it said",
    "feature": "see whether the shop or only its data has changed; where the shop has, run regulars train",
    "orders": "see that the export is whole and that no source is missing, then score again",
    "events": "see that the source still sends; until it does, scores read as if nothing happened there",
    "population": "see whether customers were moved or merged; run regulars train where the shop has changed",
    "data_age": "bring the export up to date, then score again",
    "late_data": "score later after the export, or see why orders arrive late",
    "schema": "see that the columns still mean what regulars.toml says",
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
    words: str

    @property
    def key(self) -> str:
        """What tells it from other alarms, so that one that goes on is not announced again."""
        return f"{self.kind}:{self.subject}"

    @property
    def to_do(self) -> str:
        """What to do."""
        return TO_DO[self.kind]

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {**asdict(self), "to_do": self.to_do}
