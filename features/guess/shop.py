"""Guesses the zone and the currency of a shop from its orders.

What the file itself says comes first: a currency column, the header of the amounts, their cells, the offsets of times.
The rest is guessed from the language and from how dates are written, and stated as a guess.
"""

from __future__ import annotations

from collections import Counter

from features.guess.formats import currency_in, month_first, zone_of
from features.guess.places import place_of
from features.guess.sample import DATES, Sample
from features.language.written import RIAL, TOMAN
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
    currency, named = _currency(sample, mapping, "IRR" if persian else spoken)
    if by_clock and not named:
        sample.assume(f"CHECK: the currency is assumed to be {currency}: the offsets of the times are American.")
    preferred = "Europe/Athens" if greek and currency == "EUR" else "Asia/Tehran" if persian else None
    if place is not None and place.currency == currency:
        preferred = place.zone
        if not named:
            sample.assume(f"CHECK: the currency is assumed to be {currency} and the zone {place.zone}: {place.why}.")
    zone, sure = zone_of(moments, currency, preferred)
    if american and not named and place is None:
        sample.assume(
            f"CHECK: the currency is assumed to be {currency}"
            + ("" if sure else f" and the zone {zone}")
            + ", guessed from month-first dates: the file names neither."
        )
    why = "the offsets in the data fit it" if sure else f"assumed from the {'language' if preferred else 'currency'}"
    sample.assume(f"The shop's zone is {zone}: {why}.")
    return Shop(zone, currency, language=_language(sample, currency, greek=greek))


def _language(sample: Sample, currency: str, *, greek: bool) -> str:
    """Return the language that lists are written in: of the files, as far as they tell."""
    code = "fa" if currency in (RIAL, TOMAN) else "el" if greek else "en"
    if code != "en":
        sample.assume(
            f'Lists are written in {"Persian" if code == "fa" else "Greek"}; language = "en" under [shop] for English.'
        )
    if currency == RIAL:
        sample.assume(
            "Amounts are shown in rial, as they are written; in_toman = true under [shop] shows them in toman."
        )
    return code


def _currency(sample: Sample, mapping: OrdersMapping, otherwise: str) -> tuple[str, bool]:
    """Return the currency, and whether the file names it: in a column, or in header or cells of the amounts."""
    if "currency" in mapping.columns:
        index = sample.file.column_index(mapping.columns["currency"]) or 0
        votes = Counter(currency_in([cell]) or cell.upper() for cell in sample.filled(index)).most_common()
        if votes and len(votes[0][0]) == 3 and votes[0][0].isalpha():
            others = ", ".join(code for code, _ in votes[1:])
            sample.assume(
                f"The shop's currency is {votes[0][0]}"
                + (f"; write rates for {others} under [shop.exchange_rates]." if others else ".")
            )
            return votes[0][0], True
    money = [mapping.columns[name] for name in ("amount", "price") if name in mapping.columns]
    indices = [sample.file.column_index(name) or 0 for name in money]
    by_header = currency_in(sample.name(index) for index in indices)
    found = by_header or currency_in(cell for index in indices for cell in sample.filled(index)[:DATES])
    where = f'the header "{money[0]}" says' if by_header else "amounts say"
    if found == TOMAN:
        sample.assume(
            f"The currency is {TOMAN}, as {where}: amounts are read and shown in toman as they are written "
            "(1 toman = 10 rial; multiply by 10 to compare with IRR)."
        )
    elif found:
        sample.assume(f"The currency is {found}, as {where}.")
    elif otherwise in ("EUR", "IRR"):  # any other is guessed from more: `shop_of` says from what
        sample.assume(f"The currency is assumed to be {otherwise}: the file names none.")
    return found or otherwise, found is not None
