"""The contacts of a shop, kept in memory while its files stay as they are.

They are read apart from everything else, and shown on the page of an entry or a customer and in the sheets that a page
exports. No log and no error holds one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock, Timer

from features.sources.opening.paths import files_of
from features.sources.people.contacts import Contact
from serving.api.state import ServerState
from serving.config import Settings
from serving.customers import Customers, contacts
from serving.outreach.exports.ways import Ways, region_of, ways, with_ways
from serving.outreach.plan.outreach_list import OutreachList

AFTER_SECONDS = 0.5  # the page that somebody waits for comes first, and nobody opens a row as soon
Stamp = tuple[tuple[str, int, int], ...]


@dataclass
class Reach:
    """The contacts of a shop, read when first asked for and again when a file has changed."""

    _kept: tuple[Stamp, Customers, Mapping[str, Contact]] | None = None
    _reading: Lock = field(default_factory=Lock)
    _begun: bool = False

    def ways_of(self, server: ServerState, customer_id: str) -> Ways:
        """Return how a customer is reached.

        Raises:
            Refusal: 503, the files cannot be read.
        """
        settings = server.need_settings()
        found = self._contacts(settings, server.customers_today()).get(customer_id)
        return Ways() if found is None else ways(found, region_of(settings.shop.zone))

    def with_ways(self, server: ServerState, outreach: OutreachList) -> OutreachList:
        """Return a list with how each customer is reached.

        Raises:
            Refusal: 503, the files cannot be read.
        """
        settings = server.need_settings()
        return with_ways(outreach, self._contacts(settings, server.customers_today()), region_of(settings.shop.zone))

    def read_ahead(self, server: ServerState) -> None:
        """Begin to read the contacts once the page has gone out: whoever looks at a list is about to open a row."""
        settings, customers = server.need_settings(), server.customers_today()
        if self._kept is None and not self._begun:
            self._begun = True
            reading = Timer(AFTER_SECONDS, self._contacts, (settings, customers))
            reading.daemon = True
            reading.start()

    def _contacts(self, settings: Settings, customers: Customers) -> Mapping[str, Contact]:
        with self._reading:
            stamp = _stamp(settings)
            kept = self._kept
            if kept is None or kept[0] != stamp or kept[1] is not customers:
                kept = self._kept = stamp, customers, contacts(customers, settings.orders)
            return kept[2]


def _stamp(settings: Settings) -> Stamp:
    """Return what tells whether the orders' contacts must be read again; nothing where the orders have none."""
    if not settings.orders.contacts or settings.orders.database is not None:
        return ()
    found = (file.stat() for file in files_of(settings.orders.paths))
    return tuple((str(each.st_ino), each.st_size, each.st_mtime_ns) for each in found)
