"""Writes CSV for people, who open it in a spreadsheet: with a byte order mark, and no cell that acts as a formula."""

from __future__ import annotations

import csv
from functools import cache
from io import StringIO

import pandas as pd

from features.language.languages import ENGLISH, LANGUAGES, Language
from features.language.messages import said
from serving.outreach.exports.layout import FILLED_IN, SHEET_COLUMNS, cell_text, to_fill_in
from serving.outreach.exports.safe_text import for_people
from serving.outreach.exports.ways import REACH_NAMES
from serving.outreach.plan.in_words import CODES
from serving.outreach.playbooks.guidance import GUIDANCE_NAMES
from serving.scores import plain_values

# Owners' files of a former list are recognised by their header: today's, that of before phone and mail, that of lists
# without columns to fill in, of before accounts that buy less, of before the entry rule, without advice, and without
# playbooks.
_OF_LESS = (
    *("missing_spend", "usual_spend", "shrunk_probability", "category_lost_probability", "lost_categories"),
    "shrinking",
)
_NO_REACH = tuple(column for column in SHEET_COLUMNS if column.name not in REACH_NAMES)
_NO_FILLING = tuple(column for column in _NO_REACH if column not in FILLED_IN)
_NO_LESS = tuple(column.name for column in _NO_FILLING if column.name not in _OF_LESS)
_ADDED = ("listed_for", "left_probability")
_NO_RULE = tuple(name for name in _NO_LESS if name not in _ADDED)
_NO_ADVICE = tuple(name for name in _NO_RULE if name not in GUIDANCE_NAMES)
_FORMER_NAMES = (
    *("position", "owner", "customer_id", "name", "segment", "probability", "band", "state", "days_since_order"),
    *("usual_gap_days", "overdue", "overdue_days", "next_order_on", "next_order_from", "next_order_until"),
    *("expected_spend", "value_at_risk", "value_at_risk_low", "value_at_risk_high", "reasons", "protective"),
)


def people_csv(frame: pd.DataFrame) -> bytes:
    r"""Return a frame as CSV for a spreadsheet: UTF-8 with a byte order mark, and formulas defused.

    A text cell that a spreadsheet would run is preceded by an apostrophe, which the spreadsheet shows as text.

    >>> people_csv(pd.DataFrame({"name": ["=1+1"]}))
    b"\xef\xbb\xbfname\r\n'=1+1\r\n"
    """
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(frame.columns)
    columns = [[for_people(value) for value in plain_values(frame[name])] for name in frame.columns]
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue().encode("utf-8-sig")


def list_csv(frame: pd.DataFrame, language: Language = ENGLISH) -> bytes:
    """Return entries as CSV for a spreadsheet, with columns to fill in: English as programs read them, else in words.

    Numbers and days are those of a machine in every language, so that a spreadsheet can count with them.
    """
    entries = to_fill_in(frame)
    if language.code == ENGLISH.code:
        return people_csv(entries)
    return people_csv(_headed(entries.assign(**_codes_in_words(entries, language)), language))


def _codes_in_words(entries: pd.DataFrame, language: Language) -> dict[str, pd.Series]:
    return {name: entries[name].map(lambda code, of=name: cell_text(of, code, language)) for name in CODES}


def _headed(entries: pd.DataFrame, language: Language) -> pd.DataFrame:
    return entries.set_axis([said(column.heading, language) for column in SHEET_COLUMNS], axis=1)


def is_list_csv(content: bytes) -> bool:
    """Return whether a CSV is an owner's file of ours, by its header.

    >>> is_list_csv(list_csv(pd.DataFrame())), is_list_csv(b"my notes")
    (True, False)
    """
    return content.startswith(_headers())


_KNOWN_NAMES = (_NO_RULE, _NO_ADVICE, _FORMER_NAMES)


@cache
def _headers() -> tuple[bytes, ...]:
    every = (_NO_REACH, _NO_FILLING, tuple(column for column in _NO_FILLING if column.name not in _OF_LESS))
    names = [[column.name for column in each] for each in every]
    headed = [[said(column.heading, language) for column in each] for each in every for language in LANGUAGES]
    former = (people_csv(pd.DataFrame(columns=list(each))) for each in (*_KNOWN_NAMES, *names, *headed))
    return (*former, *(list_csv(pd.DataFrame(), language) for language in LANGUAGES))
