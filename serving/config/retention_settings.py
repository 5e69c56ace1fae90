"""How long what the book holds of persons is kept; `regulars tidy` deletes what is older."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from features.errors import ConfigError

# Less would take away what lists, the effect and the comparison with a year before are made of.
LEAST_DAYS: Mapping[str, int] = {
    "scores_days": 400, "lists_days": 400, "backgrounds_days": 30, "contacts_days": 730, "posted_days": 1_095,
    "messages_days": 1, "views_days": 30, "sessions_days": 1, "audit_days": 365,
}  # fmt: skip
# Longer than this they are never kept: each new one deletes those of before.
MOST_DAYS: Mapping[str, int] = {"messages_days": 30, "views_days": 365}


@dataclass(frozen=True)
class RetentionSettings:
    """How long what the book holds of persons is kept, in days; a period that is not named has its default.

    Args:
        scores_days: scores of runs, but for the last run and those of lists that are kept.
        lists_days: entries of lists, who was not on one and who left it, but for the last list.
        backgrounds_days: what the orders said of an entry's customer when a list was made.
        contacts_days: contacts and outcomes; None = until the customer is forgotten, for the effect counts them.
        posted_days: orders and events that were posted, from when they came; None = until the customer is forgotten,
            for they are a part of the history.
        messages_days: messages to webhooks that were delivered or given up.
        views_days: who looked at what.
        sessions_days: links to the pages and sessions, from when they were over.
        audit_days: who let which model serve, but for the last row of each kind.

    Raises:
        ConfigError: a period that is too short, or longer than anything is kept.

    >>> RetentionSettings().scores_days
    1095
    """

    scores_days: int = 1_095
    lists_days: int = 1_095
    backgrounds_days: int = 1_095
    contacts_days: int | None = None
    posted_days: int | None = None
    messages_days: int = 30
    views_days: int = 365
    sessions_days: int = 30
    audit_days: int = 3_650

    def __post_init__(self) -> None:
        for name, days in self.periods().items():
            if days is not None and days < LEAST_DAYS[name]:
                raise ConfigError(f"{name} under [retention] is {LEAST_DAYS[name]} or more, not {days}")
            if days is not None and days > MOST_DAYS.get(name, days):
                raise ConfigError(f"{name} under [retention] is {MOST_DAYS[name]} or less: so long they are kept")

    def periods(self) -> dict[str, int | None]:
        """Return period → days; None = until the customer is forgotten."""
        return asdict(self)
