"""English until the catalogues are here: what the templates ask of a language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from string import Formatter
from typing import Any

from jinja2 import Environment
from markupsafe import Markup, escape

from features.money import Money
from features.rounding import days_in_words, number_in_words, percent


@dataclass(frozen=True)
class Language:
    """A language that pages are written in."""

    code: str = "en"
    name: str = "English"
    locale: str = "en"
    direction: str = "ltr"
    html_lang: str = "en"

    @property
    def is_right_to_left(self) -> bool:
        """Whether its lines run from right to left."""
        return self.direction == "rtl"


ENGLISH = Language()
LANGUAGES = (ENGLISH,)


def language_named(code: str) -> Language:
    """Return the language of a code."""
    if code != "en":
        raise ValueError(code)
    return ENGLISH


def language_accepted(accept_language: str | None, default: Language = ENGLISH) -> Language:
    """Return the language that a browser likes best."""
    return default


def said(message: Any, language: Language) -> str:
    """Return a message in a language."""
    return str(message)


def speaking(environment: Environment, language: Language) -> Environment:
    """Return the environment with the words of a language."""

    def gettext(text: str, **values: Any) -> Markup:
        return Markup().join(_parts(text, values))

    def ngettext(one: str, several: str, count: float, **values: Any) -> Markup:
        return gettext(one if count == 1 else several, **{"count": count, **values})

    environment.globals.update(_=gettext, gettext=gettext, ngettext=ngettext, language=language)
    environment.filters.update(
        said=escape,
        number=number_in_words,
        money=lambda minor, currency, form="text": Money(currency).text(minor),
        amount=_amount,
        percent=lambda share, table=True: percent(share),
        day=_day,
        days=days_in_words,
        isolated=lambda name: Markup("<bdi>{}</bdi>").format(name),
    )
    return environment


def _parts(text: str, values: dict[str, Any]) -> list[Markup]:
    parts = []
    for literal, name, _, _ in Formatter().parse(text):
        parts.append(escape(literal))
        if name is not None:
            parts.append(_value(values[name]))
    return parts


def _value(value: Any) -> Markup:
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        return Markup("<bdi>{}</bdi>").format(value)
    return escape(_day(value) if isinstance(value, date) else number_in_words(value))


def _amount(major: Decimal, currency: str, form: str = "text") -> str:
    return Money(currency).text_of(major)


def _day(day: date, form: str = "text") -> str:
    return day.isoformat() if form == "table" else f"{day.day} {day:%B}{'' if form == 'day' else f' {day.year}'}"
