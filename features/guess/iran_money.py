"""The unit of a file of Iran: rial, toman or the new rial. A file that names none of them fits all three, and is asked.

A file whose header or cells name the new rial is read in it from its first day on.
"""

from __future__ import annotations

from datetime import date

from features.guess.sample import DATES, Sample
from features.language.messages import sentence
from features.money import NEW_RIAL, RIAL, TOMAN
from features.questions import Answer, Question, Setting
from features.sources import cells
from features.sources.balance.iran_units import FROM_THE_FIRST

WITH_DECIMALS = 0.05  # of the amounts: rial and toman have none


def counted_in(unit: str) -> tuple[str, date | None]:
    """Return the currency in which a shop counts whose files name a unit, and the first day of the new rial.

    >>> counted_in("new rial"), counted_in("IRT"), counted_in("EUR")
    (('IRR', datetime.date(1980, 1, 1)), ('IRT', None), ('EUR', None))
    """
    return (RIAL, FROM_THE_FIRST) if unit == NEW_RIAL else (unit, None)


def tell_unit(sample: Sample, unit: str, header: str | None) -> None:
    """Say that a file names toman or new rial, and how many rial that is.

    Args:
        sample: the orders file.
        unit: TOMAN or NEW_RIAL.
        header: of the column of money, where it is the header that names the unit; None where its cells do.
    """
    if unit == TOMAN and header is not None:
        said = sentence('Amounts are in toman, as the header "{header}" says: 1 toman = 10 rial.', header=header)
    elif unit == TOMAN:
        said = sentence("Amounts are in toman, as they say: 1 toman = 10 rial.")
    elif header is not None:
        said = sentence('Amounts are in new rial, as the header "{header}" says: each is 10,000 rial.', header=header)
    else:
        said = sentence("Amounts are in new rial, as they say: each is 10,000 rial.")
    sample.assume(said)


def ask_unit(sample: Sample, money: list[int]) -> str:
    """Ask in which unit of Iran amounts are that name none, and return the likely one.

    Args:
        sample: the orders file.
        money: the columns of money.
    """
    texts = [cell for index in money for cell in sample.filled(index)[:DATES]]
    likely = NEW_RIAL if _share_with_decimals(sample, texts) > WITH_DECIMALS else RIAL
    answers = sorted(
        (
            _answer(sentence("rial"), RIAL),
            _answer(sentence("toman, of 10 rial each"), TOMAN),
            _answer(sentence("new rial, of 10,000 rial each"), NEW_RIAL),
        ),
        key=lambda each: each.settings != _settings(likely),
    )
    words = sentence("Are the amounts in rial, in toman or in new rial? The file does not say.")
    sample.ask(Question("shop.currency", words, tuple(answers), tuple(texts[:3])))
    return likely


def _answer(words: str, unit: str) -> Answer:
    return Answer(words, _settings(unit))


def _settings(unit: str) -> dict[str, Setting]:
    currency, first = counted_in(unit)
    return {"shop.currency": currency, "shop.new_rial_from": first}


def _share_with_decimals(sample: Sample, texts: list[str]) -> float:
    read = [cells.number(text, sample.form.decimal) for text in texts]
    known = [value for value in read if value > cells.HUGE]
    return sum(value % 10**cells.SCALE != 0 for value in known) / len(known) if known else 0.0
