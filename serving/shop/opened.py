"""The open shop: what every command and every endpoint is given, each part of it read when first asked for, once.

Nothing of training is imported here, and the book only where it is opened, so that `regulars check` starts at once and
the server never holds the trainer.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cached_property, reduce
from pathlib import Path
from typing import TYPE_CHECKING

from features.attributes import Attributes, with_attributes
from features.churn.labels import ChurnDefinition
from features.definitions import features_for
from features.errors import ConfigError
from features.feature import FeatureSet
from features.language.languages import Language, language_of_customer
from features.log import Log
from features.machine import Machine
from features.sources.balance.sheet import BalanceSheet
from features.sources.people.attributes import read_attributes, read_first_orders
from features.sources.people.contacts import Contact
from features.sources.people.forgotten import Forgotten
from features.sources.posted import Posts
from features.sources.reader import CleanLog, asking, read_log
from serving.config import FILE_NAME, Churn, Settings, guessed_settings, load_settings
from serving.customers import Customers, contacts
from serving.last_reading import asked_of_jumps, remember_reading
from serving.set_aside import write_set_aside
from serving.shop.champion import champion_of
from serving.shop.days import calendar_day, chosen_day, today
from serving.shop.shop_book import ShopBook

if TYPE_CHECKING:  # the book and the models take seconds to import: a check of files needs neither
    from features.sources.partitions.read import PartitionedLog
    from serving.book import Book
    from training.bundle import Bundle


class OpenShop:
    """A shop, opened for one command, or for one answer of a server.

    What changes while a server runs (the customers file, consents, owners) is read again by opening the shop again,
    around the same settings and the same open book.

    Args:
        settings: of the shop.
        until: orders and events on or after this business day are not read; None = all are.
        book: of a server that holds it open; it stays open.
        known_at: what was posted after this business day is not read; the settings name the exports of until then.
        log: of a server that has read the whole of it; None = it is read.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        until: date | None = None,
        book: Book | None = None,
        known_at: date | None = None,
        log: Log | None = None,
    ) -> None:
        self.settings, self.until, self.known_at = settings, until, known_at
        self._held, self._lent_log = ShopBook(settings, book), log
        self._lent_reading: CleanLog | None = None
        self._count_twice = False

    def __enter__(self) -> OpenShop:
        """Give the shop to a command."""
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Let go of the book; where the command failed on damage in it, say so.

        Raises:
            MachineFault: an error that nobody foresaw came from a book that is not whole.
        """
        damage = None if error is None else self._held.damage_behind(error)
        self.close_book()
        if damage is not None:
            raise damage from None

    @cached_property
    def today(self) -> date:
        """The shop's own date; the rooms below have no clock."""
        return today(self.settings)

    @cached_property
    def reading(self) -> CleanLog:
        """Orders and events of the shop's files and of what was posted to its book.

        Raises:
            InputError: every broken rule at once.
        """
        if self._lent_reading is not None:
            return self._lent_reading
        shop, orders, events = self.settings.shop, self.settings.orders, self.settings.events
        found = read_log(
            shop,
            orders,
            events,
            until=self.until,
            latest=calendar_day(self.settings),
            posted=self.posts,
            forgotten=self.forgotten,
            count_twice=self._count_twice,
        )
        if (
            not self._held.is_lent and orders.on_broken == "set_aside"
        ):  # a server reads often, and writes nothing of its own
            write_set_aside(self.settings, found.set_aside)
        self._compare_with_last(found.sheet)
        return found

    @cached_property
    def posts(self) -> Posts | None:
        """What was posted to the shop's book; None where nothing was."""
        return self._held.posts(self.until, self.known_at)

    def in_partitions(self, folder: Path, partitions: int, machine: Machine) -> PartitionedLog:
        """Read orders and events of the shop's files in partitions of whole customers, without what was posted.

        Args:
            folder: where the partitions are written.
            partitions: how many.
            machine: how much of it may be used.

        Raises:
            InputError: every broken rule at once, or what can only be read as a whole.
        """
        from features.sources.partitions.read import read_partitions  # only here: Parquet is written there

        shop, orders, events = self.settings.shop, self.settings.orders, self.settings.events
        latest, gone = calendar_day(self.settings), self.forgotten
        days = {"until": self.until, "latest": latest}
        found = read_partitions(shop, orders, events, folder, partitions, machine, **days, forgotten=gone)
        self._compare_with_last(found.sheet)
        return found

    @property
    def is_read(self) -> bool:
        """Whether the log is in memory already."""
        return self._lent_log is not None or "reading" in self.__dict__

    def learn_from(self, part: CleanLog) -> None:
        """Let the log of a part of the customers stand for the whole, before anything is read."""
        self._lent_reading = part

    def forget_part(self) -> None:
        """Have the whole log read by whoever asks next, where that of a part stood for it."""
        if self._lent_reading is not None:
            self._lent_reading = None
            for name in ("reading", "log", "attributes", "as_of", "definition", "features"):
                self.__dict__.pop(name, None)

    def count_twice(self) -> None:
        """Have the orders counted twice when they are read, which costs a second scan of the file."""
        self._count_twice = True

    @cached_property
    def forgotten(self) -> Forgotten | None:
        """Says which customers the shop has forgotten; None where it has forgotten nobody.

        Raises:
            InputError: the book's secret is not here, by which they are known again.
        """
        return self._held.forgotten()

    @cached_property
    def log(self) -> Log:
        """The log of that reading, with the columns of the customers file and of first orders that are features."""
        if self._lent_log is not None and self.until is None:
            return self._lent_log
        return reduce(with_attributes, self.attributes, self.reading.log)

    @cached_property
    def attributes(self) -> tuple[Attributes, ...]:
        """The columns of the customers file and of first orders that are features.

        Raises:
            ConfigError: they are of the customers file, and the settings name none.
            InputError: a column that is not there, or that may not be a feature.
        """
        shop, orders, features = self.settings.shop, self.settings.orders, self.settings.features
        bought = (read_first_orders(orders, shop, features),) if features.first_order else ()
        if not features.use:
            return bought
        if self.settings.customers is None:
            raise ConfigError("[features] use names columns of the customers file: name that file under [customers]")
        return (read_attributes(self.settings.customers, features), *bought)

    @cached_property
    def as_of(self) -> date:
        """The day that is looked from: `until`, or the day after the last order.

        Raises:
            InputError: the day lies before the first order.
        """
        return chosen_day(self.log, self.until)

    @cached_property
    def definition(self) -> ChurnDefinition:
        """What churn means in this shop; "auto" is what the gaps of its log propose."""
        return self.settings.definition_for(self.log)

    @cached_property
    def features(self) -> FeatureSet:
        """The features of every shop, and those of this shop's kinds of events and of its customers' attributes."""
        return features_for(self.log)

    @cached_property
    def customers(self) -> Customers:
        """The customers file; nobody where the settings name none.

        Raises:
            InputError: every broken rule of the file at once.
        """
        return Customers.read(self.settings.customers, self.settings.list.owner_by_segment, self.forgotten)

    @cached_property
    def contacts(self) -> dict[str, Contact]:
        """Customer → name, phone, mail, language and country, where the shop's files say them.

        Raises:
            InputError: every broken rule of the customers file at once, or orders that cannot be opened.
        """
        found = contacts(self.customers, self.settings.orders)
        gone = frozenset() if self.forgotten is None else self.forgotten(found)
        return {who: contact for who, contact in found.items() if who not in gone}

    def language_of(self, customer_id: str) -> Language:
        """Return the language that a customer is spoken to in: the own one, else of the country, else the shop's."""
        known = self.contacts.get(customer_id) if self._knows_languages else None
        own = (None, None) if known is None else (known.language, known.country)
        return language_of_customer(*own, self.settings.language)

    @cached_property
    def _knows_languages(self) -> bool:
        """Whether any file has a column for it: else the orders need not be read for it once more."""
        return bool({"language", "country"} & {*self.customers.columns, *self.settings.orders.contacts})

    @property
    def book(self) -> Book:
        """The database of record; made where there is none yet.

        Raises:
            InputError: it cannot be opened.
            WrongBook: it is gone, empty or another one than this shop's.
        """
        return self._held.opened()

    @property
    def book_if_any(self) -> Book | None:
        """The database of record; None where there is none yet: who only reads makes no book."""
        return self._held.if_any()

    @property
    def has_posts(self) -> bool:
        """Whether orders or events were posted to its book."""
        return self._held.posts(self.until, self.known_at) is not None

    def whole(self) -> OpenShop:
        """Return the same shop without `until`: how far its days are complete is seen in the whole log alone."""
        return OpenShop(self.settings, book=self.book_if_any, known_at=self.known_at, log=self._lent_log)

    def owners_on(self, day: date) -> dict[str, str]:
        """Return account → owner on a day, as the book keeps it: handed over, or given in turn."""
        from serving.book.people.owned import owned_on, owners_on
        from serving.outreach.plan.owners import owners_today

        if self.book_if_any is None:
            return {}
        with self.book.reading() as connection:
            by_id, owned = owners_on(connection, day), owned_on(connection, day)
        return owners_today(by_id, owned, self.customers.account_of)

    def champion(self) -> tuple[Bundle, str]:
        """Return the model that serves and its version, verified and asked the question that it was trained for.

        Raises:
            ModelNotFound: none serves yet.
            LostModels: the shop had models, and its registry is gone or empty.
            ModelRefused: it is corrupt or gone.
            InputError: it was trained for another question.
        """
        return champion_of(self.settings, self._held)

    def close_book(self) -> None:
        """Let go of the book, before work that takes long; whoever asks for it later opens it again."""
        self._held.close()

    def _compare_with_last(self, sheet: BalanceSheet) -> None:
        """Ask about shares that jumped against the last reading of all rows, else remember this one."""
        if self.until is not None or self.known_at is not None:
            return
        if asked := asked_of_jumps(self.settings, sheet):
            raise asking(self.settings.orders.source_name, asked)
        if not self._held.is_lent:  # a server writes nothing of its own
            remember_reading(self.settings, sheet)


def open_shop(place: Path | str, *, until: date | None = None) -> OpenShop:
    """Open a shop from Python, as a command does; use it in a `with` block, which closes its book.

    Args:
        place: a folder with a regulars.toml, that file itself, or an orders file, which is then read as
            `regulars init` would guess, with the horizon that its own gaps propose. The book and `mlruns/` lie beside
            the toml, or beside the orders file.
        until: orders and events on or after this business day are not read; None = all are.

    Raises:
        ConfigError: there is no regulars.toml in the folder, or wrong keys or values in it.
        InputError: an orders file that cannot be read, or a required column that was not recognised.
    """
    path = Path(place)
    if path.is_dir() or path.suffix == ".toml":
        return OpenShop(load_settings(path / FILE_NAME if path.is_dir() else path), until=until)
    return OpenShop(replace(guessed_settings(path, path.parent), churn=Churn("auto")), until=until)
