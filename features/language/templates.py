"""Lets a Jinja2 template speak: `_("…")`, `ngettext`, and filters for numbers, money, days and messages.

A template says `{{ _("{count} to contact", count=7) }}`: the fields are those of a `Message`, so a template and a
sentence of Python share one catalogue. Names are set apart with <bdi>, whatever script they are in. There is no
`{% trans %}`: its messages would be written in another way than all others.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from features.language.languages import Language
from features.language.messages import Message, parts, without_marks, wording_of, written
from features.language.typed_values import Name
from features.language.written import (
    DayForm,
    Form,
    day_text,
    days_text,
    money_text,
    number_text,
    percent_text,
    time_text,
)
from features.money import Money

if TYPE_CHECKING:  # a command that writes no page needs no templates
    from jinja2 import Environment
    from markupsafe import Markup


def speaking(environment: Environment, language: Language) -> Environment:
    """Return the environment with the words of a language; one environment speaks one language.

    Globals: `_` or `gettext` (text, **values), `pgettext` (context, text, **values), `ngettext` (one, several, count,
    **values), and `language`.
    Filters: `said` (a message), `number`, `money` (minor units, currency, form), `amount` (major units, currency,
    form), `percent` (a share, digits), `day` (form), `days`, `clock`, `isolated` (a name).

    >>> from jinja2 import Environment
    >>> from features.language.languages import ENGLISH
    >>> page = speaking(Environment(autoescape=True), ENGLISH).from_string("{{ _('Hello {name}', name=who) }}")
    >>> page.render(who="<Ann>")
    'Hello <bdi>&lt;Ann&gt;</bdi>'
    """
    say = _sayer(language)

    def gettext(text: str, **values: Any) -> Markup:
        return say(Message(text, values))

    def pgettext(context: str, text: str, **values: Any) -> Markup:
        return say(Message(text, values, context=context))

    def ngettext(one: str, several: str, count: float, **values: Any) -> Markup:
        return say(Message(one, {"count": count} | values, plural=several, count=count))

    environment.globals.update(_=gettext, gettext=gettext, pgettext=pgettext, ngettext=ngettext, language=language)
    environment.filters.update(said=say, **_filters(language))
    return environment


def _sayer(language: Language) -> Callable[[Message | str], Markup]:
    from markupsafe import Markup, escape

    def say(message: Message | str) -> Markup:
        known = getattr(message, "message", None) if isinstance(message, str) else message
        if known is None:
            return escape(message)
        return Markup().join(_html(*part) for part in parts(wording_of(known, language), known.values))

    def _html(literal: str, value: Any, form: str) -> Markup:
        if value is None:
            return escape(literal)
        if isinstance(value, Message):
            return say(value)
        if isinstance(value, Name):
            return value.name if isinstance(value.name, Markup) else isolated(value.name)
        return escape(written(value, language, form))

    return say


def isolated(name: str) -> Markup:
    """Return a name set apart from the text around it, so that its script does not turn the line.

    >>> isolated("<Ann>")
    Markup('<bdi>&lt;Ann&gt;</bdi>')
    """
    from markupsafe import Markup

    return Markup("<bdi>{}</bdi>").format(without_marks(name))


def _filters(language: Language) -> dict[str, Callable[..., Any]]:
    def money(minor: float, currency: str, form: Form = "text") -> str:
        return money_text(minor, currency, language, form=form)

    def amount(major: Decimal, currency: str, form: Form = "text") -> str:
        return money_text(Money(currency).minor(major), currency, language, form=form)

    def day(value: date, form: DayForm = "text") -> str:
        return day_text(value, language, form)

    return {
        "number": lambda number: number_text(number, language),
        "money": money,
        "amount": amount,
        "percent": lambda share, table=True, digits=0: percent_text(share, language, table=table, digits=digits),
        "day": day,
        "days": lambda days: days_text(days, language),
        "clock": lambda at: time_text(at.time(), language),
        "isolated": isolated,
    }
