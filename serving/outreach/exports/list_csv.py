"""CSV for people: it opens in a spreadsheet, so it carries a byte order mark and no cell of it can act as a formula."""

from __future__ import annotations

import csv
from io import StringIO

import pandas as pd

from serving.outreach.exports.layout import LIST_NAMES, laid_out
from serving.outreach.exports.safe_text import for_people, known
from serving.outreach.playbooks.guidance import GUIDANCE_NAMES

# The first line of owners' files: ours of today, and of lists before there was advice or before there were playbooks.
# By it they are known.
_NO_ADVICE = tuple(name for name in LIST_NAMES if name not in GUIDANCE_NAMES)
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
    columns = [[for_people(value) for value in known(frame[name])] for name in frame.columns]
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue().encode("utf-8-sig")


def list_csv(frame: pd.DataFrame) -> bytes:
    """Return entries as CSV for a spreadsheet, in the order in which somebody who calls wants the columns."""
    return people_csv(laid_out(frame))


def is_list_csv(content: bytes) -> bool:
    """Say whether a CSV is one of ours, by its first line.

    >>> is_list_csv(list_csv(pd.DataFrame())), is_list_csv(b"my notes")
    (True, False)
    """
    return content.startswith(_HEADERS)


_HEADERS = tuple(people_csv(pd.DataFrame(columns=list(names))) for names in (LIST_NAMES, _NO_ADVICE, _FORMER_NAMES))
