"""The wordings of messages: one catalogue a language, read from its .po file when the language is first spoken.

There is no .mo file: what is compiled in memory can never be older than what the translators wrote.
"""

from __future__ import annotations

import gettext
from functools import cache
from io import BytesIO
from pathlib import Path

from features.language.languages import ENGLISH, Language

FOLDER = Path(__file__).with_name("catalogues")
DOMAIN = "regulars"


def catalogue_path(code: str) -> Path:
    """Return the file with the wordings of a language.

    >>> catalogue_path("el").parts[-3:]
    ('el', 'LC_MESSAGES', 'regulars.po')
    """
    return FOLDER / code / "LC_MESSAGES" / f"{DOMAIN}.po"


@cache
def _wordings(code: str) -> gettext.NullTranslations:
    if code == ENGLISH.code:  # the messages are English
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo  # imported here: only who speaks another language needs it
    from babel.messages.pofile import read_po

    with catalogue_path(code).open("rb") as file:
        known = read_po(file, locale=code, domain=DOMAIN)
    compiled = BytesIO()
    write_mo(compiled, known)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def translated(
    text: str,
    language: Language,
    *,
    plural: str | None = None,
    count: float | None = None,
    context: str | None = None,
) -> str:
    """Return the wording of a message in a language, its fields still in braces; the English where there is none.

    Args:
        text: the English message, for one.
        language: to say it in.
        plural: the English message for several.
        count: how many, as shown.
        context: tells apart what English says with one word.

    >>> translated("{days} day", ENGLISH, plural="{days} days", count=3)
    '{days} days'
    """
    known = _wordings(language.code)
    if plural is None:
        return known.gettext(text) if context is None else known.pgettext(context, text)
    number = _whole(0 if count is None else count)
    if context is None:
        return known.ngettext(text, plural, number)
    return known.npgettext(context, text, plural, number)


def _whole(count: float) -> int:
    """Return the number that a plural is chosen by: a part of one is none and not one, it is said as several."""
    return int(count) if count == int(count) else 2
