"""Guesses which columns say what a row is: state, kind of document, flags; and tells which words mean what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from features.guess.columns import headers, status_names
from features.guess.order_rows import OrderRows
from features.guess.sample import Sample, is_date, is_flag, is_number
from features.language.messages import Message, in_a_row, sentence
from features.questions import some_of
from features.sources import cells
from features.sources.words.meanings import Meaning, Where, meanings

MOST_WORDS = 60  # a column of more different texts is no list of states
ADDRESS = ("city", "zip", "zipcode", "postcode", "postalcode", "country", "region", "address", "street", "county")
MOSTLY = 0.6
LONGEST_CODE = 3  # NY, NSW
UNKNOWN = Message("not known, and asked about", context="rows")
MEANT: Mapping[Meaning | None, Message] = {
    "sale": Message("orders", context="rows"),
    "cancelled": Message("cancelled", context="rows"),
    "unpaid": Message("never paid", context="rows"),
    "returned": Message("returned", context="rows"),
    "test": Message("tests", context="rows"),
    "no_order": Message("no orders", context="rows"),
}


def status_columns(sample: Sample, order: int | None) -> dict[str, int | None]:
    """Return field -> index of the columns that say what a row is, and mark them as used.

    Args:
        sample: the first rows of the orders file.
        order: index of the column of order ids.
    """
    columns: dict[str, int | None] = {}
    finders: Mapping[str, Callable[[], int | None]] = {
        "cancelled_at": lambda: sample.find(headers.CANCELLED_AT, lambda index: not is_flag(sample, index)),
        "type": lambda: _type(sample),
        "status": lambda: _status(sample),
        "test": lambda: sample.find(headers.TEST, lambda index: is_flag(sample, index)),
        "returned": lambda: sample.find(headers.RETURNED, lambda index: is_flag(sample, index)),
        "cancelled": lambda: sample.find(status_names.CANCELLED, lambda index: is_flag(sample, index)),
        "updated_at": lambda: _updated_at(sample, order),
    }
    for name, find in finders.items():
        columns[name] = sample.take(sample.given[name] if name in sample.given else find())
    return columns


def _status(sample: Sample) -> int | None:
    """Return the column of states: by its name, where its words are known by those; else by its words alone."""
    named = list(_named(sample, status_names.STATUS, numbers=True))
    likely = [index for index in named if _share_known(sample, index, "status")]
    likely.sort(key=lambda index: not _tells_apart(sample, index))
    maybe = [index for index in _named(sample, status_names.STATUS_OR_STATE) if _is_status(sample, index)]
    return next(
        iter([*likely, *maybe, *named, *_by_words(sample, "status", {"cancelled", "returned", "unpaid"})]), None
    )


def _type(sample: Sample) -> int | None:
    named = list(_named(sample, status_names.TYPE))
    likely = [index for index in named if _share_known(sample, index, "type")]
    maybe = [
        index
        for index in _named(sample, status_names.TYPE_OF_ANYTHING)
        if _share_known(sample, index, "type") >= MOSTLY
    ]
    states = (*status_names.STATUS, *status_names.STATUS_OR_STATE)
    by_words = (
        each for each in _by_words(sample, "type", {"returned", "no_order"}) if sample.plain[each] not in states
    )
    return next(iter([*likely, *maybe, *named, *by_words]), None)


def _updated_at(sample: Sample, order: int | None) -> int | None:
    if not OrderRows(sample, order).several:
        return None
    return sample.find(status_names.UPDATED_AT, lambda index: is_date(sample, index))


def _tells_apart(sample: Sample, index: int) -> bool:
    """Say whether a column knows anything else than sales: of two states of an order, that of the payment may."""
    return bool({"cancelled", "returned", "unpaid", "test"} & set(_known(sample, index, "status").values()))


def _named(sample: Sample, names: Sequence[str], *, numbers: bool = False) -> Iterator[int]:
    """Yield the columns of some names, best first, whose cells could be words, or numbers that stand for words."""
    for name in names:
        for index, header in enumerate(sample.plain):
            fits = name in (header, sample.bare[index]) and index not in sample.used
            if fits and _could_be_words(sample, index, numbers=numbers):
                yield index


def _could_be_words(sample: Sample, index: int, *, numbers: bool = False) -> bool:
    words = set(sample.filled(index))
    return 0 < len(words) <= MOST_WORDS and (numbers or not is_number(sample, index)) and not is_date(sample, index)


def _known(sample: Sample, index: int, where: Where) -> Mapping[str, Meaning | None]:
    return meanings(sample.filled(index), where)


def _share_known(sample: Sample, index: int, where: Where) -> float:
    """Return the share of a column's different words that are known."""
    found = _known(sample, index, where)
    return sum(meaning is not None for meaning in found.values()) / max(1, len(found))


def _is_status(sample: Sample, index: int) -> bool:
    """Say whether a column that may be the state of an address holds states of orders."""
    share = _share_known(sample, index, "status")
    beside = any(each.startswith(word) or each.endswith(word) for each in sample.plain for word in ADDRESS)
    codes = sum(len(word) <= LONGEST_CODE and word.isupper() for word in set(sample.filled(index)))
    return share >= (MOSTLY if beside or codes else 1 / 2)


def _by_words(sample: Sample, where: Where, telling: set[Meaning]) -> Iterator[int]:
    """Yield the columns of any name nearly all of whose words are known, one of them being none of a sale."""
    for index in range(len(sample.plain)):
        if index in sample.used or not _could_be_words(sample, index) or is_flag(sample, index):
            continue
        found = _known(sample, index, where)
        sure = sum(meaning is not None for meaning in found.values()) >= 0.8 * len(found)
        if sure and len(found) > 1 and telling & {meaning for meaning in found.values() if meaning}:
            yield index


def status_settings(sample: Sample, columns: Mapping[str, int | None], export: str | None) -> dict[str, Any]:
    """Return the settings of OrdersMapping that say which rows are cancelled or came back.

    Args:
        sample: the first rows of the orders file.
        columns: field of ORDERS -> index of its column.
        export: the shop software whose export it is, if that was recognised.
    """
    settings: dict[str, Any] = {}
    words = {cell.lower() for cell in sample.filled(status)} if (status := columns.get("status")) is not None else set()
    if export and "WooCommerce" in export and words & {"pending", "wc-pending"}:
        settings["cancelled_status"] = ("pending",)  # unpaid there; elsewhere cash on delivery
    if export and "Magento" in export and "closed" in words:
        settings["returned_status"] = ("closed",)  # a credit memo took all of it back
    settings |= _same_everywhere(sample, columns)
    own: dict[str, Meaning] = {**dict.fromkeys(settings.get("cancelled_status", ()), "cancelled")}
    own |= dict.fromkeys(settings.get("sale_status", ()), "sale")
    own |= dict.fromkeys(settings.get("returned_status", ()), "returned")
    for where in ("status", "type"):
        if (index := columns.get(where)) is not None:
            _tell(sample, index, meanings(sample.filled(index), where, own))
    return {**settings, "return_prefix": _return_prefix(sample, columns)}


def _same_everywhere(sample: Sample, columns: Mapping[str, int | None]) -> dict[str, Any]:
    """Return the settings that take a number which is the state of every row as an order; it tells no rows apart."""
    same: list[str] = []
    for where in ("status", "type"):
        index = columns.get(where)
        words = set() if index is None else set(sample.columns[index])
        if index is not None and len(words) == 1 and is_number(sample, index) and words.isdisjoint(same):
            same += words
            sample.assume(
                sentence(
                    '"{column}" is {cell} on every line: it tells none apart, and all are orders.',
                    column=sample.name(index),
                    cell=same[-1],
                )
            )
    return {"sale_status": tuple(same)} if same else {}


def _tell(sample: Sample, index: int, found: Mapping[str, Meaning | None]) -> None:
    of: dict[Meaning | None, list[str]] = {}
    for word, meaning in sorted(found.items()):
        of.setdefault(meaning, []).append(word)
    order = sorted(of, key=lambda meaning: meaning == "sale")  # orders come last
    told = in_a_row(
        sentence("{meaning} are {words}", meaning=MEANT.get(meaning, UNKNOWN), words=some_of(of[meaning], 8))
        for meaning in order
    )
    sample.assume(sentence('By "{column}": {words}.', column=sample.name(index), words=told))


def _return_prefix(sample: Sample, columns: Mapping[str, int | None]) -> str | None:
    """Return the prefix of order ids whose lines are all negative, such as the C of a credit note."""
    order = columns.get("order_id")
    quantity, amount = columns.get("quantity"), columns.get("amount")
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
            sample.assume(
                sentence('Order ids that begin with "{cell}" are returns: all their lines are negative.', cell=prefix)
            )
            return prefix
    return None
