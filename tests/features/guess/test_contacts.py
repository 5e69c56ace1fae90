"""Columns that say how to reach a customer are found in the orders and in the customers file, in twelve languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.guess.guess import guess

SHOPS = Path(__file__).parent / "shops"
ANN, BO = ("Ann Lee", "+30 210 1234567", "ann@x.example", "el", "GR"), ("Bo", "6900000000", "bo@x.example", "en", "DE")


def orders(folder: Path, header: str, *rows: str, name: str = "orders.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "header",
    [
        "Billing Name;Billing Phone;Email;Customer Locale;Billing Country",
        "Kundenname;Telefon;E-Mail-Adresse;Sprache;Land",
        "Nom du client;Téléphone;Courriel;Langue;Pays",
        "Nombre completo;Teléfono;Correo electrónico;Idioma;País",
        "Nominativo;Cellulare;Indirizzo email;Lingua;Nazione",
        "Nome do cliente;Telemóvel;Endereço de email;Língua;País",
        "Klantnaam;Telefoonnummer;E-mailadres;Taal;Land",
        "Imię i nazwisko;Numer telefonu;Adres e-mail;Język;Kraj",
        "Müşteri Adı;Cep Telefonu;E-posta;Dil;Ülke",
        "ФИО;Телефон;Электронная почта;Язык;Страна",
        "Ονοματεπώνυμο;Κινητό τηλέφωνο;Ηλεκτρονική διεύθυνση;Γλώσσα;Χώρα",
        "نام خریدار;موبایل;ایمیل;زبان;کشور",
    ],
)
def test_contacts_are_found_in_twelve_languages(tmp_path: Path, header: str) -> None:
    rows = [
        f"{n};{who};2024-01-{n:02};{n}.50;{';'.join(said)}"
        for n, (who, said) in enumerate([("a1", ANN), ("b2", BO), ("a1", ANN), ("b2", BO)], start=1)
    ]
    found = guess(orders(tmp_path, f"order id;customer id;order date;amount;{header}", *rows))
    assert tuple(found.orders.contacts.values()) == tuple(header.split(";"))
    assert tuple(found.orders.contacts) == ("name", "phone", "mail", "language", "country")
    assert found.orders.columns["customer_id"] == "customer id"
    assert not found.not_used["orders"]


def test_names_of_products_and_clerks_are_no_names_of_customers(tmp_path: Path) -> None:
    rows = [f"{n},a,2024-01-0{n},5,product {n},Clerk {n}" for n in range(1, 6)]
    found = guess(orders(tmp_path, "order id,customer id,order date,amount,name,contact name", *rows))
    assert not found.orders.contacts


def test_cells_decide_whether_a_column_is_a_phone_or_a_mail_address(tmp_path: Path) -> None:
    rows = ["1,a,2024-01-01,5,yes,sent", "2,b,2024-01-02,5,no,sent"]
    assert not guess(orders(tmp_path, "order id,customer id,order date,amount,phone,email", *rows)).orders.contacts


def test_a_customer_file_gives_given_and_family_name_phone_mail_and_country(tmp_path: Path) -> None:
    header = "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Company,Country Code,Phone"
    file = orders(tmp_path, header, "1,Ann,Lee,a@x.example,yes,,GR,+30 2101234567", name="customers.csv")
    log = orders(tmp_path, "order id,customer id,order date,amount", "1,1,2024-01-01,5")
    found = guess(log, customers=file).customers
    assert found is not None
    assert found.columns == {
        "customer_id": "Customer ID", "name": "First Name", "last_name": "Last Name", "phone": "Phone",
        "mail": "Email", "country": "Country Code", "consent": "Accepts Email Marketing",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("export", "contacts"),
    [
        ("woo_plugin.csv", {"name": "billing_first_name", "last_name": "billing_last_name", "mail": "billing_email"}),
        ("magento_grid.csv", {"name": "Bill-to Name"}),
        ("woo_analytics.csv", {}),
    ],
)
def test_the_exports_of_shop_systems_say_how_to_reach_customers(export: str, contacts: dict[str, str]) -> None:
    assert guess(SHOPS / export).orders.contacts == contacts
