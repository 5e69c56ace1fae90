"""Where a shop is, by the countries, phones and languages that its file names."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from features.guess.sample import Sample
from features.language.messages import sentence
from features.sources.plain_text import plain

MOSTLY = 0.8
ROWS = 300
COUNTRY = tuple(
    plain(each)
    for each in (
        "country", "country code", "billing country", "shipping country", "ship country", "country name", "land",
        "pays", "país", "paese", "kraj", "ülke", "страна", "χώρα", "کشور",
    )
)  # fmt: skip
_PHONE = re.compile(r"\+\d[\d ()./-]{6,}")


@dataclass(frozen=True)
class Place:
    """A country's money and clock, and what in the file says that the shop is there."""

    currency: str
    zone: str
    why: str


@cache
def _places() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("places.toml").read_text(encoding="utf-8"))


def place_of(sample: Sample) -> Place | None:
    """Return where the shop is: by a column of countries, by its phones, by the language of its words; None = unknown.

    Args:
        sample: the first rows of the orders file.
    """
    for code, why in (_by_country(sample), _by_phone(sample), _by_language(sample)):
        if code is not None:
            return Place(_places()[code]["currency"], _places()[code]["zone"], why)
    return None


def _by_country(sample: Sample) -> tuple[str | None, str]:
    of = {plain(name): code for code, each in _places().items() for name in (code, *each["names"])}
    for index, header in enumerate(sample.plain):
        if header in COUNTRY:
            votes = Counter(of.get(plain(cell)) for cell in sample.filled(index)[:ROWS])
            return _most(votes), sentence('most orders are of one country by "{column}"', column=sample.name(index))
    return None, ""


def _by_phone(sample: Sample) -> tuple[str | None, str]:
    prefixes = {each["phone"]: code for code, each in _places().items() if each["phone"]}
    longest = sorted(prefixes, key=len, reverse=True)
    for index in range(len(sample.plain)):
        filled = sample.filled(index)[:ROWS]
        if filled and all(_PHONE.fullmatch(cell) for cell in filled):
            found = (next((each for each in longest if cell.startswith(each)), "") for cell in filled)
            return _most(Counter(prefixes.get(each) for each in found)), sentence(
                'by the phones of "{column}"', column=sample.name(index)
            )
    return None, ""


def _by_language(sample: Sample) -> tuple[str | None, str]:
    """Return the country by letters and words that only its language writes."""
    for code, each in _places().items():
        letters = each.get("letters")
        if letters and any(_written_in(texts, letters) for texts in (sample.file.header, *sample.columns)):
            return code, sentence("by the letters of its words")
        if sum(any(word in header for header in sample.plain) for word in each.get("words", ())) >= 2:
            return code, sentence("by the language of its headers")
    return None, ""


def _most(votes: Counter[str | None]) -> str | None:
    if not votes:
        return None
    code, rows = votes.most_common(1)[0]
    return code if rows >= MOSTLY * votes.total() else None


def _written_in(texts: Sequence[str], letters: str) -> bool:
    """Say whether most texts have letters that only one country writes: one customer's name proves nothing."""
    filled = [text.lower() for text in texts[:ROWS] if text]
    return sum(any(char in letters for char in text) for text in filled) >= 0.5 * max(1, len(filled))
