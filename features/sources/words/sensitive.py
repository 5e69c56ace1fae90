"""What columns of a customers file are called that never become a feature, by `sensitive.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from features.sources.words.meanings import plain_word

_HUMP = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])")


def sensitive_word(name: str, never: Iterable[str] = ()) -> str | None:
    """Return the word for which a column's name is sensitive, or None.

    Args:
        name: of the column.
        never: the shop's own words, beside those of `sensitive.toml`.

    >>> sensitive_word("CustomerReligion"), sensitive_word("Region"), sensitive_word("Region", ["region"])
    ('religion', None, 'region')
    """
    return _found(name, (*_words("sensitive"), *map(_as_compared, never)))


def personal_word(name: str) -> str | None:
    """Return the word for which a column's name says that it tells persons apart, or None.

    >>> personal_word("Last Name"), personal_word("E-Mail"), personal_word("Age group")
    ('name', 'mail', None)
    """
    return _found(name, _words("personal"))


def afterwards_word(text: str) -> str | None:
    """Return the word for which a column's name, or a value, was likely written after customers left, or None.

    >>> afterwards_word("Lifecycle stage"), afterwards_word("B2B")
    ('lifecycle', None)
    """
    return _found(text, _words("afterwards"))


def names_groups_by_number(name: str) -> bool:
    """Return whether a column's name says that its numbers name groups, such as postcodes, and count nothing.

    >>> names_groups_by_number("Postal code"), names_groups_by_number("Visits")
    (True, False)
    """
    return _found(name, _words("numbered")) is not None


def tells_sex(values: Iterable[str]) -> bool:
    """Return whether values are persons' sexes or salutations, whatever their column is called.

    >>> tells_sex(["M", "F", ""]), tells_sex(["M", "L"])
    (True, False)
    """
    known = {word for value in values if (word := plain_word(value))}
    men, women, neither = (frozenset(_words(section)) for section in ("men", "women", "neither"))
    return bool(known & men) and bool(known & women) and known <= men | women | neither


@cache
def _words(section: str) -> tuple[str, ...]:
    content = tomllib.loads(Path(__file__).with_name("sensitive.toml").read_text(encoding="utf-8"))
    return tuple(_as_compared(word) for words in content[section].values() for word in words)


def _as_compared(word: str) -> str:
    return plain_word(word) + ("*" if word.endswith("*") else "")


def name_words(name: str) -> str:
    """Return a column's name as words, lower case and without accents.

    >>> name_words("AgeGroup"), name_words("Κατηγορία πελάτη")
    ('age group', 'κατηγορια πελατη')
    """
    return plain_word(_HUMP.sub(" ", name))


def _found(name: str, known: Iterable[str]) -> str | None:
    spaced = f" {name_words(name)} "
    for word in known:
        if word.endswith("*"):
            hit = next((each for each in spaced.split() if word[:-1] in each), None)
            if hit is not None:
                return hit
        elif f" {word} " in spaced:
            return word
    return None
