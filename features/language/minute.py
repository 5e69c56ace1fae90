"""A minute as it stands in a sentence."""

from __future__ import annotations

from datetime import datetime

from features.language.messages import Message
from features.language.typed_values import Digits


def minute(at: datetime) -> Message:
    """Return a moment in UTC, its day in the reader's calendar.

    >>> from features.language.languages import ENGLISH, PERSIAN
    >>> from features.language.messages import said
    >>> said(minute(datetime(2026, 1, 2, 6, 5)), ENGLISH)
    '2026-01-02 06:05 UTC'
    >>> said(minute(datetime(2026, 1, 2, 6, 5)), PERSIAN).partition(" به")[0]
    '۱۴۰۴/۱۰/۱۲ ساعت ۰۶:۰۵'
    """
    return Message("{day:table} {time} UTC", {"day": at.date(), "time": Digits(f"{at:%H:%M}")})
