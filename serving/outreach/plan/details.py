"""Why somebody is not on a list, in the reader's language: what the English detail of each reason was made from.

The book holds details as English texts of a few forms, some with a day, a channel or an id. By its form one is said
anew in another language; what a person wrote beside a veto or a snooze is in that person's words, and stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from string import Formatter

from features.language.languages import ENGLISH, Language
from features.language.messages import Message, Sentence, said, sentence
from features.language.typed_values import Day, Days, Name, Percent, Value
from serving.outreach.plan.in_words import CHANNELS

FORMS: tuple[Message, ...] = (
    Message("left alone by every playbook, to measure the whole programme"),
    Message("goes to service first"),
    Message("an order is on its way"),
    Message("every win-back offer was tried"),
    Message("contacting costs more than it is expected to save"),
    Message("what it is expected to gain is less than what reading a row costs"),
    Message("no consent to {channel}"),
    Message("ordered on {day:table}"),
    Message("contacted on {day:table}"),
    Message("usually orders every {gap}, and is late from {day:table} on"),
    Message("two orders so far, {gap} apart, and is late from {day:table} on"),
    Message("no usual gap is known"),
    Message("its owner can take no more"),
    Message("was in one account with a customer who is held out (until {day:table})"),
    Message("its account came to hold customers who are held out, which are not contacted, and others"),
    Message("held out, to measure what contacting does"),
    Message("risk is down to {share}"),
    Message("no order within the active days"),
    Message("is expected to buy as usual"),
    Message("stands on the list through {customer} of account {account}"),
    Message("one entry per account: see {customer}"),
    Message("one entry per account"),
)


def detail_text(detail: str, language: Language) -> str:
    """Return the detail of a reason in a language; one of no known form is returned as it is.

    >>> from features.language.languages import GREEK
    >>> detail_text("ordered on 2026-02-25", GREEK), detail_text("asked by Eleni", GREEK)
    ('παρήγγειλε στις 25 Φεβρουαρίου', 'asked by Eleni')
    """
    return detail if language.code == ENGLISH.code else said(detail_sentence(detail), language)


def detail_sentence(detail: str) -> Sentence:
    """Return the detail of a reason as a sentence that every language can say; one of no known form says itself.

    >>> detail_sentence("ordered on 2026-02-25").message.text, detail_sentence("asked by Eleni").message.text
    ('ordered on {day:table}', '{name}')
    """
    for form in FORMS:
        if found := _pattern(form.text).fullmatch(detail):
            values = {name: _READ[name](text) for name, text in found.groupdict().items()}
            return Sentence.of(Message(form.text, values), detail)
    return sentence("{name}", name=detail)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """Return what matches the English of a form, each of its fields a group."""
    parts = (
        re.escape(literal) + (f"(?P<{name}>.+)" if name else "") for literal, name, _, _ in Formatter().parse(text)
    )
    return re.compile("".join(parts))


def _days(text: str) -> Days:
    return Days(float(text.split()[0].replace(",", "")))


_READ: Mapping[str, Callable[[str], Value | Message]] = {
    "day": lambda text: Day(date.fromisoformat(text)),
    "gap": _days,
    "share": lambda text: Percent(float(text.removesuffix("%")) / 100),
    "channel": lambda text: CHANNELS.get(text, Name(text)),
    "customer": Name,
    "account": Name,
}
