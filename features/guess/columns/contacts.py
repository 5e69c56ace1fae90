"""Finds the columns that say how to reach a customer: by the names that shops give them, checked by their cells.

Where an order has two addresses, that of the bill counts before that of the delivery: it is whose money it was.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from features.guess.sample import Sample
from features.language.messages import in_a_row, sentence
from features.sources.plain_text import plain_names

ROWS, MOSTLY = 300, 0.8
_LANGUAGE = re.compile(r"[a-z]{2,3}([-_][a-z]{2,4}){0,2}", re.IGNORECASE)
_PHONE = re.compile(r"'?(\+|00)?[\d\s()./\-–x]{6,24}")
WHOLE_NAME = plain_names(
    "billing name|billing full name|bill to name|bill-to name|name (billing)|full name (billing)|customer full name",
    "customer name|customer's name|cust name|client name|buyer name|buyer-name|shopper name|member name|debtor name",
    "full name|contact name|name|company name|company|display name|recipient name|recipient-name|shipping name",
    "ship-to name|ship to name|from name|cardholder name|kundenname|kunde name|name des kunden|rechnungsname|besteller",
    "rechnungsempfänger|firma|ansprechpartner|nom du client|nom client|nom complet|nom facturation|raison sociale",
    "destinataire|nombre del cliente|nombre cliente|nombre completo|nombre de facturación|razón social",
    "nombre y apellidos|nome cliente|nome del cliente|nominativo|ragione sociale|nome e cognome|intestatario",
    "nome completo|nome do cliente|razão social|klantnaam|naam klant|naam|bedrijfsnaam|imię i nazwisko|nazwa klienta",
    "nazwa firmy|nabywca|müşteri adı|ad soyad|adı soyadı|firma adı|имя клиента|фио|имя покупателя|наименование клиента",
    "ονοματεπώνυμο|όνομα πελάτη|επωνυμία πελάτη|επωνυμία|نام و نام خانوادگی|نام مشتری|نام خریدار|نام گیرنده|نام کامل",
    "نام شرکت",
)
GIVEN_NAME = plain_names(
    "first name (billing)|billing first name|billing_first_name|billing: first name|customer_firstname",
    "customer first name|first name|first_name|firstname|customer__first_name|given name|vorname|prénom|nombre|nome",
    "primeiro nome|voornaam|imię|adı|ad|имя|όνομα|نام",
)
LAST_NAME = plain_names(
    "last name (billing)|billing last name|billing_last_name|billing: last name|last name|last_name|lastname|surname",
    "family name|customer_lastname|customer last name|customer__last_name|nachname|familienname|nom de famille|nom",
    "apellidos|apellido|cognome|apelido|sobrenome|achternaam|nazwisko|soyad|soyadı|фамилия|επώνυμο|نام خانوادگی",
)
PHONE = plain_names(
    "billing phone|phone (billing)|billing_phone|billing: phone|customer phone|customer_phone|phone number|phone",
    "phone no|telephone|tel|mobile|mobile phone|mobile number|cell|cell phone|contact number|contact phone",
    "buyer-phone-number|buyer phone number|billing telephone|shipping phone|ship phone|customer__phone",
    "telefon|telefonnummer|handy|mobil|mobilnummer|rufnummer|téléphone|tél|portable|téléphone portable",
    "teléfono|móvil|celular|telefono|cellulare|telefone|telemóvel|telefoon|telefoonnummer|mobiel",
    "numer telefonu|komórka|telefon numarası|cep telefonu|cep|gsm|телефон|номер телефона|мобильный",
    "τηλέφωνο|κινητό|κινητό τηλέφωνο|τηλ|تلفن|شماره تلفن|موبایل|شماره موبایل|تلفن همراه|شماره تماس",
)
MAIL = plain_names(
    "billing email|email (billing)|billing_email|billing: email|customer email|customer_email|email|e-mail",
    "mail|email address|e-mail address|email_address|buyer email|buyer-email|contact_email|from email address",
    "customer__email|e-mail-adresse|mailadresse|kunden-email|kundenmail|emailadresse|adresse e-mail|adresse email",
    "courriel|adresse mail|correo|correo electrónico|correo-e|indirizzo email|indirizzo e-mail|posta elettronica",
    "endereço de email|e-mailadres|adres e-mail|adres email|e-posta|eposta|e-posta adresi|почта|электронная почта",
    "эл. почта|email клиента",
    "ηλεκτρονικό ταχυδρομείο|ηλεκτρονική διεύθυνση|διεύθυνση email",
    "ایمیل|پست الکترونیک|رایانامه",
)
LANGUAGE = plain_names(
    "language|customer language|language code|lang|locale|customer locale|customer_locale|preferred language",
    "id_lang|sprache|sprachcode|langue|idioma|lengua|lingua|língua|taal|język|dil|язык|γλώσσα|زبان",
)
COUNTRY = plain_names(
    "billing country|country (billing)|billing_country|billing: country|country code (billing)|customer country",
    "billing country code|country|country code|country name|country_code|billing_address__country_code",
    "shipping country|ship country|ship-country|shipping_country|country of residence|land|rechnungsland|ländercode",
    "pays|país|pais|paese|nazione|kraj|ülke|страна|χώρα|کشور",
)


def _is_phone(cell: str) -> bool:
    return _PHONE.fullmatch(cell) is not None and sum(char.isdigit() for char in cell) >= 6


def _is_words(cell: str) -> bool:
    return any(char.isalpha() for char in cell) and "@" not in cell


def _is_language(cell: str) -> bool:
    return _LANGUAGE.fullmatch(cell) is not None or (cell.isalpha() and len(cell) > 3)


FIELDS: Mapping[str, tuple[tuple[str, ...], Callable[[str], bool]]] = {
    "name": (WHOLE_NAME + GIVEN_NAME, _is_words),
    "last_name": (LAST_NAME, _is_words),
    "phone": (PHONE, _is_phone),
    "mail": (MAIL, lambda cell: "@" in cell),
    "language": (LANGUAGE, _is_language),
    "country": (COUNTRY, _is_words),
}


def contact_columns(sample: Sample, taken: Mapping[str, str]) -> dict[str, str]:
    """Return the columns of the orders that say how to reach a customer, and say which they are.

    The customer's own column may be one of them, where it holds phones or names.

    Args:
        sample: the first rows of the orders file.
        taken: field of ORDERS → header.
    """
    customer = sample.file.column_index(taken["customer_id"]) or 0
    others = {sample.file.column_index(header) for field, header in taken.items() if field != "customer_id"}
    found = contacts_among(sample, lambda index: index not in others and _is_of_person(sample, customer, index))
    named = {field: sample.name(index) for field, index in found.items() if (field, index) != ("mail", customer)}
    if named:
        told = (sentence('{field} "{header}"', field=field, header=header) for field, header in named.items())
        sample.assume(
            sentence(
                "How to reach a customer is what the orders said last: {columns}. It is never a feature.",
                columns=in_a_row(told, commas=True),
            )
        )
    return named


def contacts_among(sample: Sample, free: Callable[[int], bool]) -> dict[str, int]:
    """Return the columns of contacts, by their names and their cells.

    Args:
        sample: the first rows of a file.
        free: whether a column may be one.
    """
    found: dict[str, int] = {}
    for field, (names, fits) in FIELDS.items():
        index = next(
            (n for n in _called(sample, names) if n not in found.values() and free(n) and _fits(sample, n, fits)), None
        )
        if index is not None:
            found[field] = index
    if "name" in found and not {sample.plain[found["name"]], sample.bare[found["name"]]} & {*GIVEN_NAME}:
        found.pop("last_name", None)
    return found


def _called(sample: Sample, names: Sequence[str]) -> Iterator[int]:
    """Yield the columns of some names, the best name first; a header as it is before one without its brackets."""
    for name in names:
        for known in (sample.plain, sample.bare):
            yield from (index for index, header in enumerate(known) if header == name)


def _fits(sample: Sample, index: int, fits: Callable[[str], bool]) -> bool:
    """Say whether nearly all of a column's first cells are of a kind."""
    filled = sample.filled(index)[:ROWS]
    return bool(filled) and sum(map(fits, filled)) >= MOSTLY * len(filled)


def _is_of_person(sample: Sample, customer: int, index: int) -> bool:
    """Say whether a column says one thing on nearly all rows of a customer, as names of products or clerks do not."""
    said: dict[str, Counter[str]] = {}
    for who, cell in zip(sample.columns[customer], sample.columns[index], strict=True):
        if who and cell:
            said.setdefault(who, Counter())[cell] += 1
    again = [votes for votes in said.values() if votes.total() > 1]
    same = sum(votes.most_common(1)[0][1] for votes in again)
    return same >= MOSTLY * sum(votes.total() for votes in again)
