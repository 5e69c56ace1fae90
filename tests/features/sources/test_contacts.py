"""How to reach the customers, where the orders say it: the latest of each field, and never anything of the log."""

from dataclasses import replace
from pathlib import Path

import pytest

from features.errors import ConfigError, InputError
from features.sources.mapping import CustomersMapping, OrdersMapping, Shop
from features.sources.people.contacts import Contact, read_contacts
from features.sources.reader import check_files, read_customers, read_log
from serving.customers import Customers, contacts

COLUMNS = {"order_id": "no", "customer_id": "card", "ordered_at": "day", "amount": "total"}
CONTACTS = {"name": "first", "last_name": "last", "phone": "tel", "mail": "mail", "country": "land"}
SHOP = Shop("Europe/Athens", "EUR")


def orders(folder: Path, *rows: str) -> OrdersMapping:
    path = folder / "orders.csv"
    path.write_text("\n".join(["no,card,day,total,first,last,tel,mail,land", *rows, ""]), encoding="utf-8")
    return OrdersMapping(path, COLUMNS, contacts=CONTACTS)


def test_the_latest_known_value_of_each_field_counts_wherever_it_stands_in_the_file(tmp_path: Path) -> None:
    found = read_contacts(
        orders(
            tmp_path,
            "3,a,2024-03-01,5,Ann,Lee,,ann@new.example,-",
            "1,a,2024-01-01,5,Anna,Li,+30 210 1234567,ann@old.example,GR",
            "2,b,2024-02-01,5,,,n/a,no mail,",
        )
    )
    assert found == {"a": Contact("Ann Lee", "+30 210 1234567", "ann@new.example", None, "GR")}


def test_both_parts_of_a_name_come_from_one_row_and_one_alone_will_do(tmp_path: Path) -> None:
    mapping = orders(tmp_path, "1,a,2024-01-01,5,Ann,Lee,,,", "2,a,2024-02-01,5,,Smith,,,", "3,b,2024-02-01,5,Bo,,,,")
    found = read_contacts(mapping)
    assert (found["a"].name, found["b"].name) == ("Smith", "Bo")
    assert read_contacts(replace(mapping, contacts={"last_name": "last"}))["a"].name == "Smith"


def test_merged_customers_are_one_and_nobody_has_no_contact(tmp_path: Path) -> None:
    merges = tmp_path / "merges.csv"
    merges.write_text("old,new\na,b\n", encoding="utf-8")
    mapping = orders(
        tmp_path, "1,a,2024-01-01,5,Ann,,210 1234567,,", "2,b,2024-02-01,5,Bo,,,,", "3,,2024-03-01,5,X,,,,"
    )
    assert read_contacts(replace(mapping, merge=merges)) == {"b": Contact("Bo", "210 1234567")}


def test_the_customers_file_comes_first_and_a_mail_address_as_id_is_one(tmp_path: Path) -> None:
    mapping = orders(tmp_path, "1,a,2024-01-01,5,Ann,Lee,210 1234567,,GR", "2,x@y.example,2024-02-01,5,Bo,,,,")
    path = tmp_path / "customers.csv"
    path.write_text("id,who,family,tel\na,Dr.,Lee,\nc,,,6900000\n", encoding="utf-8")
    columns = {"customer_id": "id", "name": "who", "last_name": "family", "phone": "tel"}
    file = Customers.read(CustomersMapping(path, columns), {})
    assert read_customers(CustomersMapping(path, columns))["name"].tolist() == ["Dr. Lee", None]
    assert contacts(file, mapping) == {
        "a": Contact("Dr. Lee", "210 1234567", country="GR"),
        "c": Contact(phone="6900000"),
        "x@y.example": Contact("Bo", mail="x@y.example"),
    }
    assert contacts(Customers(), replace(mapping, contacts={})) == {}


def test_contacts_change_nothing_of_the_log_and_are_not_shown_by_accident(tmp_path: Path) -> None:
    mapping = orders(tmp_path, "1,a,2024-01-01,5,Ann,Lee,210 1234567,ann@x.example,GR")
    with_contacts, without = read_log(SHOP, mapping).log, read_log(SHOP, replace(mapping, contacts={})).log
    assert with_contacts.streams["orders"].columns.keys() == without.streams["orders"].columns.keys()
    assert repr(read_contacts(mapping)) == "{'a': Contact(name, phone, mail, country)}"


def test_a_contact_column_that_is_not_there_is_named_by_every_reading(tmp_path: Path) -> None:
    mapping = replace(orders(tmp_path, "1,a,2024-01-01,5,Ann,Lee,,,"), contacts={"phone": "telephone"})
    (violation,) = check_files(SHOP, mapping).violations
    assert violation.column == "telephone"
    with pytest.raises(InputError):
        read_contacts(mapping)
    with pytest.raises(ConfigError, match=r'no field "fone".*phone'):
        replace(mapping, contacts={"fone": "tel"})
