"""`regulars init` on the exports that shops really have; the files under shops/ follow their real column lists."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from features.clock import date_of
from features.errors import ConfigError, InputError
from features.guessing import guess
from features.mapping import FileFormat, OrdersMapping, Shop
from features.sources import read_log

SHOPS = Path(__file__).parent / "shops"

# file: (zone, currency), {customer: [(day, minor units)]}, returned money
EXPECTED = {
    "shopify.csv": (
        ("Europe/Athens", "EUR"),
        {
            "ann@example.org": [("2024-01-05", 5391), ("2024-07-01", 2500)],
            "bob@example.org": [("2024-07-04", 4000)],
        },
        [2000],
    ),
    "woo_analytics.csv": (
        ("Europe/Berlin", "EUR"),
        {"Ann Papadopoulou": [("2024-03-01", 2400), ("2024-03-04", 1050)], "Bob Smith": [("2024-03-06", 1200)]},
        [],
    ),
    "woo_plugin.csv": (
        ("America/New_York", "USD"),
        {"ann@example.org": [("2024-03-01", 2400)], "bob@example.org": [("2024-03-15", 3400)]},
        [3400],
    ),
    "woo_rest.csv": (("Europe/London", "GBP"), {"17": [("2024-03-01", 2400)], "18": [("2024-03-31", 2200)]}, []),
    "magento_grid.csv": (
        ("Europe/Berlin", "EUR"),
        {"ann@example.org": [("2024-01-05", 4500)], "bob@example.org": [("2024-02-02", 2250)]},
        [1250],
    ),
    "erp_lines.csv": (
        ("Europe/Berlin", "EUR"),
        {"13047": [("2010-12-13", 5408)], "14527": [("2010-12-15", 425)], "17850": [("2010-12-01", 4674)]},
        [2750],
    ),
    "erp_net.csv": (
        ("Europe/Berlin", "EUR"),
        {"00042": [("2024-01-31", 130000)], "00043": [("2024-02-02", 61725)]},
        [],
    ),
    "pos.csv": (
        ("Europe/Berlin", "EUR"),
        {"ANON-0000-0000-0001": [("2024-03-01", 3870)], "ANON-0000-0000-0002": [("2024-03-01", 7740)]},
        [],
    ),
    "greek.csv": (
        ("Europe/Athens", "EUR"),
        {"000123": [("2024-01-15", 124456)], "000124": [("2024-01-17", 9990)]},
        [],
    ),
    "persian.csv": (("Asia/Tehran", "IRR"), {"۰۰۴۲": [("2024-01-05", 1250000), ("2024-03-19", 500000)]}, []),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_usual_exports_are_understood_without_an_edit(name):
    (zone, currency), bought, returned = EXPECTED[name]
    found = guess(SHOPS / name)
    assert (found.shop.zone, found.shop.currency) == (zone, currency)
    log = read_log(found.shop, found.orders).log
    orders = log.streams["orders"]
    read: dict[str, list[tuple[str, int]]] = {}
    for customer, day, spend in zip(orders.customer, orders.day, orders.columns["spend"], strict=True):
        read.setdefault(log.customer_ids[customer], []).append((str(date_of(day)), int(spend)))
    assert read == bought
    assert list(log.streams["returns"].columns["returned"]) == returned


def test_every_sample_export_is_tested():
    assert {path.name for path in SHOPS.iterdir()} == set(EXPECTED)


def test_assumptions_are_sentences_about_what_was_assumed():
    said = guess(SHOPS / "shopify.csv").assumptions
    assert "shopify.csv looks like a Shopify orders export." in said
    assert 'The amount is the order\'s total "Total", counted once per order.' in said
    assert "The shop's zone is Europe/Athens: the offsets in the data fit it." in said
    assert all(sentence.endswith(".") for sentence in said)


def write(folder, text, name="orders.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_day_or_month_first_is_decided_by_the_whole_column(tmp_path):
    rows = [f"{day % 12 + 1:02d}/05/2024,a{day},5" for day in range(400)]
    path = write(tmp_path, "date,customer_id,amount\n" + "\n".join([*rows, "05/31/2024,z,5"]))
    assert guess(path).orders.format.date_format == "%m/%d/%Y"


def test_an_ambiguous_date_is_read_as_the_file_is_sorted_and_said(tmp_path):
    rows = [f"{month:02d}/{day:02d}/2024,a,5" for month in range(1, 4) for day in range(1, 12, 3)]
    found = guess(write(tmp_path, "date,customer_id,amount\n" + "\n".join(rows)))
    assert found.orders.format.date_format == "%m/%d/%Y"
    assert any("could be read day first or month first" in said for said in found.assumptions)


def test_mixed_currencies_name_the_rates_to_write(tmp_path):
    path = write(
        tmp_path, "date,customer_id,amount,currency\n2024-01-05,a,5,EUR\n2024-01-06,a,5,EUR\n2024-01-07,a,5,USD\n"
    )
    found = guess(path)
    assert found.shop.currency == "EUR"
    assert any("rates for USD" in said for said in found.assumptions)


def test_a_column_that_is_not_recognised_is_asked_for(tmp_path):
    path = write(tmp_path, "when bought,who,how much\n2024-01-05,a,5\n")
    with pytest.raises(InputError) as error:
        guess(path)
    assert 'The file has the columns "when bought", "who", "how much".' in str(error.value)
    assert '[orders.columns]\n  customer_id = "…"\n  ordered_at = "…"\n  amount = "…"' in str(error.value)


def test_events_and_customers_are_mapped_too(tmp_path):
    orders = write(tmp_path, "date,customer_id,amount\n2024-01-05,a,5\n")
    events = write(tmp_path, "customer,event,timestamp\na,mail_sent,2024-01-01\n", "events.csv")
    visits = write(tmp_path, "customer,timestamp\na,2024-01-01\n", "visits.csv")
    people = write(tmp_path, "id,company,account manager\na,Ann Ltd,Maria\n", "customers.csv")
    found = guess(orders, events, people)
    assert found.events is not None
    assert found.events.columns["kind"] == "event"
    assert found.customers is not None
    assert found.customers.columns == {"customer_id": "id", "name": "company", "owner": "account manager"}
    assert guess(orders, visits).events.kind == "visits"


@pytest.mark.parametrize(
    "header",
    [
        "customer_id,consent,open ticket,in transit,points,points expire on,tier,membership until,favourite,parent",
        "πελάτης,Συγκατάθεση,Ανοιχτό αίτημα,Σε μεταφορά,Πόντοι,Λήξη πόντων,Επίπεδο,Λήξη συνδρομής,Αγαπημένο,Κεντρικό",
        "کد مشتری,رضایت,تیکت باز,در حال ارسال,امتیاز,انقضای امتیاز,سطح,انقضای عضویت,دسته محبوب,شرکت مادر",
    ],
)
def test_what_is_open_with_customers_is_found_in_three_languages(tmp_path, header):
    orders = write(tmp_path, "date,customer_id,amount\n2024-01-05,a,5\n")
    row = "a,mail,yes,no,1200,15/03/2026,gold,31/12/2026,tea,HQ"
    found = guess(orders, customers=write(tmp_path, f"{header}\n{row}\n", "customers.csv")).customers
    known = ("customer_id", "consent", "open_ticket", "in_transit", "points", "points_expire_on", "tier")
    # Where no column is the segment, a tier is.
    fields = ("segment" if name == "tier" and "tier" in header else name for name in known)
    fields = (*fields, "membership_until", "favourite", "account")
    assert found.columns == dict(zip(fields, header.split(","), strict=True))
    assert found.format.date_format == "%d/%m/%Y"


def test_columns_aligned_with_spaces_are_a_table(tmp_path):
    text = "customer_id  date number_of_cds  dollar_value\n 00001 19970101  1   11.77\n 00002 19970112  1   12.00\n"
    found = guess(write(tmp_path, text, "CDNOW.txt"))
    assert found.orders.format.date_format == "%Y%m%d"
    log = read_log(found.shop, found.orders).log
    assert list(log.customer_ids) == ["00001", "00002"]
    assert list(log.streams["orders"].columns["spend"]) == [1177, 1200]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1253"])
def test_encodings_are_found(tmp_path, encoding):
    path = tmp_path / "o.csv"
    path.write_bytes("Ημερομηνία;Πελάτης;Σύνολο\n05/01/2024;Μαρία;5,50\n".encode(encoding))
    found = guess(path)
    assert found.orders.columns["customer_id"] == "Πελάτης"
    assert read_log(found.shop, found.orders).log.customer_ids[0] == "Μαρία"


def test_persian_in_cp1256(tmp_path):
    path = tmp_path / "o.csv"
    path.write_bytes("تاریخ,مشتری,مبلغ\n2024/01/05,مریم,5\n".replace("ی", "ي").encode("cp1256"))
    assert guess(path).orders.format.encoding == "cp1256"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Shop("Europe/Atens", "EUR"), "does not exist"),
        (lambda: Shop("UTC", "euro"), "three capital letters"),
        (lambda: Shop("UTC", "EUR", "4am"), "04:00"),
        (lambda: Shop("UTC", "EUR", exchange_rates={"USD": Decimal(0)}), "not a rate"),
        (lambda: FileFormat(decimal=";"), "decimal is"),
        (lambda: FileFormat(encoding="utf-9"), "is not known"),
        (lambda: OrdersMapping(Path("o.csv"), {"customer_id": "a", "ordered_at": "b", "amonut": "c"}), 'mean "amount"'),
        (lambda: OrdersMapping(Path("o.csv"), {"customer_id": "a", "ordered_at": "b"}), "orders need amount"),
    ],
)
def test_wrong_settings_say_what_is_right(make, said):
    with pytest.raises(ConfigError, match=said):
        make()


def test_day_starts_at_moves_the_business_day(tmp_path):
    path = write(tmp_path, "date,customer_id,amount\n2024-01-05 03:59,a,5\n2024-01-05 04:00,b,5\n")
    found = guess(path)
    log = read_log(Shop("UTC", "EUR", "04:00"), found.orders).log
    assert [str(date_of(day)) for day in log.streams["orders"].day] == [str(date(2024, 1, 4)), str(date(2024, 1, 5))]
