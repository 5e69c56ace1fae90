"""Guesses whether amounts are written in minor units, such as cents: by header, by export, else by a question."""

from __future__ import annotations

import numpy as np

from features.guess.amounts.arithmetic import values, zeros
from features.guess.cell_forms import likely_decimals
from features.guess.columns import money_names as names
from features.guess.sample import Sample
from features.language.messages import sentence
from features.language.typed_values import Digits
from features.questions import Answer, Question

LEAST_MEDIAN = 300  # money of less is rarely counted in cents
ROUND, ENDINGS = 0.5, 0.3
ENOUGH = 20  # amounts: fewer are round by chance
PRICE_ENDINGS = (99, 95, 90, 50, 49, 98, 25, 75)


def amount_unit(sample: Sample, index: int | None) -> str:
    """Return 'minor' or 'major' for a column of money, and say why; where both fit, ask.

    Args:
        sample: the first rows of the orders file.
        index: of the column of money.
    """
    if index is None or any(mark in cell for cell in sample.filled(index) for mark in ".,٫"):
        return "major"
    if likely_decimals(sample) == 0:  # a yen and a rial have no smaller unit
        return "major"
    header = sample.name(index)
    if names.MINOR.search(header):
        sample.assume(sentence('"{column}" is in minor units, as it says: 4990 is 49.90.', column=header))
        return "minor"
    export = next((name for name, needed in names.MINOR_EXPORTS.items() if set(needed) <= set(sample.plain)), None)
    if export is not None:
        sample.assume(
            sentence('"{column}" is in minor units, as in {name}: 4990 is 49.90.', column=header, name=export)
        )
        return "minor"
    if _every_hundred(sample, index) and set(names.JAFFLE_SHOP) <= set(sample.plain):
        sample.assume(
            sentence(
                '"{column}" is in minor units, as in {name}: 4990 is 49.90.', column=header, name="the jaffle shop"
            )
        )
        return "minor"
    return _asked(sample, index)


def _every_hundred(sample: Sample, index: int) -> bool:
    """Say whether all amounts are hundreds: whole units in cents, or a unit that is worth little."""
    money = zeros(values(sample, index))
    return int(np.count_nonzero(money)) >= ENOUGH and not bool((money % 100).any())


def _asked(sample: Sample, index: int) -> str:
    money = abs(zeros(values(sample, index)))
    money = money[money > 0]
    if not len(money) or float(sorted(money)[len(money) // 2]) < LEAST_MEDIAN:
        return "major"
    if (money % 10 == 0).mean() >= ROUND and not _every_hundred(sample, index):
        return "major"
    cents = float(((money % 100)[:, None] == PRICE_ENDINGS).any(axis=1).mean()) >= ENDINGS
    example = int(money[0])
    minor, major = _answer(example, "minor"), _answer(example, "major")
    sample.ask(
        Question(
            "orders.amount_unit",
            sentence('Is "{column}" written in whole units, or in cents?', column=sample.name(index)),
            (minor, major) if cents else (major, minor),
            tuple(sample.filled(index)[:3]),
        )
    )
    return "minor" if cents else "major"


def _answer(example: int, unit: str) -> Answer:
    """Return the answer that amounts are in a unit, with what an example is in it."""
    is_minor, written = unit == "minor", Digits(str(example))
    amount = Digits(f"{example / 100 if is_minor else example:,.2f}")
    words = (
        sentence("minor units: {example} is {amount}", example=written, amount=amount)
        if is_minor
        else sentence("whole units: {example} is {amount}", example=written, amount=amount)
    )
    return Answer(words, {"orders.amount_unit": unit})
