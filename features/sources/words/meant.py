"""What each row of an orders file is, by the words of its status and of its type; unknown words are asked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.language.messages import Message, Sentence, in_a_row, message_in, sentence
from features.language.typed_values import Digits, Name, Plain, Value
from features.log import Coded, Codes
from features.questions import Answer, Question
from features.sources import cells
from features.sources.columns import Mask, first_text
from features.sources.mapping import LineRules
from features.sources.row_checks import RowChecks
from features.sources.words.meanings import Meaning, Where, meanings

# Where status and type of a row mean two things, the one further on counts: an unpaid credit memo is a return.
_BY_WEIGHT: tuple[Meaning, ...] = ("sale", "unpaid", "returned", "test", "cancelled", "no_order")
MOST_SHOWN = 8
SETTINGS: Mapping[Meaning, str] = {
    "sale": "sale_status",
    "cancelled": "cancelled_status",
    "returned": "returned_status",
    "no_order": "no_order_status",
}


@dataclass(frozen=True, eq=False)
class Meant:
    """What each row is, as a position in the order of weight."""

    weight: npt.NDArray[np.int8]

    def rows(self, meaning: Meaning) -> Mask:
        """Return the rows that are this."""
        return np.asarray(self.weight == _BY_WEIGHT.index(meaning), dtype=bool)


@dataclass(frozen=True)
class UnknownWord:
    """A word that nobody knows, with its rows and their money in whole units; `negative` where all money is below 0."""

    word: str
    rows: int
    money: float
    negative: bool = False


def meant_by_words(checks: RowChecks, order: Codes, rules: LineRules) -> Meant:
    """Return what the rows are by the words of `status` and `type`; a word that is not known counts as a sale.

    Args:
        checks: the rows; it is asked about the words that are not known.
        order: a key per row; lines without a word have that of their order's first line.
        rules: the shop's own words.
    """
    weight = np.zeros(checks.typed.rows, dtype=np.int8)
    for where in ("status", "type"):
        coded = checks.text(where)
        if coded is None:
            continue
        coded = first_text(order, coded, checks.alive)
        each = _meanings(checks, where, [str(text) for text in coded.values], rules)
        weights = np.array([_BY_WEIGHT.index(meaning or "sale") for meaning in each], dtype=np.int8)
        weight = np.maximum(weight, weights[coded.codes])
        unknown = [code for code, meaning in enumerate(each) if meaning is None and coded.values[code]]
        words = _counted(checks, coded, unknown)
        if words:
            checks.ask(words_question(where, checks.typed.headers.get(where, where), words, rules.own_words_of))
    return Meant(weight)


def _meanings(checks: RowChecks, where: Where, texts: list[str], rules: LineRules) -> list[Meaning | None]:
    """Return what texts of a column mean; the words of the whole column tell which system wrote them."""

    def by(words: frozenset[str]) -> list[Meaning | None]:
        found = meanings(words, where, rules.own_words)
        return [found[text] for text in texts]

    return checks.typed.facts.decide(f"words of {where}", frozenset(texts), by)


def _counted(checks: RowChecks, coded: Coded, codes: Sequence[int]) -> list[UnknownWord]:
    """Return the words of some codes that rows still have, the most frequent first."""
    if not codes:
        return []
    amount = checks.number("amount")
    amount = checks.number("price") if amount is None else amount
    rows = np.bincount(coded.codes[checks.alive], minlength=len(coded.values))
    found = []
    for code in codes:
        if rows[code]:
            money = (
                np.zeros(0) if amount is None else amount[checks.alive & (coded.codes == code) & (amount > cells.HUGE)]
            )
            whole = float(money.sum()) / 10**cells.SCALE
            found.append(
                UnknownWord(str(coded.values[code]), int(rows[code]), whole, bool(len(money) and money.max() < 0))
            )
    return sorted(found, key=lambda each: -each.rows)


def words_question(
    where: Where, column: str, words: Sequence[UnknownWord], own: Mapping[str, tuple[str, ...]]
) -> Question:
    """Ask what the words of a column mean; likely, those of money below zero came back, and the others are orders.

    Args:
        where: whether they are states of orders or kinds of documents.
        column: the header, or the field.
        words: that nobody knows.
        own: the lists of the shop's own words, by setting, which an answer adds to.

    >>> words_question("status", "Status", [UnknownWord("Blau", 3, 40.0)], {}).likely.settings
    {'orders.sale_status': ('Blau',)}
    """
    back = [each.word for each in words if each.negative]
    sold = [each.word for each in words if not each.negative]
    likely = Answer(_meaning(sold, back), {**_setting(own, "sale", sold), **_setting(own, "returned", back)})
    every = [each.word for each in words]
    other: Meaning = "cancelled" if where == "status" else "no_order"
    return Question(
        f"orders.{where}_words",
        _nobody_knows(column, words, likely.words),
        (
            likely,
            Answer(sentence("none of them is an order: left out"), _setting(own, other, every)),
            Answer(sentence("all of them came back: returns"), _setting(own, "returned", every)),
        ),
        tuple(every[:3]),
    )


def _meaning(sold: Sequence[str], back: Sequence[str]) -> str:
    if sold and back:
        return sentence("orders: {sold} and came back: {back}", sold=_listed(sold), back=_listed(back))
    return sentence("orders: {sold}", sold=_listed(sold)) if sold else sentence("came back: {back}", back=_listed(back))


def _nobody_knows(column: str, words: Sequence[UnknownWord], meaning: str) -> str:
    named = in_a_row(map(_counted_word, words[:MOST_SHOWN]))
    facts: dict[str, Plain | Message | Value] = {"column": column, "words": named, "meaning": message_in(meaning)}
    if more := max(len(words) - MOST_SHOWN, 0):
        return sentence(
            'Nobody knows these words of "{column}": {words}; and {more} more. Are these {meaning}?',
            **facts,
            more=more,
        )
    return sentence('Nobody knows these words of "{column}": {words}. Are these {meaning}?', **facts)


def _counted_word(word: UnknownWord) -> Sentence:
    return Sentence.of(
        Message(
            '"{word}": {rows} row, {money}',
            {"word": word.word, "rows": word.rows, "money": Digits(f"{word.money:,.2f}")},
            plural='"{word}": {rows} rows, {money}',
            count=word.rows,
        )
    )


def _listed(words: Sequence[str]) -> Message | Name:
    shown = Name(", ".join(words[:MOST_SHOWN]))
    more = len(words) - MOST_SHOWN
    return shown if more <= 0 else Message("{words} and {more} more", {"words": shown, "more": more})


def _setting(own: Mapping[str, tuple[str, ...]], meaning: Meaning, words: Sequence[str]) -> dict[str, tuple[str, ...]]:
    name = SETTINGS[meaning]
    return {f"orders.{name}": tuple(dict.fromkeys((*own.get(name, ()), *words)))} if words else {}
