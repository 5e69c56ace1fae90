"""`regulars init` on the exports that shops really have; the files under shops/ follow their real column lists."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from features.clock import date_of
from features.errors import ConfigError, InputError
from features.guess.guess import guess
from features.language.languages import GREEK, PERSIAN
from features.language.messages import said
from features.sources.mapping import FileFormat, OrdersMapping, Shop
from features.sources.reader import read_log

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
        ("America/New_York", "USD"),  # its dates are month first
        {"ann@example.org": [("2024-01-05", 4500)], "bob@example.org": [("2024-02-02", 2250)]},
        [1250],
    ),
    "erp_lines.csv": (
        ("Europe/London", "GBP"),  # its orders are of the United Kingdom
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
    assert f'regulars init {path} --column customer_id="…"\n' in str(error.value)
    assert 'Columns that are still free: "who".' in str(error.value)
    assert 'Recognised so far: ordered_at = "when bought", amount = "how much".' in str(error.value)
    assert "toml" not in str(error.value)


def test_columns_that_are_said_are_taken_and_the_rest_is_guessed(tmp_path):
    path = write(tmp_path, 'when bought,who,how much,quantity,date\n2024-01-05,a,"5,50",1,2020-01-01\n')
    events = write(tmp_path, "customer,did,timestamp\na,review,2024-01-01\n", "events.csv")
    columns = {"ordered_at": "when bought", "customer_id": "who", "amount": "How Much", "events.kind": "did"}
    found = guess(path, events, columns=columns)
    assert found.orders.columns == {
        "ordered_at": "when bought", "customer_id": "who", "amount": "how much", "quantity": "quantity",
    }  # fmt: skip
    assert found.orders.format.decimal == ","
    assert found.events.columns["kind"] == "did"
    assert 'amount is "how much", as you said.' in found.assumptions
    assert list(read_log(found.shop, found.orders).log.streams["orders"].columns["spend"]) == [550]


def test_what_is_asked_for_repeats_what_was_said_and_names_what_is_free(tmp_path):
    path = write(tmp_path, "then,who,how much,note\nsoon,a,5,\n")
    with pytest.raises(InputError) as error:
        guess(path, columns={"customer_id": "who"}, more="--out shop/regulars.toml")
    said = str(error.value)
    assert f'regulars init {path} --column customer_id="who" --column ordered_at="…" --out shop/regulars.toml' in said
    assert 'still free: "then".' in said
    assert 'Recognised so far: customer_id = "who", amount = "how much".' in said


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"amuont": "how much"}, 'no file has a field "amuont". Did you mean "amount"?'),
        ({"amount": "how mich"}, 'has no column "how mich", which --column gives to amount. Did you mean "how much"?'),
        ({"events.kind": "what"}, "there is no events file"),
        ({"people.name": "what"}, 'no file has a field "people.name"'),
    ],
)
def test_columns_that_cannot_be_are_refused(tmp_path, columns, said):
    path = write(tmp_path, "date,customer,how much\n2024-01-05,a,5\n")
    with pytest.raises(InputError) as error:
        guess(path, columns=columns)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("header", "currency"),
    [
        ("مبلغ (تومان)", "IRT"),
        ("مبلغ (ریال)", "IRR"),
        ("مبلغ(rial)", "IRR"),
        ("Amount (€)", "EUR"),
        ("Grand Total (EUR)", "EUR"),
        ("Amount [USD]", "USD"),
        ("Total (toman)", "IRT"),
        ("Σύνολο (ευρώ)", "EUR"),
        ("Net amount (US dollars)", "USD"),
        ("Order total (incl. VAT)", None),
    ],
)
def test_a_unit_in_brackets_is_passed_over_and_a_currency_in_them_is_the_shops(tmp_path, header, currency):
    found = guess(write(tmp_path, f"Order Date (UTC),Customer (code),{header}\n2024-01-05,a,5\n"))
    assert found.orders.columns == {
        "ordered_at": "Order Date (UTC)",
        "customer_id": "Customer (code)",
        "amount": header,
    }
    if currency:
        assert found.shop.currency == currency
        unit = "Amounts are in toman" if currency == "IRT" else f"The currency is {currency}"
        assert any(f'{unit}, as the header "{header}" says' in said for said in found.assumptions)


def test_a_header_as_it_is_comes_before_one_with_a_unit(tmp_path):
    found = guess(write(tmp_path, "date,customer,Amount (GBP),Amount\n2024-01-05,a,4,5\n"))
    assert found.orders.columns["amount"] == "Amount"
    assert 'Not used of orders.csv: "Amount (GBP)".' in found.assumptions


@pytest.mark.parametrize("header", ["Discount (%)", "Discount %", "Discount (percent)"])
def test_a_bracket_that_makes_a_share_of_a_column_is_not_passed_over(tmp_path, header):
    found = guess(write(tmp_path, f"date,customer,value,{header}\n2024-01-05,a,9,10\n"))
    assert found.orders.discount_is == "percent"
    assert list(read_log(found.shop, found.orders).log.streams["orders"].columns["discount"]) == [100]


def test_amounts_with_a_decimal_comma_under_a_header_with_a_unit(tmp_path):
    found = guess(write(tmp_path, "date;customer;Amount (EUR)\n2024-01-05;a;5,50\n"))
    assert found.orders.format.decimal == ","


def test_toman_are_said_to_be_toman(tmp_path):
    found = guess(write(tmp_path, "تاریخ,مشتری,مبلغ (تومان)\n1402/10/15,a,125000\n"))
    assert list(read_log(found.shop, found.orders).log.streams["orders"].columns["spend"]) == [125000]
    assert any("says: 1 toman = 10 rial" in said for said in found.assumptions)


@pytest.mark.parametrize("header", ["مبلغ (ریال جدید)", "مبلغ (ريال‌جديد)", "Total (new rial)"])
def test_a_header_that_names_the_new_rial_is_read_in_it(tmp_path, header):
    found = guess(write(tmp_path, f"تاریخ,مشتری,{header}\n1406/01/15,a,2400.50\n"))
    assert (found.shop.currency, found.questions) == ("IRR", ())
    assert list(read_log(found.shop, found.orders).log.streams["orders"].columns["spend"]) == [24_005_000]


@pytest.mark.parametrize(("cell", "likely"), [("2400000", "rial"), ("2400.50", "new rial, of 10,000 rial each")])
def test_a_persian_file_that_names_no_unit_is_asked_for_it(tmp_path, cell, likely):
    (question,) = guess(write(tmp_path, f"تاریخ,مشتری,مبلغ\n1403/01/15,a,{cell}\n")).questions
    assert question.words == "Are the amounts in rial, in toman or in new rial? The file does not say."
    assert question.likely.words == likely
    assert {each.settings["shop.currency"] for each in question.answers} == {"IRR", "IRT"}


@pytest.mark.parametrize("shop", sorted(SHOPS.glob("*.csv")), ids=lambda path: path.name)
@pytest.mark.parametrize("language", [PERSIAN, GREEK], ids=lambda language: language.code)
def test_every_assumption_and_question_is_said_in_every_language(shop, language):
    found = guess(shop)
    texts = [*found.assumptions, *(each for asked in found.questions for each in (asked.words, *_answers(asked)))]
    unsaid = [str(each) for each in texts if re.search("[a-z]{3}", each) and said(each, language) == str(each)]
    assert unsaid == []


def _answers(asked):
    return [each.words for each in asked.answers]


def test_columns_that_are_not_used_are_named(tmp_path):
    orders = write(tmp_path, "date,customer,amount,Weight,Colour,Nothing\n2024-01-05,a,5,1,red,\n")
    people = write(tmp_path, "customer,name,Shoe size\na,Ann,39\n", "customers.csv")
    found = guess(orders, customers=people)
    assert 'Not used of orders.csv: "Weight", "Colour"; 1 more are empty.' in found.assumptions
    assert found.not_used == {"orders": ("Weight", "Colour", "Nothing"), "customers": ("Shoe size",)}


def test_a_header_line_again_does_not_hide_what_a_column_is(tmp_path):
    header = "date,customer,amount,returned\n"
    found = guess(write(tmp_path, f"{header}2024-01-05,a,5,no\n{header}2024-01-06,b,5,yes\n"))
    assert found.orders.columns["returned"] == "returned"


@pytest.mark.parametrize(
    "header", ["Refund", "Refunded", "Amount (refunded)", "Refund amount (EUR)", "Amount_refunded"]
)
def test_refunds_beside_a_sale_are_subtracted(tmp_path, header):
    rows = "2024-01-05,a,50,0.00\n2024-01-06,a,50,20.00\n2024-01-07,a,50,\n2024-01-08,b,50,50.00\n"
    found = guess(write(tmp_path, f"date,customer,amount,{header}\n{rows}"))
    assert f'"{header}" is money that came back of the line: it is taken off.' in found.assumptions
    log = read_log(found.shop, found.orders).log
    assert list(log.streams["orders"].columns["spend"]) == [5000, 3000, 5000]
    assert list(log.streams["returns"].columns["returned"]) == [2000, 5000]


def test_a_second_column_of_refunds_is_said_first(tmp_path):
    found = guess(write(tmp_path, "date,customer,amount,Refund,Returned amount\n2024-01-06,a,50,20,10\n"))
    assert found.assumptions[0].startswith('REFUNDS ARE NOT SUBTRACTED: "Returned amount" holds amounts on 1 of')


def test_greek_abbreviations_and_a_name_beside_a_customer_code(tmp_path):
    header = "Αρ. Παραγγελίας;Ημερομηνία;Κωδ. Πελάτη;Επωνυμία;Αξία (€)"
    found = guess(write(tmp_path, f"{header}\n7;15/01/2024;042;Ελιά ΑΕ;5,00\n"))
    assert found.orders.columns["order_id"] == "Αρ. Παραγγελίας"
    assert found.orders.columns["customer_id"] == "Κωδ. Πελάτη"
    assert found.orders.contacts == {"name": "Επωνυμία"}
    assert any("It is never a feature" in said for said in found.assumptions)


def test_month_first_dates_without_a_currency_are_guessed_american_and_said(tmp_path):
    american = "date,customer,amount\n06/25/2025 03:10 PM,a,5\n06/26/2025 09:00 AM,b,5\n"
    found = guess(write(tmp_path, american))
    assert (found.shop.currency, found.shop.zone) == ("USD", "America/New_York")
    assert any(said.startswith("CHECK:") and "guessed from month-first dates" in said for said in found.assumptions)
    named = guess(write(tmp_path, american.replace("amount", "amount (GBP)")))
    assert (named.shop.currency, named.shop.zone) == ("GBP", "Europe/London")
    assert not any("CHECK" in said for said in named.assumptions)
    assert guess(write(tmp_path, "date,customer,amount\n25/06/2025,a,5\n")).shop.currency == "EUR"


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
