"""Guesses for `regulars init` how a shop's files map to the contract, and states each assumption in one sentence.

Columns are found by the names that usual exports give them, and checked against their cells. How numbers and dates are
written is judged from the cells. What cannot be guessed is asked for, with the option to add.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from features.guess import layouts
from features.guess.amounts.money import MoneyReading, money_reading
from features.guess.cell_forms import refuse_mixed_dates, with_dates, with_decimal
from features.guess.columns import headers, roles, unused_columns
from features.guess.columns.contacts import contact_columns, contacts_among
from features.guess.columns.groups import proposed_features
from features.guess.columns.persons import take_person
from features.guess.columns.statuses import status_columns, status_settings
from features.guess.open_sample import SAMPLE, open_sample
from features.guess.order_rows import OrderRows, are_used_again
from features.guess.questions import ask_unreadable, ask_which_of_a_name, ask_zone, settle_zones
from features.guess.request import Request, give, need
from features.guess.sample import (
    Sample,
    has_times,
    is_date,
    is_flag,
    is_number,
    is_time,
    is_zone_name,
)
from features.guess.shop import shop_of
from features.language.messages import sentence
from features.sources.databases.address import Database
from features.sources.mapping import Beside, CustomersMapping, EventsMapping, Guess, OrdersMapping
from features.sources.opening.opener import ALONE
from features.tables import CONTACTS, CUSTOMERS, EVENTS, ORDERS

MONEY = ("amount", "price", "discount")


def guess(
    orders: Path | Database,
    events: Path | None = None,
    customers: Path | None = None,
    columns: Mapping[str, str] | None = None,
    more: str = "",
    files: Sequence[Path] = (),
    beside: Beside = ALONE,
) -> Guess:
    """Guess how the files of a shop map to the contract.

    Args:
        orders: the orders file, or the database that holds them, of which the first rows are read.
        events: the events file, if any.
        customers: the customers file, if any.
        columns: field -> header where the user names it; fields of other files as `events.kind`, `customers.name`.
        more: further options of the command line, repeated when a command is printed.
        files: several orders files, read as one; `orders` is the first of them.
        beside: files that hold a part of the orders.

    Returns:
        The mappings, every assumption in one sentence, and a question for each column of `columns` that cannot be read.

    Raises:
        InputError: a file that cannot be read, or a required column that was not recognised: it says which columns
            are free and what to write; a field or header in `columns` that does not exist.
    """
    request = Request(orders, events, customers, columns or {}, more, tuple(files), beside)
    request.check()
    with ExitStack() as stack:
        paths = request.paths or (_sample_file(stack, orders),)
        sample = open_sample(stack, paths, request.joined)
        request.tell_of_payments(sample)
        mapping = _orders(sample, request)
        if isinstance(orders, Database):
            mapping = mapping.read_from_database(orders)
        shop = shop_of(sample, mapping)
        unused_columns.explain_refunds(sample, mapping.columns)
        used = (*mapping.columns.values(), *mapping.contacts.values())
        rest = {"orders": unused_columns.not_used(sample, used)}
        assumptions, questions = list(sample.assumptions), list(sample.questions)
        happened = owned = None
        proposed: tuple[str, ...] = ()
        if events is not None:
            other = open_sample(stack, events)
            happened = _events(other, request)
            questions += other.questions
            rest["events"] = unused_columns.not_used(other, happened.columns.values())
            assumptions += other.assumptions
        if customers is not None:
            other = open_sample(stack, customers)
            owned = _customers(other, request)
            questions += other.questions
            index_of = {name: other.file.column_index(header) for name, header in owned.columns.items()}
            proposed = proposed_features(other, index_of)
            rest["customers"] = unused_columns.not_used(other, (*owned.columns.values(), *proposed))
            assumptions += other.assumptions
    return Guess(shop, mapping, happened, owned, tuple(assumptions), rest, tuple(questions), proposed)


def _sample_file(stack: ExitStack, orders: Path | Database) -> Path:
    if isinstance(orders, Path):
        return orders
    from features.sources.databases.extract import Wanted, extracted  # only here: Parquet is written there

    return stack.enter_context(extracted(orders, Wanted(most_rows=SAMPLE)))


def _field(sample: Sample, name: str, names: Sequence[str], check: Callable[[int], bool] | None = None) -> int | None:
    """Return the column that the user names for a field, else the one whose name and cells fit it best."""
    return sample.given[name] if name in sample.given else sample.find(names, check)


def _orders(sample: Sample, request: Request) -> OrdersMapping:
    give(sample, "orders", request)
    take_person(sample)
    layout = layouts.layout_of(sample.file.header)
    known = None if layout is None else layouts.read_as(sample, layout)
    at = _field(sample, "ordered_at", headers.ORDERED_AT, lambda index: is_date(sample, index))
    at = sample.take(_near(sample, headers.ORDERED_AT) if at is None else at)
    if at is None:
        at = sample.take(ask_zone(sample, "orders", headers.ORDERED_AT))
    if at is None:
        refuse_mixed_dates(sample, headers.ORDERED_AT)
        at = sample.take(roles.ordered_at(sample))
    sample.form = with_dates(sample, at)
    beside = _time_beside(sample, at)
    order = sample.take(sample.given["order_id"] if "order_id" in sample.given else roles.order_id(sample, at))
    given = sample.given.get("customer_id")
    customer = sample.take(roles.customer(sample, order, at, known) if given is None else given)
    sample.form = with_decimal(sample, [sample.given[name] for name in MONEY if name in sample.given])
    order = None if are_used_again(OrderRows(sample, order), customer) else order
    if layout is not None:
        layouts.tell_sums(sample, layout)
    columns: dict[str, int | None] = {"order_id": order, "customer_id": customer, "ordered_at": at, **beside}
    columns |= status_columns(sample, order)
    states = tuple(index for name in ("status", "updated_at") if (index := columns[name]) is not None)
    rows = OrderRows(sample, order, states)
    columns["line_id"] = sample.take(_field(sample, "line_id", headers.LINE_ID, rows.numbers_lines))
    columns["currency"] = sample.take(_field(sample, "currency", headers.CURRENCY))
    worth = _worth(rows)
    product = _field(sample, "product_id", headers.PRODUCT_ID)
    columns["product_id"] = product if product not in (order, customer, worth.columns.get("amount")) else None
    columns |= worth.columns
    category = _field(sample, "category", headers.CATEGORY)
    columns["category"] = category if category not in columns.values() else None
    need(sample, "orders", columns, ("customer_id", "ordered_at", *worth.needed), request)
    ask_unreadable(sample, "orders", ORDERS)
    ask_which_of_a_name(sample, columns)
    named = {name: sample.name(index) for name, index in columns.items() if index is not None}
    return OrdersMapping(
        file=sample.file.path if isinstance(request.orders, Database) else request.orders,
        files=request.files if len(request.files) > 1 else (),
        lines=request.joined.lines,
        payments=request.joined.payments,
        persons=request.joined.persons,
        columns=named,
        contacts=contact_columns(sample, named),
        format=sample.form,
        **worth.settings,
        **status_settings(sample, columns, None if layout is None else layout.name),
        guests=None if layout is None else roles.guests_of(sample, customer, layout.guests),
    )


def _time_beside(sample: Sample, at: int | None) -> dict[str, int | None]:
    """Return the columns of time and zone beside a column of dates without times."""
    if at is None or ("time" not in sample.given and has_times(sample, at)):
        return {}
    time = sample.take(_field(sample, "time", headers.TIME, lambda index: is_time(sample, index)))
    if time is None:
        return {}
    sample.assume(sentence('The time of "{column}" is "{header}".', column=sample.name(at), header=sample.name(time)))
    zone = sample.take(_field(sample, "zone", headers.ZONE, lambda index: is_zone_name(sample, index)))
    if zone is not None:
        settle_zones(sample, zone, "orders")
    return {"time": time, "zone": zone}


def _worth(rows: OrderRows) -> MoneyReading:
    """Return the columns of money; where no name tells one, the only column that could be money is the amount."""
    worth = money_reading(rows)
    if all(worth.columns.get(name) is not None for name in worth.needed):
        return worth
    found = roles.amount(rows.sample, worth.columns.values())
    if found is None:
        return worth
    rows.sample.given["amount"] = found
    return money_reading(rows)


def _near(sample: Sample, names: Sequence[str]) -> int | None:
    """Return the column whose header begins with a known name, such as "Order Date (UTC)"."""
    for name in names:
        for index, header in enumerate(sample.plain):
            fits = len(name) >= 6 and header.startswith(name) and index not in sample.used and sample.filled(index)
            if fits and (names is not headers.ORDERED_AT or is_date(sample, index)):
                return index
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
    ask_unreadable(sample, "events", EVENTS)
    kind = None
    if columns["kind"] is None:
        kind = sample.file.path.stem
        sample.assume(
            sentence(
                'All events of {file} are of the kind "{name}": no column names one.', file=sample.file.name, name=kind
            )
        )
    named = {name: sample.name(index) for name, index in columns.items() if index is not None}
    return EventsMapping(sample.file.path, named, kind, sample.form)


def _customers(sample: Sample, request: Request) -> CustomersMapping:
    give(sample, "customers", request)
    # In the order of the contract: a column called "tier" is the segment, where no other column is.
    checks = {"number": is_number, "flag": is_flag, "date": is_date}
    customer = sample.take(_field(sample, "customer_id", headers.CUSTOMERS["customer_id"]))
    reach = contacts_among(sample, lambda index: index not in sample.used)
    columns: dict[str, int | None] = {"customer_id": customer}
    columns |= {each.name: sample.take(sample.given.get(each.name, reach.get(each.name))) for each in CONTACTS}
    for each in (field for field in CUSTOMERS if field.name not in columns):
        check = checks.get(each.kind)
        fits = None if check is None else partial(check, sample)
        columns[each.name] = sample.take(_field(sample, each.name, headers.CUSTOMERS[each.name], fits))
        if each.kind == "date" and sample.form.date_format is None:
            sample.form = with_dates(sample, columns[each.name])
    need(sample, "customers", columns, ("customer_id",), request)
    ask_unreadable(sample, "customers", CUSTOMERS)
    named = {name: sample.name(index) for name, index in columns.items() if index is not None}
    return CustomersMapping(sample.file.path, named, sample.form)
