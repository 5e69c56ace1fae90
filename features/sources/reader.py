"""Reads a shop's files into a log that keeps the contract, or names every broken rule at once.

`cells/` reads the cells, `cleaning.py` applies the stated rules, `features/roll_up.py` rolls up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from features.clock import date_of, day_number
from features.errors import InputError, Violation
from features.log import Coded, Ints, Log
from features.memory import give_back, memory_kept
from features.questions import Question, by_setting
from features.roll_up import roll_up
from features.sources.balance.draw import draw, with_log
from features.sources.balance.iran_units import unit_questions
from features.sources.balance.limits import Months, doubts
from features.sources.balance.recount import compare, recount
from features.sources.balance.sheet import BalanceSheet
from features.sources.cells.cells_sql import read_cells
from features.sources.cleaning import clean_events, clean_lines
from features.sources.columns import Mask
from features.sources.mapped_file import MappedFile, open_mapped
from features.sources.mapping import CustomersMapping, EventsMapping, OrdersMapping, Shop
from features.sources.opening.open_file import Place
from features.sources.people.customers import clean_customers
from features.sources.people.forgotten import Forgotten, marked, without_forgotten
from features.sources.people.merges import MERGED, merged, read_merges
from features.sources.posted import Posts, with_posted
from features.sources.row_checks import NO_TEXTS, CleanTable, Problem, TypedTable
from features.sources.rules import EVENTS_OF_FORGOTTEN, FORGOTTEN, RULES, RuleCount
from features.sources.set_aside import stop_at_broken, with_ragged, without_broken
from features.sources.violations import BrokenRule, Findings, findings, named_rows, refused, refused_by, without_headers
from features.tables import CUSTOMERS, EVENTS, ORDERS, names


@dataclass(frozen=True, eq=False)
class CleanLog:
    """A log that keeps the contract, how many rows each stated rule touched, and the date it ends before.

    `sheet` accounts for every row and every unit of money of the orders.
    """

    log: Log
    rules: tuple[RuleCount, ...]
    until: date | None
    sheet: BalanceSheet
    set_aside: tuple[Violation, ...] = ()


@dataclass(frozen=True, eq=False)
class CheckReport:
    """Every broken rule of all files; the log where there is none.

    `violations` shows the first cells of each rule, `broken` counts all of them; `warnings` are no broken rules.
    """

    violations: tuple[Violation, ...]
    rules: tuple[RuleCount, ...]
    log: Log | None
    broken: tuple[BrokenRule, ...] = ()
    warnings: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    sheet: BalanceSheet | None = None
    set_aside: tuple[Violation, ...] = ()


def read_log(
    shop: Shop,
    orders: OrdersMapping,
    events: EventsMapping | None = None,
    *,
    until: date | None = None,
    latest: date | None = None,
    posted: Posts | None = None,
    forgotten: Forgotten | None = None,
    count_twice: bool = False,
) -> CleanLog:
    """Read orders and events into a log.

    Args:
        shop: zone, currency, business day, exchange rates.
        orders: the orders file.
        events: the events file, if any.
        until: nothing on or after this business day is read.
        latest: a date after it is a mistake; None = dates are not checked against a clock.
        posted: what was posted, none of it on or after `until`; read as if it stood in the files, see `with_posted`.
        forgotten: says which customers were forgotten: their rows are counted, and are not in the log; None = nobody.
        count_twice: count rows and money of the orders a second time, from the raw cells, see `recount`.

    Raises:
        InputError: with every broken rule of both files, or where no order is left.
    """
    report = check_files(
        shop,
        orders,
        events,
        until=until,
        latest=latest,
        posted=posted,
        forgotten=forgotten,
        count_twice=count_twice,
    )
    if report.log is None or report.questions:
        file_names = " and ".join([orders.source_name, *([events.file.name] if events else [])])
        raise asking(orders.source_name, report.questions, file_names, report.violations)
    assert report.sheet is not None
    return CleanLog(report.log, report.rules, until, report.sheet, report.set_aside)


def asking(
    source: str, questions: Iterable[Question], file_names: str | None = None, violations: Sequence[Violation] = ()
) -> InputError:
    """Return the error that refuses files about which something is asked.

    Args:
        source: of the orders, as messages call it.
        questions: those of one setting are asked together.
        file_names: all files that cannot be used; None = the source.
        violations: the rules that they break.
    """
    asked = [Violation(source, None, "", each.words, "", each.remedy) for each in by_setting(questions).values()]
    return InputError(f"{file_names or source} cannot be used", [*violations, *asked])


def check_files(
    shop: Shop,
    orders: OrdersMapping,
    events: EventsMapping | None = None,
    customers: CustomersMapping | None = None,
    *,
    until: date | None = None,
    latest: date | None = None,
    posted: Posts | None = None,
    forgotten: Forgotten | None = None,
    count_twice: bool = True,
) -> CheckReport:
    """Check all files of a shop against the contract; arguments as for `read_log`. Nothing is raised."""
    with memory_kept():
        return _checked(shop, orders, events, customers, until, latest, posted, forgotten, count_twice=count_twice)


def _checked(
    shop: Shop,
    orders: OrdersMapping,
    events: EventsMapping | None,
    customers: CustomersMapping | None,
    until: date | None,
    latest: date | None,
    posted: Posts | None,
    forgotten: Forgotten | None,
    *,
    count_twice: bool,
) -> CheckReport:
    limits = {
        "until": None if until is None else day_number(until),
        "latest": None if latest is None else day_number(latest),
    }
    lines, found, set_aside = _read_orders(orders, shop, limits, forgotten, count_twice=count_twice)
    happened: CleanTable | None = None
    if events is not None:
        happened, more = read_events(events, shop, limits, forgotten, orders.merge)
        found.add(more)
    if customers is not None:
        found.add(_customers(customers)[1])
    counts = {**(lines.counts if lines else {}), **(happened.counts if happened else {})}
    if found.violations or lines is None or lines.lines is None:
        return _faulty(found, counts)
    questions, sheet = lines.questions, _sheet(lines, shop)
    if sheet is not None:
        counts |= {line.rule: line.rows for line in sheet.left_out}
    bought, happened_events = lines.lines, happened.events if happened else None
    event_ids = NO_TEXTS if happened is None else happened.event_ids
    ragged = lines.ragged_rows
    in_file, days = len(bought.day), lines.rows.day if lines.rows is not None else bought.day
    del lines, happened  # what was posted is put under them, and a large shop's lines are not held twice
    if posted is not None:
        try:
            named = "order_id" in orders.columns
            bought, happened_events = with_posted(bought, happened_events, posted, named, event_ids)
        except InputError as error:
            return _faulty(refused(error.violations), counts)
    under = None if posted is None else bought.where(np.arange(len(bought.day)) >= in_file)
    handed_over = [bought]
    del bought  # rolling up lets go of each column once it is used
    give_back()
    log = roll_up(handed_over.pop(), happened_events)
    kept = log.streams["orders"]
    if not len(kept):
        return _faulty(refused([nothing_left(orders, counts, until)]), counts)
    counts["same-day splits"] = int((kept.columns["orders"] - 1).sum())
    if sheet is not None:
        sheet = with_log(sheet, log, under)
        questions += doubts(sheet, log, Months.of(sheet, days), orders.accept, orders.most_left_out)
        questions += unit_questions(sheet, log, shop.new_rial_from, orders.accept)
        sheet = with_ragged(sheet, ragged)
    return CheckReport((), counted(counts), log, questions=questions, sheet=sheet, set_aside=tuple(set_aside))


def _read_orders(
    orders: OrdersMapping,
    shop: Shop,
    limits: Mapping[str, int | None],
    forgotten: Forgotten | None,
    *,
    count_twice: bool,
) -> tuple[CleanTable | None, Findings, list[Violation]]:
    """Return the clean lines, what is wrong with the file, and the rows that were set aside."""
    rules = orders.rules

    def clean(typed: TypedTable, set_aside: Mask) -> CleanTable:
        return clean_lines(typed, rules, shop, until=limits["until"], latest=limits["latest"], set_aside=set_aside)

    try:
        until = limits["until"]
        with open_mapped(orders, ORDERS, before=None if until is None else date_of(until)) as opened:
            typed, file, again = typed_cells(opened)
            merges = read_merges(orders.merge)
            typed, n_merged = merged(marked(typed, FORGOTTEN, forgotten, merges), merges)
            cleaned, found, set_aside = stop_at_broken(typed, clean), None, list[Violation]()
            broken = again or cleaned.problems or file.file.n_ragged
            if orders.on_broken == "set_aside" and broken and file.file.n_ragged == len(file.file.ragged):
                found = without_broken(typed, clean, again, file.file.n_ragged)
            if found is not None:
                cleaned, set_aside = replace(found[0], ragged_rows=file.file.n_ragged), named_rows(file, found[1])
            if count_twice and not cleaned.problems:
                cleaned = replace(cleaned, recount=recount(file, price_times_quantity=orders.price_times_quantity))
            cleaned = replace(cleaned, counts={**cleaned.counts, **file.file.counts, MERGED: n_merged})
            wrong = Findings() if found is not None else findings(file, [*again, *cleaned.problems])
            return cleaned, wrong, set_aside
    except InputError as error:
        return None, refused_by(error, orders.source_name), []


def _sheet(table: CleanTable, shop: Shop) -> BalanceSheet | None:
    """Return the balance sheet of the orders file, once it agrees with the second count, where there is one."""
    if table.rows is None or table.lines is None:
        return None
    sheet = draw(shop.currency, table.rows, table.lines)
    if table.recount is not None:
        compare(sheet, table.recount)
    return sheet


def places_of(orders: OrdersMapping, rows: Ints) -> list[Place]:
    """Return where rows of the orders lie, by file and physical line, 1 = the header, and their cells.

    Args:
        orders: the file.
        rows: their numbers, from 0.
    """
    with open_mapped(orders, ORDERS) as opened:
        return list(opened.file.located(set(rows.tolist())).values())


def read_customers(mapping: CustomersMapping, forgotten: Forgotten | None = None) -> pd.DataFrame:
    """Read the customers file.

    Args:
        mapping: the file, and which column is which field.
        forgotten: says which customers were forgotten: the frame holds none of them; None = nobody.

    Returns:
        the fields of CUSTOMERS, one row per customer: texts, flags as bool, numbers as float and dates as date, each
        None where nothing is known.

    Raises:
        InputError: with every broken rule.
    """
    frame, found = _customers(mapping)
    if found.violations:
        raise InputError(f"{mapping.file.name} cannot be used", found.violations)
    return without_forgotten(frame, forgotten)


def _faulty(found: Findings, counts: Mapping[str, int]) -> CheckReport:
    return CheckReport(tuple(found.violations), counted(counts), None, tuple(found.broken), tuple(found.warnings))


def counted(counts: Mapping[str, int]) -> tuple[RuleCount, ...]:
    """Return how many rows each rule touched, in the order of the rules."""
    return tuple(RuleCount(rule, counts[rule]) for rule in RULES if rule in counts)


def nothing_left(orders: OrdersMapping, counts: Mapping[str, int], until: date | None) -> Violation:
    """Return the violation of a file without an order; arguments as for `read_log`, and rule → rows."""
    left_out = ", ".join(f"{rows} {rule}" for rule, rows in counts.items() if rows)
    cut = f" before {until}" if until else ""
    if counts.get("zero-value orders"):
        remedy = (
            f'of its lines: {left_out}; name the column that holds the money as amount, or set amount_is = "none" to '
            "count orders without money"
        )
        return Violation(orders.source_name, None, "", f"holds no order worth more than 0{cut}", "", remedy)
    remedy = f"of its lines: {left_out}" if left_out else "export it again, with order lines"
    return Violation(orders.source_name, None, "", f"holds no order of a known customer{cut}", "", remedy)


def read_events(
    mapping: EventsMapping,
    shop: Shop,
    limits: Mapping[str, int | None],
    forgotten: Forgotten | None,
    merge: Path | None,
) -> tuple[CleanTable | None, Findings]:
    """Return the clean events, and what is wrong with their file.

    Args:
        mapping: the file.
        shop: zone and business day.
        limits: day numbers of `until` and `latest`, as for `read_log`.
        forgotten: says who was forgotten.
        merge: the file of merged customers.
    """
    try:
        with open_mapped(mapping, EVENTS) as opened:
            typed, file, again = typed_cells(opened, mapping.kind)
            merges = read_merges(merge)
            typed, _ = merged(marked(typed, EVENTS_OF_FORGOTTEN, forgotten, merges), merges)
            cleaned = clean_events(typed, shop, until=limits["until"], latest=limits["latest"])
            cleaned = replace(cleaned, counts={**cleaned.counts, **file.file.counts})
            return cleaned, findings(file, [*again, *cleaned.problems])
    except InputError as error:
        return None, refused_by(error, mapping.file.name)


def typed_cells(opened: MappedFile, kind: str | None = None) -> tuple[TypedTable, MappedFile, list[Problem]]:
    """Return the cells of a file, the file as it could be read, and the header lines that come again in it.

    `kind` is that of every event of a file that has no column for it.
    """
    typed, file = read_cells(opened)
    if kind is not None:
        every_row = Coded(np.array([kind], dtype=object), np.zeros(typed.rows, dtype=np.int64))
        typed = replace(typed, texts={**typed.texts, "kind": every_row})
    typed, again = without_headers(typed, file)
    return typed, file, again


def _customers(mapping: CustomersMapping) -> tuple[pd.DataFrame, Findings]:
    try:
        with open_mapped(mapping, CUSTOMERS) as opened:
            typed, file, again = typed_cells(opened)
            cleaned, problems = clean_customers(typed, mapping.format)
            return cleaned, findings(file, [*again, *problems])
    except InputError as error:
        nothing = pd.DataFrame({name: pd.Series(dtype=object) for name in names(CUSTOMERS)})
        return nothing, refused_by(error, mapping.file.name)
