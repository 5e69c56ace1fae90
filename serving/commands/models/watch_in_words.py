"""A watch as a person reads it: what it says, each alarm with what to do, and what was said and done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from features.language.languages import Language
from features.language.messages import Message, Sentence, said, sentence
from features.language.typed_values import Digits
from features.language.written import day_text, digits, number_text, percent_text
from serving.commands.result import Table, spoken
from serving.monitoring.alarm import Alarm
from serving.monitoring.report import Watch
from serving.monitoring.said_and_done import NOBODY, SaidAndDone
from serving.outreach.plan.in_words import BANDS
from serving.outreach.playbooks.playbooks import Playbooks

MOST_SHOWN = 6
HEADINGS: Mapping[str, Message] = {
    "month": Message("said and done by month:"),
    "run": Message("said and done by run:"),
    "list": Message("said and done by list:"),
    "band": Message("said and done by band:"),
    "segment": Message("said and done by segment:"),
    "owner": Message("said and done by owner:"),
    "playbook": Message("said and done by playbook:"),
}
NAMES: Mapping[str, Message] = {
    "month": Message("month", context="watch"),
    "run": Message("run", context="watch"),
    "list": Message("list", context="watch"),
    "band": Message("band", context="watch"),
    "segment": Message("segment", context="watch"),
    "owner": Message("owner", context="watch"),
    "playbook": Message("playbook", context="watch"),
}
COLUMNS: tuple[Message, ...] = (
    *(Message("customers", context="watch"), Message("said", context="watch")),
    *(Message("came", context="watch"), Message("95 %", context="watch")),
)


def watch_in_words(watch: Watch, by: Sequence[str], language: Language, playbooks: Playbooks) -> Iterator[str | Table]:
    """Say a watch to a person.

    Args:
        watch: that was made.
        by: the groups that are shown apart.
        language: of the reader.
        playbooks: those in force, whose titles the shop may have worded itself.
    """
    yield from spoken(watch.sentences(), language)
    for alarm in watch.alarms[:MOST_SHOWN]:
        found, to_do = spoken(alarm_in_words(alarm), language)
        yield from (found, f"  {to_do}")
    if (more := len(watch.alarms) - MOST_SHOWN) > 0:
        command = "regulars watch --json"
        yield from spoken([sentence("and {more} more, in {command}", more=more, command=command)], language)
    if watch.so_far is not None:
        yield from spoken([watch.so_far.words], language)
    for group in by:
        if rows := watch.groups[group]:
            yield from ("", said(HEADINGS[group], language), "")
            heads = [said(each, language) for each in (NAMES[group], *COLUMNS)]
            yield Table(heads, [_row(group, row, language, playbooks) for row in rows], wide=heads[0])


def alarm_in_words(alarm: Alarm) -> Iterator[Sentence]:
    """Yield what was found, and what to do about it."""
    yield sentence("alarm: {it}", it=alarm.words.message)
    yield sentence("to do: {remedy}", remedy=alarm.to_do.message)


def _row(group: str, row: SaidAndDone, language: Language, playbooks: Playbooks) -> list[str]:
    name = _name(group, row.name, language, playbooks)
    said_share, came = (
        percent_text(each / row.customers, language, table=True) for each in (row.expected, float(row.churned))
    )
    low, high = (Digits(f"{100 * end:.0f}") for end in row.interval)
    interval = said(Message("{low}–{high}%", {"low": low, "high": high}), language)
    return [name, number_text(row.customers, language), said_share, came, interval]


def _name(group: str, name: str, language: Language, playbooks: Playbooks) -> str:
    """Return what a row is called; months are those of the runs, of the Gregorian year."""
    if group in ("run", "list"):
        return day_text(date.fromisoformat(name), language, "table")
    if group == "band" and name in BANDS:
        return said(BANDS[name], language)
    if group == "owner" and name == NOBODY:
        return said(Message("nobody", context="owner"), language)
    if group == "month":
        return digits(name, language)
    playbook = playbooks.by_id.get(name) if group == "playbook" else None
    return name if playbook is None else playbook.title_in(language)
