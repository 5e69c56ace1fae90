"""`regulars init`: what a shop's files probably mean, each assumption said in one sentence.

Columns are found by the names that the usual exports give them and checked against what is in them; how cells are
written is judged from the cells. What cannot be told is asked for, with the line to write.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Literal

from features.guess import headers
from features.guess import unused_columns as leftovers
from features.guess.request import Request, give, need
from features.guess.sample import (
    Sheet,
    has_lines_per_order,
    is_date,
    is_flag,
    is_number,
    is_order_id,
    is_order_level,
    open_sheet,
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
        columns: field -> header where it is known already; fields of other files as `events.kind`, `customers.name`.
        more: what else stood on the command line, to be repeated where the command is told.

    Returns:
        The mappings, and every assumption in one sentence.

    Raises:
        InputError: a file that cannot be read, or a required column that was not recognised: it says which columns
            are free and what to write; a field or header in `columns` that does not exist.
    """
    request = Request(orders, events, customers, columns or {}, more)
    request.check()
    with ExitStack() as stack:
        sheet = open_sheet(stack, orders)
        mapping = _orders(sheet, request)
        shop = shop_of(sheet, mapping)
        leftovers.of_orders(sheet, mapping.columns)
        rest = {"orders": leftovers.not_used(sheet, mapping.columns)}
        said = list(sheet.said)
        happened = owned = None
        if events is not None:
            other = open_sheet(stack, events)
            happened = _events(other, request)
            rest["events"] = leftovers.not_used(other, happened.columns)
            said += other.said
        if customers is not None:
            other = open_sheet(stack, customers)
            owned = _customers(other, request)
            rest["customers"] = leftovers.not_used(other, owned.columns)
            said += other.said
    return Guess(shop, mapping, happened, owned, tuple(said), rest)


def _field(sheet: Sheet, name: str, names: Sequence[str], check: Callable[[int], bool] | None = None) -> int | None:
    """The column that was said to hold a field, else the one whose name and cells fit it best."""
    return sheet.given[name] if name in sheet.given else sheet.find(names, check)


def _orders(sheet: Sheet, request: Request) -> OrdersMapping:
    give(sheet, "orders", request)
    export = headers.platform(sheet.file.header)
    if export:
        sheet.said.append(f"{sheet.file.name} looks like {export}.")
    at = _field(sheet, "ordered_at", headers.ORDERED_AT, lambda place: is_date(sheet, place))
    at = sheet.take(_near(sheet, headers.ORDERED_AT) if at is None else at)
    sheet.form = with_dates(sheet, at)
    order = sheet.take(_field(sheet, "order_id", headers.ORDER_ID, lambda place: is_order_id(sheet, place)))
    customer = sheet.take(_customer(sheet))
    sheet.form = with_decimal(sheet, [sheet.given[name] for name in MONEY if name in sheet.given])
    columns: dict[str, int | None] = {"order_id": order, "customer_id": customer, "ordered_at": at}
    for name in ("line_id", "status", "cancelled_at", "test", "returned", "currency"):
        flag = name in ("test", "returned")
        check = (lambda place: is_flag(sheet, place)) if flag else None
        columns[name] = sheet.take(_field(sheet, name, headers.ORDERS[name], check))
    for name in ("price", "quantity", "discount"):
        columns[name] = _field(sheet, name, headers.ORDERS[name], lambda place: is_number(sheet, place))
    amount, amount_is = _amount(sheet, order, columns)
    product = _field(sheet, "product_id", headers.PRODUCT_ID)
    columns["product_id"] = product if product not in (order, customer, amount) else None
    by_unit = amount is None and columns["price"] is not None and columns["quantity"] is not None
    if by_unit:
        sheet.said.append(
            f'The amount of a line is "{sheet.name(columns["price"] or 0)}" × "{sheet.name(columns["quantity"] or 0)}".'
        )
    else:
        columns["price"] = None
        columns["amount"] = amount
    # An order's discount on each of its lines would be counted once per line, and a line's once per order.
    has_lines = has_lines_per_order(sheet, order) and "discount" not in sheet.given
    if has_lines and is_order_level(sheet, order, columns["discount"]) != (amount_is == "order"):
        columns["discount"] = None
    need(sheet, "orders", columns, ("customer_id", "ordered_at", *(("price",) if by_unit else ("amount",))), request)
    named = {name: sheet.name(place) for name, place in columns.items() if place is not None}
    cancelled, returned = _statuses(sheet, columns["status"], export)
    prefix = _return_prefix(sheet, order, columns["quantity"], amount)
    return OrdersMapping(
        file=sheet.file.path,
        columns=named,
        amount_is=amount_is,
        price_times_quantity=by_unit,
        cancelled_status=cancelled,
        returned_status=returned,
        return_prefix=prefix,
        format=sheet.form,
    )


def _customer(sheet: Sheet) -> int | None:
    """The customer column; where ids are 0 for guests and mails are given, the mail."""
    if "customer_id" in sheet.given:
        return sheet.given["customer_id"]
    found = sheet.find(headers.CUSTOMER_ID)
    found = _near(sheet, headers.CUSTOMER_ID) if found is None else found
    if found is None:
        return None
    nobody = sum(cell in ("", "0") for cell in sheet.columns[found]) / len(sheet.columns[found])
    mail = sheet.find([name for name in headers.CUSTOMER_ID if "mail" in name])
    if nobody > GUEST_ZEROS and mail is not None and mail != found:
        with_mail = len(sheet.filled(mail)) / len(sheet.columns[mail])
        if with_mail > 1 - nobody:
            why = f'"{sheet.name(found)}" is empty or 0 on {nobody:.0%} of the lines'
            sheet.said.append(f'The customer is "{sheet.name(mail)}": {why}.')
            return mail
    sheet.said.append(f'The customer is "{sheet.name(found)}".')
    return found


def _near(sheet: Sheet, names: Sequence[str]) -> int | None:
    """A header that begins with a known name, such as "Order Date (UTC)"."""
    for name in names:
        for place, header in enumerate(sheet.plain):
            fits = len(name) >= 6 and header.startswith(name) and place not in sheet.used and sheet.filled(place)
            if fits and (names is not headers.ORDERED_AT or is_date(sheet, place)):
                return place
    return None


def _amount(
    sheet: Sheet, order: int | None, columns: Mapping[str, int | None]
) -> tuple[int | None, Literal["line", "order"]]:
    """Choose between the line's own amount, the order's total, price × quantity, and a bare price."""
    line = sheet.find(headers.LINE_AMOUNT, lambda place: is_number(sheet, place))
    total = sheet.find(headers.ORDER_TOTAL, lambda place: is_number(sheet, place))
    has_lines = has_lines_per_order(sheet, order)
    if "amount" in sheet.given:
        said = sheet.given["amount"]
        return said, "order" if has_lines and is_order_level(sheet, order, said) else "line"
    if "price" in sheet.given and columns["quantity"] is not None:
        return None, "line"
    if line is not None and not (has_lines and is_order_level(sheet, order, line)):
        sheet.said.append(f'The amount of a line is "{sheet.name(line)}".')
        return line, "line"
    for place in (total, line):
        if place is not None and has_lines and is_order_level(sheet, order, place):
            sheet.said.append(f'The amount is the order\'s total "{sheet.name(place)}", counted once per order.')
            return place, "order"
    if total is not None and not has_lines:
        sheet.said.append(f'The amount is "{sheet.name(total)}".')
        return total, "line"
    if total is not None and columns["price"] is None:
        sheet.said.append(f'The amount of a line is "{sheet.name(total)}".')
        return total, "line"
    if columns["price"] is not None and columns["quantity"] is None:
        sheet.said.append(f'The amount of a line is "{sheet.name(columns["price"])}"; there is no quantity.')
        return columns["price"], "line"
    return None, "line"


def _statuses(sheet: Sheet, place: int | None, export: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    cancelled: tuple[str, ...] = CANCELLED
    returned: tuple[str, ...] = RETURNED
    if export and "WooCommerce" in export:
        cancelled = (*CANCELLED, "pending")
    if export and "Magento" in export:
        returned = (*RETURNED, "closed")
    if place is not None:
        found = {plain_status(cell): cell for cell in sheet.filled(place)}
        out = sorted(cell for status, cell in found.items() if status in set(map(plain_status, cancelled)))
        back = sorted(cell for status, cell in found.items() if status in set(map(plain_status, returned)))
        rest = sorted(cell for status, cell in found.items() if cell not in (*out, *back))
        said = [
            f"{what} are {', '.join(which[:8])}"
            for what, which in (("cancelled", out), ("returned", back), ("orders", rest))
            if which
        ]
        sheet.said.append(f'By "{sheet.name(place)}": {"; ".join(said)}.')
    return cancelled, returned


def _return_prefix(sheet: Sheet, order: int | None, quantity: int | None, amount: int | None) -> str | None:
    """A prefix of a few order ids all of whose lines are negative, such as the C of a credit note."""
    sign = quantity if quantity is not None else amount
    if order is None or sign is None:
        return None
    below: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for cell, said in zip(sheet.columns[order], sheet.columns[sign], strict=True):
        prefix = cell[: len(cell) - len(cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))].upper()
        every[prefix] += 1
        below[prefix] += cells.HUGE < cells.number(said, sheet.form.decimal) < 0
    for prefix, rows in below.items():
        if prefix and rows == every[prefix] and rows < 0.5 * sum(every.values()):
            sheet.said.append(f'Order ids that begin with "{prefix}" are returns: all their lines are negative.')
            return prefix
    return None


def _events(sheet: Sheet, request: Request) -> EventsMapping:
    give(sheet, "events", request)
    columns: dict[str, int | None] = {}
    happened = headers.EVENTS["happened_at"]
    columns["happened_at"] = sheet.take(_field(sheet, "happened_at", happened, lambda place: is_date(sheet, place)))
    sheet.form = with_dates(sheet, columns["happened_at"])
    columns["customer_id"] = sheet.take(_field(sheet, "customer_id", headers.CUSTOMER_ID))
    columns["kind"] = sheet.take(_field(sheet, "kind", headers.EVENTS["kind"]))
    columns["event_id"] = sheet.take(_field(sheet, "event_id", headers.EVENTS["event_id"]))
    columns["value"] = _field(sheet, "value", headers.EVENTS["value"], lambda place: is_number(sheet, place))
    need(sheet, "events", columns, ("customer_id", "happened_at"), request)
    kind = None
    if columns["kind"] is None:
        kind = sheet.file.path.stem
        sheet.said.append(f'All events of {sheet.file.name} are of the kind "{kind}": no column names one.')
    named = {name: sheet.name(place) for name, place in columns.items() if place is not None}
    return EventsMapping(sheet.file.path, named, kind, sheet.form)


def _customers(sheet: Sheet, request: Request) -> CustomersMapping:
    give(sheet, "customers", request)
    # In the order of the contract: a column called "tier" is the segment, where no other column is.
    checks = {"number": is_number, "flag": is_flag, "date": is_date}
    columns: dict[str, int | None] = {}
    for each in CUSTOMERS:
        check = checks.get(each.kind)
        fits = None if check is None else partial(check, sheet)
        columns[each.name] = sheet.take(_field(sheet, each.name, headers.CUSTOMERS[each.name], fits))
        if each.kind == "date" and sheet.form.date_format is None:
            sheet.form = with_dates(sheet, columns[each.name])
    need(sheet, "customers", columns, ("customer_id",), request)
    named = {name: sheet.name(place) for name, place in columns.items() if place is not None}
    return CustomersMapping(sheet.file.path, named, sheet.form)
