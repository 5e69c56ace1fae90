"""Numbers, money, shares and days as each language writes them.

In a sentence a number stands with its unit in words, in a table as short as it can. The rounding is that of
`features.rounding`, whatever the language: a fact is the same number wherever it is told.

Babel writes the separators of Persian and keeps Latin digits (python-babel/babel#446), and knows no Persian calendar
(#810): both are done here.
"""

from __future__ import annotations

from datetime import date, time
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from features.language.catalogue import translated
from features.language.jalali import jalali_date
from features.language.languages import Language
from features.money import NEW_RIAL, RIAL, RIALS, TOMAN, Money
from features.rounding import days_in_words, every_in_words, number_in_words, percent, rounded

Form = Literal["text", "table"]
DayForm = Literal["text", "table", "month", "day", "on", "the"]
_PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_JALALI_MONTHS = (
    *("فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور"),
    *("مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"),
)
# As people say them; Babel's own names add the country.
_PERSIAN_CURRENCIES = {
    RIAL: "ریال", TOMAN: "تومان", NEW_RIAL: "ریال جدید", "EUR": "یورو", "USD": "دلار", "GBP": "پوند",
    "TRY": "لیر", "AED": "درهم", "AFN": "افغانی", "IQD": "دینار",
}  # fmt: skip
_THOUSAND, _TEN_THOUSAND, _MILLION = 1_000, 10_000, 1_000_000
_SAID_IN = ((1_000_000_000, "میلیارد"), (1_000_000, "میلیون"), (_THOUSAND, "هزار"))
_GREEK_CURRENCIES = {RIAL: "ριάλ", TOMAN: "τομάν", NEW_RIAL: "νέα ριάλ"}  # Babel has their codes, or nothing
NO_BREAK = "\u00a0"
# Before its number also where lines run from right to left: a sign alone would go behind it (CLDR writes it so too).
_PERSIAN_MINUS, _PERSIAN_PLUS = "\u200e−", "\u200e+"


def digits(text: str, language: Language) -> str:
    """Return a text with the digits of a language.

    >>> from features.language.languages import PERSIAN
    >>> digits("1404", PERSIAN)
    '۱۴۰۴'
    """
    return text.translate(_PERSIAN_DIGITS) if language.code == "fa" else text


def number_text(number: float, language: Language) -> str:
    """Return a number as `features.rounding.number_in_words` rounds it.

    >>> from features.language.languages import GREEK, PERSIAN
    >>> number_text(1234.0, GREEK), number_text(2.25, GREEK), number_text(1234.0, PERSIAN), number_text(2.25, PERSIAN)
    ('1.234', '2,3', '۱٬۲۳۴', '۲٫۳')
    """
    return separated(number_in_words(number), language)


def percent_text(share: float, language: Language, *, table: bool = False, digits: int = 0) -> str:
    """Return a part of a whole in percent: a word in a Persian sentence, a sign in a table.

    >>> from features.language.languages import GREEK, PERSIAN
    >>> percent_text(0.25, GREEK), percent_text(0.25, PERSIAN), percent_text(0.25, PERSIAN, table=True)
    ('25%', '۲۵ درصد', '۲۵٪')
    >>> percent_text(0.983, GREEK, digits=1)
    '98,3%'
    """
    text = percent(share, digits)
    if language.code != "fa":
        return separated(text, language)
    number = separated(text.removesuffix("%"), language)
    return f"{number}٪" if table else f"{number} درصد"


def money_text(minor: float, currency: str, language: Language, *, form: Form = "text") -> str:
    """Return an amount with its currency.

    Args:
        minor: in minor units.
        currency: ISO 4217, IRT for the toman, or NEW_RIAL.
        language: of the reader, who may read rial in toman or in new rial.
        form: in a sentence whole amounts have no decimals, and Persian says milliards, millions and thousands in words.

    >>> from dataclasses import replace
    >>> from features.language.languages import GREEK, PERSIAN
    >>> money_text(123456, "EUR", GREEK).replace(NO_BREAK, " "), money_text(12000, "EUR", PERSIAN)
    ('1.234,56 €', '۱۲۰ یورو')
    >>> money_text(24_000_000, "IRR", replace(PERSIAN, rials_as=TOMAN))
    '۲ میلیون و ۴۰۰ هزار تومان'
    >>> money_text(2_400_000, "IRT", PERSIAN, form="table")
    '۲٬۴۰۰٬۰۰۰ تومان'
    """
    shown, amount = shown_amount(minor, currency, language)
    if language.code == "en":
        return Money(shown).text_of(amount)
    amount = _as_said(amount, shown) if form == "text" and language.code == "fa" else amount
    whole = amount == amount.to_integral_value() and form == "text"
    plain = f"{abs(amount):,.{0 if whole else Money(shown).decimals}f}"
    sign = ("−" if language.code == "el" else _PERSIAN_MINUS) if amount < 0 else ""
    if language.code == "el":
        return f"{sign}{separated(plain, language)}{NO_BREAK}{currency_text(shown, language)}"
    number = _in_thousands(int(abs(amount)), language) if whole and _is_long(amount) else separated(plain, language)
    return f"{sign}{number} {currency_text(shown, language)}"


def shown_amount(minor: float, currency: str, language: Language) -> tuple[str, Decimal]:
    """Return the currency that a reader reads an amount in, and the amount in its major units.

    >>> from dataclasses import replace
    >>> from features.language.languages import PERSIAN
    >>> shown_amount(24_000, "IRR", replace(PERSIAN, rials_as=TOMAN))
    ('IRT', Decimal('2400'))
    >>> shown_amount(24_000, "IRT", replace(PERSIAN, rials_as=NEW_RIAL))
    ('new rial', Decimal('24.00'))
    """
    amount, shown = Money(currency).major(minor), shown_currency(currency, language)
    if shown == currency:
        return currency, amount
    unit = Decimal(1).scaleb(-Money(shown).decimals)
    return shown, (amount * RIALS[currency] / RIALS[shown]).quantize(unit, rounding=ROUND_HALF_UP)


def shown_currency(currency: str, language: Language) -> str:
    """Return the currency that a reader reads amounts of a currency in: another only where both are of Iran.

    >>> from dataclasses import replace
    >>> from features.language.languages import PERSIAN
    >>> shown_currency("IRR", replace(PERSIAN, rials_as=TOMAN)), shown_currency("EUR", replace(PERSIAN, rials_as=TOMAN))
    ('IRT', 'EUR')
    """
    return language.rials_as if language.rials_as is not None and currency in RIALS else currency


def currency_text(currency: str, language: Language) -> str:
    """Return what stands beside an amount, and in the heading of a column of amounts.

    >>> from features.language.languages import ENGLISH, GREEK, PERSIAN
    >>> [currency_text("EUR", each) for each in (ENGLISH, PERSIAN, GREEK)]
    ['EUR', 'یورو', '€']
    """
    if language.code == "en":
        return currency
    if language.code == "fa" and currency in _PERSIAN_CURRENCIES:
        return _PERSIAN_CURRENCIES[currency]
    if language.code == "el" and currency in _GREEK_CURRENCIES:
        return _GREEK_CURRENCIES[currency]
    from babel.numbers import get_currency_symbol  # imported here: English needs no Babel

    return str(get_currency_symbol(currency, language.locale))


def days_text(days: float, language: Language) -> str:
    """Return days as a person says them: whole, with their unit.

    >>> from features.language.languages import GREEK, PERSIAN
    >>> days_text(74.0, PERSIAN), days_text(1.0, GREEK), days_text(74.0, GREEK)
    ('۷۴ روز', '1 ημέρα', '74 ημέρες')
    """
    if language.code == "en":
        return days_in_words(days)
    whole = rounded(days)
    text = translated("{days} day", language, plural="{days} days", count=int(whole))
    return text.format(days=separated(f"{whole:,}", language))


def times_text(count: float, language: Language) -> str:
    """Return how many times something happened, whole.

    >>> from features.language.languages import GREEK, PERSIAN
    >>> times_text(1.0, GREEK), times_text(6.0, GREEK), times_text(6.0, PERSIAN)
    ('1 φορά', '6 φορές', '۶ بار')
    """
    whole = rounded(count)
    text = translated("{count} time", language, plural="{count} times", count=int(whole))
    return text.format(count=separated(f"{whole:,}", language))


def every_text(days: float, language: Language, *, unit: bool = True) -> str:
    """Return a gap as a rhythm; without its unit where the sentence has named days already.

    >>> from features.language.languages import GREEK, PERSIAN
    >>> every_text(31.0, PERSIAN), every_text(31.0, GREEK, unit=False), every_text(7.0, GREEK)
    ('هر ۳۱ روز یک بار', 'κάθε 31', 'κάθε εβδομάδα')
    """
    if language.code == "en":
        return every_in_words(days)
    whole = max(int(rounded(days)), 1)
    if whole == 1:
        return translated("every day", language)
    if whole == 7:
        return translated("every week", language)
    if whole == 14:
        return translated("every two weeks", language)
    text = translated("every {days} days", language) if unit else translated("every {days}", language)
    return text.format(days=separated(f"{whole:,}", language))


def day_text(day: date, language: Language, form: DayForm = "text") -> str:
    """Return a calendar day: 12 January 2026, in a table as short as it can, or its month as a heading.

    Args:
        day: the day.
        language: Persian counts days by the Jalali calendar.
        form: text, table, month (of a heading), day (and month, without the year), on (that day, with the words that a
            sentence needs before it), or the (with its article alone, after a word such as until).

    >>> from features.language.languages import GREEK, PERSIAN
    >>> [day_text(date(2026, 1, 2), PERSIAN, form) for form in ("text", "table", "month", "day")]
    ['۱۲ دی ۱۴۰۴', '۱۴۰۴/۱۰/۱۲', 'دی ۱۴۰۴', '۱۲ دی']
    >>> [day_text(date(2026, 1, 12), GREEK, form) for form in ("text", "table", "month", "on", "the")]
    ['12 Ιανουαρίου 2026', '12/1/2026', 'Ιανουάριος 2026', 'στις 12 Ιανουαρίου', 'τις 12 Ιανουαρίου']
    """
    if language.code == "en":
        return {
            "text": f"{day.day} {day:%B} {day.year}", "table": day.isoformat(), "month": f"{day:%B} {day.year}",
            "day": f"{day.day} {day:%B}", "on": f"on {day.day} {day:%B}", "the": f"{day.day} {day:%B}",
        }[form]  # fmt: skip
    return _persian_day(day, language, form) if language.code == "fa" else _babel_day(day, language, form)


def _persian_day(day: date, language: Language, form: DayForm) -> str:
    try:
        year, month, number = jalali_date(day)
    except ValueError:  # a day of a far year, such as a membership without an end: its calendar is not known
        return digits(day.isoformat(), language)
    name = _JALALI_MONTHS[month - 1]
    text = {
        "text": f"{number} {name} {year}", "table": f"{year}/{month:02}/{number:02}", "month": f"{name} {year}",
        "day": f"{number} {name}", "on": f"در {number} {name}", "the": f"{number} {name}",
    }[form]  # fmt: skip
    return digits(text, language)


def _babel_day(day: date, language: Language, form: DayForm) -> str:
    from babel.dates import format_date  # imported here: English needs no Babel

    the, on = ("'την' d'η' MMMM",) * 2 if day.day == 1 else ("'τις' d MMMM", "'στις' d MMMM")
    forms = {"text": "d MMMM y", "table": "d/M/y", "month": "LLLL y", "day": "d MMMM", "on": on, "the": the}
    return str(format_date(day, forms[form], locale=language.locale))


def time_text(at: time, language: Language) -> str:
    """Return a time of day, by the twenty-four hours.

    >>> from features.language.languages import PERSIAN
    >>> time_text(time(9, 5), PERSIAN)
    '۰۹:۰۵'
    """
    return digits(f"{at:%H:%M}", language)


def separated(english: str, language: Language) -> str:
    r"""Return an English number such as 1,234.5 with the separators and digits of a language.

    >>> from features.language.languages import GREEK, PERSIAN
    >>> separated("1,234.50", GREEK), separated("-1,234.50", PERSIAN), separated("+0.5", PERSIAN)
    ('1.234,50', '\u200e−۱٬۲۳۴٫۵۰', '\u200e+۰٫۵')
    """
    if language.code == "el":
        return english.translate(str.maketrans(",.", ".,"))
    if language.code == "fa":
        signed = english.replace("-", _PERSIAN_MINUS).replace("+", _PERSIAN_PLUS)
        return digits(signed.translate(str.maketrans(",.", "٬٫")), language)
    return english


def _as_said(amount: Decimal, currency: str) -> Decimal:
    """Return an amount as it is said: of millions of rial or toman nobody says what is below a thousand."""
    if currency not in (RIAL, TOMAN) or abs(amount) < _MILLION:
        return amount
    return (amount / _THOUSAND).quantize(Decimal(1), rounding=ROUND_HALF_UP) * _THOUSAND


def _is_long(amount: Decimal) -> bool:
    """Return whether an amount is said in millions and thousands: it has five digits, and nothing is left over."""
    return abs(amount) >= _TEN_THOUSAND and amount % _THOUSAND == 0


def _in_thousands(amount: int, language: Language) -> str:
    """Return an amount as it is said: each of its thousands, millions and milliards with its word."""
    parts = []
    for size, word in _SAID_IN:
        count, amount = divmod(amount, size)
        parts += [f"{separated(f'{count:,}', language)} {word}"] if count else []
    return " و ".join(parts)
