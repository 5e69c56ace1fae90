"""Ids that stand for nobody, such as the "Guest" of a till: each would become the shop's best customer.

An id is asked about where its word says so, or where it is 0 or below in a shop whose other ids do not run through it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from features.language.messages import Message, Sentence, in_a_row, sentence
from features.log import Coded, Ints, Texts
from features.questions import Answer, Question
from features.sources.cells.read_texts import ReadTexts
from features.sources.columns import Mask
from features.sources.file_facts import WHOLE, FileFacts
from features.sources.words.meanings import plain_word

MOST_NAMED = 8
_NUMBER = re.compile(r"-?\d+", re.ASCII)
# As many orders as three customers of the usual kind have, at most; more is a till's.
USUAL_MULTIPLE = 3


@cache
def placeholder_words() -> frozenset[str]:
    """Return the words of `placeholders.toml`, as `plain_word` compares them."""
    path = Path(__file__).with_name("placeholders.toml")
    languages = tomllib.loads(path.read_text(encoding="utf-8"))
    return frozenset(plain_word(word) for words in languages.values() for word in words)


def suspects(customer: Coded, rows: Mask, facts: FileFacts = WHOLE) -> tuple[str, ...]:
    """Return the ids that look like nobody's, most rows first.

    Args:
        customer: ids, '' = nobody anyway.
        rows: those that count.
        facts: of the file.

    >>> suspects(Coded.of(["Guest", "ann", "Guest", "-1", "0"]), np.ones(5, dtype=bool))
    ('Guest', '-1', '0')
    >>> suspects(Coded.of(["0", "1", "2", "Test Valley"]), np.ones(4, dtype=bool))
    ()
    """
    counts = np.bincount(customer.codes[rows], minlength=len(customer.values))
    possible = [code for code in _unusual(customer) if counts[code]]
    named = [code for code in possible if _says_nobody(str(customer.values[code]))]
    numbers = _odd_numbers(customer.values, counts, possible, facts)
    found = sorted({*named, *numbers}, key=lambda code: -int(counts[code]))
    return tuple(str(customer.values[code]) for code in found)


def _unusual(customer: Coded) -> Iterable[int]:
    """Return the codes of ids that may be words, 0 or below; looking at each of a million ids would cost seconds."""
    if not isinstance(customer, ReadTexts):
        return range(len(customer.values))
    first, last = customer.read.edges
    digit = [(ord("0") <= edge) & (edge <= ord("9")) for edge in (first, last)]
    return np.flatnonzero(~(digit[0] | digit[1]) | (first == ord("0")) | (first == ord("-"))).tolist()


def _says_nobody(text: str) -> bool:
    # Most ids begin or end with a digit or are mail addresses.
    usual = not text or text[-1].isdigit() or text[0].isdigit() or "@" in text
    return not usual and plain_word(text) in placeholder_words()


def _odd_numbers(values: Texts, counts: Ints, possible: Sequence[int], facts: FileFacts) -> list[int]:
    """Return the codes of 0 and of negative numbers, unless they are some among the numbers of a counter."""
    small = {int(text): code for code in possible if _is_small(text := str(values[code]))}
    if not small:
        return []
    facts.needs_whole("a customer has the id 0 or a negative one", 'say under [orders] whether: guests = ["0"] or []')
    others = [int(counts[code]) for code, text in enumerate(values) if counts[code] and str(text)]
    usual = USUAL_MULTIPLE * float(np.median(others))
    known = {str(text) for code, text in enumerate(values) if counts[code]} - {"0", "-1"}
    return [
        code for number, code in small.items() if not {str(number - 1), str(number + 1)} & known or counts[code] > usual
    ]


def _is_small(text: str) -> bool:
    return text[:1] in ("-", "0") and _NUMBER.fullmatch(text) is not None and int(text) <= 0


def placeholder_question(customer: Coded, found: Sequence[str], rows: Mask) -> Question:
    """Ask whether ids stand for nobody; likely they do.

    Args:
        customer: ids.
        found: the suspects.
        rows: those that count.
    """
    counts = dict(zip(map(str, customer.values), np.bincount(customer.codes[rows]).tolist(), strict=False))
    named = in_a_row((_counted(each, counts.get(each, 0)) for each in found[:MOST_NAMED]), commas=True)
    if len(found) > MOST_NAMED:
        more = len(found) - MOST_NAMED
        words = sentence("Do these ids stand for nobody: {ids} and {more} more?", ids=named, more=more)
    else:
        words = sentence("Do these ids stand for nobody: {ids}?", ids=named)
    return Question(
        "orders.guests",
        words,
        (
            Answer(sentence("yes, they are no customers"), {"orders.guests": tuple(found)}),
            Answer(sentence("no, each of them is a customer"), {"orders.guests": ()}),
        ),
        tuple(found[:3]),
    )


def _counted(who: str, rows: int) -> Sentence:
    return Sentence.of(
        Message('"{id}" ({rows} row)', {"id": who, "rows": rows}, plural='"{id}" ({rows} rows)', count=rows)
    )
