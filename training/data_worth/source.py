"""Which source of data each feature needs, besides who ordered when: read off its definition.

A source is what a shop can have or lack: the money of its orders, what was bought, returns, a kind of events, a column
of the customers file. Without it none of the features that read it, by itself or through others, can be computed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from features.aggregates import Aggregate, Rate
from features.arithmetic import names_read
from features.codes import ATTRIBUTE
from features.feature import Feature, FeatureSet
from features.log import EVENT, Log

AMOUNTS, PRODUCTS, QUANTITIES, DISCOUNTS, RETURNS = "amounts", "products", "quantities", "discounts", "returns"
EVENTS, CUSTOMERS = "events", "customers file"
# What a shop can be asked for, in the order in which it is told.
KNOWN = (AMOUNTS, PRODUCTS, QUANTITIES, DISCOUNTS, RETURNS, EVENTS, CUSTOMERS)
BY_COLUMN: Mapping[str, str] = {
    "spend": AMOUNTS,
    "lines": PRODUCTS,
    "product": PRODUCTS,
    "item_spend": PRODUCTS,
    "item_units": QUANTITIES,
    "units": QUANTITIES,
    "discount": DISCOUNTS,
    "discounted": DISCOUNTS,
    "returned": RETURNS,
    "returned_lines": RETURNS,
}


def sources_of(features: FeatureSet) -> dict[str, frozenset[str]]:
    """Return feature → the sources that it cannot be computed without; none where who ordered when is enough.

    >>> from features.definitions import default_features
    >>> found = sources_of(default_features())
    >>> sorted(found["days_since_order"]), sorted(found["discounted_share"]), sorted(found["returned_share_365d"])
    ([], ['amounts', 'discounts'], ['amounts', 'returns'])
    """
    found: dict[str, frozenset[str]] = {}
    for feature in features:
        if isinstance(feature.value, Aggregate):
            found[feature.name] = frozenset(_of_aggregate(feature.value))
        else:
            read = names_read(feature.value)
            found[feature.name] = frozenset[str]().union(*(found[name] for name in read))
    return found


def kind_of(source: str) -> str:
    """Return what a source is called where no shop is meant: one of KNOWN.

    >>> kind_of("events: visit"), kind_of("returns")
    ('events', 'returns')
    """
    return source.partition(": ")[0]


def need(features: FeatureSet, source: str) -> tuple[Feature, ...]:
    """Return the features that cannot be computed without a source; a kind such as "events" means all of them."""
    needs = sources_of(features)
    return tuple(each for each in features if any(source in (one, kind_of(one)) for one in needs[each.name]))


def sources_in(log: Log, features: FeatureSet) -> dict[str, int]:
    """Return the sources that a log has, with how many features need each; of several of a kind also all together.

    Args:
        log: the shop's log.
        features: of its customers.
    """
    lacking = {source for source in KNOWN if not _has(log, source)}
    names = sorted({source for needs in sources_of(features).values() for source in needs} - lacking)
    kinds = Counter(kind_of(name) for name in names)
    asked = [*names, *(kind for kind, members in kinds.items() if members > 1)]
    return {source: len(need(features, source)) for source in asked}


def _has(log: Log, source: str) -> bool:
    """Return whether a log holds a source; the columns of what a shop does not say follow from what it says."""
    columns = log.streams["orders"].columns
    if source == AMOUNTS:
        return log.has_money
    if source == PRODUCTS:
        return bool(len(log.streams["items"])) or bool((columns["lines"] != columns["orders"]).any())
    if source == QUANTITIES:
        return bool((columns["units"] != columns["lines"]).any())
    if source == DISCOUNTS:
        return bool((columns["discount"] != 0).any())
    return source != RETURNS or bool(len(log.streams[RETURNS]))


def _of_aggregate(value: Aggregate) -> Iterable[str]:
    yield from (BY_COLUMN[name] for name in (value.column, value.where) if name is not None and name in BY_COLUMN)
    streams = [value.stream, *([value.per] if isinstance(value, Rate) else [])]
    for stream in streams:
        if stream == "returns":
            yield RETURNS
        elif stream.startswith(EVENT):
            yield f"{EVENTS}: {stream.removeprefix(EVENT).replace('_', ' ')}"
        elif stream.startswith(ATTRIBUTE):
            yield f"{CUSTOMERS}: {stream.removeprefix(ATTRIBUTE).replace('_', ' ')}"
