"""The columns of a list for people, in the order in which whoever makes the calls needs them.

First whom to contact, what to do, what to say and why; then what it is worth and until when; then the numbers behind
it; last the ids by which other files are matched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from features.language.languages import ENGLISH, Language
from features.language.messages import Message, said
from serving.outreach.plan.in_words import CODES, code_text
from serving.outreach.plan.outreach_list import OutreachList

CellFormat = Literal["text", "sentence", "texts", "contact", "integer", "number", "percent", "money", "date"]

# The groups of a list, and how they are called for people.
GROUPS: Mapping[str, Message] = {
    "entries": Message("regular customers at risk"),
    "newcomers": Message("new customers"),
    "winback": Message("customers to win back"),
    "reminders": Message("customers to remind before the due day"),
    "shrinking": Message("accounts that buy less"),
}


@dataclass(frozen=True)
class ListColumn:
    """One column of a list: its name, its heading for people, what it holds, and its width in characters."""

    name: str
    heading: Message
    format: CellFormat
    width: int


LIST_COLUMNS: tuple[ListColumn, ...] = (
    ListColumn("position", Message("#", context="column"), "integer", 5),
    ListColumn("name", Message("Name", context="column"), "text", 26),
    ListColumn("customer_id", Message("Customer", context="column"), "text", 14),
    ListColumn("phone", Message("Phone", context="column"), "contact", 18),
    ListColumn("mail", Message("Mail", context="column"), "contact", 26),
    ListColumn("title", Message("What to do", context="column"), "text", 26),
    ListColumn("what_to_say", Message("What to say", context="column"), "sentence", 50),
    ListColumn("incentive", Message("What to offer", context="column"), "sentence", 24),
    ListColumn("opening", Message("How to begin", context="column"), "sentence", 50),
    ListColumn("reasons", Message("Why", context="column"), "texts", 60),
    ListColumn("listed_for", Message("On the list for", context="column"), "text", 14),
    ListColumn("value_at_risk", Message("Value at risk", context="column"), "money", 14),
    ListColumn("missing_spend", Message("Missing spend", context="column"), "money", 14),
    ListColumn("channel", Message("By", context="column"), "text", 10),
    ListColumn("due_on", Message("Until", context="column"), "date", 12),
    ListColumn("change", Message("New or still", context="column"), "text", 12),
    ListColumn("kind", Message("Group", context="column"), "text", 10),
    ListColumn("state", Message("State", context="column"), "text", 10),
    ListColumn("band", Message("Risk", context="column"), "text", 9),
    ListColumn("left_probability", Message("Probability of having left", context="column"), "percent", 12),
    ListColumn("probability", Message("Probability of churn", context="column"), "percent", 12),
    ListColumn("expected_gain", Message("Expected gain", context="column"), "money", 14),
    ListColumn("cost", Message("Cost", context="column"), "money", 10),
    ListColumn("saved_share", Message("Saved if contacted", context="column"), "percent", 12),
    ListColumn("days_since_order", Message("Days since order", context="column"), "integer", 11),
    ListColumn("usual_gap_days", Message("Usual gap, days", context="column"), "number", 11),
    ListColumn("overdue", Message("Overdue, ratio", context="column"), "number", 11),
    ListColumn("overdue_days", Message("Overdue, days", context="column"), "number", 11),
    ListColumn("next_order_on", Message("Next order", context="column"), "date", 12),
    ListColumn("next_order_from", Message("Next order from", context="column"), "date", 12),
    ListColumn("next_order_until", Message("Next order until", context="column"), "date", 12),
    ListColumn("expected_spend", Message("Expected spend", context="column"), "money", 14),
    ListColumn("value_at_risk_low", Message("Value at risk, low", context="column"), "money", 14),
    ListColumn("value_at_risk_high", Message("Value at risk, high", context="column"), "money", 14),
    ListColumn("usual_spend", Message("Usual spend", context="column"), "money", 14),
    ListColumn("shrunk_probability", Message("Probability of shrinking", context="column"), "percent", 12),
    ListColumn("category_lost_probability", Message("Probability of a lost category", context="column"), "percent", 12),
    ListColumn("lost_categories", Message("Buys no more", context="column"), "texts", 24),
    ListColumn("shrinking", Message("What it buys less of", context="column"), "texts", 40),
    ListColumn("protective", Message("What speaks for staying", context="column"), "texts", 40),
    ListColumn("segment", Message("Segment", context="column"), "text", 14),
    ListColumn("owner", Message("Owner", context="column"), "text", 18),
    ListColumn("members", Message("Also at risk in the account", context="column"), "texts", 24),
    ListColumn("account_id", Message("Account", context="column"), "text", 14),
    ListColumn("playbook", Message("Playbook", context="column"), "text", 20),
    ListColumn("entry_id", Message("Entry", context="column"), "text", 34),
)
LIST_NAMES: tuple[str, ...] = tuple(column.name for column in LIST_COLUMNS)
# Empty, for whoever makes the calls to fill in; `regulars outcome` reads the file again.
FILLED_IN: tuple[ListColumn, ...] = (
    ListColumn("outcome", Message("Outcome", context="column"), "text", 18),
    ListColumn("happened_on", Message("Date", context="column"), "date", 12),
    ListColumn("note", Message("Note", context="column"), "sentence", 30),
)
_NEXT = LIST_NAMES.index("due_on") + 1
SHEET_COLUMNS: tuple[ListColumn, ...] = (*LIST_COLUMNS[:_NEXT], *FILLED_IN, *LIST_COLUMNS[_NEXT:])


def laid_out(frame: pd.DataFrame) -> pd.DataFrame:
    """Return entries in LIST_NAMES; a column that the list did not have when it was published is empty.

    >>> laid_out(pd.DataFrame({"customer_id": ["007"]})).columns[:3].tolist()
    ['position', 'name', 'customer_id']
    """
    return frame.reindex(columns=list(LIST_NAMES))


def to_fill_in(frame: pd.DataFrame) -> pd.DataFrame:
    """Return entries in the columns of a sheet: as `laid_out`, and empty ones for what came of them.

    >>> to_fill_in(pd.DataFrame({"customer_id": ["007"]}))["outcome"].tolist()
    [None]
    """
    blank = {column.name: None for column in FILLED_IN}
    return laid_out(frame).assign(**blank)[[column.name for column in SHEET_COLUMNS]]


def by_owner(outreach: OutreachList) -> dict[str, pd.DataFrame]:
    """Return each owner's entries of all groups, owners sorted, in LIST_NAMES."""
    groups = laid_out(outreach.everyone).groupby("owner", sort=True)
    return {str(owner): frame for owner, frame in groups}


def group_sizes(outreach: OutreachList, language: Language = ENGLISH) -> dict[str, int]:
    """Return how many entries each group has, by what it is called."""
    return {said(label, language): len(getattr(outreach, name)) for name, label in GROUPS.items()}


def left_out(outreach: OutreachList) -> Mapping[str, int]:
    """Return how many customers each reason kept off the list, the most frequent first."""
    found = {reason: count for reason, count in outreach.left_out.items() if count}
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def cell_text(name: str, value: Any, language: Language) -> Any:
    """Return the value of a column as a person reads it: a code by what it is called, anything else as it is.

    >>> cell_text("state", "at_risk", ENGLISH), cell_text("name", "at_risk", ENGLISH)
    ('at risk', 'at_risk')
    """
    codes = CODES.get(name)
    return value if codes is None or not isinstance(value, str) else code_text(codes, value, language)
