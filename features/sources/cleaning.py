"""From typed cells to clean lines: every stated rule, once, for files and for posted histories alike.

What is left out by a rule is not checked further; what remains is checked, and every broken rule is a `Problem` that
names its rows. Rows on or after `until` are dropped before anything else looks at them.
"""

from __future__ import annotations

import re

import numpy as np

from features.log import NULL, Coded, Events, Ints, Lines
from features.sources import cells
from features.sources.amounts import in_shop_currency, line_money
from features.sources.business_day import business_days
from features.sources.columns import (
    Mask,
    among,
    blank,
    first_filled,
    first_rows,
    first_text,
    half_up,
    is_empty,
    kept,
    mapped,
    mask,
    where,
)
from features.sources.duplicates import order_keys, repeated_blocks, repeated_ids
from features.sources.mapping import LineRules, Shop
from features.sources.row_checks import Cleaned, Desk, Typed
from features.sources.rules import A_DATE, NO_ID, TEST_HINT, is_test, plain_status

LONGEST_ID = 200
MOST_DAYS_OF_AN_ORDER = 31
MOST_KINDS, LONGEST_KIND = 60, 40
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def clean_lines(typed: Typed, rules: LineRules, shop: Shop, *, until: int | None, latest: int | None) -> Cleaned:
    """Apply the rules of ORDERS.

    Args:
        typed: the cells, fields of ORDERS.
        rules: what the shop's cells say about a line.
        shop: zone, currency and business day.
        until: day number; rows on or after it are not read.
        latest: day number after which a date is a mistake; None = not checked.

    Returns:
        Lines of the rows that no rule left out and that broke none, with the counts and the problems.
    """
    desk = Desk(typed)
    desk.drop_blank()
    order = order_keys(desk.text("order_id"), typed.rows)
    wall, offset = first_filled(order, typed.wall != cells.EMPTY, typed.wall, typed.offset)
    day, _ = business_days(wall, offset, shop)
    dated = wall > cells.HUGE
    if until is not None:
        desk.leave_out("on or after until", dated & (day >= until))
    customer, status = _leave_out(desk, order, rules)
    _check_dates(desk, "ordered_at", wall, offset, day, latest)
    desk.leave_out("duplicate lines", _duplicates(desk, order))
    amount, discount, quantity = line_money(desk, order, rules)
    returned = _returned(desk, amount, quantity, status, rules)
    amount, discount = in_shop_currency(desk, order, shop, amount, discount)
    _check_ids(desk, customer)
    _check_orders(desk, order, customer, day, returned)
    keep = desk.alive & desk.sound
    units = np.ones(typed.rows, dtype=np.int64) if quantity is None else half_up(np.abs(quantity), 10**cells.SCALE)
    lines = Lines(
        customer_id=kept(customer, keep),
        day=day[keep],
        amount=np.abs(amount[keep]),
        order_id=kept(desk.text("order_id") or blank(typed.rows), keep),
        product_id=kept(desk.text("product_id") or blank(typed.rows), keep),
        discount=np.abs(discount[keep]),
        units=units[keep],
        returned=returned[keep],
    )
    return Cleaned(tuple(desk.problems), desk.counts, lines=lines)


def clean_events(typed: Typed, shop: Shop, *, until: int | None, latest: int | None) -> Cleaned:
    """Apply the rules of EVENTS; arguments as for `clean_lines`."""
    desk = Desk(typed)
    desk.drop_blank()
    day, second = business_days(typed.wall, typed.offset, shop)
    if until is not None:
        desk.leave_out("events on or after until", (typed.wall > cells.HUGE) & (day >= until))
    customer = customer_ids(typed.texts["customer_id"])
    desk.leave_out("events without customer", is_empty(customer))
    _check_dates(desk, "happened_at", typed.wall, typed.offset, day, latest)
    if (event := desk.text("event_id")) is not None:
        desk.leave_out("duplicate events", repeated_ids(event, desk.alive))
    kind = _kinds(desk)
    value = desk.number("value")
    if value is not None:
        desk.check_number("value", value)
    _check_ids(desk, customer)
    keep = desk.alive & desk.sound
    scale = 10 ** (cells.SCALE - 3)
    thousandths = (
        np.full(typed.rows, NULL) if value is None else np.where(value > cells.HUGE, half_up(value, scale), NULL)
    )
    events = Events(kept(customer, keep), kept(kind, keep), day[keep], second[keep], thousandths[keep])
    return Cleaned(tuple(desk.problems), desk.counts, events=events)


def _leave_out(desk: Desk, order: Ints, rules: LineRules) -> tuple[Coded, Coded | None]:
    """Leave out what is no order of a customer; return customers and statuses, taken from the order's first line."""
    customer = customer_ids(first_text(order, desk.typed.texts["customer_id"], desk.alive))
    status = desk.text("status")
    if status is not None:
        status = mapped(first_text(order, status, desk.alive), plain_status)
        desk.leave_out("cancelled", among(status, rules.cancelled))
    if (cancelled := desk.text("cancelled_at")) is not None:
        desk.leave_out("cancelled", ~is_empty(first_text(order, cancelled, desk.alive)))
    ids = [each for each in (customer, desk.text("order_id"), status) if each is not None]
    for each in ids:
        desk.leave_out("test orders", where(each, is_test, hint=TEST_HINT))
    if (flag := desk.typed.flags.get("test")) is not None:
        (filled,) = first_filled(order, flag != cells.FLAG_EMPTY, flag)
        desk.problem("test", "yes or no", "write yes or no", filled == cells.FLAG_BAD)
        desk.leave_out("test orders", filled == 1)
    desk.leave_out("guests", is_empty(customer))
    return customer, status


def _check_dates(desk: Desk, name: str, wall: Ints, offset: Ints, day: Ints, latest: int | None) -> None:
    looks = 'write 2024-01-31, or set date_format = "%d/%m/%Y" (calendar = "jalali" for 1403/01/15)'
    desk.problem(name, "empty where a date is needed", "fill it in", wall == cells.EMPTY)
    desk.problem(name, A_DATE, looks, wall == cells.BAD)
    said = desk.alive & desk.sound
    zoned = offset != cells.NO_OFFSET
    far = zoned & (np.abs(offset) > cells.MOST_OFFSET)
    desk.problem(name, "at most 14 hours from UTC", "write the offset as +02:00, or Z for UTC", far)
    if (said & zoned).any() and (said & ~zoned).any():
        fewer = zoned if np.count_nonzero(said & zoned) * 2 <= np.count_nonzero(said) else ~zoned
        rule = "written like the other dates, of which some have a zone and some have none"
        desk.problem(name, rule, "export all of them with a zone, or none", fewer)
    if latest is not None:
        desk.problem(name, "in the past", "correct the date, or date_format", day > latest)


def _duplicates(desk: Desk, order: Ints) -> Mask:
    line = desk.text("line_id")
    if line is not None:
        return repeated_ids(line, desk.alive, within=order)
    return repeated_blocks(desk.typed, order, desk.alive)


def _returned(desk: Desk, amount: Ints, quantity: Ints | None, status: Coded | None, rules: LineRules) -> Mask:
    said = np.zeros(desk.typed.rows, dtype=bool)
    if (flag := desk.typed.flags.get("returned")) is not None:
        desk.problem("returned", "yes or no", "write yes or no", flag == cells.FLAG_BAD)
        said |= flag == 1
    if status is not None:
        said |= among(status, rules.refunded)
    orders = desk.text("order_id")
    if rules.return_prefix and orders is not None:
        prefix = rules.return_prefix.casefold()
        said |= where(orders, lambda order: order.casefold().startswith(prefix))
    if quantity is not None:
        if not rules.price_times_quantity:
            rule = "positive, as the amount of its line is"
            desk.problem("quantity", rule, "write both negative for a return", ~said & (quantity < 0) & (amount > 0))
        said |= quantity < 0
    said |= amount < 0
    desk.count("returns", said & desk.sound)
    return said


def _check_ids(desk: Desk, customer: Coded) -> None:
    ids = {**desk.typed.texts, "customer_id": customer}
    for name in ("customer_id", "order_id", "line_id", "product_id", "event_id"):
        coded = ids.get(name)
        if coded is None or not len(coded.values):
            continue
        if max(map(len, coded.values)) > LONGEST_ID:
            desk.problem(
                name, f"at most {LONGEST_ID} characters", "map the column that holds the id", where(coded, _too_long)
            )
        if _CONTROL.search("".join(coded.values)):
            wrong = where(coded, lambda text: _CONTROL.search(text) is not None)
            desk.problem(name, "free of control characters", "export the ids again", wrong)


def _too_long(text: str) -> bool:
    return len(text) > LONGEST_ID


def _check_orders(desk: Desk, order: Ints, customer: Coded, day: Ints, returned: Mask) -> None:
    """An order id belongs to one customer and one time; a return may come later."""
    rows = np.flatnonzero(desk.alive & desk.sound & (order >= 0) & ~returned)
    if not len(rows):
        return
    mine, size = order[rows], int(order.max()) + 1
    first = first_rows(order, mask(rows, len(order)))[mine]
    strange = np.zeros(len(order), dtype=bool)
    strange[rows[customer.codes[rows] != customer.codes[first]]] = True
    rule = "the order id of one customer"
    desk.problem("order_id", rule, "leave order_id out of the columns if its numbers are used again", strange)
    low, high = np.full(size, 2**31), np.full(size, -(2**31))
    np.minimum.at(low, mine, day[rows])
    np.maximum.at(high, mine, day[rows])
    apart = (high - low > MOST_DAYS_OF_AN_ORDER)[mine] & (day[rows] > low[mine] + MOST_DAYS_OF_AN_ORDER)
    far = mask(rows[apart], len(order))
    rule = f"the order id of one date: its lines lie more than {MOST_DAYS_OF_AN_ORDER} days apart"
    desk.problem("order_id", rule, "leave order_id out of the columns if its numbers are used again", far)


def _kinds(desk: Desk) -> Coded:
    """Return the kinds as feature names need them: lower case, other characters than letters and digits as _."""
    kind = mapped(desk.typed.texts["kind"], lambda text: re.sub(r"\W+", "_", text.lower()).strip("_"))
    desk.problem("kind", "empty where a kind is needed", "fill it in", is_empty(kind))
    wrong = where(kind, lambda text: len(text) > LONGEST_KIND)
    desk.problem("kind", f"a kind of at most {LONGEST_KIND} characters", "map the column that names the kind", wrong)
    used = np.unique(kind.codes[desk.alive & desk.sound])
    if len(used) > MOST_KINDS:
        rule = f"one of at most {MOST_KINDS} kinds; the file has {len(used)}"
        desk.problem("kind", rule, "map the column that names the kind", np.isin(kind.codes, used[MOST_KINDS:]))
    return kind


def customer_ids(coded: Coded) -> Coded:
    """Return the customers of a column, '' for nobody."""
    return mapped(coded, customer_id)


def customer_id(text: str) -> str:
    """Return a customer's id: words for nothing are no id, a mail address is the same in any case.

    >>> customer_id("Ann@Example.org"), customer_id("NULL"), customer_id("007")
    ('ann@example.org', '', '007')
    """
    if "@" in text:
        return text.lower()
    return "" if text.lower() in NO_ID else text
