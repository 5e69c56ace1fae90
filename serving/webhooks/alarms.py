"""The message of an alarm: what `regulars watch` found to be unusual, told once while it lasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from serving.book import Book
from serving.book.sql_rows import utc_now
from serving.webhooks.messages import ALARM, NewMessage, body_of
from serving.webhooks.outbox import put, subscribers


def enqueue_alarms(book: Book, facts: Mapping[str, Any], alarms: Sequence[Mapping[str, Any]]) -> int:
    """Put one message with alarms into the outbox for every webhook that is told of them; returns how many those are.

    Args:
        book: the database of record.
        facts: as_of and model_version of the watch.
        alarms: each with kind, subject, words and to_do; no customer is named in them.
    """
    if not alarms:
        return 0
    with book.writing() as connection:
        now = utc_now()
        body = body_of(ALARM, now, {**facts, "alarms": [dict(alarm) for alarm in alarms]})
        return put(connection, [NewMessage(ALARM, None, body)], subscribers(connection), now)
