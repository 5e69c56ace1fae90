"""The files and tables of a shop as MLflow shows them: names, fingerprints, rows and days, no row of anybody."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from features.clock import date_of
from features.sources.kept.index import digest_of
from features.sources.opening.paths import files_of
from serving.shop import OpenShop
from training.tracking.sources import Source


def sources_of(shop: OpenShop) -> tuple[Source, ...]:
    """Return where the orders, the events and the customers of a shop were read from."""
    return tuple(_sources(shop))


def _sources(shop: OpenShop) -> Iterator[Source]:
    settings, log = shop.settings, shop.log
    orders, days = settings.orders, (date_of(log.first_day), date_of(log.last_day))
    rows = shop.reading.sheet.read.rows
    if orders.database is None:
        path, digest = _place(orders.paths[0], settings.folder), _digest(orders.paths)
    else:
        path, digest = orders.source_name, log.digest()
    yield Source(orders.source_name, path, digest, rows, *days)
    others = (mapping.file for mapping in (settings.events, settings.customers) if mapping is not None)
    for file in (orders.lines, orders.payments, orders.persons, *others):
        if file is not None:
            yield Source(file.name, _place(file, settings.folder), _digest([file]))


def _place(path: Path, folder: Path) -> str:
    """Return where a file lies, seen from the shop's folder; of one that lies elsewhere the name: folders name people.

    >>> shop = Path("/home/ada/shop")
    >>> _place(shop / "data" / "orders.csv", shop), _place(Path("/home/bob/orders.csv"), shop)
    ('data/orders.csv', 'orders.csv')
    """
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name


def _digest(paths: Sequence[Path]) -> str:
    """Return the fingerprint of the content of files: of one that of its content, of several that of all of theirs."""
    digests = [digest_of(file) for file in files_of(paths)]
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
