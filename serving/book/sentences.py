"""Reasons in the book: their English text, which the API answers, and beside it the message that other languages say.

A reason that was stored before there were messages has its text alone, and is shown as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from features.language.messages import Sentence, message_of
from serving.book.schema import RUNS, SCORES
from serving.book.sql_rows import latest_row, rows_with, texts_from_json

MESSAGES_OF = {"reasons": "reason_messages", "protective": "protective_messages", "shrinking": "shrinking_messages"}


def messages_to_json(sentences: Sequence[str] | None) -> str | None:
    """Return the messages of sentences as the JSON that the book stores; None where none of them knows its own.

    >>> from features.language import Message
    >>> messages_to_json((Sentence.of(Message("nothing stands out")), "as it is")), messages_to_json(("as it is",))
    ('[{"text":"nothing stands out"},null]', None)
    """
    known = [each.message.to_dict() if isinstance(each, Sentence) else None for each in sentences or ()]
    return msgspec.json.encode(known).decode() if any(known) else None


def sentences_from_json(texts: str | None, messages: str | None) -> tuple[str, ...] | None:
    """Return stored sentences, each with its message where the book holds it.

    >>> late = '[{"text": "no order for {n}", "values": {"n": {"days": 74}}}]'
    >>> found = sentences_from_json('["no order for 74 days"]', late)
    >>> found, found[0].message.text
    (('no order for 74 days',), 'no order for {n}')
    """
    plain = texts_from_json(texts)
    return None if plain is None else tuple(with_messages(plain, messages))


def with_messages(texts: Sequence[str], messages: str | None) -> list[str]:
    """Return sentences with the messages that `messages_to_json` wrote of them."""
    if messages is None:
        return list(texts)
    pairs = zip(texts, msgspec.json.decode(messages), strict=True)
    return [text if held is None else Sentence.of(message_of(held), text) for text, held in pairs]


def latest_sentences(
    connection: Connection, customer_ids: Iterable[str]
) -> dict[str, dict[str, tuple[str, ...] | None]]:
    """Return customer → reasons and protective of the latest run, each sentence with its message where it has one."""
    run_id = connection.scalar(latest_row(RUNS).with_only_columns(RUNS.c.id))
    columns = [SCORES.c[name] for pair in MESSAGES_OF.items() for name in pair]
    query = sa.select(SCORES.c.customer_id, *columns).where(SCORES.c.run_id == run_id)
    return {
        row["customer_id"]: {name: sentences_from_json(row[name], row[held]) for name, held in MESSAGES_OF.items()}
        for row in rows_with(connection, query, SCORES.c.customer_id, customer_ids)
    }
