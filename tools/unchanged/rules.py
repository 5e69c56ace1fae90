"""What may differ between two walks over the same code: every rule, with its reason, in the two tables below.

A recorded text is as it was said, except for these. A rule is as narrow as its reason: a clock rule takes the days of
the recording and leaves every other day alone.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

DAY = "{day}"  # in a pattern: a day of the recording, in any zone


@dataclass(frozen=True)
class Rule:
    """A pattern that is replaced wherever it stands."""

    name: str
    pattern: str
    replacement: str
    reason: str


@dataclass(frozen=True)
class Learnt:
    """A pattern whose first group is a random word: it is numbered when first seen, and replaced everywhere after."""

    name: str
    pattern: str
    reason: str


RULES = (
    Rule("port", r"(127\.0\.0\.1|localhost):\d+", r"\1:<port>", "a free port is another each time"),
    Rule("clock", rf"{DAY}[T ]\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d| UTC)?", "<now>", "when it was recorded"),
    Rule("today", DAY, "<today>", "the day of the recording, where no day was said"),
    Rule("used", r'never used|last used <now>|"last_used_at": (null|"<now>")', "<used>", "noted once a minute"),
    Rule("log time", r'"ms":[\d.]+', '"ms":<duration>', "how long an answer took"),
    Rule(
        "metrics time",
        r"^(regulars_request_seconds_(?:bucket|sum)\{.*\}) \S+$",
        r"\1 <duration>",
        "how long answers took",
    ),
    Rule("data age", r"^(regulars_data_age_days(?:\{.*\})?) \S+$", r"\1 <days>", "counted from today"),
    Rule("salt", r'"(salt|hash)": "[^"]+"', r'"\1": "<random>"', "how the book keeps a key"),
    Rule("entry", r"\b(20\d{6})-[0-9a-z]{12}\b", r"\1-<drawn>", "the id of an entry is drawn"),
    Rule(
        "report",
        r'"key": "[0-9a-f]{64}", "(customer_id|entry_id)"',
        r'"key": "<of the entry>", "\1"',
        "made of that id",
    ),
    Rule("sealed", r"\bsealed:[\w+/=]+", "sealed:<sealed>", "how the book keeps the secret of a webhook"),
    Rule("keyed", r'"(value|customer_digest)": "[0-9a-f]{64}"', r'"\1": "<keyed>"', "under the shop's own secret"),
)
LEARNT = (
    Learnt("run", r'"run_id": "([0-9a-f]{32})"', "MLflow draws the id of a run"),
    Learnt("run", r"recorded as run ([0-9a-f]{32})", "MLflow draws the id of a run"),
    Learnt("run", r"^run_id: ([0-9a-f]{32})", "MLflow draws the id of a run"),
    Learnt("model", r"\bm-([0-9a-f]{32})\b", "MLflow draws the id of a model"),
    Learnt("key", r"\breg_([0-9a-f]{12})_[\w-]{43}", "the id of an API key is random"),
    Learnt("secret", r"\breg_[0-9a-f]{12}_([\w-]{43})", "the secret of an API key is random"),
    Learnt("webhook", r'"webhook_id": "([0-9a-f]{16})"', "the id of a webhook is random"),
    Learnt("webhook", r'"id": "([0-9a-f]{16})"', "the id of a webhook is random"),
    Learnt("signing", r"\bwhsec_([\w+/=-]+)", "the secret of a webhook is random"),
    Learnt("message", r"\bmsg_([0-9a-f]{28})\b", "the id of a message is random"),
)


def days_now() -> set[str]:
    """Return the days that it may be now, whatever the zone."""
    now = datetime.now(UTC)  # noqa: TID251 — what is recorded has a clock
    return {str((now + timedelta(days=each)).date()) for each in (-1, 0, 1)}


@dataclass
class Plain:
    """Brings texts to what they say on any machine, at any time.

    Args:
        places: folders by the word that stands for each; the longest path is replaced first.
        known: random word → the name that stands for it.
        counts: how many names of each kind there are.
        days: of the recording.
    """

    places: dict[str, Path]
    known: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    days: set[str] = field(default_factory=days_now)

    def text(self, raw: str) -> str:
        """Return a text without paths, clocks and random words."""
        self._learn(raw)
        for word, name in self.known.items():
            raw = raw.replace(word, name)
        for name, path in sorted(self.places.items(), key=lambda place: -len(str(place[1]))):
            raw = raw.replace(str(path), f"<{name}>")
        return self._ruled(raw)

    def save(self, path: Path) -> None:
        """Write down random words and days, for whoever goes on with the shops."""
        kept = {"known": self.known, "counts": self.counts, "days": sorted(self.days | days_now())}
        path.write_text(json.dumps(kept), encoding="utf-8")

    def take_over(self, path: Path) -> None:
        """Know the random words and days of another recording."""
        kept = json.loads(path.read_text(encoding="utf-8"))
        self.known.update(kept["known"])
        self.counts.update(kept["counts"])
        self.days.update(kept["days"])

    def _learn(self, raw: str) -> None:
        for rule in LEARNT:
            for word in re.findall(rule.pattern, raw, re.MULTILINE):
                if word not in self.known:
                    self.counts[rule.name] = self.counts.get(rule.name, 0) + 1
                    self.known[word] = f"<{rule.name} {self.counts[rule.name]}>"

    def _ruled(self, raw: str) -> str:
        day = f"(?:{'|'.join(sorted(self.days | days_now()))})"  # a walk may go past midnight
        for rule in RULES:
            raw = re.sub(rule.pattern.replace(DAY, day), rule.replacement, raw, flags=re.MULTILINE)
        return raw
