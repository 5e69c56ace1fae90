"""Where a shop is and what it is paid in, judged from its orders: the zone and the currency that `init` proposes.

What the file says itself comes first: a currency column, the header of the amounts, their cells, offsets of times. The
rest is guessed from the language and from how dates are written, and said as a guess.
"""

from __future__ import annotations

from collections import Counter

from features.guess.formats import currency_in, zone_of
from features.guess.sample import DATES, Sheet
from features.sources import cells
from features.sources.mapping import OrdersMapping, Shop

MONTH_FIRST = ("%m", "%b", "%B")
TOMAN = "IRT"  # no code of ISO 4217, but the one that shops write; the rial, IRR, is a tenth of it


def shop_of(sheet: Sheet, mapping: OrdersMapping) -> Shop:
    """Guess zone and currency of a shop from its orders, and say why.

    Args:
        sheet: the orders file.
        mapping: which of its columns hold dates and money.
    """
    script = "".join(sheet.plain)
    greek = any("α" <= char <= "ω" for char in script)
    persian = mapping.format.calendar == "jalali" or any("\u0600" <= char <= "\u06ff" for char in script)
    american = not (greek or persian) and (mapping.format.date_format or "").startswith(MONTH_FIRST)
    currency, named = _currency(sheet, mapping, "IRR" if persian else "USD" if american else "EUR")
    preferred = "Europe/Athens" if greek and currency == "EUR" else "Asia/Tehran" if persian else None
    at = sheet.file.column_index(mapping.columns["ordered_at"]) or 0
    moments = [
        cells.moment(cell, mapping.format.date_format, mapping.format.calendar) for cell in sheet.filled(at)[:DATES]
    ]
    zone, sure = zone_of(moments, currency, preferred)
    if american and not named:
        sheet.said.append(
            f"CHECK: the currency is assumed to be {currency}"
            + ("" if sure else f" and the zone {zone}")
            + ", guessed from month-first dates: the file names neither."
        )
    why = "the offsets in the data fit it" if sure else f"assumed from the {'language' if preferred else 'currency'}"
    sheet.said.append(f"The shop's zone is {zone}: {why}.")
    return Shop(zone, currency)


def _currency(sheet: Sheet, mapping: OrdersMapping, otherwise: str) -> tuple[str, bool]:
    """The currency, and whether the file names it: in a column of its own, in the header of the amounts, or in them."""
    if "currency" in mapping.columns:
        place = sheet.file.column_index(mapping.columns["currency"]) or 0
        votes = Counter(currency_in([cell]) or cell.upper() for cell in sheet.filled(place)).most_common()
        if votes and len(votes[0][0]) == 3 and votes[0][0].isalpha():
            others = ", ".join(code for code, _ in votes[1:])
            sheet.said.append(
                f"The shop's currency is {votes[0][0]}"
                + (f"; write rates for {others} under [shop.exchange_rates]." if others else ".")
            )
            return votes[0][0], True
    money = [mapping.columns[name] for name in ("amount", "price") if name in mapping.columns]
    places = [sheet.file.column_index(name) or 0 for name in money]
    by_header = currency_in(sheet.name(place) for place in places)
    found = by_header or currency_in(cell for place in places for cell in sheet.filled(place)[:DATES])
    where = f'the header "{money[0]}" says' if by_header else "amounts say"
    if found == TOMAN:
        sheet.said.append(
            f"The currency is {TOMAN}, as {where}: amounts are read and shown in toman as they are written "
            "(1 toman = 10 rial; multiply by 10 to compare with IRR)."
        )
    elif found:
        sheet.said.append(f"The currency is {found}, as {where}.")
    elif otherwise != "USD":  # guessed from the dates: `shop_of` says so, together with the zone
        sheet.said.append(f"The currency is assumed to be {otherwise}: the file names none.")
    return found or otherwise, found is not None
