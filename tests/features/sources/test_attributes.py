"""Columns of the customers file that are features: what is read of them, and what never may be one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from features.clock import day_number
from features.errors import ConfigError, InputError
from features.log import NULL
from features.sources.mapping import CustomersMapping, FileFormat, OrdersMapping, Shop
from features.sources.people.attribute_settings import FairnessSettings, FeatureSettings
from features.sources.people.attributes import read_attributes, read_first_orders
from features.sources.people.groups import read_groups
from features.sources.words.sensitive import afterwards_word, personal_word, sensitive_word, tells_sex


def file_of(tmp_path: Path, text: str, **columns: str) -> CustomersMapping:
    path = tmp_path / "customers.csv"
    path.write_text(text, encoding="utf-8")
    return CustomersMapping(path, {"customer_id": "id", **columns}, FileFormat())


def test_columns_are_read_by_header_or_by_field(tmp_path: Path) -> None:
    text = "id,AgeGroup,Gruppe\n007,25-34, pro \n,35-44,pro\n008,N/A,\n007,again,once\n"
    found = read_attributes(file_of(tmp_path, text, segment="Gruppe"), FeatureSettings(use=("AgeGroup", "segment")))
    assert found.customer_ids.tolist() == ["007", "008"]
    texts = {name: coded.values[coded.codes].tolist() for name, coded in found.values.items()}
    assert texts == {"age_group": ["25-34", ""], "segment": ["pro", ""]}
    assert found.known_from is None


def test_a_row_has_the_day_from_which_it_is_known(tmp_path: Path) -> None:
    text = "id,region,since\n1,north,2024-01-31\n2,south,\n3,south,soon\n"
    found = read_attributes(file_of(tmp_path, text, known_from="since"), FeatureSettings(use=("region",)))
    assert found.known_from is not None
    assert found.known_from.tolist() == [day_number(date(2024, 1, 31)), NULL, NULL]


@pytest.mark.parametrize(
    "name",
    ["Religion", "religiousGroup", "Ethnicity", "Health status", "gender", "SEX", "Political party", "union member",
     "Konfession", "Kundengeschlecht", "Anrede", "Gewerkschaft", "Θρήσκευμα", "Φύλο", "Ιθαγένεια", "Πολιτικές", "مذهب",
     "جنسیت", "قومیت", "sexe", "civilité", "santé", "cinsiyet", "płeć", "пол", "национальность", "nacionalidad"],
)  # fmt: skip
def test_sensitive_names_are_refused_in_many_languages(name: str) -> None:
    with pytest.raises(ConfigError, match=r'use: ".*" is named sensitive \(".*"\) and is never a feature'):
        FeatureSettings(use=(name,))


@pytest.mark.parametrize("name", ["Last name", "E-Mail", "phone", "Διεύθυνση", "نام", "Geburtsdatum", "owner"])
def test_what_tells_persons_apart_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="tells persons apart"):
        FeatureSettings(use=(name,))


@pytest.mark.parametrize(
    "name",
    ["Region", "Country", "age group", "Segment", "tier", "channel", "Postcode", "Sector", "Essex", "household size",
     "Περιοχή", "Ηλικιακή ομάδα", "استان", "گروه سنی", "Bundesland", "Branche", "Namibia"],
)  # fmt: skip
def test_groups_are_not(name: str) -> None:
    assert sensitive_word(name) is personal_word(name) is afterwards_word(name) is None
    assert FeatureSettings(use=(name,)).use == (name,)


def test_a_shops_own_words_come_on_top(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'"Postcode" is named sensitive \("postcode"\)'):
        FeatureSettings(use=("Postcode",), never=("post*",))
    with pytest.raises(ConfigError, match="religion"):
        FeatureSettings(use=("religion",), never=())


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            ["M", "F", "m", ""],
            '"what" holds what is sensitive, the sex of persons, and is never a feature',
        ),
        (["ann@example.org", "bob@example.org", "x"], '"what" holds mail addresses'),
        ([f"v{number}" for number in range(60)], '"what" has nearly as many values as customers'),
    ],
)
def test_cells_are_looked_at_whatever_their_column_is_called(tmp_path: Path, rows: list[str], said: str) -> None:
    text = "id,what\n" + "".join(f"c{place},{cell}\n" for place, cell in enumerate(rows))
    with pytest.raises(InputError, match=said) as error:
        read_attributes(file_of(tmp_path, text), FeatureSettings(use=("what",)))
    assert str(error.value).startswith("customers.csv: ")


def test_columns_of_the_first_order_are_known_from_its_day(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(
        "who,at,sum,Sales Channel\nann,2024-03-01,5,shop\nann,2024-01-31,5,web\nbob,2024-02-01 01:00,5,\n"
        ",2024-01-01,5,x\nbob,soon,5,app\n",
        encoding="utf-8",
    )
    orders = OrdersMapping(path, {"customer_id": "who", "ordered_at": "at", "amount": "sum"})
    shop = Shop("Europe/Athens", "EUR", "04:00")
    found = read_first_orders(orders, shop, FeatureSettings(first_order=("Sales Channel",)))
    channel = found.values["first_sales_channel"]
    assert found.customer_ids.tolist() == ["ann", "bob"]
    assert channel.values[channel.codes].tolist() == ["web", ""]
    assert found.known_from is not None
    assert found.known_from.tolist() == [day_number(date(2024, 1, 31)), day_number(date(2024, 1, 31))]
    with pytest.raises(ConfigError, match='first_order: "Religion" is named sensitive'):
        FeatureSettings(first_order=("Religion",))
    with pytest.raises(InputError, match="Chanel"):
        read_first_orders(orders, shop, FeatureSettings(first_order=("Chanel",)))


def test_a_sensitive_header_is_found_behind_a_field(tmp_path: Path) -> None:
    mapping = file_of(tmp_path, "id,Religion\n1,a\n2,b\n", segment="Religion")
    with pytest.raises(InputError, match=r'customers\.csv: "Religion" is named sensitive'):
        read_attributes(mapping, FeatureSettings(use=("segment",)))


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Regoin") as error:
        read_attributes(file_of(tmp_path, "id,Region\n1,a\n"), FeatureSettings(use=("Regoin",)))
    assert 'Did you mean "Region"?' in str(error.value)


def test_salutations_tell_the_sex_and_sizes_do_not() -> None:
    assert tells_sex(["Herr", "Frau", "Divers"])
    assert tells_sex(["آقا", "خانم"])
    assert not tells_sex(["S", "M", "L", "F"])


def test_groups_are_read_by_column_as_it_was_asked_for(tmp_path: Path) -> None:
    mapping = file_of(tmp_path, "id,Region,Gruppe\n007,north, pro \n008,,pro\n", segment="Gruppe")
    found = read_groups(mapping, ("segment", "Region"), FairnessSettings())
    assert found == {"segment": {"007": "pro", "008": "pro"}, "Region": {"007": "north"}}


def test_a_sensitive_column_is_compared_by_only_where_the_shop_names_it_and_is_never_a_feature(tmp_path: Path) -> None:
    mapping = file_of(tmp_path, "id,Gender,Group\n1,f,M\n2,m,F\n")
    with pytest.raises(ConfigError, match=r'"Gender" is named sensitive \("gender"\); to compare by it, name it under'):
        read_groups(mapping, ("Gender",), FairnessSettings())
    with pytest.raises(InputError, match="holds the sex of persons, which is sensitive; to compare by it, name it"):
        read_groups(mapping, ("Group",), FairnessSettings())
    named = FairnessSettings(sensitive=("Gender", "Group"))
    assert read_groups(mapping, named.columns, named)["Gender"] == {"1": "f", "2": "m"}
    with pytest.raises(ConfigError, match="never a feature"):
        FeatureSettings(use=("Gender",))
    with pytest.raises(InputError, match="never a feature"):
        read_attributes(mapping, FeatureSettings(use=("Group",)))


def test_no_group_is_a_person(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'by: "Last name" tells persons apart \("name"\), not groups'):
        FairnessSettings(by=("Last name",))
    mails = file_of(tmp_path, "id,Reach\n1,a@x.example\n2,b@x.example\n")
    with pytest.raises(InputError, match='"Reach" holds mail addresses'):
        read_groups(mails, ("Reach",), FairnessSettings())
    with pytest.raises(InputError, match="Regon"):
        read_groups(mails, ("Regon",), FairnessSettings())
