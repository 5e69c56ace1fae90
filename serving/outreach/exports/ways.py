"""How a customer is reached: numbers and addresses that were checked, for pages, sheets, mails and other systems.

They are shown to whoever calls or writes, and stand in the files that such people and their systems are given. No log,
no error, no feature and no model may hold one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote

import pandas as pd
import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from features.sources.people.contacts import Contact
from serving.outreach.plan.outreach_list import OutreachList

MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
REACH_NAMES = ("phone", "mail")  # as people read them
DIALLED, OWN_MAIL = "dialled", "own_mail"  # as other systems keep them


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

    def mail_link(self, text: str) -> str:
        """Return the link that opens a mail with its text filled in.

        Its subject is left to whoever writes: what is to be done, such as "Win back", is not for the customer to read.
        """
        return f"mailto:{quote(self.mail or '', safe='@')}?body={quote(text)}"


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


def with_ways(outreach: OutreachList, contacts: Mapping[str, Contact], region: str | None) -> OutreachList:
    """Return a list with how each customer is reached: REACH_NAMES for people, DIALLED and OWN_MAIL for other systems.

    Args:
        outreach: the list.
        contacts: customer → contact, of the whole shop: an address that several customers have is nobody's own.
        region: of numbers without a country, where the customer's own is not known.
    """
    known = {who: ways(contacts[who], region) for who in outreach.customer_ids if who in contacts}
    shared = _shared(each.mail for each in contacts.values())
    return outreach.with_groups(lambda entries: _with_ways(entries, known, shared))


def _with_ways(entries: pd.DataFrame, known: Mapping[str, Ways], shared: frozenset[str]) -> pd.DataFrame:
    found = [known.get(who, Ways()) for who in entries["customer_id"]]
    columns = {
        "phone": [each.phone and each.phone.shown for each in found],
        "mail": [each.mail for each in found],
        DIALLED: [each.phone and each.phone.dialled for each in found],
        OWN_MAIL: [None if (each.mail or "").casefold() in shared else each.mail for each in found],
    }
    return entries.assign(**{name: pd.Series(texts, entries.index, dtype=object) for name, texts in columns.items()})


def _shared(mails: Iterable[str | None]) -> frozenset[str]:
    counts = Counter(mail.casefold() for mail in mails if mail)
    return frozenset(mail for mail, count in counts.items() if count > 1)
