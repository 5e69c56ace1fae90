"""Writes the list as one HTML page to print: one section per owner, on a new sheet of paper, with boxes to tick.

The page needs no network and runs no script, and its security policy forbids both. Every text of a customer is escaped
and has its own direction, so that a name in Persian does not reverse the sentence around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from features.language.languages import ENGLISH, Language
from features.language.templates import speaking
from features.language.written import day_text, money_text
from features.money import Money
from serving.outreach.exports.layout import by_owner, cell_text, group_sizes, left_out
from serving.outreach.exports.safe_text import printable
from serving.outreach.exports.ways import REACH_NAMES
from serving.outreach.plan.entry_rule import SIGNS
from serving.outreach.plan.in_words import LEFT_OUT, LISTED_FOR, OUTCOMES, RANKED_BY
from serving.outreach.plan.outreach_list import OutreachList
from serving.scores import records

if TYPE_CHECKING:
    from jinja2 import Template

REGULAR = "regular"  # what most are is not said of each
SHOWN = (
    *(
        "position",
        "name",
        "customer_id",
        *REACH_NAMES,
        "segment",
        "kind",
        "members",
        "title",
        "channel",
        "what_to_say",
        "incentive",
    ),
    *("opening", "reasons", "expected_gain", "value_at_risk", "left_probability", "due_on", "change", "entry_id"),
    *("listed_for", "missing_spend", "less"),
)
UNBROKEN = 24  # characters of an id or a segment that are kept on one line; a longer one may break anywhere
_PARTS_AT_ONCE = 2_000  # parts of a page that are written together


def write_page(outreach: OutreachList, path: Path, language: Language = ENGLISH) -> None:
    """Write the list of all owners as a page, in the language of those who read it."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        stream = _template(language).stream(_page(outreach, by_owner(outreach), language))
        stream.enable_buffering(_PARTS_AT_ONCE)
        file.writelines(stream)


def owner_page(outreach: OutreachList, owner: str, frame: pd.DataFrame, language: Language = ENGLISH) -> str:
    """Return the page of one owner, without the counts of the whole list, which are not theirs.

    Args:
        outreach: the list.
        owner: whose page it is.
        frame: the owner's entries in LIST_NAMES.
        language: of whoever reads it.
    """
    return _template(language).render(_page(outreach, {owner: frame}, language) | {"counts": {}, "left_out": {}})


def entries_in_words(frame: pd.DataFrame, currency: str, language: Language = ENGLISH) -> Iterator[dict[str, Any]]:
    """Yield the columns SHOWN of each entry: printable texts, money with its symbol, lists of sentences.

    Args:
        frame: entries in LIST_NAMES.
        currency: of their money, ISO 4217.
        language: of whoever reads them; codes are said in it, and days are written as a table has them.
    """
    rows = records(_with_less(frame)[list(SHOWN)])
    return ({name: _in_words(value, currency, language) for name, value in row.items()} for row in rows)


def _with_less(frame: pd.DataFrame) -> pd.DataFrame:
    """Return entries with `less`: how likely an account buys less, of the whole or of a category."""
    both = frame[["shrunk_probability", "category_lost_probability"]].astype(float)
    return frame.assign(less=both.max(axis=1))


def _in_words(value: Any, currency: str, language: Language) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list | tuple):
        return [printable(str(one)) for one in value]
    if isinstance(value, Decimal):
        return money_text(Money(currency).minor(value), currency, language, form="table")
    return day_text(value, language, "table") if isinstance(value, date) else value


def _page(outreach: OutreachList, owners: Mapping[str, pd.DataFrame], language: Language) -> dict[str, Any]:
    return {
        "as_of": outreach.as_of,
        "horizon_days": outreach.horizon_days,
        "ranking": RANKED_BY.get(outreach.rank_by, outreach.rank_by),
        "counts": group_sizes(outreach, language),
        "left_out": {LEFT_OUT.get(reason, printable(reason)): count for reason, count in left_out(outreach).items()},
        "sections": _sections(owners.items(), outreach.currency, language),
        "outcomes": OUTCOMES.values(),
        "code": lambda name, code: cell_text(name, code, language),
        "signs": {sign: LISTED_FOR[sign] for sign in SIGNS},
        "regular": REGULAR,
        "unbroken": UNBROKEN,
    }


def _sections(
    owners: Iterable[tuple[str, pd.DataFrame]], currency: str, language: Language
) -> Iterator[dict[str, Any]]:
    for owner, frame in owners:
        called = printable(cell_text("owner", owner, language))
        yield {"owner": called, "count": len(frame), "entries": entries_in_words(frame, currency, language)}


@cache
def _template(language: Language) -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # imported here: only a page needs it

    loader = PackageLoader("serving.outreach.exports", "templates")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return speaking(environment, language).get_template("list.html.jinja")
