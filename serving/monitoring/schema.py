"""What a shop's files look like: columns, words and kinds; and what of it is new or gone since the last watch.

A column that regulars.toml names and that is gone, or a currency without a rate, stops every command by itself. Here
are the changes that would otherwise go unseen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from features.definitions.engagement import kind_in_words
from features.language.known_again import known_again
from features.language.messages import Message, Sentence, in_a_row, message_in, sentence
from serving.monitoring.alarm import Alarm

Layout = Mapping[str, Sequence[str]]
KINDS = "kinds of events"
MOST_NAMED = 5
# What a part of the layout is called: it stands in English where the last watch is kept.
PARTS = (
    *(Message("columns of {file}"), Message("status words of {file}")),
    *(Message("currencies", context="layout"), Message("kinds of events", context="layout")),
)
NEW, GONE = Message("new {names}"), Message("gone {names}")


def schema_alarms(now: Layout, before: Layout) -> Iterator[Alarm]:
    """Yield an alarm for each part of the layout that has something new, or lacks something that it had.

    Args:
        now: what is told apart, such as "columns of orders.csv" → its names.
        before: the same of the last watch; a part that it does not know is not compared.

    >>> [alarm.words for alarm in schema_alarms({"currencies": ["EUR", "USD"]}, {"currencies": ["EUR"]})]
    ['currencies: new USD']
    """
    for part, names in now.items():
        if part not in before:
            continue
        new, gone = sorted({*names} - {*before[part]}), sorted({*before[part]} - {*names})
        told = [*_changed(NEW, new), *_changed(GONE, gone)]
        if told:
            named = message_in(known_again(part, PARTS))
            yield Alarm("schema", part, sentence("{part}: {it}", part=named, it=in_a_row(told)))


def unknown_kinds(kinds: Sequence[str], learnt: Sequence[str]) -> Iterator[Alarm]:
    """Yield an alarm where events come that the model has never seen, and therefore does not read.

    Args:
        kinds: of the log.
        learnt: those that the model knows.
    """
    if new := sorted({*kinds} - {*learnt}):
        names = _named([Sentence.of(kind_in_words(each)) for each in new])
        words = sentence("the model does not know, and does not read, events of kind {names}", names=names)
        yield Alarm("schema", "events", words)


def _changed(message: Message, names: Sequence[str]) -> Iterator[Sentence]:
    if names:
        named = _named([sentence("{name}", name=each) for each in names])
        yield Sentence.of(replace(message, values={"names": named}))


def _named(names: Sequence[Sentence]) -> Message:
    first, more = in_a_row(names[:MOST_NAMED], commas=True), len(names) - MOST_NAMED
    return Message("{names} and {more} more", {"names": first, "more": more}) if more > 0 else first
