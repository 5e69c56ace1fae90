"""Draws the balance sheet of an orders file from its rows as the cleaning left them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import numpy as np

from features.log import Coded, Ints, Lines, Log
from features.money import Money
from features.sources import cells
from features.sources.balance.account import IN, MoneyChange, ReadRows
from features.sources.balance.sheet import (
    ORDER_LINES,
    READ,
    RETURNS,
    SIGN,
    BalanceSheet,
    Change,
    Counted,
    SheetLine,
    added,
)
from features.sources.columns import Mask, among, half_up, spread
from features.sources.rules import ROUNDED

CONVERTED = "currency converted"
MINOR_UNITS, REFUNDS = "written in minor units", "partial refunds"
_UNIT = 10**cells.SCALE


def draw(shop_currency: str, rows: ReadRows, lines: Lines) -> BalanceSheet:
    """Draw the sheet of rows of which none breaks a rule; `with_log` adds what is counted of them.

    Args:
        shop_currency: ISO 4217 code.
        rows: of the file.
        lines: the clean ones among them.
    """
    account = rows.account
    account.leave_out("zero-value orders", _zero_value_rows(rows, lines))
    kept = account.fate == IN
    sold, back = kept & ~rows.returned, kept & rows.returned
    left_out = tuple(
        _line(rows, shop_currency, rule, account.fate == code) for code, rule in enumerate(account.rules) if code
    )
    changes = (*_changes(rows, shop_currency, ORDER_LINES, sold), *_changes(rows, shop_currency, RETURNS, back))
    return BalanceSheet(
        shop_currency,
        _line(rows, shop_currency, READ, np.ones(len(kept), dtype=bool)),
        tuple(line for line in left_out if line.rows),
        _line(rows, shop_currency, RETURNS, back),
        _line(rows, shop_currency, ORDER_LINES, sold),
        tuple(changes),
        Counted(),
        tuple(account.rules),
        account.fate,
    )


def _zero_value_rows(rows: ReadRows, lines: Lines) -> Mask:
    """Return the rows of orders that sum to zero; below the lines of rows stand those of parts that came back."""
    return spread(zero_value_orders(lines)[: int(np.count_nonzero(rows.keep))], rows.keep)


def _line(rows: ReadRows, shop_currency: str, rule: str, mask: Mask) -> SheetLine:
    used = np.bincount(rows.customer.codes[mask], minlength=len(rows.customer.values)) > 0
    customers = int(np.count_nonzero(used & (rows.customer.values != "")))
    money = _money(rows.account.written, rows.account.currency, shop_currency, mask)
    return SheetLine(rule, int(np.count_nonzero(mask)), _orders(rows, mask), customers, money)


def _orders(rows: ReadRows, mask: Mask) -> int:
    named = mask & (rows.order >= 0)
    nameless = np.flatnonzero(mask & (rows.order < 0))
    days = np.unique(np.stack([rows.customer.codes[nameless], rows.day[nameless]]), axis=1).shape[1]
    return int(np.count_nonzero(np.bincount(rows.order[named]))) + (days if len(nameless) else 0)


def _money(millionths: Ints, currency: Coded, shop_currency: str, mask: Mask) -> dict[str, Decimal]:
    """Add money by currency; the cells of one currency need no masks."""
    if len(currency.values) == 1:
        return {_code(currency.values[0], shop_currency): _units(exact_sum(millionths[mask]))}
    codes = np.unique(currency.codes[mask]) if mask.any() else np.zeros(0, dtype=np.int64)
    return added(
        *(
            {_code(currency.values[c], shop_currency): _units(exact_sum(millionths[mask & (currency.codes == c)]))}
            for c in codes
        )
    )


def _code(currency: str, shop_currency: str) -> str:
    return str(currency) or shop_currency


def _units(millionths: int) -> Decimal:
    return Decimal(millionths).scaleb(-cells.SCALE)


def _changes(rows: ReadRows, shop_currency: str, name: str, mask: Mask) -> Iterator[Change]:
    """Yield what the rules, then the sign, another currency and rounding did to the money of the rows of a mask."""
    account, money = rows.account, rows.account.written.copy()

    def change(rule: str, touched: Mask, gained: Ints) -> Change:
        return Change(rule, name, int(touched.sum()), _money(gained, account.currency, shop_currency, touched))

    for each in account.changes:
        touched, gained = _spread(each, mask)
        money += gained
        if touched.any():
            yield change(each.rule, touched, gained)
    decimals = Money(shop_currency).decimals
    if rows.in_minor_units and mask.any():
        units = half_up(money, 10**decimals)
        yield change(MINOR_UNITS, mask, units - money)
        money = units
    minor = rows.minor
    if name == RETURNS:
        negative = mask & (money < 0)
        if negative.any():
            yield change(SIGN, negative, -2 * money)
        money, minor = np.abs(money), np.abs(minor)
    other = mask & ~among(account.currency, frozenset({"", shop_currency}))
    if other.any():
        left = change(CONVERTED, other, -money)
        entered = Decimal(exact_sum(minor[other])).scaleb(-decimals)
        yield replace(left, money=added(left.money, {shop_currency: entered}))
    rounding = minor * 10 ** (cells.SCALE - decimals) - money
    if (uneven := mask & ~other & (rounding != 0)).any():
        yield change(ROUNDED, uneven, rounding)
    if (parts := rows.keep & (rows.back > 0)).any():
        came_back = Decimal(exact_sum(rows.back[parts])).scaleb(-decimals)
        sign = -1 if name == ORDER_LINES else 1
        yield Change(REFUNDS, name, int(parts.sum()), {shop_currency: sign * came_back})


def _spread(change: MoneyChange, mask: Mask) -> tuple[Mask, Ints]:
    """Return the rows of a mask that a change touched, and what each row gained."""
    inside = mask[change.rows]
    touched, gained = np.zeros(len(mask), dtype=bool), np.zeros(len(mask), dtype=np.int64)
    touched[change.rows[inside]] = True
    gained[change.rows[inside]] = change.gained[inside]
    return touched, gained


def zero_value_orders(lines: Lines) -> Mask:
    """Return the lines of orders whose lines sum to zero; amounts are never negative, so each of them is zero."""
    zero: Mask = ~lines.returned & (lines.amount == 0)
    if not zero.any():
        return zero
    suspects = np.zeros(len(lines.customer_id.values), dtype=bool)
    suspects[lines.customer_id.codes[zero]] = True
    rows = np.flatnonzero(~lines.returned & suspects[lines.customer_id.codes])
    keys = np.stack([lines.customer_id.codes[rows], lines.day[rows], lines.order_id.codes[rows]])
    _, order = np.unique(keys, axis=1, return_inverse=True)
    worth = np.zeros(int(order.max()) + 1, dtype=bool)
    worth[order[lines.amount[rows] > 0]] = True
    zero[rows] &= ~worth[order]
    return zero


def with_log(sheet: BalanceSheet, log: Log, posted: Lines | None = None) -> BalanceSheet:
    """Return the sheet with what the log holds, once it adds up.

    Args:
        sheet: of the orders file.
        log: rolled up from the file's lines, and from those that were posted.
        posted: the lines that were posted.

    Raises:
        RegularsError: it does not add up.
    """
    orders, back = log.streams["orders"], log.streams["returns"]
    scale = -Money(sheet.currency).decimals
    more = posted.where(~zero_value_orders(posted)) if posted is not None else None
    counted = Counted(
        int(orders.columns["lines"].sum()),
        int(orders.columns["orders"].sum()),
        len(orders),
        int(np.count_nonzero(np.diff(orders.starts))),
        Decimal(exact_sum(orders.columns["spend"])).scaleb(scale),
        Decimal(exact_sum(back.columns["returned"])).scaleb(scale),
        *(_posted(more, scale) if more is not None else ()),
    )
    drawn = replace(sheet, counted=counted)
    drawn.check()
    return drawn


def _posted(lines: Lines, scale: int) -> tuple[int, Decimal, Decimal]:
    back = lines.returned
    if not lines.has_money:
        return int(np.count_nonzero(~back)), Decimal(0), Decimal(0)
    spend, returned = (Decimal(exact_sum(lines.amount[rows])).scaleb(scale) for rows in (~back, back))
    return int(np.count_nonzero(~back)), spend, returned


def exact_sum(integers: Ints) -> int:
    """Add integers that may pass 64 bits together, as a Python integer.

    >>> exact_sum(np.array([2**62, 2**62, 2**62])) == 3 * 2**62
    True
    """
    return int((integers // _UNIT).sum()) * _UNIT + int((integers % _UNIT).sum())
