"""A message: an English sentence with named fields and what they hold; said in the language of whoever reads it.

The English text is the message's key in the catalogues. It is one whole sentence, never glued together: each language
has its own order of words. In a wording `{rhythm:bare}` asks for a field in another form than the usual one: `bare`
(a number of days without its unit), `times` (how often), `table`, `month`, `day`, `on` or `the`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from string import Formatter
from typing import Any, Self, cast

from features.language.catalogue import translated
from features.language.languages import ENGLISH, Language
from features.language.typed_values import (
    Amount,
    Day,
    Days,
    Digits,
    Every,
    Name,
    Number,
    Percent,
    Plain,
    Value,
    typed,
    value_from_json,
    value_to_json,
)
from features.language.written import (
    DayForm,
    day_text,
    days_text,
    every_text,
    money_text,
    number_text,
    percent_text,
    separated,
    times_text,
)
from features.rounding import rounded

BARE, TIMES, TABLE = "bare", "times", "table"
# First strong isolate … pop directional isolate: what stands between is laid out by itself.
ISOLATE, END_OF_ISOLATE = "\u2068", "\u2069"
_MARKS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])  # embeddings, overrides and isolates


@dataclass(frozen=True)
class Message:
    """What is said, before it is said in any language.

    Args:
        text: the English sentence, with {fields}; for one, where there is a plural.
        values: field → what it holds: a typed value, a plain number, day or text, or another message.
        plural: the English sentence for several.
        count: how many, by which each language chooses its form.
        context: tells apart two meanings that English says with one word.

    >>> late = Message("no order for {silence}, usually {rhythm}", {"silence": Days(74), "rhythm": Every(7)})
    >>> said(late, ENGLISH)
    'no order for 74 days, usually every week'
    """

    text: str
    values: Mapping[str, Value | Message | Plain] = field(default_factory=dict, hash=False)
    plural: str | None = None
    count: float | None = None
    context: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the message as JSON holds it, without what it does not have.

        >>> Message("spent {now}", {"now": Amount(1250, "EUR")}).to_dict()
        {'text': 'spent {now}', 'values': {'now': {'minor': 1250, 'currency': 'EUR'}}}
        """
        held: dict[str, Any] = {"text": self.text}
        if self.values:
            held["values"] = {name: _to_json(value) for name, value in self.values.items()}
        rest = {"plural": self.plural, "count": self.count, "context": self.context}
        return held | {name: value for name, value in rest.items() if value is not None}


def message_of(held: Mapping[str, Any]) -> Message:
    """Return the message that JSON holds.

    Raises:
        ValueError, TypeError: it holds none.

    >>> late = Message("no order for {silence}", {"silence": Days(74)})
    >>> message_of(late.to_dict()) == late
    True
    """
    values = {name: _from_json(value) for name, value in held.get("values", {}).items()}
    return Message(**{**held, "values": values})


def _to_json(value: Value | Message | Plain) -> dict[str, Any]:
    return value.to_dict() if isinstance(value, Message) else value_to_json(typed(value))


def _from_json(held: Mapping[str, Any]) -> Value | Message:
    return message_of(held) if "text" in held else value_from_json(held)


class Sentence(str):
    """An English sentence that still knows its message: a text for whoever reads English, and said anew for others.

    >>> late = Sentence.of(Message("no order for {silence}", {"silence": Days(74)}))
    >>> late, late.message.text
    ('no order for 74 days', 'no order for {silence}')
    """

    __slots__ = ("message",)
    message: Message

    @classmethod
    def of(cls, message: Message, english: str | None = None) -> Self:
        """Return the sentence of a message.

        Args:
            message: what is said.
            english: how it was said in English when it was stored; None = as it is said now.
        """
        made = cls(said(message, ENGLISH) if english is None else english)
        made.message = message
        return made

    def __reduce__(self) -> tuple[Callable[..., Sentence], tuple[Message, str]]:
        return Sentence.of, (self.message, str(self))


def sentence(text: str, **values: Value | Message | Plain) -> Sentence:
    """Return the sentence of a message, by its English text and what its fields hold.

    >>> sentence("{rows} rows are left out", rows=1200)
    '1,200 rows are left out'
    """
    return Sentence.of(Message(text, values))


def in_a_row(sentences: Iterable[Sentence], *, commas: bool = False) -> Message:
    """Return short texts as one list; at least one.

    >>> said(in_a_row([sentence("rows: {n}", n=3), sentence("days: {n}", n=2)]), ENGLISH)
    'rows: 3; days: 2'
    """

    def both(first: Message, second: Message) -> Message:
        parts = {"first": first, "second": second}
        return Message("{first}, {second}", parts) if commas else Message("{first}; {second}", parts)

    return reduce(both, (each.message for each in sentences))


def message_in(text: str) -> Message | Name:
    """Return what a text is inside another message: the message that it knows, or a name.

    >>> message_in("as it is")
    Name(name='as it is')
    """
    return text.message if isinstance(text, Sentence) else Name(text)


def said(message: Message | str, language: Language, *, isolated: bool = False) -> str:
    """Return a message in a language; a text that knows no message is returned as it is.

    Args:
        message: the message, or a sentence that knows its message.
        language: of the reader.
        isolated: names are set apart by marks, so that one of another script does not turn the line: for text that is
            shown, never for files.

    >>> said("no order for 74 days", ENGLISH)
    'no order for 74 days'
    """
    if isinstance(message, str):
        known: Message | None = getattr(message, "message", None)
        if known is None or (language.code == ENGLISH.code and language.rials_as is None):
            return str(message)
        return said(known, language, isolated=isolated)
    return filled(wording_of(message, language), message.values, language, isolated=isolated)


def all_said(messages: Iterable[Message | str] | None, language: Language) -> tuple[str, ...] | None:
    """Return messages in a language, as plain texts; None stays None.

    >>> all_said(["no order for 74 days"], ENGLISH), all_said(None, ENGLISH)
    (('no order for 74 days',), None)
    """
    return None if messages is None else tuple(said(message, language) for message in messages)


def wording_of(message: Message, language: Language) -> str:
    """Return how a language words a message, its fields in braces."""
    return translated(message.text, language, plural=message.plural, count=message.count, context=message.context)


def filled(
    wording: str, values: Mapping[str, Value | Message | Plain], language: Language, *, isolated: bool = False
) -> str:
    """Return a wording with its fields filled in.

    Args:
        wording: in the language, with {fields}.
        values: field → what it holds.
        language: in which numbers and days are written.
        isolated: names are set apart by marks.

    >>> from datetime import date
    >>> filled("{points} points until {day:day}", {"points": 1200, "day": date(2026, 1, 12)}, ENGLISH)
    '1,200 points until 12 January'
    """
    return "".join(
        literal if value is None else written(value, language, form, isolated=isolated)
        for literal, value, form in parts(wording, values)
    )


def parts(
    wording: str, values: Mapping[str, Value | Message | Plain]
) -> Iterator[tuple[str, Value | Message | None, str]]:
    """Yield the pieces of a wording: a literal text and None, or "" and the value of a field with its form."""
    for literal, name, form in _parsed(wording):
        if literal:
            yield literal, None, ""
        if name is not None:
            value = values[name]
            yield "", value if isinstance(value, Message) else typed(value), form


@lru_cache(maxsize=4096)
def _parsed(wording: str) -> tuple[tuple[str, str | None, str], ...]:
    """Return literal, field and form of each piece: a run says a hundred thousand reasons in fifty wordings."""
    return tuple((literal, name, form or "") for literal, name, form, _ in Formatter().parse(wording))


def written(value: Value | Message, language: Language, form: str = "", *, isolated: bool = False) -> str:
    """Return what a field holds, as a language writes it.

    Args:
        value: with its meaning.
        language: of the reader.
        form: "" = as in a sentence; else bare, times, table, month, day, on or the.
        isolated: names are set apart by marks.

    >>> written(Days(74), ENGLISH), written(Days(74), ENGLISH, "bare"), written(Percent(0.4), ENGLISH)
    ('74 days', '74', '40%')
    """
    if isinstance(value, Message):
        return said(value, language, isolated=isolated)
    if isinstance(value, Name):
        name = without_marks(value.name)
        return f"{ISOLATE}{name}{END_OF_ISOLATE}" if isolated else name
    return _WRITTEN[type(value)](value, language, form)


def without_marks(name: str) -> str:
    r"""Return a name without the marks that would turn the line around it; the joiners of Persian stay.

    >>> without_marks("Ann\u202eeel"), without_marks("می‌خرد")
    ('Anneel', 'می‌خرد')
    """
    return name if name.isascii() else name.translate(_MARKS)


def _days(value: Days, language: Language, form: str) -> str:
    if form == TIMES:
        return times_text(value.days, language)
    return number_text(float(rounded(value.days)), language) if form == BARE else days_text(value.days, language)


def _number(value: Number, language: Language, form: str) -> str:
    return times_text(value.number, language) if form == TIMES else number_text(value.number, language)


def _every(value: Every, language: Language, form: str) -> str:
    return every_text(value.days, language, unit=form != BARE)


def _amount(value: Amount, language: Language, form: str) -> str:
    return money_text(value.minor, value.currency, language, form="table" if form == TABLE else "text")


def _day(value: Day, language: Language, form: str) -> str:
    return day_text(value.day, language, cast("DayForm", form or "text"))


_WRITTEN: Mapping[type, Callable[[Any, Language, str], str]] = {
    Days: _days,
    Every: _every,
    Amount: _amount,
    Percent: lambda value, language, form: percent_text(value.share, language, table=form == TABLE),
    Number: _number,
    Digits: lambda value, language, _: separated(value.digits, language),
    Day: _day,
}
