"""The shop's settings, frozen: what regulars.toml says.

The sections of the file are the frozen objects that the rooms below define (`Shop`, `OrdersMapping`, …): a setting is
added there, with its meaning, and the file knows it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import date
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator

from features.errors import ConfigError, InputError, meant
from features.file_access import Access
from features.language.languages import Language, language_named
from features.language.messages import Sentence, sentence
from features.language.typed_values import Days
from features.money import Money
from features.sources.kept.index import FOLDER, known_on
from features.sources.mapping import CustomersMapping, EventsMapping, OrdersMapping, Shop
from features.sources.people.attribute_settings import FairnessSettings, FeatureSettings
from serving.config.machine_settings import MachineSettings
from serving.config.out_settings import OutSettings
from serving.config.retention_settings import RetentionSettings
from serving.config.weekly_settings import RetrainSettings, WeeklySettings
from serving.outreach.plan.policy import Policy

if TYPE_CHECKING:  # pandas stands behind these: a wrong key in the file is reported before it is imported
    from features.churn.labels import ChurnDefinition
    from features.log import Log
    from training.tracking import Tracking

FILE_NAME = "regulars.toml"
STATE_FOLDER = ".regulars"
BOOK_URL = "REGULARS_BOOK_URL"
# Not MLFLOW_TRACKING_URI: that is often set for other work, and MLflow itself sets it in each process that uses it.
MLFLOW_URI = "REGULARS_MLFLOW_URI"
AUTO: Literal["auto"] = "auto"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def days_or_auto(given: int | str) -> int | Literal["auto"]:
    """Return a horizon as it may be written: a number of days, or "auto".

    Raises:
        ConfigError: neither of the two.

    >>> days_or_auto("30"), days_or_auto("auto")
    (30, 'auto')
    """
    if given == AUTO:
        return AUTO
    try:
        return int(str(given))
    except ValueError:
        raise ConfigError(f'horizon_days is a number of days or "auto", not "{given}"') from None


@dataclass(frozen=True)
class ListSettings(Policy):
    """How lists are planned, which is the shop's policy, and how they are written.

    Args:
        addresses: owner → mail address, for lists as mails.
        playbooks: the shop's own playbooks, a TOML file.
        formats: in which lists are written, see `regulars list --help`.

    >>> ListSettings(capacity=25).rank_by
    'gain'
    """

    addresses: Mapping[str, str] = field(default_factory=dict)
    playbooks: Path | None = None
    formats: tuple[str, ...] = ("csv",)

    def unknown_owners(self, owners: Set[str]) -> Iterator[Sentence]:
        """Say which owners of the settings look after nobody: a misspelt name has neither capacity nor address.

        Args:
            owners: who are known from the customers file, the list and the book.
        """
        known = {*owners, *self.owners, *self.owner_by_segment.values()}
        for setting in ("capacities", "addresses"):
            for name in getattr(self, setting):
                if name not in known:
                    yield _owns_nothing(setting, name, meant(name, known))


def _owns_nothing(setting: str, name: str, close: str | None) -> Sentence:
    if close is None:
        return sentence("[list] {field} names {who}, who owns no account.", field=setting, who=name)
    return sentence(
        '[list] {field} names {who}, who owns no account. Did you mean "{word}"?', field=setting, who=name, word=close
    )


def spoken(code: str) -> Language:
    """Return a language by its code.

    Raises:
        InputError: it is not spoken.
    """
    try:
        return language_named(code)
    except ValueError as error:
        raise InputError(str(error)) from None


def usual_days(shop: Shop) -> ListSettings:
    """Return lists with the week and the days off that are usual where a shop is, as far as its zone tells.

    >>> usual_days(Shop("Asia/Tehran", "IRR")).closed_weekdays, usual_days(Shop("UTC", "EUR")).closed_weekdays
    (('friday',), ())
    """
    if shop.zone == "Asia/Tehran":
        return ListSettings(week_begins="saturday", closed_weekdays=("friday",), holidays_of="IR")
    if shop.zone in ("Europe/Athens", "Asia/Nicosia"):
        return ListSettings(closed_weekdays=("sunday",), holidays_of="GR" if shop.zone == "Europe/Athens" else "CY")
    return ListSettings()


@dataclass(frozen=True)
class BookSettings:
    """Where the book lies.

    Args:
        url: of a database, as postgresql://user@host/name; without one SQLite beside regulars.toml. The environment
            variable REGULARS_BOOK_URL counts before it, so that a password need not stand in a file.
    """

    url: str | None = None


@dataclass(frozen=True)
class MlflowSettings:
    """Where trainings are recorded, and where the model is registered.

    Args:
        uri: of a tracking server, as https://mlflow.shop.example, or of a database for its tables, as
            postgresql://user@host/name; without one SQLite in `mlruns/` beside regulars.toml. The environment variable
            REGULARS_MLFLOW_URI counts before it, so that a password need not stand in a file.
        name: of the registered model and of the experiment; shops on one server need one each.

    >>> MlflowSettings("https://mlflow.shop.example").name
    'regulars'
    """

    uri: str | None = None
    name: str = "regulars"

    def __post_init__(self) -> None:
        """Refuse what MLflow could not open.

        Raises:
            ConfigError: an address of another kind, or a name that is none.
        """
        if self.uri is not None and not re.match(r"(https?|postgres(ql)?(\+\w+)?|sqlite)://", self.uri):
            raise ConfigError(
                f'uri under [mlflow] is the address of a tracking server or a database, not "{self.uri}": write it as '
                "https://mlflow.shop.example or postgresql://user@host/name"
            )
        if not re.fullmatch(r"[\w.\- ]+", self.name):
            raise ConfigError(f'name under [mlflow] is of letters, digits, ".", "-", "_" and spaces, not "{self.name}"')


@dataclass(frozen=True)
class ServeSettings:
    """How the HTTP interface serves.

    Args:
        requests_per_second: what one key may ask in the long run, of all workers together.
        workers: processes; each holds the model.
        today: the day that counts as today, for a log of the past such as the demo's; None = the calendar's.
    """

    requests_per_second: float = 100.0
    workers: int = 1
    today: date | None = None

    @property
    def per_worker(self) -> float:
        """Each worker's share of what a key may ask."""
        return self.requests_per_second / self.workers


@dataclass(frozen=True)
class PagesSettings:
    """How people open the pages.

    Args:
        address: under which they do, as https://shop.example/regulars, where a proxy stands before the server: its path
            is the base path, which the proxy takes off, and with https cookies never travel without TLS.
        user_header: in which a proxy says who somebody is, as X-Remote-User.
        proxies: IP addresses of the proxies that are believed; of nobody else the header counts.
        owners: user of the proxy → owner whose accounts alone the user sees; without one, the owner of the same name.
        admins: users of the proxy who see everybody's accounts.
        session_days: a session ends after so many days without a visit.
    """

    address: str | None = None
    user_header: str | None = None
    proxies: tuple[str, ...] = ()
    owners: Mapping[str, str] = field(default_factory=dict)
    admins: tuple[str, ...] = ()
    session_days: int = 30

    def __post_init__(self) -> None:
        """Refuse what could let in the wrong people.

        Raises:
            ConfigError: a header without proxies or proxies without a header, an address that is none, or no day.
        """
        if bool(self.user_header) != bool(self.proxies):
            raise ConfigError("user_header and proxies go together: of whom else should the header be believed?")
        for each in self.proxies:
            _ip_address(each)
        if self.address is not None and not _ADDRESS.fullmatch(self.address):
            raise ConfigError(f'"{self.address}" is not an address: write it as https://shop.example/regulars')
        if self.session_days < 1:
            raise ConfigError("session_days is 1 or more")

    @property
    def behind_proxy(self) -> bool:
        """Whether the pages are reached through a proxy, behind which everybody seems to be on this machine."""
        return self.address is not None or self.user_header is not None

    @property
    def base_path(self) -> str:
        """What the proxy puts before every path; nothing without one.

        >>> PagesSettings(address="https://shop.example/regulars/").base_path
        '/regulars'
        """
        return "" if self.address is None else urlsplit(self.address).path.rstrip("/")

    @property
    def home(self) -> str | None:
        """Where the list is opened; None where nobody has said the address.

        >>> PagesSettings(address="https://shop.example/regulars/").home
        'https://shop.example/regulars/pages/'
        """
        return None if self.address is None else f"{self.address.rstrip('/')}/pages/"

    @property
    def origin(self) -> str | None:
        """Scheme and host of the address, as a browser names where a form comes from."""
        return None if self.address is None else "{0.scheme}://{0.netloc}".format(urlsplit(self.address)).lower()

    @property
    def is_https(self) -> bool:
        """Whether people reach the pages by TLS."""
        return self.address is not None and self.address.lower().startswith("https:")


_ADDRESS = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._~/\-]*)?", re.IGNORECASE)


def _ip_address(text: str) -> None:
    try:
        ip_address(text)
    except ValueError:
        raise ConfigError(f'"{text}" in proxies is not an IP address') from None


@dataclass(frozen=True)
class DeliverSettings:
    """How lists come to their owners by mail, at the addresses of `[list] addresses`; without this section none do.

    Args:
        smtp: the shop's mail server, as smtp.shop.example or smtp.shop.example:587.
        sender: the address that the mails come from.
        security: starttls, tls, or none, which only a server on this machine may have.
        user: how to log in; the password is that of the environment variable REGULARS_SMTP_PASSWORD.
        send: the whole list, or a notice that one is there, with the address of the pages.

    >>> DeliverSettings("smtp.shop.example", "lists@shop.example").port
    587
    """

    smtp: str
    sender: str
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    send: Literal["list", "notice"] = "list"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[^\s:/@]+(:\d{1,5})?", self.smtp):
            raise ConfigError(f'smtp is a host, or a host and a port, as smtp.shop.example:587, not "{self.smtp}"')
        if self.security == "none" and self.host not in LOOPBACK:
            raise ConfigError(f'security = "none" sends names in the clear; {self.host} needs starttls or tls')

    @property
    def host(self) -> str:
        """The mail server's name."""
        return self.smtp.partition(":")[0]

    @property
    def port(self) -> int:
        """The mail server's port: as it is named, else the usual one."""
        return int(self.smtp.partition(":")[2] or {"starttls": 587, "tls": 465, "none": 25}[self.security])


@dataclass(frozen=True)
class FileSettings:
    """Who may read the book, scores and lists besides the account that writes them.

    Args:
        group: a group of this machine whose members may read them, a CRM's importer for example; without one nobody.
    """

    group: str | None = None

    def access(self) -> Access:
        """Return what files are written with.

        Raises:
            InputError: this machine has no such group, or the account is not a member.
        """
        access = Access(self.group)
        access.check()
        return access


@dataclass(frozen=True)
class Churn:
    """The two windows, days; `Settings.definition_for` a log is what the rooms below read.

    Args:
        horizon_days: "auto" for what the shop's own gaps propose, each time the log is read.
        active_days: None for what goes with the horizon: 90 days, and with "auto" what is proposed.
    """

    horizon_days: Annotated[int | Literal["auto"], BeforeValidator(days_or_auto)] = 30
    active_days: int | None = None


@dataclass(frozen=True)
class Settings:
    """All that regulars.toml says.

    Args:
        folder: where the file lies; the book and `mlruns/` lie beside it.
        shop: zone, currency, when its business day starts.
        orders: the orders file and its columns.
        churn: horizon and active window, days.
        events: the events file, if any.
        customers: the customers file, if any.
        features: which columns of it are features.
        fairness: by which columns of it groups of customers are compared.
        list: how lists are planned and written.
        book: where the book lies.
        mlflow: where trainings are recorded, and the model is registered.
        serve: how the HTTP interface serves.
        files: who may read what is written.
        machine: how much of its memory and of its cores a command may use.
        pages: how people open the pages.
        deliver: how lists come to their owners by mail; None: they do not.
        retention: how long what the book holds of persons is kept; None where the shop does not say so.
        weekly: where `regulars weekly` writes, and whom it mails.
        retrain: when it trains.
        out: the database that takes tables for other systems; None: none does.
    """

    shop: Shop
    orders: OrdersMapping
    churn: Churn = field(default_factory=Churn)
    events: EventsMapping | None = None
    customers: CustomersMapping | None = None
    features: FeatureSettings = field(default_factory=FeatureSettings)
    fairness: FairnessSettings = field(default_factory=FairnessSettings)
    list: ListSettings = field(default_factory=ListSettings)
    book: BookSettings = field(default_factory=BookSettings)
    mlflow: MlflowSettings = field(default_factory=MlflowSettings)
    serve: ServeSettings = field(default_factory=ServeSettings)
    files: FileSettings = field(default_factory=FileSettings)
    machine: MachineSettings = field(default_factory=MachineSettings)
    pages: PagesSettings = field(default_factory=PagesSettings)
    deliver: DeliverSettings | None = None
    retention: RetentionSettings | None = None
    weekly: WeeklySettings = field(default_factory=WeeklySettings)
    retrain: RetrainSettings = field(default_factory=RetrainSettings)
    out: OutSettings | None = None
    folder: Path = Path()

    def __post_init__(self) -> None:
        """Refuse mails that lead nowhere.

        Raises:
            ConfigError: the pages have no address, or a summary no mail server.
        """
        if self.deliver is not None and self.deliver.send == "notice" and self.pages.address is None:
            raise ConfigError('send = "notice" under [deliver] leads to the pages: write their address under [pages]')
        if self.weekly.mail_to and self.deliver is None:
            raise ConfigError("mail_to under [weekly] needs a mail server: write it under [deliver]")

    @property
    def mails_lists(self) -> bool:
        """Whether owners are mailed their lists: a shop may want no mail but the summary of the week."""
        return self.deliver is not None and bool(self.list.addresses or not self.weekly.mail_to)

    @property
    def retention_in_force(self) -> RetentionSettings:
        """The periods of the shop, or the default ones."""
        return self.retention or RetentionSettings()

    def known_on(self, day: date) -> Settings:
        """Return the same settings for the exports that had been added by the end of a business day.

        Raises:
            InputError: none had, or the orders are not exports that were added one after the other.
        """
        folder = self.folder / FOLDER
        if self.orders.paths != (folder,):
            raise InputError("--known-at tells exports apart that were put beside each other with: regulars add FILE")
        return replace(self, orders=self.orders.read_from(*known_on(folder, self.shop, day)))

    @property
    def definition(self) -> ChurnDefinition:
        """What churn means here, where the file says it.

        Raises:
            ConfigError: the file leaves it to the log.
        """
        if self.churn.horizon_days == AUTO:
            raise ConfigError('horizon_days is "auto": only a log can say how many days that is')
        from features.churn.horizon import LEAST_ACTIVE_DAYS
        from features.churn.labels import ChurnDefinition

        return ChurnDefinition(self.churn.horizon_days, self.churn.active_days or LEAST_ACTIVE_DAYS)

    def definition_for(self, log: Log) -> ChurnDefinition:
        """What churn means here; "auto" is what the gaps of this log propose."""
        if self.churn.horizon_days != AUTO:
            return self.definition
        from features.churn.horizon import proposed_definition
        from features.churn.labels import ChurnDefinition

        proposed = proposed_definition(log)
        return ChurnDefinition(proposed.horizon_days, self.churn.active_days or proposed.active_days)

    def agrees_with(self, known: ChurnDefinition) -> bool:
        """Say whether a model trained for `known` answers what is asked; "auto" asks for no certain horizon."""
        auto, active = self.churn.horizon_days == AUTO, self.churn.active_days
        return active in (None, known.active_days) if auto else self.definition == known

    def auto_note(self, definition: ChurnDefinition) -> tuple[str, ...]:
        """Say in one line what "auto" came to; nothing where the file itself names the days."""
        if self.churn.horizon_days != AUTO:
            return ()
        return (
            sentence(
                "horizon_days = auto: {horizon}, from the shop's own gaps; who ordered in the last {days} can churn",
                horizon=Days(definition.horizon_days),
                days=Days(definition.active_days),
            ),
        )

    @property
    def book_place(self) -> Path | str:
        """The book's database: its URL, or the folder in which SQLite keeps it."""
        return os.environ.get(BOOK_URL) or self.book.url or self.folder

    def tracking(self) -> Tracking:
        """Return the runs and the registry of the shop."""
        from training.tracking import Tracking

        return Tracking(self.folder, os.environ.get(MLFLOW_URI) or self.mlflow.uri, self.mlflow.name)

    @property
    def state_folder(self) -> Path:
        """Where the shop keeps what it knows beside its book: how far that had come, the last model that served."""
        return self.folder / STATE_FOLDER

    @property
    def language(self) -> Language:
        """The shop's language."""
        return self.language_named(self.shop.language)

    def language_named(self, code: str) -> Language:
        """Return a language as this shop's people read it: amounts of Iran in the unit that they say.

        Raises:
            InputError: it is not spoken.
        """
        return replace(spoken(code), rials_as=self.shop.rials_as)

    @property
    def money(self) -> Money:
        """The shop's currency."""
        return Money(self.shop.currency)
