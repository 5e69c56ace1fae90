"""What a line is worth: from amounts, totals or prices as the shop writes them to the shop's own minor units."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from features.log import Ints
from features.money import Money
from features.sources import cells
from features.sources.columns import among, by_rate, first_rows, first_text, half_up, mapped, times
from features.sources.mapping import LineRules, Shop
from features.sources.row_checks import RowChecks

MOST_MINOR_UNITS = 10**13
_SYMBOLS = {
    "€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₺": "TRY", "₹": "INR", "﷼": "IRR", "ریال": "IRR", "تومان": "IRT",
}  # fmt: skip


def line_money(checks: RowChecks, order: Ints, rules: LineRules) -> tuple[Ints, Ints, Ints | None]:
    """Return amount, discount and quantity in millionths, once their cells are checked; an order is a key per row."""
    quantity, discount = checks.number("quantity"), checks.number("discount")
    if quantity is not None:
        checks.check_number("quantity", quantity, needed=rules.price_times_quantity)
        quantity = np.where(quantity == cells.EMPTY, 10**cells.SCALE, quantity)
    none = np.zeros(checks.typed.rows, dtype=np.int64)
    discount = none if discount is None else discount
    checks.check_number("discount", discount)
    discount = np.where(discount == cells.EMPTY, 0, np.abs(discount))
    if rules.price_times_quantity and quantity is not None:
        price = checks.typed.numbers["price"]
        checks.check_number("price", price, needed=True)
        total = times(np.where(checks.sound, price, 0), np.where(checks.sound, quantity, 0))
        return total - np.sign(total) * np.minimum(discount, np.abs(total)), discount, quantity
    amount = checks.typed.numbers["amount"]
    if rules.amount_is == "order":
        amount = _once_per_order(checks, "amount", order, amount)
        discount = _once_per_order(checks, "discount", order, discount)
    checks.check_number("amount", amount, needed=True)
    return np.where(amount > cells.HUGE, amount, 0), discount, quantity


def in_shop_currency(checks: RowChecks, order: Ints, shop: Shop, amount: Ints, discount: Ints) -> tuple[Ints, Ints]:
    """Return amounts in the shop's minor units; an empty currency is the shop's own."""
    decimals = Money(shop.currency).decimals
    minor, less = half_up(amount, 10 ** (cells.SCALE - decimals)), half_up(discount, 10 ** (cells.SCALE - decimals))
    currency = checks.text("currency")
    if currency is not None:
        currency = first_text(order, currency, checks.alive)
        currency = mapped(currency, lambda text: _SYMBOLS.get(text, text.upper()))
        other = ~among(currency, frozenset({"", shop.currency}))
        checks.count("currency converted", other & checks.sound)
        for code in np.unique(currency.codes[other & checks.alive & checks.sound]):
            name, rows = str(currency.values[code]), currency.codes == code
            if name not in shop.exchange_rates:
                remedy = f'write under [shop.exchange_rates]  {name} = "…"  (the worth of 1 {name} in {shop.currency})'
                checks.problem("currency", f"{shop.currency} or a currency with a rate", remedy, rows)
                continue
            rate = Fraction(shop.exchange_rates[name]) / 10 ** (cells.SCALE - decimals)
            minor[rows], less[rows] = by_rate(amount[rows], rate), by_rate(discount[rows], rate)
    checks.problem("amount", "under 10^13 minor units", "correct the amount", np.abs(minor) >= MOST_MINOR_UNITS)
    return minor, less


def _once_per_order(checks: RowChecks, name: str, order: Ints, values: Ints) -> Ints:
    """Count an order's total on its first filled line only; the other lines get 0."""
    rows = checks.alive & checks.sound & (order >= 0)
    filled = rows & (values != cells.EMPTY)
    first = first_rows(order, filled)
    source = np.where(rows, first[order], -1)
    if name == "amount":
        rule = "the same on all lines of its order, as an order's total is"
        wrong = filled & (source >= 0) & (values != values[source])
        checks.problem(name, rule, 'set amount_is = "line" if it is the line\'s own money', wrong)
    row_number = np.arange(len(values))
    return np.where(rows & (source >= 0) & (source != row_number), 0, values)
