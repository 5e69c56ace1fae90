"""What a line is worth: from amounts, totals or prices as the shop writes them to the shop's own minor units."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from features.clock import day_number
from features.log import Coded, Codes, Ints
from features.money import NEW_RIAL, RIAL, TOMAN, Money
from features.sources import cells
from features.sources.columns import Mask, among, by_rate, first_rows, first_text, half_up, mapped, times, zeros
from features.sources.mapping import LineRules, Shop
from features.sources.plain_text import plain, plain_names
from features.sources.row_checks import RowChecks

MOST_MINOR_UNITS = 10**13
_SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₺": "TRY", "₹": "INR", "﷼": RIAL}
_UNITS_OF_IRAN = {
    **dict.fromkeys(plain_names("rial|rials|ریال|ریال قدیم"), RIAL),
    **dict.fromkeys(plain_names("toman|tomans|تومان|تومن"), TOMAN),
    **dict.fromkeys(plain_names("new rial|new rials|ریال جدید|ریال نو"), NEW_RIAL),
}


@dataclass(frozen=True, eq=False)
class Worth:
    """What each row is worth, in millionths as the file counts: the discount taken off, and what came back of it.

    `derived` says that discounts were worked out from shares; then those of an order are rounded together.
    """

    amount: Ints
    discount: Ints
    back: Ints
    quantity: Ints | None
    derived: bool = False


def line_money(checks: RowChecks, order: Codes, rules: LineRules) -> Worth:
    """Return what the rows are worth, once their cells are checked; an order is a key per row."""
    quantity = checks.number("quantity")
    if quantity is not None:
        checks.check_number("quantity", quantity, needed=rules.price_times_quantity)
        empty = quantity == cells.EMPTY
        quantity = np.where(empty, 10**cells.SCALE, quantity) if empty.any() else quantity
    discount, back = (_positive(checks, name) for name in ("discount", "refunded"))
    none = zeros(checks.typed.rows)
    if rules.amount_is == "none":
        return Worth(none, none, none, quantity)
    if rules.price_times_quantity and quantity is not None:
        price = checks.typed.numbers["price"]
        checks.check_number("price", price, needed=True)
        readable = (price > cells.HUGE) & (quantity > cells.HUGE)
        total = times(np.where(readable, price, 0), np.where(readable, quantity, 0))
        checks.account.written = total
        return _after_discount(checks, total, discount, back, quantity, rules, taken=bool(rules.discount_taken))
    amount, before = checks.typed.numbers["amount"], checks.number("before_discount")
    checks.account.written = _or_zero(amount)
    if rules.amount_is == "order":
        amount = _once_per_order(checks, "amount", order, amount)
        checks.account.change("totals repeated", checks.account.written, _or_zero(amount))
        before = None if before is None else _once_per_order(checks, "before_discount", order, before)
        if rules.discount_is == "money":
            discount = _once_per_order(checks, "discount", order, discount)
    checks.check_number("amount", amount, needed=True)
    amount = _or_zero(amount)
    if before is not None and checks.number("discount") is None:
        checks.check_number("before_discount", before)
        discount = np.where(before > cells.HUGE, np.maximum(np.abs(before) - np.abs(amount), 0), 0)
    return _after_discount(checks, amount, discount, back, quantity, rules, taken=rules.discount_taken is not False)


def _or_zero(values: Ints) -> Ints:
    """Return numbers, 0 where a cell holds none."""
    known = values > cells.HUGE
    return values if known.all() else np.where(known, values, 0)


def _positive(checks: RowChecks, name: str) -> Ints:
    """Return a column of money whose sign does not matter, 0 where it is empty or not there."""
    values = checks.number(name)
    if values is None:
        return zeros(checks.typed.rows)
    checks.check_number(name, values)
    return np.where(values > cells.HUGE, np.abs(values), 0)


def _after_discount(
    checks: RowChecks, amount: Ints, discount: Ints, back: Ints, quantity: Ints | None, rules: LineRules, *, taken: bool
) -> Worth:
    """Return the amounts after discount; `taken` says that they are so already."""
    if rules.discount_is != "money":
        share = discount / 10.0 ** (cells.SCALE + (2 if rules.discount_is == "percent" else 0))
        checks.problem("discount", "at most the whole", 'set discount_is = "percent" or "money"', share > 1)
        known = (share < 1) & checks.sound
        # Of what was paid after 20 % off, a quarter was taken off.
        of_amount = np.divide(share, 1 - share, out=np.zeros(len(share)), where=known) if taken else share
        discount = np.rint(np.abs(amount) * np.where(known | (not taken), of_amount, 0)).astype(np.int64)
    if not taken:
        after = amount - np.sign(amount) * np.minimum(discount, np.abs(amount))
        checks.account.change("discounts", amount, after)
        amount = after
    return Worth(amount, discount, back, quantity, derived=rules.discount_is != "money")


def in_shop_currency(
    checks: RowChecks, order: Codes, day: Ints, shop: Shop, rules: LineRules, worth: Worth
) -> tuple[Ints, ...]:
    """Return amount, discount and what came back in the shop's minor units; an empty currency is the shop's own."""
    columns = (worth.amount, worth.discount, worth.back)
    decimals = Money(shop.currency).decimals
    scale = cells.SCALE if rules.amount_unit == "minor" else cells.SCALE - decimals
    minor = [half_up(column, 10**scale) for column in columns]
    if worth.derived:
        minor[1] = _rounded_together(order, worth.discount, 10**scale)
    currency = _currencies(checks, order, day, shop)
    if currency is not None:
        checks.account.currency = currency
        other = ~among(currency, frozenset({"", shop.currency}))
        checks.count("currency converted", other & checks.sound)
        minor = [column.copy() for column in minor] if other.any() else minor
        for code in np.unique(currency.codes[other & checks.alive & checks.sound]):
            name, rows = str(currency.values[code]), currency.codes == code
            rate = shop.rate(name)
            if rate is None:
                remedy = f'write under [shop.exchange_rates]  {name} = "…"  (the worth of 1 {name} in {shop.currency})'
                checks.problem("currency", f"{shop.currency} or a currency with a rate", remedy, rows)
                continue
            own = Money(name).decimals if rules.amount_unit == "minor" else 0
            exact = Fraction(rate) * 10**decimals / 10 ** (cells.SCALE + own)
            for column, values in zip(columns, minor, strict=True):
                values[rows] = by_rate(column[rows], exact)
    checks.problem("amount", "under 10^13 minor units", "correct the amount", np.abs(minor[0]) >= MOST_MINOR_UNITS)
    return tuple(minor)


def _currencies(checks: RowChecks, order: Codes, day: Ints, shop: Shop) -> Coded | None:
    """Return the currency of each row, '' = the shop's own; None where all are.

    From the day on that the shop names, a row that names no unit of Iran, or names the rial, is in new rial.
    """
    written = checks.text("currency")
    named = None if written is None else mapped(first_text(order, written, checks.alive), _code)
    if shop.new_rial_from is None:
        return named
    bare = np.ones(len(day), dtype=bool) if named is None else among(named, frozenset({"", RIAL}))
    new = bare & (day >= day_number(shop.new_rial_from))
    values = np.array([*(("",) if named is None else named.values), NEW_RIAL], dtype=object)
    codes = 0 if named is None else named.codes
    return mapped(Coded(values, np.where(new, len(values) - 1, codes)), str)


def _code(written: str) -> str:
    return _UNITS_OF_IRAN.get(plain(written)) or _SYMBOLS.get(written, written.upper())


def _rounded_together(order: Codes, values: Ints, unit: int) -> Ints:
    """Round so that the lines of an order add up to what their sum rounds to."""
    rows = np.argsort(
        np.where(order >= 0, order, np.arange(len(order)) + int(order.max(initial=-1)) + 1), kind="stable"
    )
    begins = np.concatenate([[True], (np.diff(order[rows]) != 0) | (order[rows][1:] < 0)])[: len(rows)]
    sums = np.cumsum(values[rows])
    start = np.maximum.accumulate(np.where(begins, np.arange(len(rows)), 0))
    within = sums - (sums - values[rows])[start]
    rounded = half_up(within, unit)
    result = np.empty(len(rows), dtype=np.int64)
    result[rows] = rounded - np.where(begins, 0, np.concatenate([[0], rounded[:-1]])[: len(rows)])
    return result


def _once_per_order(checks: RowChecks, name: str, order: Codes, values: Ints) -> Ints:
    """Count an order's total on its first filled line only; the other lines get 0."""
    rows = checks.alive & checks.sound & (order >= 0)
    filled = rows & (values != cells.EMPTY)
    first = first_rows(order, filled)
    source = np.where(rows, first[order], -1)
    if name == "amount":
        rule = "the same on all lines of its order, as an order's total is"
        wrong = filled & (source >= 0) & (values != values[source])
        checks.problem(name, rule, _remedy(order, filled, wrong), wrong)
    row_number = np.arange(len(values))
    return np.where(rows & (source >= 0) & (source != row_number), 0, values)


def _remedy(order: Codes, filled: Mask, wrong: Mask) -> str:
    """Say what helps where totals differ within an order; where most do they are money of the lines."""
    several = np.bincount(order[filled]) > 1
    if len(np.unique(order[wrong])) * 2 > np.count_nonzero(several):
        return 'set amount_is = "line" if it is the line\'s own money'
    return "write the order's total on each of its lines, or on the first one only"
