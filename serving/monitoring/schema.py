"""What a shop's files look like: columns, words and kinds; and what of it is new or gone since the last watch.

A column that regulars.toml names and that is gone, or a currency without a rate, stops every command by itself. Here
are the changes that would otherwise go unseen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from serving.monitoring.alarm import Alarm

Layout = Mapping[str, Sequence[str]]
KINDS = "kinds of events"
MOST_NAMED = 5


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
        told = [f"{word} {_named(some)}" for word, some in (("new", new), ("gone", gone)) if some]
        if told:
            yield Alarm("schema", part, f"{part}: {'; '.join(told)}")


def unknown_kinds(kinds: Sequence[str], learnt: Sequence[str]) -> Iterator[Alarm]:
    """Yield an alarm where events come that the model has never seen, and therefore does not read.

    Args:
        kinds: of the log.
        learnt: those that the model knows.
    """
    if new := sorted({*kinds} - {*learnt}):
        yield Alarm("schema", "events", f"the model does not know, and does not read, events of kind {_named(new)}")


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
