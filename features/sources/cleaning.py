"""Applies the stated rules to typed cells, and gives clean lines and events; files and posted histories come here.

A row that a rule leaves out is not checked further. The other rows are checked, and every broken rule becomes a
`Problem` that names its rows. Rows on or after `until` are dropped first of all.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from features.log import NULL, Coded, Codes, Events, Ints, Lines
from features.sources import cells
from features.sources.amounts import in_shop_currency, line_money
from features.sources.balance.account import ReadRows
from features.sources.business_day import business_day_numbers, business_days
from features.sources.cells.hints import CONTROL, MAIL, ROUNDED, TEST, WRAPPED, may_be_digits
from features.sources.cells.read_texts import ReadTexts
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
    keys_in_doubt,
    mapped,
    mask,
    where,
    zeros,
)
from features.sources.duplicates import again_in_later_file, duplicate_lines, order_keys, repeated_ids
from features.sources.mapping import LineRules, Shop
from features.sources.order_states import earlier_states
from features.sources.refunds import refunds, with_parts_returned
from features.sources.row_checks import NO_TEXTS, CleanTable, RowChecks, TypedTable
from features.sources.rules import A_DATE, AN_ID_WITH_ALL_DIGITS, OVERLAP, ROUNDED_REMEDY, SET_ASIDE, is_test
from features.sources.split_moments import is_zone
from features.sources.words.meanings import meanings
from features.sources.words.meant import Meant, meant_by_words
from features.sources.words.placeholders import placeholder_question, suspects

LONGEST_ID = 200
MOST_DAYS_OF_AN_ORDER = 31
MOST_KINDS, LONGEST_KIND = 60, 40
NOT_ROUNDED = frozenset({""})


def clean_lines(
    typed: TypedTable,
    rules: LineRules,
    shop: Shop,
    *,
    until: int | None,
    latest: int | None,
    set_aside: Mask | None = None,
) -> CleanTable:
    """Apply the rules of ORDERS.

    Args:
        typed: the cells, fields of ORDERS.
        rules: what the shop's cells mean for a line.
        shop: zone, currency and business day.
        until: day number; rows on or after it are not read.
        latest: day number after which a date is a mistake; None = not checked.
        set_aside: rows that are left out before all else.

    Returns:
        Lines of the rows that no rule left out and that broke none, with the counts and the problems.
    """
    checks = RowChecks(typed)
    if set_aside is not None and set_aside.any():
        checks.leave_out(SET_ASIDE, set_aside)
    checks.drop_blank()
    checks.drop_marked()
    order = order_keys(checks.text("order_id"), typed.rows)
    local_time, offset = first_filled(order, typed.local_time != cells.EMPTY, typed.local_time, typed.offset)
    day = business_day_numbers(local_time, offset, shop)
    dated = local_time > cells.HUGE
    if until is not None:
        checks.leave_out("on or after until", dated & (day >= until))
    customer = _of_latest_states(checks, order, local_time, rules)
    meant = meant_by_words(checks, order, rules)
    _leave_out_other_rows(checks, order, customer, meant, rules)
    _check_times(checks)
    _check_dates(checks, "ordered_at", local_time, offset, day, latest)
    if not rules.keep_repeats:
        checks.leave_out("duplicate lines", duplicate_lines(typed, order, checks.alive))
    worth = line_money(checks, order, rules)
    returned = _returned(checks, worth.amount, worth.quantity, meant, rules)
    amount, discount, back = in_shop_currency(checks, order, day, shop, rules, worth)
    refund = refunds(checks, order, amount, back, returned, rules)
    returned |= refund.whole
    checks.count("returns", returned & checks.sound)
    _check_ids(checks, customer)
    _check_orders(checks, order, customer, day, returned)
    keep = checks.alive & checks.sound
    refunded = (returned & _refunds(checks, order, worth.amount, worth.quantity, rules))[keep]
    lines = Lines(
        amount=np.abs(_kept_less(amount, refund.part, keep)),
        units=_units(worth.quantity, keep),
        discount=np.abs(discount[keep]) if discount.any() else zeros(int(np.count_nonzero(keep))),
        customer_id=kept(customer, keep),
        day=day[keep],
        order_id=kept(checks.text("order_id") or blank(typed.rows), keep),
        product_id=kept(checks.text("product_id") or blank(typed.rows), keep),
        category=kept(checks.text("category") or blank(typed.rows), keep),
        returned=returned[keep],
        refund=refunded,
    )
    if refund.part.any():
        lines = with_parts_returned(lines, refund.part[keep])
    if rules.amount_is == "none":
        lines = replace(lines, amount=np.full(len(lines.day), NULL))
    cents = rules.amount_unit == "minor"
    rows = ReadRows(checks.account, keep, order, customer, day, returned, amount, refund.part, cents)
    return CleanTable(tuple(checks.problems), checks.counts, lines=lines, questions=tuple(checks.questions), rows=rows)


def _kept_less(values: Ints, less: Ints, rows: Mask) -> Ints:
    """Return some rows of a column less those of another."""
    return values[rows] - less[rows] if less.any() else values[rows]


def _units(quantity: Ints | None, rows: Mask) -> Ints:
    """Return the units of some rows; where no quantity is known, one each."""
    if quantity is None:
        return np.ones(np.count_nonzero(rows), dtype=np.int64)
    return half_up(np.abs(quantity[rows]), 10**cells.SCALE)


def clean_events(typed: TypedTable, shop: Shop, *, until: int | None, latest: int | None) -> CleanTable:
    """Apply the rules of EVENTS; arguments as for `clean_lines`."""
    checks = RowChecks(typed)
    checks.drop_blank()
    checks.drop_marked()
    day, second = business_days(typed.local_time, typed.offset, shop)
    if until is not None:
        checks.leave_out("events on or after until", (typed.local_time > cells.HUGE) & (day >= until))
    customer = customer_ids(typed.texts["customer_id"])
    checks.leave_out("events without customer", is_empty(customer))
    _check_dates(checks, "happened_at", typed.local_time, typed.offset, day, latest)
    if (event := checks.text("event_id")) is not None:
        checks.leave_out("duplicate events", repeated_ids(event, checks.alive))
    kind = _kinds(checks)
    value = checks.number("value")
    if value is not None:
        checks.check_number("value", value)
    _check_ids(checks, customer)
    keep = checks.alive & checks.sound
    scale = 10 ** (cells.SCALE - 3)
    thousandths = (
        np.full(typed.rows, NULL) if value is None else np.where(value > cells.HUGE, half_up(value, scale), NULL)
    )
    events = Events(kept(customer, keep), kept(kind, keep), day[keep], second[keep], thousandths[keep])
    ids = NO_TEXTS if event is None else event.values
    return CleanTable(tuple(checks.problems), checks.counts, events=events, event_ids=ids)


def _of_latest_states(checks: RowChecks, order: Codes, local_time: Ints, rules: LineRules) -> Coded:
    """Leave out all states of an order but its latest; return the customers."""
    customer = customer_ids(first_text(order, checks.typed.texts["customer_id"], checks.alive))
    if rules.keep_repeats:
        return customer
    states = earlier_states(checks, order, customer, local_time, rules)
    checks.leave_out("earlier states", states.earlier)
    checks.leave_out(OVERLAP, states.overlapping)
    checks.leave_out("duplicate lines", states.repeated)
    checks.leave_out(OVERLAP, again_in_later_file(checks.typed, order, checks.alive))
    if not (states.earlier | states.overlapping | states.repeated).any():
        return customer
    return customer_ids(first_text(order, checks.typed.texts["customer_id"], checks.alive))


def _leave_out_other_rows(checks: RowChecks, order: Codes, customer: Coded, meant: Meant, rules: LineRules) -> None:
    """Leave out the rows that are no order of a customer."""
    if not rules.check_all:
        checks.leave_out("cancelled", meant.rows("cancelled"))
        checks.leave_out("unpaid", meant.rows("unpaid"))
        checks.leave_out("no orders", meant.rows("no_order"))
    if (cancelled := checks.text("cancelled_at")) is not None:
        checks.leave_out("cancelled", ~is_empty(first_text(order, cancelled, checks.alive)))
    checks.leave_out("cancelled", _flagged(checks, order, "cancelled"))
    checks.leave_out("test orders", meant.rows("test"))
    ids = [each for each in (checks.text("order_id"), checks.text("status")) if each is not None]
    for each in ids:
        checks.leave_out("test orders", where(each, is_test, hint=TEST))
    checks.leave_out("test orders", where(customer, lambda who: "@" in who and is_test(who), hint=TEST))
    checks.leave_out("test orders", _flagged(checks, order, "test"))
    checks.leave_out("guests", is_empty(customer))
    _leave_out_placeholders(checks, customer, rules)


def _leave_out_placeholders(checks: RowChecks, customer: Coded, rules: LineRules) -> None:
    """Leave out the ids that stand for nobody; where the shop has not said which, it is asked."""
    nobody = rules.guests
    if nobody is None and (nobody := suspects(customer, checks.alive, checks.typed.facts)):
        checks.ask(placeholder_question(customer, nobody, checks.alive))
    if nobody:
        checks.leave_out("placeholders", among(customer, frozenset(map(cells.customer_id, nobody))))


def _flagged(checks: RowChecks, order: Codes, name: str) -> Mask:
    """Return the rows whose flag says yes; lines without one have that of their order's first line."""
    flag = checks.typed.flags.get(name)
    if flag is None:
        return np.zeros(checks.typed.rows, dtype=bool)
    (filled,) = first_filled(order, flag != cells.FLAG_EMPTY, flag)
    checks.problem(name, "yes or no", "write yes or no", filled == cells.FLAG_BAD)
    return np.asarray(filled == 1, dtype=bool)


def _check_times(checks: RowChecks) -> None:
    """Check the time and the zone that stand in columns beside the date."""
    if (time := checks.number("time")) is not None:
        checks.problem("time", "a time of day", "write 14:30", time == cells.BAD)
    if (zone := checks.text("zone")) is not None:
        strange = where(zone, lambda name: not is_zone(name))
        checks.problem("zone", "a zone that is known", "write Europe/Athens, UTC or an offset such as +02:00", strange)


def _check_dates(checks: RowChecks, name: str, local_time: Ints, offset: Ints, day: Ints, latest: int | None) -> None:
    remedy = 'write 2024-01-31, or set date_format = "%d/%m/%Y" (calendar = "jalali" for 1403/01/15)'
    checks.problem(name, "empty where a date is needed", "fill it in", local_time == cells.EMPTY)
    checks.problem(name, A_DATE, remedy, local_time == cells.BAD)
    good = checks.alive & checks.sound
    zoned = offset != cells.NO_OFFSET
    far = zoned & (np.abs(offset) > cells.MOST_OFFSET)
    checks.problem(name, "at most 14 hours from UTC", "write the offset as +02:00, or Z for UTC", far)
    counts = (int(np.count_nonzero(good & zoned)), int(np.count_nonzero(good)))
    if (with_zone := checks.typed.facts.decide(f"zones of {name}", counts, _fewer_have_zones)) is not None:
        fewer = zoned if with_zone else ~zoned
        rule = "written like the other dates, of which some have a zone and some have none"
        section = "orders.format" if name == "ordered_at" else "events.format"
        remedy = f'export all with a zone, or set zone = "UTC" under [{section}] if the others are in UTC'
        checks.problem(name, rule, remedy, fewer)
    if latest is not None:
        checks.problem(name, "in the past", "correct the date, or date_format", day > latest)


def _fewer_have_zones(counts: tuple[int, ...]) -> bool | None:
    """Say whether fewer rows have a zone than have none; None where all have one, or none has."""
    zoned, every = counts
    return None if zoned in (0, every) else zoned * 2 <= every


def _returned(checks: RowChecks, amount: Ints, quantity: Ints | None, meant: Meant, rules: LineRules) -> Mask:
    returned = meant.rows("returned") | _prefixed(checks, rules)
    if (flag := checks.typed.flags.get("returned")) is not None:
        checks.problem("returned", "yes or no", "write yes or no", flag == cells.FLAG_BAD)
        returned |= flag == 1
    if quantity is not None:
        if not rules.price_times_quantity:
            rule = "positive, as the amount of its line is"
            checks.problem(
                "quantity", rule, "write both negative for a return", ~returned & (quantity < 0) & (amount > 0)
            )
        returned |= quantity < 0
    return returned | (amount < 0)


def _prefixed(checks: RowChecks, rules: LineRules) -> Mask:
    orders = checks.text("order_id")
    if not rules.return_prefix or orders is None:
        return np.zeros(checks.typed.rows, dtype=bool)
    prefix = rules.return_prefix.casefold()
    return where(orders, lambda order: order.casefold().startswith(prefix))


def _refunds(checks: RowChecks, order: Codes, amount: Ints, quantity: Ints | None, rules: LineRules) -> Mask:
    """Return the rows that, where they came back, give back the money of a sale that stands in other rows."""
    found = _prefixed(checks, rules) | (amount < 0)
    if quantity is not None:
        found |= quantity < 0
    if (kind := checks.text("type")) is not None:
        kind = first_text(order, kind, checks.alive)
        means = meanings(map(str, kind.values), "type", rules.own_words)
        found |= where(kind, lambda text: means[text] == "returned")
    return found


def _check_ids(checks: RowChecks, customer: Coded) -> None:
    ids = {**checks.typed.texts, "customer_id": customer}
    for name in ("customer_id", "order_id", "line_id", "product_id", "event_id"):
        coded = ids.get(name)
        if coded is None:
            continue
        if coded.longest > LONGEST_ID:
            wrong = where(coded, lambda text: len(text) > LONGEST_ID)
            checks.problem(name, f"at most {LONGEST_ID} characters", "map the column that holds the id", wrong)
        control = where(coded, lambda text: CONTROL.pattern.search(text) is not None, hint=CONTROL)
        checks.problem(name, "free of control characters", "export the ids again", control)
        rounded_ids = cells.rounded_ids(coded.values) if may_be_digits(coded) else NOT_ROUNDED
        every = checks.typed.facts.decide(f"rounded {name}", rounded_ids, cells.all_rounded)
        rounded = ~is_empty(coded) if every else where(coded, cells.is_rounded, hint=ROUNDED)
        checks.problem(name, AN_ID_WITH_ALL_DIGITS, ROUNDED_REMEDY, rounded)


def _check_orders(checks: RowChecks, order: Codes, customer: Coded, day: Ints, returned: Mask) -> None:
    """Check that an order id belongs to one customer and one time; a return may come later."""
    sold = checks.alive & checks.sound & (order >= 0) & ~returned
    doubt = keys_in_doubt(order, sold, [customer.codes, day])
    if not doubt.any():
        return
    sold &= doubt[order]
    first = first_rows(order, sold)
    of_others = sold & (customer.codes != customer.codes[first][order])
    rule = "the order id of one customer"
    checks.problem("order_id", rule, "leave order_id out of the columns if its numbers are used again", of_others)
    later = day - day[first][order]
    if 2 * np.abs(later, out=later).max(where=sold, initial=0) <= MOST_DAYS_OF_AN_ORDER:
        return
    rows = np.flatnonzero(sold)
    own = order[rows]
    size = int(order.max()) + 1
    low, high = np.full(size, 2**31), np.full(size, -(2**31))
    np.minimum.at(low, own, day[rows])
    np.maximum.at(high, own, day[rows])
    apart = (high - low > MOST_DAYS_OF_AN_ORDER)[own] & (day[rows] > low[own] + MOST_DAYS_OF_AN_ORDER)
    far = mask(rows[apart], len(order))
    rule = f"the order id of one date: its lines lie more than {MOST_DAYS_OF_AN_ORDER} days apart"
    checks.problem("order_id", rule, "leave order_id out of the columns if its numbers are used again", far)


def _kinds(checks: RowChecks) -> Coded:
    """Return the kinds as feature names need them: lower case, other characters than letters and digits as _."""
    kind = mapped(checks.typed.texts["kind"], lambda text: re.sub(r"\W+", "_", text.lower()).strip("_"))
    checks.problem("kind", "empty where a kind is needed", "fill it in", is_empty(kind))
    wrong = where(kind, lambda text: len(text) > LONGEST_KIND)
    checks.problem("kind", f"a kind of at most {LONGEST_KIND} characters", "map the column that names the kind", wrong)
    used = np.unique(kind.codes[checks.alive & checks.sound])
    if len(used) > MOST_KINDS:
        rule = f"one of at most {MOST_KINDS} kinds; the file has {len(used)}"
        checks.problem("kind", rule, "map the column that names the kind", np.isin(kind.codes, used[MOST_KINDS:]))
    return kind


def customer_ids(coded: Coded) -> Coded:
    """Return the customers of a column, '' for nobody."""
    if MAIL.found_in(coded) or WRAPPED.found_in(coded):
        return mapped(coded, cells.customer_id)
    if isinstance(coded, ReadTexts) and not coded.read.holds(cells.NO_ID):
        return coded
    return mapped(coded, lambda who: "" if who.lower() in cells.NO_ID else who)
