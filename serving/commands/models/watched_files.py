"""What a shop's files look like today: their columns, currencies, status words and kinds of events."""

from __future__ import annotations

from collections.abc import Iterator

from features.sources.mapped_file import AnyMapping, open_mapped
from features.sources.mapping import OrdersMapping
from features.tables import CUSTOMERS, EVENTS, ORDERS
from serving.monitoring.schema import KINDS, Layout
from serving.shop import OpenShop

STATUS = "status"
MOST_WORDS = 100


def layout_of(shop: OpenShop) -> Layout:
    """Return what the files look like; of a database only what its reading showed, which is not read twice."""
    files = dict(part for mapping, table in _tables(shop) for part in _of_file(mapping, table))
    return {**files, "currencies": sorted(shop.reading.sheet.read.money), KINDS: list(shop.log.kinds)}


def _tables(shop: OpenShop) -> Iterator[tuple[AnyMapping, tuple[object, ...]]]:
    settings = shop.settings
    for mapping, table in ((settings.orders, ORDERS), (settings.events, EVENTS), (settings.customers, CUSTOMERS)):
        if mapping is not None and not (isinstance(mapping, OrdersMapping) and mapping.url):
            yield mapping, tuple(table)


def _of_file(mapping: AnyMapping, table: tuple[object, ...]) -> Iterator[tuple[str, list[str]]]:
    with open_mapped(mapping, table) as opened:  # type: ignore[arg-type]
        name = opened.file.name
        yield f"columns of {name}", list(opened.file.header)
        if (status := opened.columns.get(STATUS)) is not None:
            rows = opened.file.query(f"SELECT DISTINCT {status.sql} FROM {opened.file.source} LIMIT {MOST_WORDS}")  # noqa: S608
            yield f"status words of {name}", sorted(str(row[0]) for row in rows if row[0] is not None)
