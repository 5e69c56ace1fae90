"""What a status or a kind of document means, by `words.toml` and by the shop's own words."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

Meaning = Literal["sale", "cancelled", "unpaid", "returned", "test", "no_order"]
MEANINGS: tuple[Meaning, ...] = ("sale", "cancelled", "unpaid", "returned", "test", "no_order")
Where = Literal["status", "type"]
MOST_WORDS = 5  # a longer text is a sentence, whose stems prove nothing

# Letters that no accent can be taken from, and two forms of one letter.
_LETTERS = str.maketrans(
    {"ς": "σ", "ي": "ی", "ك": "ک", "ı": "i", "ł": "l", "ß": "ss", "ø": "o", "æ": "ae", "đ": "d", "œ": "oe"}
)
_NO_LETTER = re.compile(r"[\W_]+")


def plain_word(text: str) -> str:
    """Return a word of a shop as it is compared: lower case, no accents, no shop prefix, words apart by one space.

    >>> plain_word("wc-Pending_Payment"), plain_word("Annulée"), plain_word("İPTAL EDİLDİ")
    ('pending payment', 'annulee', 'iptal edildi')
    """
    # ي becomes ی before it is taken apart, and what is taken apart is not put together again.
    parts = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    letters = "".join(part for part in parts if not unicodedata.combining(part))
    return _NO_LETTER.sub(" ", letters.translate(_LETTERS)).strip().removeprefix("wc ")


@dataclass(frozen=True)
class _System:
    """Words that mean something else where certain other words stand beside them."""

    name: str
    all_of: frozenset[str]
    any_of: frozenset[str]
    words: Mapping[str, Meaning]

    def fits(self, words: frozenset[str]) -> bool:
        return self.all_of <= words and (not self.any_of or bool(self.any_of & words))


@dataclass(frozen=True)
class _Dictionary:
    status: Mapping[str, Meaning]
    type: Mapping[str, Meaning]
    stems: tuple[tuple[str, Meaning], ...]
    hedges: frozenset[str]
    systems: tuple[_System, ...]


@cache
def _dictionary() -> _Dictionary:
    document = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
    return _Dictionary(
        _of_languages(document["status"]),
        _of_languages(document["type"]),
        tuple((plain_word(stem), meaning) for meaning, stems in document["stems"].items() for stem in stems),
        frozenset(map(plain_word, document["hedges"]["words"])),
        tuple(map(_system, document["systems"])),
    )


def _of_languages(section: Mapping[str, Mapping[str, list[str]]]) -> dict[str, Meaning]:
    return {
        plain_word(word): cast(Meaning, meaning)
        for meaning, languages in section.items()
        for words in languages.values()
        for word in words
    }


def _system(section: Mapping[str, Any]) -> _System:
    meant = {plain_word(word): meaning for meaning in MEANINGS for word in section.get(meaning, ())}
    # The prefix of WooCommerce is what tells it from other shops, so it is kept here.
    known = {key: frozenset(map(str.lower, section.get(key, ()))) for key in ("all_of", "any_of")}
    return _System(section["name"], known["all_of"], known["any_of"], meant)


def meanings(texts: Iterable[str], where: Where, own: Mapping[str, Meaning] | None = None) -> dict[str, Meaning | None]:
    """Return what each text of one column means; None where nobody knows.

    Args:
        texts: of the column, as the shop writes them.
        where: whether they are states of orders or kinds of documents.
        own: what the shop itself says, by plain word; it wins.

    >>> meanings(["Completado", "Storniert", "Annulée", "Blau"], "status")
    {'Completado': 'sale', 'Storniert': 'cancelled', 'Annulée': 'cancelled', 'Blau': None}
    >>> meanings(["Payment", "Credit Memo"], "type")
    {'Payment': 'no_order', 'Credit Memo': 'returned'}
    """
    known = _dictionary()
    distinct = list(dict.fromkeys(texts))
    first, second = (known.status, known.type) if where == "status" else (known.type, known.status)
    around = frozenset(plain_word(text) for text in distinct) | frozenset(_with_prefix(text) for text in distinct)
    of_system = {word: each for system in known.systems if system.fits(around) for word, each in system.words.items()}
    found: dict[str, Meaning | None] = {}
    for text in distinct:
        word = plain_word(text)
        by_words = (own or {}).get(word) or of_system.get(word) or first.get(word) or second.get(word)
        found[text] = by_words or _by_stem(word, known)
    return found


def _with_prefix(text: str) -> str:
    return _NO_LETTER.sub(" ", text.lower()).strip()


def _by_stem(word: str, known: _Dictionary) -> Meaning | None:
    parts = word.split()
    if not 1 <= len(parts) <= MOST_WORDS or known.hedges.intersection(parts):
        return None
    found = {meaning for stem, meaning in known.stems if any(part.startswith(stem) for part in parts)}
    return found.pop() if len(found) == 1 else None
