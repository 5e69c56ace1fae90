"""Guesses the zone and the currency of a shop from its orders.

What the file itself says comes first: a currency column, the header of the amounts, their cells, the offsets of times.
The rest is guessed from the language and from how dates are written, and stated as a guess.
"""

from __future__ import annotations

from collections import Counter

from features.guess.formats import currency_in, month_first, zone_of
from features.guess.iran_money import ask_unit, counted_in, tell_unit
from features.guess.places import Place, place_of
from features.guess.sample import DATES, Sample
from features.language.messages import Sentence, message_in, sentence
from features.money import NEW_RIAL, RIAL, RIALS, TOMAN
from features.sources import cells
from features.sources.mapping import OrdersMapping, Shop

PACIFIC = ("PST", "PDT")  # exports of payments are on this clock wherever the shop is: it does not tell the shop's zone
AMERICAN = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles")


def shop_of(sample: Sample, mapping: OrdersMapping) -> Shop:
    """Guess zone and currency of a shop from its orders, and add the reasons to the assumptions.

    Args:
        sample: the orders file.
        mapping: which of its columns hold dates and money.
    """
    script = "".join(sample.plain)
    greek = any("α" <= char <= "ω" for char in script)
    persian = mapping.format.calendar == "jalali" or any("\u0600" <= char <= "\u06ff" for char in script)
    at = sample.file.column_index(mapping.columns["ordered_at"]) or 0
    dates = sample.filled(at)[:DATES]
    american = not (greek or persian) and month_first(dates, mapping.format.date_format)
    place = None if greek or persian else place_of(sample)
    form = mapping.format
    telling = [cell for cell in dates if not cell.endswith(PACIFIC)]
    moments = [cells.moment(cell, form.date_format, form.calendar, form.zones) for cell in telling]
    in_america = zone_of(moments, "EUR") if place is None and not (american or greek or persian) else ("", False)
    by_clock = in_america[1] and in_america[0] in AMERICAN
    spoken = place.currency if place is not None else "USD" if american or by_clock else "EUR"
    unit, named = _currency(sample, mapping, RIAL if persian else spoken)
    currency, new_rial_from = counted_in(unit)
    if by_clock and not named:
        sample.assume(
            sentence(
                "CHECK: the currency is assumed to be {currency}: the offsets of the times are American.",
                currency=currency,
            )
        )
    preferred = "Europe/Athens" if greek and currency == "EUR" else "Asia/Tehran" if persian else None
    if place is not None and place.currency == currency:
        preferred = place.zone
        if not named:
            sample.assume(_by_place(currency, place))
    zone, sure = zone_of(moments, currency, preferred)
    if american and not named and place is None:
        sample.assume(_by_dates(currency, None if sure else zone))
    if sure:
        sample.assume(sentence("The shop's zone is {zone}: the offsets in the data fit it.", zone=zone))
    elif preferred:
        sample.assume(sentence("The shop's zone is {zone}: assumed from the language.", zone=zone))
    else:
        sample.assume(sentence("The shop's zone is {zone}: assumed from the currency.", zone=zone))
    return Shop(zone, currency, language=_language(sample, currency, greek=greek), new_rial_from=new_rial_from)


def _by_place(currency: str, place: Place) -> Sentence:
    return sentence(
        "CHECK: the currency is assumed to be {currency} and the zone {zone}: {why}.",
        currency=currency,
        zone=place.zone,
        why=message_in(place.why),
    )


def _by_dates(currency: str, zone: str | None) -> Sentence:
    """Say that month-first dates tell the currency, and the zone where one is guessed from them."""
    if zone is None:
        return sentence(
            "CHECK: the currency is assumed to be {currency}, guessed from month-first dates: the file names none.",
            currency=currency,
        )
    return sentence(
        "CHECK: the currency is assumed to be {currency} and the zone {zone}, guessed from month-first dates: the file "
        "names neither.",
        currency=currency,
        zone=zone,
    )


def _language(sample: Sample, currency: str, *, greek: bool) -> str:
    """Return the language that lists are written in: of the files, as far as they tell."""
    code = "fa" if currency in (RIAL, TOMAN) else "el" if greek else "en"
    if code == "fa":
        sample.assume(sentence('Lists are written in Persian; language = "en" under [shop] for English.'))
        sample.assume(
            sentence(
                'People read amounts as they are counted; shown_in = "toman" under [shop], or "rial" or "new_rial", '
                "shows them in that unit."
            )
        )
    elif code == "el":
        sample.assume(sentence('Lists are written in Greek; language = "en" under [shop] for English.'))
    return code


def _currency(sample: Sample, mapping: OrdersMapping, otherwise: str) -> tuple[str, bool]:
    """Return the currency, and whether the file names it: in a column, or in header or cells of the amounts."""
    if "currency" in mapping.columns and (found := _by_column(sample, mapping.columns["currency"])) is not None:
        return found, True
    money = [mapping.columns[name] for name in ("amount", "price") if name in mapping.columns]
    indices = [sample.file.column_index(name) or 0 for name in money]
    by_header = currency_in(sample.name(index) for index in indices)
    found = by_header or currency_in(cell for index in indices for cell in sample.filled(index)[:DATES])
    if found in (TOMAN, NEW_RIAL):
        tell_unit(sample, found, money[0] if by_header else None)
    elif by_header:
        sample.assume(
            sentence('The currency is {currency}, as the header "{header}" says.', currency=by_header, header=money[0])
        )
    elif found:
        sample.assume(sentence("The currency is {currency}, as amounts say.", currency=found))
    elif otherwise == RIAL and money:
        return ask_unit(sample, indices), False
    elif otherwise in ("EUR", RIAL):  # any other is guessed from more: `shop_of` says from what
        sample.assume(sentence("The currency is assumed to be {currency}: the file names none.", currency=otherwise))
    return found or otherwise, found is not None


def _by_column(sample: Sample, column: str) -> str | None:
    """Return the currency that most rows of a column name."""
    index = sample.file.column_index(column) or 0
    votes = Counter(currency_in([cell]) or cell.upper() for cell in sample.filled(index)).most_common()
    if not votes or not (votes[0][0] in RIALS or (len(votes[0][0]) == 3 and votes[0][0].isalpha())):
        return None
    found = RIAL if votes[0][0] == NEW_RIAL else votes[0][0]  # each row names its unit: no day is needed
    others = ", ".join(code for code, _ in votes[1:] if not {code, found} <= RIALS.keys())
    if others:
        sample.assume(
            sentence(
                "The shop's currency is {currency}; write rates for {others} under [shop.exchange_rates].",
                currency=found,
                others=others,
            )
        )
    else:
        sample.assume(sentence("The shop's currency is {currency}.", currency=found))
    return found
