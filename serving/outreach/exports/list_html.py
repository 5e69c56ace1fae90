"""Writes the list as one HTML page to print: one section per owner, on a new sheet of paper, with boxes to tick.

The page needs no network and runs no script, and its security policy forbids both. Every text of a customer is escaped
and has its own direction, so that a name in Persian does not reverse the sentence around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from features.money import Money
from features.rounding import percent
from serving.outreach.exports.layout import by_owner, group_sizes, left_out, rank_by_in_words
from serving.outreach.exports.safe_text import printable
from serving.outreach.plan.entry_rule import SIGNS
from serving.outreach.plan.outreach_list import OutreachList
from serving.scores import records

if TYPE_CHECKING:
    from jinja2 import Template

OUTCOMES = ("contacted", "reached", "saved", "not saved", "wrong alarm", "already known", "do not contact")
KINDS = {"regular": "", "new": "new customer", "winback": "to win back", "reminder": "remind before the due day"}
SHOWN = (
    *("position", "name", "customer_id", "segment", "kind", "members", "title", "channel", "what_to_say", "incentive"),
    *("opening", "reasons", "expected_gain", "value_at_risk", "left_probability", "due_on", "change", "entry_id"),
    "listed_for",
)
UNBROKEN = 24  # characters of an id or a segment that are kept on one line; a longer one may break anywhere
_PARTS_AT_ONCE = 2_000  # parts of a page that are written together


def write_page(outreach: OutreachList, path: Path) -> None:
    """Write the list of all owners as a page."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        stream = _template().stream(_page(outreach, by_owner(outreach)))
        stream.enable_buffering(_PARTS_AT_ONCE)
        file.writelines(stream)


def owner_page(outreach: OutreachList, owner: str, frame: pd.DataFrame) -> str:
    """Return the page of one owner, without the counts of the whole list, which are not theirs.

    Args:
        outreach: the list.
        owner: whose page it is.
        frame: the owner's entries in LIST_NAMES.
    """
    return _template().render(_page(outreach, {owner: frame}) | {"counts": {}, "left_out": {}})


def entries_in_words(frame: pd.DataFrame, currency: str) -> Iterator[dict[str, Any]]:
    """Yield the columns SHOWN of each entry: printable texts, money with its symbol, lists of sentences.

    Args:
        frame: entries in LIST_NAMES.
        currency: of their money, ISO 4217.
    """
    money = Money(currency)
    return ({name: _in_words(value, money) for name, value in row.items()} for row in records(frame[list(SHOWN)]))


def _in_words(value: Any, money: Money) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list | tuple):
        return [printable(str(one)) for one in value]
    return money.text(money.minor(value)) if isinstance(value, Decimal) else value


def _page(outreach: OutreachList, owners: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    return {
        "as_of": outreach.as_of.isoformat(),
        "horizon_days": outreach.horizon_days,
        "ranking": rank_by_in_words(outreach),
        "counts": group_sizes(outreach),
        "left_out": {printable(reason): count for reason, count in left_out(outreach).items()},
        "sections": _sections(owners.items(), outreach.currency),
        "outcomes": OUTCOMES,
        "kinds": KINDS,
        "signs": SIGNS,
        "unbroken": UNBROKEN,
    }


def _sections(owners: Iterable[tuple[str, pd.DataFrame]], currency: str) -> Iterator[dict[str, Any]]:
    for owner, frame in owners:
        yield {"owner": printable(owner), "count": len(frame), "entries": entries_in_words(frame, currency)}


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # imported here: only a page needs it

    loader = PackageLoader("serving.outreach.exports", "templates")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["percent"] = percent
    return environment.get_template("list.html.jinja")
