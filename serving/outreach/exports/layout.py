"""The columns of a list for people, in the order in which whoever makes the calls needs them.

First whom to contact, what to do, what to say and why; then what it is worth and until when; then the numbers behind
it; last the ids by which other files are matched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from serving.outreach.plan.outreach_list import OutreachList

CellFormat = Literal["text", "sentence", "texts", "integer", "number", "percent", "money", "date"]

# The groups of a list, and how they are called for people.
GROUPS = {
    "entries": "regular customers at risk",
    "newcomers": "new customers",
    "winback": "to win back",
    "reminders": "to remind before the due day",
}


@dataclass(frozen=True)
class ListColumn:
    """One column of a list: its name, its heading for people, what it holds, and its width in characters."""

    name: str
    heading: str
    format: CellFormat
    width: int


LIST_COLUMNS: tuple[ListColumn, ...] = (
    ListColumn("position", "#", "integer", 5),
    ListColumn("name", "Name", "text", 26),
    ListColumn("customer_id", "Customer", "text", 14),
    ListColumn("title", "What to do", "text", 26),
    ListColumn("what_to_say", "What to say", "sentence", 50),
    ListColumn("incentive", "What to offer", "sentence", 24),
    ListColumn("opening", "How to begin", "sentence", 50),
    ListColumn("reasons", "Why", "texts", 60),
    ListColumn("listed_for", "On the list for", "text", 14),
    ListColumn("value_at_risk", "Value at risk", "money", 14),
    ListColumn("channel", "By", "text", 10),
    ListColumn("due_on", "Until", "date", 12),
    ListColumn("change", "New or still", "text", 12),
    ListColumn("kind", "Group", "text", 10),
    ListColumn("state", "State", "text", 10),
    ListColumn("band", "Risk", "text", 9),
    ListColumn("left_probability", "Probability of having left", "percent", 12),
    ListColumn("probability", "Probability of churn", "percent", 12),
    ListColumn("expected_gain", "Expected gain", "money", 14),
    ListColumn("cost", "Cost", "money", 10),
    ListColumn("saved_share", "Saved if contacted", "percent", 12),
    ListColumn("days_since_order", "Days since order", "integer", 11),
    ListColumn("usual_gap_days", "Usual gap, days", "number", 11),
    ListColumn("overdue", "Overdue, ratio", "number", 11),
    ListColumn("overdue_days", "Overdue, days", "number", 11),
    ListColumn("next_order_on", "Next order", "date", 12),
    ListColumn("next_order_from", "Next order from", "date", 12),
    ListColumn("next_order_until", "Next order until", "date", 12),
    ListColumn("expected_spend", "Expected spend", "money", 14),
    ListColumn("value_at_risk_low", "Value at risk, low", "money", 14),
    ListColumn("value_at_risk_high", "Value at risk, high", "money", 14),
    ListColumn("protective", "What speaks for staying", "texts", 40),
    ListColumn("segment", "Segment", "text", 14),
    ListColumn("owner", "Owner", "text", 18),
    ListColumn("members", "Also at risk in the account", "texts", 24),
    ListColumn("account_id", "Account", "text", 14),
    ListColumn("playbook", "Playbook", "text", 20),
    ListColumn("entry_id", "Entry", "text", 34),
)
LIST_NAMES: tuple[str, ...] = tuple(column.name for column in LIST_COLUMNS)


def laid_out(frame: pd.DataFrame) -> pd.DataFrame:
    """Return entries in LIST_NAMES; a column that the list did not have when it was published is empty.

    >>> laid_out(pd.DataFrame({"customer_id": ["007"]})).columns[:3].tolist()
    ['position', 'name', 'customer_id']
    """
    return frame.reindex(columns=list(LIST_NAMES))


def by_owner(outreach: OutreachList) -> dict[str, pd.DataFrame]:
    """Return each owner's entries of all groups, owners sorted, in LIST_NAMES."""
    groups = laid_out(outreach.everyone).groupby("owner", sort=True)
    return {str(owner): frame for owner, frame in groups}


def group_sizes(outreach: OutreachList) -> dict[str, int]:
    """Return how many entries each group has."""
    return {label: len(getattr(outreach, name)) for name, label in GROUPS.items()}


def rank_by_in_words(outreach: OutreachList) -> str:
    """Return the measure that the list is ranked by, in words."""
    return {"gain": "expected gain"}.get(outreach.rank_by, str(outreach.rank_by).replace("_", " "))


def left_out(outreach: OutreachList) -> Mapping[str, int]:
    """Return how many customers each reason kept off the list, the most frequent first."""
    found = {reason: count for reason, count in outreach.left_out.items() if count}
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
