"""The columns of the customers file, and of first orders, that become features, read and looked at cell by cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from features.attributes import Attributes
from features.errors import ConfigError, InputError
from features.log import NULL, Coded, Ints
from features.sources import cells
from features.sources.business_day import DAY, business_days
from features.sources.cells.cells_sql import read_cells
from features.sources.columns import mapped, read_codes
from features.sources.mapped_file import open_mapped
from features.sources.mapping import CustomersMapping, FileFormat, OrdersMapping, Shop
from features.sources.people.attribute_settings import FeatureSettings
from features.sources.people.merges import merged, read_merges
from features.sources.row_checks import TypedTable
from features.sources.words.sensitive import name_words, tells_sex
from features.tables import CUSTOMERS, ORDERS, Field

NOTHING = frozenset(("-", "–", "—", "?", "n/a", "na", "nan", "null", "none"))
# With more values than this for each hundred customers, a column tells persons apart, not groups.
MOST_VALUES_PERCENT, ENOUGH_CUSTOMERS, MAILS = 50, 50, 0.1
REMEDY = "take it out under [features]"
WHEN_AND_WHO = ("customer_id", "ordered_at", "time", "zone")


def read_attributes(mapping: CustomersMapping, settings: FeatureSettings) -> Attributes:
    """Read the columns of the customers file that are features.

    Args:
        mapping: the customers file.
        settings: which columns.

    Raises:
        InputError: a column that is not there, or whose header or cells may not be a feature.
    """
    found, headers = read_columns(mapping, settings.use, "[features] use")
    for name, coded in found.values.items():
        _refuse(mapping.file.name, headers[name], coded, settings)
    return found


def read_columns(mapping: CustomersMapping, names: Sequence[str], setting: str) -> tuple[Attributes, dict[str, str]]:
    """Read columns of the customers file, whatever they hold, and the header of each.

    Args:
        mapping: the customers file.
        names: of columns, by header or by field.
        setting: that names them, for the error.

    Raises:
        ConfigError: a column is named twice, or is one that the file itself needs.
        InputError: a column that is not there.
    """
    columns = _columns(mapping, names, setting)
    with open_mapped(mapping, _fields(columns), columns=columns) as opened:
        typed, _ = read_cells(opened)
        headers = {name: column.header for name, column in opened.columns.items()}
    who = _ids(typed)
    first = _first_rows(who)
    values = {name: _value(typed.texts[name], first) for name in columns if name not in ("customer_id", "known_from")}
    known_from = None
    if "known_from" in columns:
        known_from = _days(_rows(typed.texts["known_from"], first), mapping.format)
    return Attributes(who.values[who.codes[first]], values, known_from), headers


def read_first_orders(mapping: OrdersMapping, shop: Shop, settings: FeatureSettings) -> Attributes:
    """Read what the columns that are features say on each customer's first order, known from that day on.

    Args:
        mapping: the orders.
        shop: the zone, and when a day begins.
        settings: which columns.

    Raises:
        InputError: a column that is not there, or whose header or cells may not be a feature.
    """
    known = {name: mapping.columns[name] for name in WHEN_AND_WHO if name in mapping.columns}
    named = {f"first_{name_words(header).replace(' ', '_')}": header for header in settings.first_order}
    fields = (*(each for each in ORDERS if each.name in known), *(_text(name) for name in named))
    with open_mapped(mapping, fields, columns={**known, **named}) as opened:
        typed, _ = read_cells(opened)
    typed, _ = merged(typed, read_merges(mapping.merge))
    who, (day, _) = _ids(typed), business_days(typed.local_time, typed.offset, shop)
    dated = np.flatnonzero(typed.local_time > cells.HUGE)
    in_time = dated[np.argsort(typed.local_time[dated], kind="stable")]
    rows = in_time[_first_rows(Coded(who.values, who.codes[in_time]))]
    values = {name: _value(typed.texts[name], rows) for name in named}
    for name, coded in values.items():
        _refuse(mapping.source_name, named[name], coded, settings)
    return Attributes(who.values[who.codes[rows]], values, day[rows])


def _ids(typed: TypedTable) -> Coded:
    return mapped(typed.texts["customer_id"], lambda text: cells.customer_id(text) or "").in_order()


def _text(name: str) -> Field:
    return Field(name, "text", False, name, "any text")


def _columns(mapping: CustomersMapping, names: Sequence[str], setting: str) -> dict[str, str]:
    """Return field or attribute → header."""
    found = {name: mapping.columns[name] for name in ("customer_id", "known_from") if name in mapping.columns}
    for used in names:
        header = mapping.columns.get(used, used)
        name = used if used in mapping.columns else name_words(used).replace(" ", "_")
        if not name or name in found:
            raise ConfigError(f'{setting} names "{used}" twice, or a column that the file itself needs: leave it out')
        found[name] = header
    return found


def _fields(columns: Mapping[str, str]) -> tuple[Field, ...]:
    known = {each.name: each for each in CUSTOMERS}
    text = {name: _text(name) for name in columns}
    return tuple({**text, "customer_id": known["customer_id"]}.values())


def _first_rows(who: Coded) -> Ints:
    """Return the first row of each customer; a row without one is none."""
    named = np.flatnonzero((who.values != "")[who.codes]) if len(who.codes) else np.zeros(0, dtype=np.int64)
    _, first = np.unique(who.codes[named], return_index=True)
    return np.sort(named[first])


def _rows(coded: Coded, rows: Ints) -> Coded:
    return Coded(coded.values, coded.codes[rows])


def _value(coded: Coded, rows: Ints) -> Coded:
    known = mapped(_rows(coded, rows), lambda text: "" if text.casefold() in NOTHING else text)
    return known.in_order()


def _days(coded: Coded, form: FileFormat) -> Ints:
    """Return day numbers, NULL where no date can be read."""
    seconds = read_codes(coded, lambda text: cells.moment(text, form.date_format, form.calendar)[0])
    return np.where(seconds > cells.HUGE, seconds // DAY, NULL).astype(np.int64)


def _refuse(file: str, header: str, coded: Coded, settings: FeatureSettings) -> None:
    """Refuse a column by its header, which a field's name may hide, and by its cells.

    Raises:
        InputError: says which column, why, and what to do.
    """
    for why in _doubts(header, coded, settings):
        raise InputError(f'{file}: "{header}" {why} and is never a feature; {REMEDY}')


def _doubts(header: str, coded: Coded, settings: FeatureSettings) -> Iterator[str]:
    if why := settings.refused(header):
        yield why
    if tells_sex(coded.values):
        yield "holds what is sensitive, the sex of persons,"
    yield from tells_persons(coded)


def tells_persons(coded: Coded) -> Iterator[str]:
    """Yield why the cells of a column tell persons apart, not groups; nothing where they do not."""
    values = [str(value) for value in coded.values if value]
    filled = int(np.count_nonzero((coded.values != "")[coded.codes])) if len(coded.codes) else 0
    if sum("@" in value for value in values) > MAILS * len(values):
        yield "holds mail addresses"
    if filled >= ENOUGH_CUSTOMERS and 100 * len(values) > MOST_VALUES_PERCENT * filled:
        yield "has nearly as many values as customers, so it tells persons apart"
