"""The languages that are spoken, and which of them a reader gets."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Code = Literal["en", "fa", "el"]
Direction = Literal["ltr", "rtl"]


@dataclass(frozen=True)
class Language:
    """A language, as one reader reads it.

    Args:
        code: en, fa or el.
        name: as its own readers call it.
        locale: as Babel names it.
        direction: in which its lines run.
        html_lang: of a page.
        rials_as: amounts in rial or toman are read in this unit of Iran, see `features.money.RIALS`; None = as held.

    >>> language_named("fa").direction
    'rtl'
    """

    code: Code
    name: str
    locale: str
    direction: Direction
    html_lang: str
    rials_as: str | None = None

    @property
    def is_right_to_left(self) -> bool:
        """Whether its lines run from right to left."""
        return self.direction == "rtl"


ENGLISH = Language("en", "English", "en", "ltr", "en")
PERSIAN = Language("fa", "فارسی", "fa_IR", "rtl", "fa-IR")
GREEK = Language("el", "Ελληνικά", "el_GR", "ltr", "el-GR")
LANGUAGES: tuple[Language, ...] = (ENGLISH, PERSIAN, GREEK)
_BY_CODE: dict[str, Language] = {language.code: language for language in LANGUAGES}
_ARABIC = str.maketrans("يىك", "ییک")
# As a shop's files name them: the English and the own name, and ISO 639-2.
_NAMES: dict[str, Code] = {
    "english": "en", "eng": "en", "anglais": "en", "αγγλικά": "en", "انگلیسی": "en",
    "persian": "fa", "farsi": "fa", "fas": "fa", "per": "fa", "فارسی": "fa", "περσικά": "fa",
    "greek": "el", "ell": "el", "gre": "el", "gr": "el", "ελληνικά": "el", "یونانی": "el",
}  # fmt: skip
_COUNTRIES: dict[str, Code] = {
    "ir": "fa", "irn": "fa", "iran": "fa", "ایران": "fa", "af": "fa", "afg": "fa", "afghanistan": "fa",
    "gr": "el", "grc": "el", "greece": "el", "hellas": "el", "ελλάδα": "el", "ελλάς": "el",
    "cy": "el", "cyp": "el", "cyprus": "el", "κύπρος": "el",
}  # fmt: skip


def language_named(code: str) -> Language:
    """Return the language of a code.

    Raises:
        ValueError: none of en, fa, el.

    >>> language_named("el").html_lang
    'el-GR'
    """
    found = _BY_CODE.get(code)
    if found is None:
        raise ValueError(f'the languages are {", ".join(_BY_CODE)}, not "{code}"')
    return found


def language_accepted(accept_language: str | None, default: Language = ENGLISH) -> Language:
    """Return the language that a browser likes best of those that are spoken; the default where it likes none.

    Args:
        accept_language: the header, RFC 9110, 12.5.4.
        default: the shop's.

    >>> language_accepted("de, el-GR;q=0.8, en;q=0.5").code, language_accepted("*").code, language_accepted(None).code
    ('el', 'en', 'en')
    """
    liked = sorted(_ranges(accept_language or ""), key=lambda each: -each[0])
    return next((found for quality, tag in liked if quality > 0 and (found := _BY_CODE.get(tag))), default)


def _ranges(header: str) -> Iterator[tuple[float, str]]:
    for part in header.split(","):
        tag, _, parameters = part.partition(";")
        name, _, quality = parameters.strip().partition("=")
        try:
            yield float(quality) if name.strip() == "q" else 1.0, tag.strip().lower().split("-")[0]
        except ValueError:  # not a quality: the range says nothing
            continue


def language_of_customer(language: str | None, country: str | None, default: Language) -> Language:
    """Return in which language a customer is spoken to: the own one, else that of the country, else the shop's.

    Who is known to speak another language than those three is spoken to in English.

    Args:
        language: as the shop's files write it, such as "el", "fa-IR" or "Greek".
        country: as they write it, such as "GR" or "Greece".
        default: the shop's.

    >>> [language_of_customer(*each, ENGLISH).code for each in (("Greek", None), ("fr", "GR"), (None, "Iran"))]
    ['el', 'en', 'fa']
    """
    if language and language.strip():
        plain = _folded(language)
        tag = plain.replace("_", "-").split("-")[0]
        return _BY_CODE[_by_folded(_NAMES).get(plain) or (tag if tag in _BY_CODE else "en")]
    code = _by_folded(_COUNTRIES).get(_folded(country or ""))
    return _BY_CODE[code] if code else default


def _by_folded(names: Mapping[str, Code]) -> dict[str, Code]:
    return {_folded(name): code for name, code in names.items()}


def _folded(text: str) -> str:
    """Return a text without case, accents and the two ways to write a Persian letter."""
    plain = unicodedata.normalize("NFD", text.strip().casefold().translate(_ARABIC))
    return "".join(char for char in plain if not unicodedata.combining(char))
