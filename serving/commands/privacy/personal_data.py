"""All that is stored about one person, as programs read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from features.sources.people.rows_of_customers import FileRow
from serving.book.privacy.records import Row


@dataclass(frozen=True)
class PersonalData:
    """All that is stored about one person.

    Args:
        customer_id: the id that counts.
        former_ids: that were merged into it.
        exported_at: when it was read, in UTC.
        files: rows of the shop's files.
        book: table → rows, money in minor units.
        meaning: table → what it holds.
        told: others that had parts of it: messages of webhooks and mailed lists.
        unread: files that could not be read, and why.
    """

    customer_id: str
    former_ids: tuple[str, ...]
    exported_at: str
    files: Sequence[FileRow]
    book: Mapping[str, Sequence[Row]]
    meaning: Mapping[str, str]
    told: Sequence[str]
    unread: Sequence[str]
