"""How a customer is reached: numbers and addresses that were checked, as links that a phone or a browser opens.

Contacts are read apart from everything else, kept in memory while the files stay as they are, and shown on the page of
an entry or a customer alone. No log and no error holds one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from threading import Lock, Thread
from urllib.parse import quote

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from features.sources.opening.paths import files_of
from features.sources.people.contacts import Contact
from serving.api.state import ServerState
from serving.config import Settings
from serving.customers import Customers, contacts

MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, repr=False)
class Phone:
    """A number that was checked.

    Args:
        shown: as people of its country write it.
        dialled: with its country, as +306941234567.
        is_mobile: whether messages reach it.
        country: of the number, as GR.
    """

    shown: str
    dialled: str
    is_mobile: bool
    country: str | None

    @property
    def messengers(self) -> tuple[tuple[str, str], ...]:
        """Name → link of the messengers that open by a number alone."""
        if not self.is_mobile:
            return ()
        digits = self.dialled.removeprefix("+")
        return (
            ("WhatsApp", f"https://wa.me/{digits}"),
            ("Viber", f"viber://chat?number=%2B{digits}"),
            ("Telegram", f"https://t.me/+{digits}"),
        )


@dataclass(frozen=True, repr=False)
class Ways:
    """How one customer is reached; None = not known, or what the files say was no number or address.

    Args:
        phone: checked.
        mail: checked.
        unusable: the fields whose text could not be used, as the shop's files have it.
        language: as the files say it.
        country: as the files say it.
    """

    phone: Phone | None = None
    mail: str | None = None
    unusable: tuple[str, ...] = ()
    language: str | None = None
    country: str | None = None

    def mail_link(self, subject: str, text: str) -> str:
        """Return the link that opens a mail with its text filled in."""
        return f"mailto:{quote(self.mail or '', safe='@')}?subject={quote(subject)}&body={quote(text)}"


@dataclass
class Reach:
    """The contacts of a shop, read when first asked for and again when a file has changed."""

    _kept: tuple[Stamp, Customers, Mapping[str, Contact]] | None = None
    _reading: Lock = field(default_factory=Lock)

    def ways_of(self, server: ServerState, customer_id: str) -> Ways:
        """Return how a customer is reached.

        Raises:
            Refusal: 503, the files cannot be read.
        """
        settings = server.need_settings()
        found = self._contacts(settings, server.customers_today()).get(customer_id)
        return Ways() if found is None else ways(found, region_of(settings.shop.zone))

    def read_ahead(self, server: ServerState) -> None:
        """Begin to read the contacts: somebody looks at a list, and is about to open a row."""
        settings, customers = server.need_settings(), server.customers_today()
        if self._kept is None and not self._reading.locked():
            Thread(target=self._contacts, args=(settings, customers), daemon=True).start()

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


def ways(contact: Contact, region: str | None) -> Ways:
    """Return what of a contact can be used.

    Args:
        contact: as the shop's files have it.
        region: of numbers without a country, where the customer's own is not known.

    >>> found = ways(Contact(phone="694 123 4567", mail="ann@shop.gr"), "GR")
    >>> found.phone.dialled, found.mail
    ('+306941234567', 'ann@shop.gr')
    """
    phone, mail = phone_of(contact.phone, region_named(contact.country) or region), mail_of(contact.mail)
    given = {"phone": (contact.phone, phone), "mail": (contact.mail, mail)}
    unusable = tuple(name for name, (text, found) in given.items() if text and found is None)
    return Ways(phone, mail, unusable, contact.language, contact.country)


def phone_of(text: str | None, region: str | None) -> Phone | None:
    """Return a number that exists as such; None for any other text.

    Args:
        text: as the shop writes it.
        region: of numbers without a country, as GR.

    >>> phone_of("not a number", "GR"), phone_of("0912 123 4567", "IR").dialled
    (None, '+989121234567')
    """
    try:
        found = phonenumbers.parse(text or "", region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(found):
        return None
    own = phonenumbers.region_code_for_number(found)
    form = PhoneNumberFormat.NATIONAL if own == region else PhoneNumberFormat.INTERNATIONAL
    return Phone(
        phonenumbers.format_number(found, form),
        phonenumbers.format_number(found, PhoneNumberFormat.E164),
        phonenumbers.number_type(found) in MOBILE,
        own,
    )


def mail_of(text: str | None) -> str | None:
    """Return an address that is written as one; None for any other text.

    >>> mail_of("ann@shop.gr"), mail_of("ann at shop")
    ('ann@shop.gr', None)
    """
    try:
        return str(validate_email(text or "", check_deliverability=False).normalized)
    except EmailNotValidError:
        return None


def region_named(country: str | None) -> str | None:
    """Return the region of a country that is written by its code; None where that is not known.

    >>> region_named("gr"), region_named("Greece"), region_named(None)
    ('GR', 'GR', None)
    """
    plain = (country or "").strip()
    if plain.upper() in phonenumbers.SUPPORTED_REGIONS:
        return plain.upper()
    return _regions_by_name().get(plain.casefold())


@cache
def _regions_by_name() -> Mapping[str, str]:
    from babel import Locale  # imported here: most shops write codes, or no country

    names = (Locale(language).territories for language in ("en", "el", "fa"))
    return {
        name.casefold(): code for each in names for code, name in each.items() if code in phonenumbers.SUPPORTED_REGIONS
    }


@cache
def region_of(zone: str) -> str | None:
    """Return the region of a time zone, for numbers that name no country.

    >>> region_of("Europe/Athens"), region_of("UTC")
    ('GR', None)
    """
    from babel.core import get_global

    found = get_global("zone_territories").get(zone)
    return found if found in phonenumbers.SUPPORTED_REGIONS else None
