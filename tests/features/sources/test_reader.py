"""The stated rules, the violations with their place, and that a posted history is read as a file is."""

# ruff: noqa: E501 — a literal file and its message each stand on one line
from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.churn.labels import ChurnDefinition
from features.churn.sufficiency import sufficiency
from features.clock import date_of
from features.errors import InputError
from features.log import Lines
from features.roll_up import roll_up
from features.sources.mapping import CustomersMapping, EventsMapping, FileFormat, LineRules, OrdersMapping, Shop
from features.sources.posted import posted_events, posted_lines
from features.sources.reader import check_files, read_customers, read_log
from features.tables import CUSTOMERS, ORDERS, names

ATHENS = Shop("Europe/Athens", "EUR")


def mapping(path, **more):
    header = path.read_text(encoding="utf-8-sig").splitlines()[0].split(",")
    return OrdersMapping(path, {name: name for name in header if name in names(ORDERS)}, **more)


def shop_file(folder, text):
    path = Path(folder) / "orders.csv"
    path.write_text(text, encoding="utf-8")
    return path


def read(folder, text, shop=ATHENS, until=None, latest=None, **more):
    return read_log(shop, mapping(shop_file(folder, text), **more), until=until, latest=latest)


def bought(log):
    orders = log.streams["orders"]
    rows = zip(orders.customer, orders.day, orders.columns["spend"], strict=True)
    return [(log.customer_ids[customer], str(date_of(day)), int(spend)) for customer, day, spend in rows]


def touched(reading):
    return {count.rule: count.rows for count in reading.rules if count.rows}


def refused(folder, text, **more):
    with pytest.raises(InputError) as error:
        read(folder, text, **more)
    return str(error.value)


# The rules -----------------------------------------------------------------------------------------------------------


def test_ids_are_texts_with_their_zeros_and_without_spaces_around(tmp_path):
    log = read(tmp_path, "customer_id,ordered_at,amount\n 007 ,2024-01-05,5\nΜαρία Κ.,2024-01-05,5\n").log
    assert list(log.customer_ids) == ["007", "Μαρία Κ."]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("a,1,2024-01-06,5,wc-cancelled,,,", "cancelled"),
        ("a,1,2024-01-06,5,Voided,,,", "cancelled"),
        ("a,1,2024-01-06,5,,2024-01-07,,", "cancelled"),
        ("a,1,2024-01-06,5,,,yes,", "test orders"),
        ("test@example.org,1,2024-01-06,5,,,,", "test orders"),
        ("a,TEST-1,2024-01-06,5,,,,", "test orders"),
        (",1,2024-01-06,5,,,,", "guests"),
        ("NULL,1,2024-01-06,5,,,,", "guests"),
        ("n/a,1,2024-01-06,5,,,,", "guests"),
        ("a,1,2024-01-06,0,,,,", "zero-value orders"),
        ("a,1,2024-01-06,-5,,,,", "returns"),
        ("a,1,2024-01-06,5,Refunded,,,", "returns"),
        ("a,1,2024-01-06,5,,,,yes", "returns"),
        ("a,C1,2024-01-06,5,,,,", "returns"),
    ],
)
def test_each_rule_leaves_its_line_out_and_counts_it(tmp_path, line, rule):
    header = "customer_id,order_id,ordered_at,amount,status,cancelled_at,test,returned"
    reading = read(tmp_path, f"{header}\na,0,2024-01-05,7,paid,,no,no\n{line}\n", return_prefix="C")
    assert bought(reading.log) == [("a", "2024-01-05", 700)]
    assert touched(reading) == {rule: 1}
    assert list(reading.log.streams["returns"].columns["returned"]) == ([500] if rule == "returns" else [])


def test_broken_cells_of_lines_that_are_left_out_do_not_matter(tmp_path):
    text = "customer_id,ordered_at,amount,status\na,2024-01-05,5,paid\n,yesterday,x,paid\nb,,?,cancelled\n,,,\n"
    assert bought(read(tmp_path, text).log) == [("a", "2024-01-05", 500)]


def test_same_day_splits_are_one_order_day(tmp_path):
    reading = read(tmp_path, "customer_id,order_id,ordered_at,amount\na,1,2024-01-05,5\na,2,2024-01-05,6\n")
    assert bought(reading.log) == [("a", "2024-01-05", 1100)]
    assert touched(reading) == {"same-day splits": 1}


HEAD = "customer_id,order_id,ordered_at,amount,product_id\n"
ONE = "a,1,2024-01-05,5,x\na,1,2024-01-05,5,x\na,1,2024-01-05,7,y\n"
TWO = "b,2,2024-01-06,9,x\n"


def test_a_product_twice_in_one_order_is_two_lines_and_an_order_that_comes_again_is_not(tmp_path):
    assert bought(read(tmp_path, HEAD + ONE + TWO).log) == [("a", "2024-01-05", 1700), ("b", "2024-01-06", 900)]
    joined = read(tmp_path, HEAD + ONE + TWO + ONE)
    assert bought(joined.log) == [("a", "2024-01-05", 1700), ("b", "2024-01-06", 900)]
    assert touched(joined) == {"duplicate lines": 3}


def test_a_file_that_is_not_sorted_by_order_has_no_repeats(tmp_path):
    shuffled = "a,1,2024-01-05,5,x\nb,2,2024-01-06,9,x\na,1,2024-01-05,7,y\nb,2,2024-01-06,1,z\na,1,2024-01-05,5,x\n"
    reading = read(tmp_path, HEAD + shuffled)
    assert bought(reading.log) == [("a", "2024-01-05", 1700), ("b", "2024-01-06", 1000)]
    assert touched(reading) == {}


def test_a_line_id_that_repeats_is_one_line(tmp_path):
    head = "customer_id,order_id,line_id,ordered_at,amount\n"
    reading = read(tmp_path, head + "a,1,1,2024-01-05,5\na,1,2,2024-01-05,5\na,1,1,2024-01-05,5\na,2,1,2024-01-06,5\n")
    assert bought(reading.log) == [("a", "2024-01-05", 1000), ("a", "2024-01-06", 500)]


def test_an_orders_total_counts_once_whether_on_all_lines_or_on_the_first(tmp_path):
    head = "customer_id,order_id,ordered_at,amount,status\n"
    text = (
        head
        + "a,1,2024-01-05,12,paid\n,1,,,\na,2,2024-01-06,7,paid\na,2,2024-01-06,7,paid\nb,3,2024-01-06,7,void\n,3,,,\n"
    )
    reading = read(tmp_path, text, amount_is="order")
    assert bought(reading.log) == [("a", "2024-01-05", 1200), ("a", "2024-01-06", 700)]
    assert list(reading.log.streams["orders"].columns["lines"]) == [2, 2]


def test_price_times_quantity_less_discount_is_rounded_once(tmp_path):
    head = "customer_id,ordered_at,price,quantity,discount\n"
    log = read(tmp_path, head + "a,2024-01-05,0.0125,500,1.25\nb,2024-01-05,0.005,1,\n", price_times_quantity=True).log
    assert bought(log) == [("a", "2024-01-05", 500), ("b", "2024-01-05", 1)]
    assert list(log.streams["orders"].columns["units"]) == [500, 1]


def test_other_currencies_are_converted_with_the_stated_rate(tmp_path):
    text = "customer_id,ordered_at,amount,currency\na,2024-01-05,10,\nb,2024-01-05,10.01,usd\nc,2024-01-05,100,JPY\n"
    shop = Shop("UTC", "EUR", exchange_rates={"USD": Decimal("0.925"), "JPY": Decimal("0.0061")})
    reading = read(tmp_path, text, shop)
    assert bought(reading.log) == [("a", "2024-01-05", 1000), ("b", "2024-01-05", 926), ("c", "2024-01-05", 61)]
    assert touched(reading) == {"currency converted": 2}
    assert "write under [shop.exchange_rates]  USD =" in refused(tmp_path, text, shop=Shop("UTC", "EUR"))


def test_offsets_are_brought_to_the_shops_clock_in_summer_and_winter(tmp_path):
    text = (
        "customer_id,ordered_at,amount\na,2024-03-30T22:30:00Z,5\nb,2024-03-31T20:59:00Z,5\n"
        "c,2024-03-31T21:00:00Z,5\nd,2024-10-27 00:59:00 +0300,5\n"
    )
    assert [day for _, day, _ in bought(read(tmp_path, text).log)] == [
        "2024-03-31",
        "2024-03-31",
        "2024-04-01",
        "2024-10-27",
    ]


def test_nothing_on_or_after_until_is_read(tmp_path):
    before = HEAD + ONE + "b,2,2024-01-06,9,x\n"
    after = "b,2,2024-01-09,x,x\na,1,2024-01-08,5,x\nc,9,2024-02-30,1,x\n".replace("c,9,2024-02-30,1,x\n", "")
    cut = read(tmp_path, before + after, until=date(2024, 1, 7))
    assert cut.log.digest() == read(tmp_path, before).log.digest()
    assert touched(cut) == {"on or after until": 2}


def test_parquet_is_read_like_csv(tmp_path):
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT 123::DOUBLE AS customer_id, 42 AS order_id, TIMESTAMP '2024-01-05 10:00' AS ordered_at, "
            f"0.1 + 0.2 AS amount UNION ALL SELECT NULL, 43, NULL, 1) TO '{tmp_path}/o.parquet'"
        )
    columns = {name: name for name in ("customer_id", "order_id", "ordered_at", "amount")}
    reading = read_log(ATHENS, OrdersMapping(tmp_path / "o.parquet", columns))
    assert bought(reading.log) == [("123", "2024-01-05", 30)]


def test_file_names_with_marks_of_patterns_are_one_file(tmp_path):
    path = shop_file(tmp_path, "customer_id,ordered_at,amount\na,2024-01-05,5\n").rename(tmp_path / "o's [1] 50%*.csv")
    assert bought(read_log(ATHENS, mapping(path)).log) == [("a", "2024-01-05", 500)]


def test_customers_are_read_once_each(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("id,who,rep\n007,Ann,Maria\n007,Ann again,\n,nobody,\n008,,\n", encoding="utf-8")
    frame = read_customers(CustomersMapping(path, {"customer_id": "id", "name": "who", "owner": "rep"}))
    nothing = dict.fromkeys(names(CUSTOMERS))
    assert frame.to_dict("records") == [
        nothing | {"customer_id": "007", "name": "Ann", "owner": "Maria"},
        nothing | {"customer_id": "008"},
    ]


def test_what_is_open_with_a_customer_is_read(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text(
        "id,consent,ticket,points,expire,parent\n007,mail,yes,1200,15/03/2026,HQ\n008,ναι,,,,\n", encoding="utf-8"
    )
    columns = {"customer_id": "id", "consent": "consent", "open_ticket": "ticket", "points": "points"}
    columns |= {"points_expire_on": "expire", "account": "parent"}
    frame = read_customers(CustomersMapping(path, columns, FileFormat(date_format="%d/%m/%Y")))
    ann = {"customer_id": "007", "consent": "mail", "open_ticket": True, "points": 1200.0}
    ann |= {"points_expire_on": date(2026, 3, 15), "account": "HQ"}
    nothing = dict.fromkeys(names(CUSTOMERS))
    assert frame.to_dict("records") == [nothing | ann, nothing | {"customer_id": "008", "consent": "ναι"}]


def test_dates_of_customers_are_read_in_the_jalali_calendar(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("id,until\n007,۱۴۰۵/۰۱/۰۱\n", encoding="utf-8")
    columns = {"customer_id": "id", "membership_until": "until"}
    frame = read_customers(CustomersMapping(path, columns, FileFormat(calendar="jalali")))
    assert frame["membership_until"].tolist() == [date(2026, 3, 21)]


def test_every_wrong_cell_of_the_customers_is_named(tmp_path):
    path = tmp_path / "c.csv"
    rows = ("1,maybe,,,", "2,,2,,", "3,,,many,", "4,,,,soon", "5,yes,no,5,2026-01-31")
    path.write_text("\n".join(["id,ok,ticket,points,until", *rows, ""]), encoding="utf-8")
    columns = {"customer_id": "id", "consent": "ok", "open_ticket": "ticket", "points": "points"}
    with pytest.raises(InputError) as error:
        read_customers(CustomersMapping(path, columns | {"membership_until": "until"}))
    said = {(found.line, found.column, found.value) for found in error.value.violations}
    assert said == {(2, "ok", "maybe"), (3, "ticket", "2"), (4, "points", "many"), (5, "until", "soon")}


def test_events_have_kinds_and_values(tmp_path):
    orders = mapping(shop_file(tmp_path, "customer_id,ordered_at,amount\na,2024-01-05,5\n"))
    path = tmp_path / "e.csv"
    path.write_text(
        "id,who,what,at,stars\n1,a,Mail sent,2024-01-01,\n1,a,Mail sent,2024-01-01,\n2,a,review,2024-01-06 10:00,4.5\n,,x,?,\n"
    )
    columns = {"event_id": "id", "customer_id": "who", "kind": "what", "happened_at": "at", "value": "stars"}
    reading = read_log(ATHENS, orders, EventsMapping(path, columns))
    assert reading.log.kinds == ("mail_sent", "review")
    assert list(reading.log.streams["event:review"].columns["value"]) == [4500]
    assert touched(reading) == {"events without customer": 1, "duplicate events": 1}
    visits = read_log(ATHENS, orders, EventsMapping(path, {"customer_id": "who", "happened_at": "at"}, kind="visit"))
    assert visits.log.kinds == ("visit",)


# The violations ------------------------------------------------------------------------------------------------------


def test_all_violations_at_once_with_physical_line_column_and_cell(tmp_path):
    text = (
        'customer_id,order_id,ordered_at,amount,quantity\na,"1\nand more",2024-01-05,5,1\n\nb,2,31/31/2024,5,1\n'
        "c,3,2024-01-05,1.2.3,1\nd,4,2024-01-05,,1\ne,5,2024-01-05,nan,1\nf,6,2024-01-05,9e99,1\ng,7,2024-01-05,5,-1\n"
        "h,8,2024-01-05\ni,9,2024-01-05,5,1,6\nj,10,2024-01-05,100000000000.01,1\n" + "k" * 201 + ",11,2024-01-05,5,1\n"
    )
    said = refused(tmp_path, text)
    for expected in (
        'line 2, column order_id: "1\\x0aand more" is not free of control characters',
        'line 5, column ordered_at: "31/31/2024" is not a date between 1980 and 2200; write 2024-01-31',
        'line 6, column amount: "1.2.3" is not a number; write 1234.50',
        "line 7, column amount: empty where a number is needed",
        'line 8, column amount: "nan" is not a number',
        'line 9, column amount: "9e99" is not under 10^12',
        'line 10, column quantity: "-1" is not positive, as the amount of its line is',
        "line 11: has 3 cells where the header has 5",
        "line 12: has 6 cells where the header has 5",
        'line 13, column amount: "100000000000.01" is not under 10^13 minor units',
        'line 14, column customer_id: "' + "k" * 60 + '…" is not at most 200 characters',
    ):
        assert expected in said


def test_many_violations_of_one_kind_are_counted(tmp_path):
    text = "customer_id,ordered_at,amount\n" + "a,someday,5\n" * 1000
    report = check_files(ATHENS, mapping(shop_file(tmp_path, text)))
    assert len(report.violations) == 4
    assert str(report.violations[-1]) == "orders.csv, column ordered_at: 997 more cells break the same rule"


def broken(report):
    return {(rule.column, rule.rule): rule.cells for rule in report.broken}


def test_rules_are_counted_with_all_their_cells(tmp_path):
    rows = "a,someday,5\n" * 100 + "a,2024-01-05,free\n" * 30 + "a,2024-01-05\n" * 25 + "a,2024-01-05,5\n"
    report = check_files(ATHENS, mapping(shop_file(tmp_path, f"customer_id,ordered_at,amount\n{rows}")))
    assert broken(report) == {
        ("ordered_at", "a date between 1980 and 2200"): 100,
        ("amount", "a number"): 30,
        ("", "as many cells in a row as the header has"): 25,
    }
    gone = check_files(ATHENS, OrdersMapping(tmp_path / "gone.csv", {"customer_id": "a", "ordered_at": "b", "amount": "c"}))  # fmt: skip
    assert sum(rule.cells for rule in gone.broken) == len(gone.violations) == 1


def test_a_header_line_again_is_named_as_such(tmp_path):
    head = "customer_id,ordered_at,amount\n"
    report = check_files(
        ATHENS, mapping(shop_file(tmp_path, head + "a,2024-01-05,5\n" * 3 + head + "b,2024-01-05,5\n"))
    )
    said = (
        "orders.csv, line 5: a header line again; delete this line: two exports were joined, each with its own header"
    )
    assert [str(violation) for violation in report.violations] == [said]
    assert broken(report) == {("", "a header line again"): 1}
    people = tmp_path / "customers.csv"
    people.write_text("customer_id,name\na,Ann\ncustomer_id,name\nname,Bob\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 3: a header line again"):
        read_customers(CustomersMapping(people, {"customer_id": "customer_id", "name": "name"}))


def dated(folder, rows, date_format):
    path = shop_file(folder, "customer_id,ordered_at,amount\n" + "".join(f"a,{day},5\n" for day in rows))
    path.write_text(path.read_text().replace("a,ordered_at,5", "customer_id,ordered_at,amount"))
    report = check_files(ATHENS, mapping(path, format=FileFormat(date_format=date_format)))
    return report, {violation.remedy for violation in report.violations if violation.remedy}


def test_two_ways_of_writing_dates_are_counted_and_what_is_ambiguous_is_a_warning(tmp_path):
    rows = (
        ["25/06/2025 03:10 PM"] * 60 + ["06/25/2025"] * 13 + ["05/06/2025"] * 7 + ["06/06/2025", "soon", "ordered_at"]
    )
    report, remedies = dated(tmp_path, rows, "%d/%m/%Y")
    assert remedies == {
        "delete this line: two exports were joined, each with its own header",
        '68 cells read as d/m/Y, such as "25/06/2025"; 13 only as m/d/Y, such as "06/25/2025"; 1 as neither: '
        "two ways of writing are mixed; export the dates as 2025-06-18",
    }
    assert report.warnings == (
        "orders.csv, column ordered_at: 7 more cells fit both d/m/Y and m/d/Y: which day they mean cannot be told",
    )


@pytest.mark.parametrize(
    ("rows", "date_format", "remedy"),
    [
        (["25/06/2025"] * 9 + ["soon"], "%d/%m/%Y", "write 31/01/2024, as the other 9 cells of the column, or leave"),
        (["06/25/2025"] * 9 + ["01/02/2025"], "%d/%m/%Y", 'set date_format = "%m/%d/%Y" under [orders.format]: it reads 10 of 10'),
        (["2025-06-25"] * 9, "%d/%m/%Y", "take date_format and calendar out of [orders.format]: it reads 9 of 9 cells"),
        (["25/06/2025"] * 9 + ["06/25/2025"] * 5, None, "only 9 of 14 cells read as d/m/Y, the way that fits most"),
        (["1403/01/15"] * 9, None, 'set calendar = "jalali" under [orders.format]'),
        (["2025-06-25"] * 9 + ["25/06/2025"], None, '9 cells read as Y-m-d, such as "2025-06-25"; 1 only as d/m/Y, such as "25/06/2025": two ways'),
    ],
)  # fmt: skip
def test_a_date_is_never_told_to_take_the_format_that_is_set(tmp_path, rows, date_format, remedy):
    report, remedies = dated(tmp_path, rows, date_format)
    assert len(remedies) == 1
    assert remedy in remedies.pop()
    assert date_format is None or f'"{date_format}"' not in str(report.violations)
    assert not report.warnings


@pytest.mark.parametrize(
    ("amounts", "decimal", "remedy"),
    [
        (["5", "free"], ".", "write a number, or leave the line out"),
        (["5", "n/a"], ",", "write a number, or leave the line out"),
        (["5,5", "7,5", "6,25"], ".", 'set decimal = "," under [orders.format]: it reads 3 of 3 cells'),
        (["5.5", "7.5", "6,25"], ".", 'set decimal = "either" under [orders.format]: it reads 3 of 3 cells'),
        (["5.5", "1,234", "6,25"], ".", "write it with a decimal point, as the other cells of the column"),
        (["5,5", "20 %"], ",", "a share is no number here: map another column, or write the number without the sign"),
        (["5,5", "1,2,3"], ",", "write 1234,50"),
    ],
)
def test_a_number_is_told_what_would_make_it_one(tmp_path, amounts, decimal, remedy):
    rows = "".join(f"a;2024-01-05;{amount}\n" for amount in amounts)
    path = shop_file(tmp_path, f"customer_id;ordered_at;amount\n{rows}")
    columns = {name: name for name in ("customer_id", "ordered_at", "amount")}
    report = check_files(ATHENS, OrdersMapping(path, columns, format=FileFormat(decimal=decimal)))
    assert {violation.remedy for violation in report.violations} == {remedy}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("a,1,2024-01-05T10:00:00Z,5\nb,2,2024-01-05,5\nc,3,2024-01-05,5\n", "line 2, column ordered_at: \"2024-01-05T10:00:00Z\" is not written like the other dates"),
        ("a,1,2024-01-05,5\nb,1,2024-01-05,5\n", 'line 3, column order_id: "1" is not the order id of one customer'),
        ("a,1,2024-01-05,5\na,1,2024-03-05,5\n", 'line 3, column order_id: "1" is not the order id of one date'),
        ("a,1,2031-01-05,5\na,2,2024-03-05,5\n", 'line 2, column ordered_at: "2031-01-05" is not in the past'),
        ("a,1,2024-01-05T10:00:00+15:00,5\n", '"2024-01-05T10:00:00+15:00" is not at most 14 hours from UTC'),
        ("a,1,2024-01-05T10:00:00 -9900,5\n", '"2024-01-05T10:00:00 -9900" is not at most 14 hours from UTC'),
        ("a,1,1403-01-15,5\n", 'calendar = "jalali"'),
        (",1,2024-01-05,5\n", "holds no order of a known customer; of its lines: 1 guests"),
        ("", "holds no order of a known customer"),
    ],
)  # fmt: skip
def test_contradictions_are_told(tmp_path, rows, said):
    assert said in refused(tmp_path, "customer_id,order_id,ordered_at,amount\n" + rows, latest=date(2030, 1, 1))


def test_totals_that_differ_within_an_order_are_told(tmp_path):
    said = refused(tmp_path, HEAD + "a,1,2024-01-05,5,x\na,1,2024-01-05,7,y\n", amount_is="order")
    assert 'line 3, column amount: "7" is not the same on all lines of its order' in said
    assert 'set amount_is = "line"' in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"), (b"\n\n", "is empty"), (b"PK\x03\x04xx", "cannot be unpacked"), (b"\x1f\x8b\x08", "cannot be unpacked"),
        (b"customer_id,ordered_at,amount\n", "holds no order"), (b"PAR1 but not", "cannot be read"),
        (b"customer_id,date,amount\na,2024-01-05,5\n", 'column ordered_at: is not in the file; the file has "customer_id", "date", "amount"'),
        (b"customer_id,orderd_at,amount\na,2024-01-05,5\n", 'Did you mean "orderd_at"?'),
        (b"customer_id,ordered_at,amount\na,2024-01-05,5\n\xc4\xff,2024-01-05,5\n", "line 3: is not written in utf-8; set encoding"),
    ],
)  # fmt: skip
def test_files_that_are_no_table_are_told(tmp_path, content, said):
    path = tmp_path / "orders.csv"
    path.write_bytes(content)
    orders = OrdersMapping(path, {"customer_id": "customer_id", "ordered_at": "ordered_at", "amount": "amount"})
    with pytest.raises(InputError) as error:
        read_log(ATHENS, orders)
    assert said in str(error.value)


def test_missing_files_and_folders_are_told(tmp_path):
    path = shop_file(tmp_path, "customer_id,ordered_at,amount\na,2024-01-05,5\n")
    (tmp_path / "empty").mkdir()
    for wrong, said in (
        (
            tmp_path / "order.csv",
            'does not exist; write its path as seen from regulars.toml. Did you mean "orders.csv"?',
        ),
        (tmp_path / "empty", "is a folder without a table"),
    ):
        orders = OrdersMapping(wrong, {"customer_id": "customer_id", "ordered_at": "ordered_at", "amount": "amount"})
        customers = CustomersMapping(tmp_path / "none.csv", {"customer_id": "id"})
        report = check_files(ATHENS, orders, None, customers)
        assert said in str(report.violations[0])
        assert len(report.violations) == 2
    assert path.exists()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 300), st.binary(min_size=0, max_size=3)), max_size=6),
    st.sampled_from(["utf-8", "utf-16", "cp1253"]),
)
def test_broken_bytes_never_end_in_a_traceback(tmp_path, damage, encoding):
    content = bytearray((HEAD + ONE + TWO + '"c ""d""",3,2024-02-01,"1,5",x\r\n' * 5).encode())
    for place, bytes_ in damage:
        content[place : place + len(bytes_)] = bytes_
    path = tmp_path / "fuzz.csv"
    path.write_bytes(bytes(content))
    columns = {name: name for name in ("customer_id", "order_id", "ordered_at", "amount", "product_id")}
    try:
        read_log(ATHENS, OrdersMapping(path, columns, format=FileFormat(encoding=encoding)))
    except InputError as error:
        assert error.violations  # noqa: PT017 — most damage is harmless, and then nothing is raised


# Posted histories ----------------------------------------------------------------------------------------------------

ORDER = st.fixed_dictionaries(
    {"ordered_at": st.sampled_from(["2024-01-05", "2024-01-05 23:59", "2024-03-31 02:30:00", "2024-02-29T10:00:00"]),
     "amount": st.one_of(st.decimals(-500, 500, places=3).map(str), st.sampled_from(["0", "12.345", "1,234.50", "(7)", "1e2"]))},
    optional={
        "customer_id": st.sampled_from(["a", "b", "", "test@x.org", "A@x.org"]),
        "order_id": st.sampled_from(["1", "2", "C3", "", " 4 "]),
        "quantity": st.sampled_from(["1", "2.5", "-1", ""]),
        "discount": st.sampled_from(["0", "1.005", "-2", ""]),
        "product_id": st.sampled_from(["x", "y", ""]),
        "returned": st.sampled_from(["yes", "no", ""]),
        "status": st.sampled_from(["paid", "Cancelled", "refunded", ""]),
        "test": st.sampled_from(["true", "0", ""]),
        "currency": st.sampled_from(["EUR", "usd", "", "$"]),
    },
)  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ORDER, min_size=1, max_size=8))
def test_a_posted_history_is_read_as_the_same_lines_in_a_file(tmp_path, orders):
    shop = Shop("Europe/Athens", "EUR", "04:00", {"USD": Decimal("0.9235")})
    rules = LineRules(return_prefix="C")
    keys = list(dict.fromkeys(("customer_id", "ordered_at", "amount", *(key for order in orders for key in order))))
    out = io.StringIO()
    writer = csv.DictWriter(out, keys, lineterminator="\n")
    writer.writeheader()
    writer.writerows({"customer_id": "me", **order} for order in orders)
    report = check_files(shop, mapping(shop_file(tmp_path, out.getvalue()), return_prefix="C"))
    posted = [{"customer_id": "me", **order} for order in orders]
    try:
        lines = posted_lines(posted, shop, rules=rules, customer_id="")
    except InputError as error:
        assert [v.rule for v in error.violations] == [  # noqa: PT017
            v.rule for v in report.violations if "known customer" not in v.rule
        ]
        return
    log = roll_up(lines)
    if report.log is None:
        assert not len(log.streams["orders"])
    else:
        assert report.log.digest() == log.digest()


def test_a_posted_history_needs_no_customer_and_takes_plain_values():
    orders = [{"ordered_at": "2024-01-05T10:00:00+02:00", "amount": Decimal("12.5"), "returned": False, "quantity": None},
              {"ordered_at": "2024-01-06T10:00:00+02:00", "amount": 3, "returned": True, "order_id": "9"}]  # fmt: skip
    log = roll_up(
        posted_lines(orders, ATHENS), posted_events([{"kind": "visit", "happened_at": date(2024, 1, 6)}], ATHENS)
    )
    assert bought(log) == [("posted", "2024-01-05", 1250)]
    assert list(log.streams["returns"].columns["returned"]) == [300]
    assert log.kinds == ("visit",)


def test_a_posted_violation_names_the_path_of_its_cell():
    orders = [
        {"ordered_at": "2024-01-05", "amount": "5"},
        {"ordered_at": "soon", "amount": "x"},
        {"ordered_at": "2024-01-05"},
    ]
    with pytest.raises(InputError) as error:
        posted_lines(orders, ATHENS)
    assert [violation.column for violation in error.value.violations] == ["orders[1].ordered_at", "orders[2].amount"]


# Sufficiency ---------------------------------------------------------------------------------------------------------


def test_a_shop_of_one_customer_gets_a_verdict_and_a_way():
    found = sufficiency(roll_up(Lines.of(["ann"] * 3, [0, 10, 20], [5, 5, 5])), ChurnDefinition(30, 90))
    assert (found.customers, found.repeat_customers, found.order_days, found.population) == (1, 1, 3, 1)
    assert not found.enough
    assert found.verdict == "Not enough to trust a model: 21 days of history where 150 are needed."
    assert found.possible[0].startswith("train: where no date can be tested the recency rule")


def test_forty_days_of_history_name_the_horizon_they_can_test():
    lines = Lines.of([str(n % 7) for n in range(40)], list(range(40)), [100] * 40)
    found = sufficiency(roll_up(lines), ChurnDefinition(30, 14))
    assert not found.enough
    assert "or a horizon of at most 13 days, which this history can test" in found.possible


def test_a_long_log_of_many_customers_is_enough():
    days = [day for customer in range(300) for day in range(customer % 9, 400 if customer % 2 else 200, 9)]
    ids = [str(customer) for customer in range(300) for _ in range(customer % 9, 400 if customer % 2 else 200, 9)]
    found = sufficiency(roll_up(Lines.of(ids, days, [100] * len(days))), ChurnDefinition(30, 90))
    assert found.enough
    assert found.churned >= 100
    assert found.kept > 500
