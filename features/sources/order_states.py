"""Finds orders that a file holds in several states: exports that overlap were joined, and in between an order changed.

The latest state counts, whole. Several lines of one order are no states of it, so the rows themselves decide: a later
state names the same products or line numbers again, the next line of an order names others. Whatever tells the rows of
an order apart (its status, its total, where it stands in the file) is taken for a state only where most orders that
differ in it repeat their lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from features.log import Coded, Codes, Ints
from features.sources import cells
from features.sources.columns import Mask, is_empty, keys_in_doubt, mask
from features.sources.duplicates import fingerprints
from features.sources.mapping import LineRules
from features.sources.row_checks import RowChecks, TypedTable

ENOUGH_ROWS = 500_000
LINE_IDS = ("line_id", "product_id")
_STATES = ("status", "cancelled_at", "updated_at")
FEW_LINES = 0.05  # of the orders have several rows: then a row is an order, and no line of one


@dataclass(frozen=True, eq=False)
class EarlierStates:
    """The rows of orders that stand further on again: in another state (`earlier`), or as they were.

    Of these, `repeated` stand again in the same file, `overlapping` in a later one of several.
    """

    earlier: Mask
    repeated: Mask
    overlapping: Mask


def earlier_states(
    checks: RowChecks, order: Codes, customer: Coded, local_time: Ints, rules: LineRules
) -> EarlierStates:
    """Return the rows of all states of an order but its latest.

    Args:
        checks: the rows; money that came back has lines of its own, which are no state of the sale.
        order: a key per row, −1 where it has none.
        customer: of each row; an order number that somebody else uses again is another order.
        local_time: of the order, as is one of another time.
        rules: whether amounts are the order's, and how `updated_at` is written.
    """
    typed = checks.typed
    nothing = EarlierStates(*(np.zeros(typed.rows, dtype=bool) for _ in range(3)))
    sold = checks.alive & (order >= 0) & ~_negative(typed)
    doubt = keys_in_doubt(order, sold, [customer.codes, local_time, *_columns(typed, rules)])
    if not doubt.any():
        if typed.facts.of_partition:  # in another one there may be a doubt, which these orders help to decide
            _rows_say_little(typed, order[:0], order[sold], rules)
        return nothing
    every = np.flatnonzero(sold)
    inside = np.flatnonzero(doubt[order[every]])
    rows, others = every[inside], order[every[~doubt[order[every]]]]
    group, first = _groups(typed, rows, order, customer, local_time)
    block = _blocks(typed, order)[rows]
    run = np.concatenate([[True], (group[1:] != group[:-1]) | (block[1:] != block[:-1])])
    attributes = _attributes(typed, rows, group, run, rules)
    apart = {name: each for name, each in attributes if _differs_from(first, each).any()}
    if not apart:
        if typed.facts.of_partition:
            _rows_say_little(typed, group, others, rules)
        return nothing
    line = _line_identity(typed, rows, group, others, rules)
    state = np.zeros(len(rows), dtype=np.int64)
    for name, each in apart.items():
        if typed.facts.decide(f"states by {name}", _with_lines_repeated(group, each, line), _most_repeat_lines):
            state = _paired(state, each)
    differs = _differs(group, state)
    if not differs.any():
        return nothing
    return _all_but_latest(typed, rows, group, state, line, _group_mask(group, differs), rules)


def _negative(typed: TypedTable) -> Mask:
    negative = np.zeros(typed.rows, dtype=bool)
    for name in ("amount", "quantity"):
        if (values := typed.numbers.get(name)) is not None:
            negative |= (values > cells.HUGE) & (values < 0)
    return negative


def _columns(typed: TypedTable, rules: LineRules) -> Iterator[Codes]:
    """Yield what may tell orders of one number, or the states of one order, apart: an integer per row."""
    yield from (typed.texts[name].codes for name in ("type", *_STATES) if name in typed.texts)
    yield from (typed.flags[name] for name in ("cancelled",) if name in typed.flags)
    yield from (typed.numbers[name] for name in _of_order(rules) if name in typed.numbers)
    if len(typed.place):  # rows that stand together here, and apart in the file
        yield typed.place - np.arange(typed.rows)


def _blocks(typed: TypedTable, order: Codes) -> Ints:
    """Return a number per row, the same for rows of one order that stand together in the file."""
    begins = np.zeros(typed.rows, dtype=np.int64)
    begins[1:] = order[1:] != order[:-1]
    if len(typed.place):
        begins[1:] |= typed.place[1:] - typed.place[:-1] > 1
    return np.cumsum(begins, out=begins)


def _of_order(rules: LineRules) -> tuple[str, ...]:
    return ("amount", "refunded") if rules.amount_is == "order" else ()


def _groups(typed: TypedTable, rows: Ints, order: Codes, customer: Coded, local_time: Ints) -> tuple[Codes, Ints]:
    """Return a key per row, one order of one customer at one time, of one kind of document; and its first row."""
    key = order[rows]
    columns = [customer.codes, local_time, *([typed.texts["type"].codes] if "type" in typed.texts else [])]
    first = _first_of(key)
    for column in columns:
        if _differs_from(first, column[rows]).any():
            key = _paired(key, column[rows])
            first = _first_of(key)
    return key, first


def _attributes(
    typed: TypedTable, rows: Ints, group: Codes, run: Mask, rules: LineRules
) -> Iterator[tuple[str, Codes]]:
    """Yield the name of what may tell the states of an order apart, and an integer per row."""
    for name in _STATES:
        if (coded := typed.texts.get(name)) is not None:
            yield name, _filled_down(coded.codes[rows], ~is_empty(coded)[rows], group, run)
    if (flag := typed.flags.get("cancelled")) is not None:
        yield "cancelled", _filled_down(flag[rows], flag[rows] != cells.FLAG_EMPTY, group, run)
    for name in _of_order(rules):
        if (values := typed.numbers.get(name)) is not None:
            yield name, _filled_down(values[rows], values[rows] != cells.EMPTY, group, run)
    stands_apart = run.copy()
    place = typed.places[rows]
    stands_apart[1:] |= place[1:] - place[:-1] > 1
    yield "place", np.cumsum(stands_apart, dtype=np.int64)


def _filled_down(values: Codes, filled: Mask, group: Codes, run: Mask) -> Codes:
    """Fill empty cells from the line above within one order: exports write an order's cells only once."""
    if filled.all():
        return values
    above = np.maximum.accumulate(np.where(filled, np.arange(len(values)), -1))
    start = np.maximum.accumulate(np.where(run, np.arange(len(values)), 0))
    first = _first(group, filled)[group]
    source = np.where(above >= start, above, first)
    return np.where(source >= 0, values[source], -1)


def _line_identity(typed: TypedTable, rows: Ints, group: Codes, others: Codes, rules: LineRules) -> Codes:
    """Return what names a line within its order: product and line number, else its own numbers, else nothing.

    `others` are the orders of all other rows.
    """
    ids = [typed.texts[name].codes[rows] for name in LINE_IDS if name in typed.texts]
    names = ("price", "quantity") if rules.amount_is == "order" else ("amount", "price", "quantity")
    numbers = [typed.numbers[name][rows] for name in names if name in typed.numbers]
    if _rows_say_little(typed, group, others, rules):
        return np.zeros(len(rows), dtype=np.int64)
    columns = ids or numbers
    if not columns:
        return np.zeros(len(rows), dtype=np.int64)
    identity = columns[0] if ids else _numbered(columns[0])
    for column in columns[1:]:
        identity = _paired(identity, column)
    return identity


def _rows_say_little(typed: TypedTable, group: Codes, others: Codes, rules: LineRules) -> bool:
    """Say whether a row is an order in nearly all cases, and nothing else names a line."""
    if any(name in typed.texts for name in LINE_IDS):
        return False
    rows_of = np.concatenate([np.bincount(group), np.bincount(others)])
    counts = (int(np.count_nonzero(rows_of > 1)), int(np.count_nonzero(rows_of)))
    return typed.facts.decide("orders of several lines", counts, lambda orders: orders[0] <= FEW_LINES * orders[1])


def _with_lines_repeated(group: Codes, attribute: Codes, line: Codes) -> tuple[int, int]:
    """Return how many orders that differ in an attribute name the lines of their last state in all others, too.

    The second number is that of the orders which do not.
    """
    inside = np.flatnonzero(_group_mask(group, _differs(group, attribute)))
    if len(inside) > ENOUGH_ROWS:  # a file that is not sorted by order: some of its orders show that
        inside = inside[group[inside] % (len(inside) // ENOUGH_ROWS + 1) == 0]
        if not len(inside):
            return 0, 0
    some = group[inside]
    state, pair = _paired(some, attribute[inside]), _paired(some, line[inside])
    repeats = _named_again(some, state, pair)
    known = np.zeros(int(state.max()) + 1, dtype=bool)
    known[state[repeats]] = True
    without = np.unique(some[~known[state]])
    return len(np.unique(some)) - len(without), len(without)


def _most_repeat_lines(orders: tuple[int, ...]) -> bool:
    with_all, without = orders
    return with_all > 0 and with_all >= without


def _named_again(group: Codes, state: Ints, pair: Ints) -> Mask:
    """Return the rows whose line the last state of their order names."""
    last = np.zeros(int(group.max()) + 1, dtype=np.int64)
    last[group] = state  # the last row of a group is written last
    named = np.zeros(int(pair.max()) + 1, dtype=bool)
    named[pair[state == last[group]]] = True
    return named[pair]


def _all_but_latest(
    typed: TypedTable, rows: Ints, group: Codes, state: Ints, line: Codes, several: Mask, rules: LineRules
) -> EarlierStates:
    inside = np.flatnonzero(several)
    some, version = group[inside], _paired(group[inside], state[inside])
    # Of one order the rows are brought into the order in which its states were written down.
    when = _updated(typed, rows[inside], version, rules)
    by_time = np.lexsort((np.arange(len(some)), when))
    latest = np.zeros(int(group.max()) + 1, dtype=np.int64)
    latest[some[by_time]] = version[by_time]
    old = version != latest[some]
    again = np.zeros(int(group.max()) + 1, dtype=bool)
    pair = _paired(some, line[inside])
    named = np.zeros(int(pair.max()) + 1, dtype=bool)
    named[pair[~old]] = True
    again[some[old & named[pair]]] = True
    old &= again[some]
    equal = _same_content(typed, rows[inside], version, latest[some])
    elsewhere = _in_other_file(typed, rows[inside], some, old)
    marks = (old & ~equal, old & equal & ~elsewhere, old & equal & elsewhere)
    return EarlierStates(*(mask(rows[inside[marked]], typed.rows) for marked in marks))


def _in_other_file(typed: TypedTable, rows: Ints, group: Codes, old: Mask) -> Mask:
    """Return the rows that lie in another file than the latest state of their order."""
    if not len(typed.part):
        return np.zeros(len(rows), dtype=bool)
    latest = np.full(int(group.max(initial=-1)) + 1, -1, dtype=np.int64)
    latest[group[~old]] = typed.part[rows[~old]]
    return np.asarray(typed.part[rows] != latest[group], dtype=bool)


def _updated(typed: TypedTable, rows: Ints, version: Ints, rules: LineRules) -> Codes:
    """Return when the state of each row was written down, as far as its lines say it."""
    coded = typed.texts.get("updated_at")
    if coded is None:
        return np.zeros(len(rows), dtype=np.int64)
    used, codes = np.unique(coded.codes[rows], return_inverse=True)
    read = np.array([_instant(str(coded.values[code]), rules) for code in used], dtype=np.int64)
    unread = int(np.count_nonzero(read == cells.BAD))
    # Where one cannot be read, the place in the file says it.
    if typed.facts.decide("updated_at that cannot be read", (unread,), lambda texts: texts[0] > 0):
        return np.zeros(len(rows), dtype=np.int64)
    newest = np.full(int(version.max()) + 1, cells.EMPTY, dtype=np.int64)
    np.maximum.at(newest, version, read[codes])
    return newest[version]


def _instant(text: str, rules: LineRules) -> int:
    seconds, offset = cells.moment(text, rules.date_format, rules.calendar)
    return seconds if seconds <= cells.HUGE or offset == cells.NO_OFFSET else seconds - offset


def _same_content(typed: TypedTable, rows: Ints, version: Ints, latest: Ints) -> Mask:
    """Return the rows whose state has the same lines, cell by cell, as the latest state of their order."""
    content = np.zeros(int(version.max()) + 1, dtype=np.uint64)
    np.add.at(content, version, fingerprints(typed, rows) + np.uint64(1))
    return np.asarray(content[version] == content[latest], dtype=bool)


def _differs(group: Codes, values: Codes) -> Mask:
    """Return the rows whose value is another than that of the first row of their group."""
    return _differs_from(_first_of(group), values)


def _differs_from(first: Ints, values: Codes) -> Mask:
    return np.asarray(values != values[first], dtype=bool)


def _first_of(group: Codes) -> Ints:
    """Return for each row the first one of its group."""
    first = np.full(int(group.max(initial=-1)) + 1, -1, dtype=np.int64)
    first[group[::-1]] = np.arange(len(group))[::-1]  # backwards, so that the first row is written last
    return first[group]


def _first(group: Codes, filled: Mask) -> Ints:
    first = np.full(int(group.max(initial=-1)) + 1, -1, dtype=np.int64)
    at = np.flatnonzero(filled)[::-1]  # backwards, so that the first row is written last
    first[group[at]] = at
    return first


def _group_mask(group: Codes, rows: Mask) -> Mask:
    """Return all rows of the groups of which one row is marked."""
    marked = np.zeros(int(group.max(initial=-1)) + 1, dtype=bool)
    marked[group[rows]] = True
    return marked[group]


def _numbered(values: Codes) -> Ints:
    """Return the same column with numbers from 0 without a gap."""
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def _paired(left: Codes, right: Codes) -> Ints:
    """Return one number per distinct pair, from 0 without a gap."""
    low = int(right.min(initial=0))
    span = int(right.max(initial=0)) - low + 1
    if span * (int(left.max(initial=0)) + 1) >= 2**62:
        right, low = _numbered(right), 0
        span = int(right.max(initial=0)) + 1
    return _numbered(left.astype(np.int64) * span + (right - low))
