"""What brings a customer on a list: being late by the own rhythm, or a sign other than silence, which is stated.

Whoever buys every 80 days is likely not to order within 30, and has not left: such a customer is called when the own
gap is over and not before; after two orders, whose only gap is no rhythm yet, when a whole horizon is over too. A
complaint, a return, a bad review, and a clear fall against the own former self need no silence. Accounts that still
buy, and less than they did, are a kind of their own. Who is about to be due may be reminded, where a playbook does
that: such entries are a kind of their own too.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from features.lateness import late_after_days, whole_days
from features.rounding import days_in_words
from serving.outreach.plan.candidates import NEW, RANDOM, REGULAR, REMINDER, SHRUNK, WINBACK

RETURN_DAYS, RATING_DAYS, BAD_RATING = 30, 60, 0.4  # as the playbooks that answer them
TWO = 2  # order days: one gap
LATE, NOT_YET_DUE = "late", "not yet due"
OPEN_TICKET, RETURNED, BAD_REVIEW = "open ticket", "return", "bad review"
FEWER_ORDERS, SPENDS_LESS = "fewer orders", "spends less"
FIRST_ORDER, LAPSED, DRAWN, DUE_SOON = "first order", "lapsed", "random draw", "due soon"
SIGNS = (OPEN_TICKET, RETURNED, BAD_REVIEW, FEWER_ORDERS, SPENDS_LESS)  # other than silence
BUYS_LESS, LOST_CATEGORY = "buys less", "lost category"
LISTED_FOR = (LATE, *SIGNS, FIRST_ORDER, LAPSED, DRAWN, DUE_SOON, BUYS_LESS, LOST_CATEGORY)
OF_THE_SHRUNK = (FEWER_ORDERS, SPENDS_LESS)  # what they are listed for otherwise, if they are not late


def with_entry_rule(rows: pd.DataFrame) -> pd.DataFrame:
    """Add `listed_for`: the first of LISTED_FOR that holds; None where nothing does, so that it is not yet due.

    Adds `late_after_days` too, and `order_days`, NaN where it is not known. Accounts that buy less become the kind
    `shrunk` where they are not at risk, or neither late nor in trouble.

    Args:
        rows: candidates with kind, cell, days_since_order, usual_gap_days and horizon_days; what else is known of them,
            in the columns of `facts`.

    >>> some = {"kind": "regular", "cell": "ranked", "days_since_order": [35, 9, 9], "usual_gap_days": [30.0] * 3}
    >>> rows = pd.DataFrame(some | {"horizon_days": 14, "open_ticket": [False, True, False]})
    >>> with_entry_rule(rows)["listed_for"].tolist()
    ['late', 'open ticket', None]
    """
    order_days = _number(rows, "order_days")
    gap, horizon = _number(rows, "usual_gap_days"), _number(rows, "horizon_days")
    rows = rows.assign(order_days=order_days, late_after_days=late_after_days(gap, order_days - 1, horizon))
    found = np.full(len(rows), None, dtype=object)
    for words, holds in reversed(_signs(rows)):
        found[holds.to_numpy()] = words  # an earlier one counts before a later one
    return _with_shrunk(rows.assign(listed_for=pd.Series(found, rows.index, dtype=object)))


def _with_shrunk(rows: pd.DataFrame) -> pd.DataFrame:
    if "buys_less" not in rows:
        return rows
    silent_or_less = rows["listed_for"].isna() | rows["listed_for"].isin(OF_THE_SHRUNK)
    shrunk = rows["buys_less"] & (rows["kind"] == REGULAR) & (rows["cell"] != RANDOM)
    shrunk &= silent_or_less | ~rows["at_risk"]
    shrunk |= rows["kind"] == SHRUNK  # by a chooser that has asked before
    of_one = _number(rows, "category_lost_probability") > _number(rows, "shrunk_probability").fillna(0.0)
    why = np.where(of_one, LOST_CATEGORY, BUYS_LESS)
    return rows.assign(
        kind=rows["kind"].where(~shrunk, SHRUNK),
        listed_for=rows["listed_for"].where(~shrunk, pd.Series(why, rows.index, dtype=object)),
    )


def with_reminders(rows: pd.DataFrame) -> pd.DataFrame:
    """Make reminders of those who are not late, show no other sign, and whose playbook reminds before the due day.

    Args:
        rows: candidates with `listed_for`, and what their playbooks say.
    """
    reminds = rows["listed_for"].isna() & rows["before_due"].astype(bool) & (rows["kind"] == REGULAR)
    listed_for = rows["listed_for"].where(~reminds, DUE_SOON)
    return rows.assign(kind=rows["kind"].where(~reminds, REMINDER), listed_for=listed_for)


def _signs(rows: pd.DataFrame) -> tuple[tuple[str, pd.Series], ...]:
    """Return each of LISTED_FOR, in the order in which it is told, and for whom it holds."""
    bad_review = (_number(rows, "last_rating") <= BAD_RATING) & (_number(rows, "days_since_rating") <= RATING_DAYS)
    return (
        (FIRST_ORDER, rows["kind"] == NEW),
        (LAPSED, rows["kind"] == WINBACK),
        # From the second order day on there is a gap: whoever has none is not kept off for being on time.
        (LATE, _late(rows)),
        (OPEN_TICKET, _flag(rows, "open_ticket")),
        (RETURNED, _number(rows, "days_since_return") <= RETURN_DAYS),
        (BAD_REVIEW, bad_review),
        (FEWER_ORDERS, _flag(rows, "orders_fell")),
        (SPENDS_LESS, _flag(rows, "spend_fell")),
        (DRAWN, rows["cell"] == RANDOM),
    )


def _late(rows: pd.DataFrame) -> pd.Series:
    after = rows["late_after_days"]
    return (_number(rows, "days_since_order") > after) | after.isna()


def _number(rows: pd.DataFrame, name: str) -> pd.Series:
    if name not in rows:
        return pd.Series(np.nan, index=rows.index)
    return pd.to_numeric(rows[name]).astype(np.float64)


def _flag(rows: pd.DataFrame, name: str) -> pd.Series:
    return rows[name].eq(True) if name in rows else pd.Series(False, index=rows.index)


def due_in_words(rows: pd.DataFrame, as_of: date) -> list[str]:
    """Return for each of those who are not yet due when that changes: the first day on which the customer is late.

    Args:
        rows: with usual_gap_days, days_since_order, and what `with_entry_rule` added.
        as_of: the list's day.

    >>> row = {"usual_gap_days": [31.5], "days_since_order": [20], "late_after_days": [32.0], "order_days": [9.0]}
    >>> due_in_words(pd.DataFrame(row), date(2026, 3, 2))
    ['usually orders every 32 days, and is late from 2026-03-15 on']
    """
    names = ("usual_gap_days", "late_after_days", "days_since_order", "order_days")
    columns = (_number(rows, name).tolist() for name in names)
    return [_due(as_of, *numbers) for numbers in zip(*columns, strict=True)]


def _due(as_of: date, gap: float, after: float, since: float, order_days: float) -> str:
    if np.isnan(gap):
        return "no usual gap is known"
    days, late_on = days_in_words(float(whole_days(gap))), as_of + timedelta(days=max(int(after + 1 - since), 0))
    if order_days == TWO:
        return f"two orders so far, {days} apart, and is late from {late_on} on"
    return f"usually orders every {days}, and is late from {late_on} on"
