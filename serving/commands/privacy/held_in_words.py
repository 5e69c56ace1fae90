"""What is kept of persons, in words: each table of the book, the added exports and the tables that `[out]` writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from features.language.messages import Message, Sentence, sentence
from features.sources.kept.index import FOLDER
from serving.book.privacy.holdings import HOLDINGS
from serving.commands.privacy.out_rows import OUT

NAMED_IN: Mapping[str, Message] = {
    "named_in_entries": Message("that the person was named as a member of an account in the entry of somebody else"),
    "named_in_episodes": Message("that the person was named as a member of an account in the trial of somebody else"),
}
# By the name of a table, or of what `regulars export-customer` counts as one.
HELD: Mapping[str, Message] = {
    **{each.table.name: Message(each.what) for each in HOLDINGS},
    **NAMED_IN,
    FOLDER: Message("rows of the exports that were added"),
    OUT: Message("rows of the tables that are written for other programs"),
}


def rows_in_words(rows: Mapping[str, int]) -> Iterator[Sentence]:
    """Yield how many rows there are of each kind, with what they hold.

    >>> list(rows_in_words({"scores": 1200, "consent": 0}))
    ['scores of each run, with the sentences that give their reasons: 1,200']
    """
    for name, count in rows.items():
        if count:
            yield sentence("{it}: {count}", it=HELD[name], count=count)
