"""Guesses for `regulars init` how a shop's files map to the contract, and states each assumption in one sentence.

Columns are found by the names that usual exports give them, and checked against their cells. How numbers and dates are
written is judged from the cells. What cannot be guessed is asked for, with the option to add.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Literal

from features.guess import headers, unused_columns
from features.guess.request import Request, give, need
from features.guess.sample import (
    Sample,
    has_lines_per_order,
    is_date,
    is_flag,
    is_number,
    is_order_id,
    is_order_level,
    open_sample,
    with_dates,
    with_decimal,
)  # fmt: skip
from features.guess.shop import shop_of
from features.sources import cells
from features.sources.mapping import CustomersMapping, EventsMapping, Guess, OrdersMapping
from features.sources.rules import CANCELLED, RETURNED, plain_status
from features.tables import CUSTOMERS

GUEST_ZEROS = 0.02
MONEY = ("amount", "price", "discount")


def guess(
    orders: Path,
    events: Path | None = None,
    customers: Path | None = None,
    columns: Mapping[str, str] | None = None,
    more: str = "",
) -> Guess:
    """Guess how the files of a shop map to the contract.

    Args:
        orders: the orders file.
        events: the events file, if any.
        customers: the customers file, if any.
        columns: field -> header where the user names it; fields of other files as `events.kind`, `customers.name`.
        more: further options of the command line, repeated when a command is printed.

    Returns:
        The mappings, and every assumption in one sentence.

    Raises:
        InputError: a file that cannot be read, or a required column that was not recognised: it says which columns
            are free and what to write; a field or header in `columns` that does not exist.
    """
    request = Request(orders, events, customers, columns or {}, more)
    request.check()
    with ExitStack() as stack:
        sample = open_sample(stack, orders)
        mapping = _orders(sample, request)
        shop = shop_of(sample, mapping)
        unused_columns.explain_refunds_and_names(sample, mapping.columns)
        rest = {"orders": unused_columns.not_used(sample, mapping.columns)}
        assumptions = list(sample.assumptions)
        happened = owned = None
        if events is not None:
            other = open_sample(stack, events)
            happened = _events(other, request)
            rest["events"] = unused_columns.not_used(other, happened.columns)
            assumptions += other.assumptions
        if customers is not None:
            other = open_sample(stack, customers)
            owned = _customers(other, request)
            rest["customers"] = unused_columns.not_used(other, owned.columns)
            assumptions += other.assumptions
    return Guess(shop, mapping, happened, owned, tuple(assumptions), rest)


def _field(sample: Sample, name: str, names: Sequence[str], check: Callable[[int], bool] | None = None) -> int | None:
    """Return the column that the user names for a field, else the one whose name and cells fit it best."""
    return sample.given[name] if name in sample.given else sample.find(names, check)


def _orders(sample: Sample, request: Request) -> OrdersMapping:
    give(sample, "orders", request)
    export = headers.platform(sample.file.header)
    if export:
        sample.assume(f"{sample.file.name} looks like {export}.")
    at = _field(sample, "ordered_at", headers.ORDERED_AT, lambda index: is_date(sample, index))
    at = sample.take(_near(sample, headers.ORDERED_AT) if at is None else at)
    sample.form = with_dates(sample, at)
    order = sample.take(_field(sample, "order_id", headers.ORDER_ID, lambda index: is_order_id(sample, index)))
    customer = sample.take(_customer(sample))
    sample.form = with_decimal(sample, [sample.given[name] for name in MONEY if name in sample.given])
    columns: dict[str, int | None] = {"order_id": order, "customer_id": customer, "ordered_at": at}
    for name in ("line_id", "status", "cancelled_at", "test", "returned", "currency"):
        flag = name in ("test", "returned")
        check = (lambda index: is_flag(sample, index)) if flag else None
        columns[name] = sample.take(_field(sample, name, headers.ORDERS[name], check))
    for name in ("price", "quantity", "discount"):
        columns[name] = _field(sample, name, headers.ORDERS[name], lambda index: is_number(sample, index))
    amount, amount_is = _amount(sample, order, columns)
    product = _field(sample, "product_id", headers.PRODUCT_ID)
    columns["product_id"] = product if product not in (order, customer, amount) else None
    by_unit = amount is None and columns["price"] is not None and columns["quantity"] is not None
    if by_unit:
        sample.assume(
            f'The amount of a line is "{sample.name(columns["price"] or 0)}" × '
            f'"{sample.name(columns["quantity"] or 0)}".'
        )
    else:
        columns["price"] = None
        columns["amount"] = amount
    # An order's discount on each of its lines would be counted once per line, and a line's once per order.
    has_lines = has_lines_per_order(sample, order) and "discount" not in sample.given
    if has_lines and is_order_level(sample, order, columns["discount"]) != (amount_is == "order"):
        columns["discount"] = None
    need(sample, "orders", columns, ("customer_id", "ordered_at", *(("price",) if by_unit else ("amount",))), request)
    named = {name: sample.name(index) for name, index in columns.items() if index is not None}
    cancelled, returned = _statuses(sample, columns["status"], export)
    prefix = _return_prefix(sample, order, columns["quantity"], amount)
    return OrdersMapping(
        file=sample.file.path,
        columns=named,
        amount_is=amount_is,
        price_times_quantity=by_unit,
        cancelled_status=cancelled,
        returned_status=returned,
        return_prefix=prefix,
        format=sample.form,
    )


def _customer(sample: Sample) -> int | None:
    """Return the customer column: the mail address where many ids are empty or 0 and the mails are filled in."""
    if "customer_id" in sample.given:
        return sample.given["customer_id"]
    found = sample.find(headers.CUSTOMER_ID)
    found = _near(sample, headers.CUSTOMER_ID) if found is None else found
    if found is None:
        return None
    nobody = sum(cell in ("", "0") for cell in sample.columns[found]) / len(sample.columns[found])
    mail = sample.find([name for name in headers.CUSTOMER_ID if "mail" in name])
    if nobody > GUEST_ZEROS and mail is not None and mail != found:
        with_mail = len(sample.filled(mail)) / len(sample.columns[mail])
        if with_mail > 1 - nobody:
            why = f'"{sample.name(found)}" is empty or 0 on {nobody:.0%} of the lines'
            sample.assume(f'The customer is "{sample.name(mail)}": {why}.')
            return mail
    sample.assume(f'The customer is "{sample.name(found)}".')
    return found


def _near(sample: Sample, names: Sequence[str]) -> int | None:
    """Return the column whose header begins with a known name, such as "Order Date (UTC)"."""
    for name in names:
        for index, header in enumerate(sample.plain):
            fits = len(name) >= 6 and header.startswith(name) and index not in sample.used and sample.filled(index)
            if fits and (names is not headers.ORDERED_AT or is_date(sample, index)):
                return index
    return None


def _amount(
    sample: Sample, order: int | None, columns: Mapping[str, int | None]
) -> tuple[int | None, Literal["line", "order"]]:
    """Choose between the line's own amount, the order's total, price × quantity, and a bare price."""
    line = sample.find(headers.LINE_AMOUNT, lambda index: is_number(sample, index))
    total = sample.find(headers.ORDER_TOTAL, lambda index: is_number(sample, index))
    has_lines = has_lines_per_order(sample, order)
    if "amount" in sample.given:
        amount = sample.given["amount"]
        return amount, "order" if has_lines and is_order_level(sample, order, amount) else "line"
    if "price" in sample.given and columns["quantity"] is not None:
        return None, "line"
    if line is not None and not (has_lines and is_order_level(sample, order, line)):
        sample.assume(f'The amount of a line is "{sample.name(line)}".')
        return line, "line"
    for index in (total, line):
        if index is not None and has_lines and is_order_level(sample, order, index):
            sample.assume(f'The amount is the order\'s total "{sample.name(index)}", counted once per order.')
            return index, "order"
    if total is not None and not has_lines:
        sample.assume(f'The amount is "{sample.name(total)}".')
        return total, "line"
    if total is not None and columns["price"] is None:
        sample.assume(f'The amount of a line is "{sample.name(total)}".')
        return total, "line"
    if columns["price"] is not None and columns["quantity"] is None:
        sample.assume(f'The amount of a line is "{sample.name(columns["price"])}"; there is no quantity.')
        return columns["price"], "line"
    return None, "line"


def _statuses(sample: Sample, index: int | None, export: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    cancelled: tuple[str, ...] = CANCELLED
    returned: tuple[str, ...] = RETURNED
    if export and "WooCommerce" in export:
        cancelled = (*CANCELLED, "pending")
    if export and "Magento" in export:
        returned = (*RETURNED, "closed")
    if index is not None:
        found = {plain_status(cell): cell for cell in sample.filled(index)}
        out = sorted(cell for status, cell in found.items() if status in set(map(plain_status, cancelled)))
        back = sorted(cell for status, cell in found.items() if status in set(map(plain_status, returned)))
        rest = sorted(cell for status, cell in found.items() if cell not in (*out, *back))
        meanings = [
            f"{what} are {', '.join(which[:8])}"
            for what, which in (("cancelled", out), ("returned", back), ("orders", rest))
            if which
        ]
        sample.assume(f'By "{sample.name(index)}": {"; ".join(meanings)}.')
    return cancelled, returned


def _return_prefix(sample: Sample, order: int | None, quantity: int | None, amount: int | None) -> str | None:
    """Return the prefix of order ids whose lines are all negative, such as the C of a credit note."""
    sign = quantity if quantity is not None else amount
    if order is None or sign is None:
        return None
    below: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for cell, signed in zip(sample.columns[order], sample.columns[sign], strict=True):
        prefix = cell[: len(cell) - len(cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))].upper()
        every[prefix] += 1
        below[prefix] += cells.HUGE < cells.number(signed, sample.form.decimal) < 0
    for prefix, rows in below.items():
        if prefix and rows == every[prefix] and rows < 0.5 * sum(every.values()):
            sample.assume(f'Order ids that begin with "{prefix}" are returns: all their lines are negative.')
            return prefix
    return None


def _events(sample: Sample, request: Request) -> EventsMapping:
    give(sample, "events", request)
    columns: dict[str, int | None] = {}
    happened = headers.EVENTS["happened_at"]
    columns["happened_at"] = sample.take(_field(sample, "happened_at", happened, lambda index: is_date(sample, index)))
    sample.form = with_dates(sample, columns["happened_at"])
    columns["customer_id"] = sample.take(_field(sample, "customer_id", headers.CUSTOMER_ID))
    columns["kind"] = sample.take(_field(sample, "kind", headers.EVENTS["kind"]))
    columns["event_id"] = sample.take(_field(sample, "event_id", headers.EVENTS["event_id"]))
    columns["value"] = _field(sample, "value", headers.EVENTS["value"], lambda index: is_number(sample, index))
    need(sample, "events", columns, ("customer_id", "happened_at"), request)
    kind = None
    if columns["kind"] is None:
        kind = sample.file.path.stem
        sample.assume(f'All events of {sample.file.name} are of the kind "{kind}": no column names one.')
    named = {name: sample.name(index) for name, index in columns.items() if index is not None}
    return EventsMapping(sample.file.path, named, kind, sample.form)


def _customers(sample: Sample, request: Request) -> CustomersMapping:
    give(sample, "customers", request)
    # In the order of the contract: a column called "tier" is the segment, where no other column is.
    checks = {"number": is_number, "flag": is_flag, "date": is_date}
    columns: dict[str, int | None] = {}
    for each in CUSTOMERS:
        check = checks.get(each.kind)
        fits = None if check is None else partial(check, sample)
        columns[each.name] = sample.take(_field(sample, each.name, headers.CUSTOMERS[each.name], fits))
        if each.kind == "date" and sample.form.date_format is None:
            sample.form = with_dates(sample, columns[each.name])
    need(sample, "customers", columns, ("customer_id",), request)
    named = {name: sample.name(index) for name, index in columns.items() if index is not None}
    return CustomersMapping(sample.file.path, named, sample.form)
