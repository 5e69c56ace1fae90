"""Draws the balance sheet of an orders file from its rows as the cleaning left them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial

import numpy as np

from features.blocks import at_once, blocks
from features.log import Coded, Codes, Ints, Lines, Log
from features.money import Money
from features.sources import cells
from features.sources.balance.account import IN, ReadRows
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
_HALF = 32  # bits


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
    every = np.broadcast_to(np.True_, len(kept))
    parts = [(rule, account.fate == code) for code, rule in enumerate(account.rules) if code]
    parts = [(rule, which) for rule, which in parts if which.any()]
    named = [(READ, every), *parts, (RETURNS, back), (ORDER_LINES, sold)]
    lines_of = (partial(_line, rows, shop_currency, name, which) for name, which in named)
    read, *left_out, returns, order_lines = at_once(*lines_of)
    changes = (*_changes(rows, shop_currency, ORDER_LINES, sold), *_changes(rows, shop_currency, RETURNS, back))
    return BalanceSheet(
        shop_currency,
        read,
        tuple(left_out),
        returns,
        order_lines,
        changes,
        Counted(),
        tuple(account.rules),
        account.fate,
    )


def _zero_value_rows(rows: ReadRows, lines: Lines) -> Mask:
    """Return the rows of orders that sum to zero; below the lines of rows stand those of parts that came back."""
    return spread(zero_value_orders(lines)[: int(np.count_nonzero(rows.keep))], rows.keep)


def _line(rows: ReadRows, shop_currency: str, rule: str, which: Mask) -> SheetLine:
    customers = _used(rows.customer.codes, len(rows.customer.empty), which) & ~rows.customer.empty
    money = _money(rows.account.written, rows.account.currency, shop_currency, which)
    return SheetLine(rule, int(np.count_nonzero(which)), _orders(rows, which), int(np.count_nonzero(customers)), money)


def _used(codes: Codes, values: int, which: Mask) -> Mask:
    """Return which values the rows of a mask have."""
    used = np.zeros(values, dtype=bool)
    for block in blocks(len(which)):
        used[codes[block][which[block]]] = True
    return used


def _orders(rows: ReadRows, which: Mask) -> int:
    nameless = which & (rows.order < 0)
    named = _used(rows.order, int(rows.order.max(initial=-1)) + 1, which & ~nameless)
    if not nameless.any():
        return int(np.count_nonzero(named))
    who, day = rows.customer.codes[nameless], np.unique(rows.day[nameless], return_inverse=True)[1]
    days = np.unique(day * len(rows.customer.empty) + who)
    return int(np.count_nonzero(named)) + len(days)


def _money(millionths: Ints, currency: Coded, shop_currency: str, which: Mask) -> dict[str, Decimal]:
    """Add the money of the rows of a mask by currency; the cells of one currency need no masks."""
    if len(currency.empty) == 1:
        return {_code(currency.values[0], shop_currency): _units(exact_sum(millionths, which))}
    codes = np.unique(currency.codes[which])
    return added(
        *(
            {_code(currency.values[c], shop_currency): _units(exact_sum(millionths, which & (currency.codes == c)))}
            for c in codes
        )
    )


def _code(currency: str, shop_currency: str) -> str:
    return str(currency) or shop_currency


def _units(millionths: int) -> Decimal:
    return Decimal(millionths).scaleb(-cells.SCALE)


def _changes(rows: ReadRows, shop_currency: str, name: str, which: Mask) -> Iterator[Change]:
    """Yield what the rules, then the sign, another currency and rounding did to the money of the rows of a mask."""
    of_rule: dict[str, list[Change]] = {}
    for block in blocks(len(which)):
        for each in _changes_of_block(rows, shop_currency, name, which, block):
            of_rule.setdefault(each.rule, []).append(each)
    for rule in dict.fromkeys((*(each.rule for each in rows.account.changes), MINOR_UNITS, SIGN, CONVERTED, ROUNDED)):
        if parts := of_rule.get(rule):
            yield Change(rule, name, sum(each.rows for each in parts), added(*(each.money for each in parts)))
    if (parts_back := rows.keep & (rows.back > 0)).any():
        came_back = Decimal(exact_sum(rows.back[parts_back])).scaleb(-Money(shop_currency).decimals)
        sign = -1 if name == ORDER_LINES else 1
        yield Change(REFUNDS, name, int(parts_back.sum()), {shop_currency: sign * came_back})


def _changes_of_block(rows: ReadRows, shop_currency: str, name: str, which: Mask, block: slice) -> Iterator[Change]:
    account, at = rows.account, block.start + np.flatnonzero(which[block])
    if not len(at):
        return
    money, currency = account.written[at], account.currency.with_codes(account.currency.codes[at])

    def change(rule: str, place: Ints, gained: Ints) -> Change:
        touched = currency.with_codes(currency.codes[place])
        every = np.broadcast_to(np.True_, len(place))
        return Change(rule, name, len(place), _money(gained, touched, shop_currency, every))

    for each in account.changes:
        first, end = np.searchsorted(each.rows, (block.start, block.stop))
        inside = which[each.rows[first:end]]
        if inside.any():
            place, gained = np.searchsorted(at, each.rows[first:end][inside]), each.gained[first:end][inside]
            money[place] += gained
            yield change(each.rule, place, gained)
    decimals = Money(shop_currency).decimals
    if rows.in_minor_units:
        units = half_up(money, 10**decimals)
        yield change(MINOR_UNITS, np.arange(len(at)), units - money)
        money = units
    minor = rows.minor[at]
    if name == RETURNS:
        negative = np.flatnonzero(money < 0)
        if len(negative):
            yield change(SIGN, negative, -2 * money[negative])
        money, minor = np.abs(money), np.abs(minor)
    other = np.flatnonzero(~among(currency, frozenset({"", shop_currency})))
    if len(other):
        left = change(CONVERTED, other, -money[other])
        entered = Decimal(exact_sum(minor[other])).scaleb(-decimals)
        yield replace(left, money=added(left.money, {shop_currency: entered}))
    rounding = minor * 10 ** (cells.SCALE - decimals) - money
    rounding[other] = 0
    if len(uneven := np.flatnonzero(rounding)):
        yield change(ROUNDED, uneven, rounding[uneven])


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


def exact_sum(integers: Ints, which: Mask | None = None) -> int:
    """Add integers that may pass 64 bits together, those of a mask or all, as a Python integer.

    >>> exact_sum(np.array([2**62, 2**62, 2**62])) == 3 * 2**62
    True
    """
    total = 0
    for block in blocks(len(integers)):
        some = integers[block] if which is None else integers[block][which[block]]
        total += (int((some >> _HALF).sum()) << _HALF) + int((some & ((1 << _HALF) - 1)).sum())
    return total
