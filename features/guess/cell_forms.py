"""How the cells of a file are written: judged from a sample, told as an assumption, asked where two readings fit."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from features.clock import date_of
from features.errors import InputError, Violation
from features.guess.columns import headers, money_names
from features.guess.formats import currency_in, date_formats, day_or_month_first, decimal_of, marks_shown, sortedness
from features.guess.sample import DATES, Sample
from features.language.messages import Message, Sentence, sentence
from features.language.typed_values import Digits
from features.money import Money
from features.questions import Answer, Question
from features.sources import cells
from features.sources.cells.cells_sql import date_counts
from features.sources.mapping import DateFormat, FileFormat
from features.sources.remedies import mixed_dates

COUNTED_IN: Mapping[str, Message] = {
    "epoch_s": Message("seconds since 1970"),
    "epoch_ms": Message("milliseconds since 1970"),
    "epoch_us": Message("microseconds since 1970"),
    "epoch_ns": Message("nanoseconds since 1970"),
    cells.SERIAL: Message("the days by which a spreadsheet counts"),
}
MONTH_FIRST_CURRENCIES = ("USD", "PHP")
CLEARLY = 0.1  # how much better sorted the dates are in the order that is taken without a question


def with_dates(sample: Sample, index: int | None, table: str = "orders") -> FileFormat:
    """Return the file's format with that of its dates; where several fit, the order of the rows decides.

    Args:
        sample: the file.
        index: of the column of dates, if there is one.
        table: the file's section in regulars.toml.
    """
    if index is None or sample.file.sql_types[index].startswith(("TIMESTAMP", "DATE")):
        return sample.form
    texts = sample.filled(index)
    fits = date_formats(texts[:DATES], zones=sample.form.zones)
    if len(fits) > 1 and day_or_month_first(fits[0]):
        fits = _fit_all(sample, index, [fit for fit in fits if day_or_month_first(fit)])
    if not fits:
        return sample.form
    date_format, calendar = fits[0]
    if len(fits) > 1 and day_or_month_first(fits[0]):
        date_format = _day_or_month_first(sample, index, [fit[0] or "" for fit in fits], table)
    elif date_format in cells.COUNTED:
        sample.assume(
            sentence('Numbers such as "{cell}" are read as {kind}.', cell=texts[0], kind=COUNTED_IN[date_format])
        )
    elif date_format is not None or calendar == "jalali":
        if calendar == "jalali":
            sample.assume(sentence('Dates such as "{cell}" are read in the Jalali calendar.', cell=texts[0]))
        else:
            sample.assume(sentence('Dates such as "{cell}" are read as {form}.', cell=texts[0], form=str(date_format)))
    form = replace(sample.form, date_format=date_format, calendar=calendar)
    return replace(form, zone=_zone(sample, index, table))


def _zone(sample: Sample, index: int, table: str) -> str | None:
    """Return the zone that the column's name says; where it says an offset that no zone keeps all year, ask."""
    name = sample.name(index)
    zone, minutes = headers.zone_named(name), headers.offset_named(name)
    if zone is not None:
        sample.assume(
            sentence('The times of "{column}" are on the clock of {zone}, as its name says.', column=name, zone=zone)
        )
    if zone is not None or minutes is None:
        return zone
    key, likely = f"{table}.format.zone", headers.SUMMER_TIMES.get(minutes)
    answers = [Answer(sentence("that of {zone}, summer time too", zone=likely), {key: likely})] if likely else []
    answers += [Answer(sentence("that of the shop"), {key: None}), Answer("UTC", {key: "UTC"})]
    words = sentence('Which clock are the times of "{column}" on?', column=name)
    sample.ask(Question(key, words, tuple(answers), (sample.filled(index)[0],)))
    return likely


def _day_or_month_first(sample: Sample, index: int, fits: Sequence[str], table: str) -> str:
    """Return the order in which the rows are sorted by date; where both are, ask."""
    texts = sample.filled(index)
    scores = {date_format: sortedness(texts, date_format) for date_format in fits}
    best, second = sorted(fits, key=lambda date_format: -scores[date_format])[:2]
    dotted = next((fit for fit in fits if fit.startswith("%d.")), None)  # no country writes the month before a dot
    if dotted is not None and scores[best] - scores[dotted] <= CLEARLY:
        best, second = dotted, best
    if dotted == best or scores[best] - scores[second] > CLEARLY:
        sample.assume(_read_first(texts[0], day=best.startswith("%d")))
        return best
    american = named_currency(sample) in MONTH_FIRST_CURRENCIES
    likely, other = sorted((best, second), key=lambda date_format: date_format.startswith("%d") == american)
    answers = tuple(_order_answer(texts[0], date_format, table) for date_format in (likely, other))
    words = sentence('Is the day or the month written first in "{column}"?', column=sample.name(index))
    sample.ask(Question(f"{table}.format.date_format", words, answers, tuple(dict.fromkeys(texts))[:3]))
    return likely


def _read_first(cell: str, *, day: bool) -> Sentence:
    if day:
        return sentence(
            'Dates such as "{cell}" could be read day first or month first; they are read with the day first.',
            cell=cell,
        )
    return sentence(
        'Dates such as "{cell}" could be read day first or month first; they are read with the month first.', cell=cell
    )


def _order_answer(text: str, date_format: str, table: str) -> Answer:
    day = date_of(cells.moment(text, date_format)[0] // 86400)
    if date_format.startswith("%d"):
        words = sentence("the day first: {cell} is {day}", cell=text, day=day)
    else:
        words = sentence("the month first: {cell} is {day}", cell=text, day=day)
    return Answer(words, {f"{table}.format.date_format": date_format})


def refuse_mixed_dates(sample: Sample, names: Sequence[str]) -> None:
    """Refuse a column of one of these names that mixes two ways of writing dates.

    Raises:
        InputError: shows a cell of each way.
    """
    for index, header in enumerate(sample.plain):
        if index in sample.used or not {header, sample.bare[index]} & {*names}:
            continue
        if (mixed := mixed_dates(sample.filled(index))) is not None:
            file, column = sample.file.name, sample.name(index)
            broken = Violation(file, None, column, "its dates are written in two ways", "", mixed)
            raise InputError(f"{file} cannot be used", [broken])


def _fit_all(sample: Sample, index: int, fits: list[DateFormat]) -> list[DateFormat]:
    """Keep the formats that fit the whole column best, not only its first rows."""
    counts = date_counts(sample.file, index)
    wrong = [
        sum(rows for text, rows in counts.items() if cells.moment(text, *date_format)[0] == cells.BAD)
        for date_format in fits
    ]
    return [date_format for date_format, rows in zip(fits, wrong, strict=True) if rows == min(wrong)]


def with_decimal(sample: Sample, given: Collection[int] = ()) -> FileFormat:
    """Return the file's format with its decimal mark, judged from columns of money and the `given` ones."""
    if not sample.file.is_text:
        return sample.form
    columns = _money_columns(sample, given)
    texts = [cell for index in columns for cell in sample.filled(index)[:2000]]
    decimals = likely_decimals(sample)
    mark = decimal_of(texts, decimals)
    if mark is not None and not marks_shown(texts, decimals)[0]:
        mark = _thousands_or_decimals(sample, texts, mark)
    elif mark == cells.EITHER:
        sample.assume(sentence("Amounts are written with a decimal comma or a decimal point; each is read by its own."))
    elif mark == ",":
        sample.assume(sentence("Amounts are written with a decimal comma."))
    return sample.form if mark is None else replace(sample.form, decimal=mark)


def _money_columns(sample: Sample, given: Collection[int]) -> list[int]:
    names = (*money_names.LINE_AMOUNT, *money_names.ORDER_TOTAL, *money_names.PRICE, *money_names.DISCOUNT)
    money = {index for index, name in enumerate(sample.plain) if name in names or sample.bare[index] in names}
    return sorted(money | {*given}) or [index for index in range(len(sample.plain)) if _shows_money(sample, index)]


def _thousands_or_decimals(sample: Sample, texts: Sequence[str], decimal: str) -> str:
    """Return the decimal mark of numbers that all have three digits behind the only mark, such as 12.500.

    Where numbers under a thousand have no mark, and no others have none, the mark is that of thousands. Otherwise it
    is asked.
    """
    mark = "." if decimal == "," else ","
    bare = [abs(cells.number(text, mark)) for text in texts if cells.mark_shown(text) is None]
    if bare and max(bare) < 1000 * 10**cells.SCALE:
        return decimal
    shown = next(text for text in texts if cells.mark_shown(text) is not None)
    as_thousands, as_decimals = (_decimal_answer(shown, each) for each in (decimal, mark))
    answers = (as_decimals, as_thousands) if bare else (as_thousands, as_decimals)
    words = sentence(
        'Does "{mark}" in amounts such as "{amount}" stand for thousands, or for decimals?', mark=mark, amount=shown
    )
    sample.ask(Question("orders.format.decimal", words, answers, tuple(dict.fromkeys(texts))[:3]))
    return mark if bare else decimal


def _decimal_answer(text: str, decimal: str) -> Answer:
    value = cells.number(text, decimal) / 10**cells.SCALE
    shown = f"{value:,.3f}".rstrip("0").rstrip(".")
    return Answer(sentence("{cell} is {amount}", cell=text, amount=Digits(shown)), {"orders.format.decimal": decimal})


def named_currency(sample: Sample) -> str | None:
    """Return the currency that the file names: in the header or cells of its amounts, or in a column of currencies."""
    columns = _money_columns(sample, ())
    texts = [cell for index in columns for cell in sample.filled(index)[:DATES]]
    return currency_in(sample.name(index) for index in columns) or currency_in(texts) or _currency_column(sample)


def likely_decimals(sample: Sample) -> int | None:
    """Return how many decimals the currency has: the named one, else the rial where Persian is written."""
    currency = named_currency(sample)
    if currency is None and any("\u0600" <= char <= "\u06ff" for char in "".join(sample.plain)):
        currency = "IRR"
    return None if currency is None else Money(currency).decimals


def _shows_money(sample: Sample, index: int) -> bool:
    """Say whether a column holds numbers of which some have a decimal mark."""
    filled = sample.filled(index)[:DATES]
    shown = [cells.mark_shown(cell) for cell in filled if cells.number(cell, ".") != cells.number(cell, ",")]
    return len(shown) * 2 > len(filled) and all(mark is not None for mark in shown)


def _currency_column(sample: Sample) -> str | None:
    index = sample.find(headers.CURRENCY)
    return None if index is None else currency_in(sample.filled(index)[:DATES])
