"""Who bought, which order, when, and where: by words of any header, else by the cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.errors import InputError
from features.guess.guess import guess
from features.guess.layouts import layouts, table
from features.sources.mapping import Guess


def of(folder: Path, *lines: str) -> Guess:
    path = folder / "orders.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return guess(path)


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        ("date_of_purchase,donor_id,amt_paid", ("ordered_at", "customer_id", "amount")),
        ("GROSS AMT,Cust No,created_ts", ("amount", "customer_id", "ordered_at")),
        ("Kundennr,Bestelldatum,Betrag", ("customer_id", "ordered_at", "amount")),
        ("siparis_tarihi,musteri_kodu,tutar", ("ordered_at", "customer_id", "amount")),
        ("data_zakupu,klient_id,kwota", ("ordered_at", "customer_id", "amount")),
        ("fecha_compra,id_cliente,importe", ("ordered_at", "customer_id", "amount")),
        ("номер карты,дата чека,сумма", ("customer_id", "ordered_at", "amount")),
    ],
)
def test_headers_made_of_known_words_are_recognised(tmp_path: Path, header: str, fields: tuple[str, ...]) -> None:
    cell = {"ordered_at": "2024-01-{:02d}", "customer_id": "C{}", "amount": "{}.50"}
    rows = [",".join(cell[field].format(n) for field in fields) for n in (5, 6, 7)]
    assert of(tmp_path, header, *rows).orders.columns == dict(zip(fields, header.split(","), strict=True))


def test_a_date_of_something_else_is_not_the_orders(tmp_path: Path) -> None:
    found = of(tmp_path, "birth_date,placed_on,client,sum", "1980-01-01,2024-01-05,a,5", "1981-01-01,2024-01-06,b,5")
    assert found.orders.columns["ordered_at"] == "placed_on"


def test_several_columns_of_dates_without_a_name_are_asked_about(tmp_path: Path) -> None:
    found = of(tmp_path, "alpha,beta,client,sum", "2024-01-05,2024-01-06,a,5", "2024-02-05,2024-02-06,b,5")
    (question,) = found.questions
    assert [answer.settings for answer in question.answers] == [
        {"orders.columns.ordered_at": "alpha"}, {"orders.columns.ordered_at": "beta"},
    ]  # fmt: skip


def test_guests_of_a_shop_system_are_told_by_its_convention(tmp_path: Path) -> None:
    head = "id,date_created,status,total,customer_id,_airbyte_raw_id"
    rows = [f"{n},2024-01-0{n},completed,5.00,{n % 3},x{n}" for n in range(1, 7)]
    found = of(tmp_path, head, *rows)
    assert (found.orders.guests, found.orders.columns["customer_id"]) == (("0",), "customer_id")
    assert '0 in "customer_id" are guests, as in this export.' in found.assumptions


@pytest.mark.parametrize(
    ("extra", "cell", "currency", "zone"),
    [
        ("Country", "Ireland", "EUR", "Europe/Dublin"),
        ("Ship Country", "AU", "AUD", "Australia/Sydney"),
        ("Phone", "+48 600 700 800", "PLN", "Europe/Warsaw"),
        ("магазин", "Аптека", "RUB", "Europe/Moscow"),
        ("крамниця", "їжа", "UAH", "Europe/Kyiv"),
    ],
)
def test_the_place_of_a_shop_is_taken_from_what_the_file_says(
    tmp_path: Path, extra: str, cell: str, currency: str, zone: str
) -> None:
    found = of(tmp_path, f"date,customer_id,amount,{extra}", f"2024-01-05,a,5,{cell}", f"2024-01-06,b,6,{cell}")
    assert (found.shop.currency, found.shop.zone) == (currency, zone)
    assert any("CHECK: the currency is assumed to be" in said for said in found.assumptions)


def test_one_foreign_name_is_no_place(tmp_path: Path) -> None:
    rows = [f"2024-01-0{n},a{n},5,Anna" for n in range(1, 6)]
    assert of(tmp_path, "date,customer_id,amount,clerk", *rows, "2024-01-07,b,5,Анна").shop.currency == "EUR"


@pytest.mark.parametrize("layout", layouts(), ids=lambda layout: layout.name)
def test_each_known_export_is_the_first_that_its_own_columns_fit(layout: object) -> None:
    same = [each for each in layouts() if each.fits(layout.columns)]  # type: ignore[attr-defined]
    assert same[0] is layout


def test_sums_of_a_known_export_are_checked(tmp_path: Path) -> None:
    head = "name,date_order,partner_id,amount_untaxed,amount_tax,amount_total,state"
    right = of(tmp_path, head, "S1,2024-01-05,7,10.00,2.00,12.00,sale", "S2,2024-01-06,8,5.00,1.00,6.00,sale")
    assert any("as in sale orders of Odoo" in said for said in right.assumptions)
    assert right.orders.columns["customer_id"] == "partner_id"
    wrong = of(tmp_path, head, "S1,2024-01-05,7,10.00,2.00,99.00,sale", "S2,2024-01-06,8,5.00,1.00,9.00,sale")
    assert any(said.startswith('CHECK: "amount_total" is') for said in wrong.assumptions)


def test_the_page_of_known_exports_is_generated() -> None:
    page = Path(__file__).parents[3] / "docs" / "layouts.md"
    assert page.read_text(encoding="utf-8").splitlines()[-len(layouts()) :] == table()[2:], "run: make docs"


def test_a_group_of_customers_and_a_count_are_no_customers(tmp_path: Path) -> None:
    header = "invoice id,customer type,gender,quantity,total,date"
    kinds = ("Member", "Normal")
    rows = [f"i{n},{kinds[n % 2]},F,{n % 9 + 1},{n}.50,2024-01-{n % 28 + 1:02}" for n in range(90)]
    with pytest.raises(InputError, match="no column was recognised as customer_id"):
        of(tmp_path, header, *rows)


@pytest.mark.parametrize("parts", ["AM PM", "Do Fr Sa", "ιανουάριος φεβρουάριος", "lun. mar.", "قبل‌ازظهر شنبه"])
def test_a_part_of_the_time_is_no_customer(tmp_path: Path, parts: str) -> None:
    names = parts.split()
    rows = [f"2024-01-{n:02d},{names[n % len(names)]},{n}.50" for n in range(1, 10)]
    with pytest.raises(InputError, match="no column was recognised as customer_id"):
        of(tmp_path, "date,slot,amount", *rows)


def test_a_name_with_a_number_in_it_is_no_money_and_a_phone_of_everybody_is_no_customer(tmp_path: Path) -> None:
    header = "Belegnr;Belegdatum;Kd-Nr;Kundenname;Summe netto;Summe brutto;Telefon"
    rows = [f"{n};0{n}.01.2024;{n % 3};Firma {n % 3} GmbH;{n},50;{n},90;0201 555" for n in range(1, 8)]
    columns = of(tmp_path, header, *rows).orders.columns
    assert (columns["customer_id"], columns["order_id"], columns["amount"]) == ("Kd-Nr", "Belegnr", "Summe netto")
    shop = [f"2024-01-0{n},555 123456,Shop {n % 3},{n}.50" for n in range(1, 8)]
    assert of(tmp_path, "date,phone,customer name,amount", *shop).orders.columns["customer_id"] == "customer name"


def test_an_amount_of_small_whole_numbers_beside_prices_may_be_pieces(tmp_path: Path) -> None:
    rows = [f"2024-01-0{n},c{n % 3},{n % 3 + 1},{30 * (n % 3 + 1)}.00,p" for n in range(1, 10)]
    found = of(tmp_path, "date,customer_id,amount,sales_price,product_id", *rows)
    (asked,) = found.questions
    assert asked.likely.settings == {"orders.columns.quantity": "amount"}
    assert found.orders.columns["quantity"] == "amount"
    money = guess(tmp_path / "orders.csv", columns={"amount": "amount"})
    assert (money.questions, money.orders.columns["amount"]) == ((), "amount")


def test_a_file_without_names_of_columns_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='has no line of column names: the first one holds "00004", "19970101", "2"'):
        of(tmp_path, "00004,19970101,2,29.33", "00004,19970118,2,29.73")
