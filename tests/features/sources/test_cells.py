"""The cells of the contract: SQL and Python read each the same."""

# ruff: noqa: E501 — a literal file and its message each stand on one line
from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from features.language import jalali
from features.sources import cells
from features.sources.cells.cells_sql import NumberReader, TimeReader
from features.tables import CUSTOMERS, EVENTS, ORDERS


@pytest.fixture(scope="module")
def database():
    with duckdb.connect() as connection:
        yield connection


def read_in_file(database, texts, reader, sql_type="VARCHAR"):
    """What a file's reader makes of cells: a NULL stands for an empty one, as in a CSV file."""
    columns = ", ".join(f"{sql} AS x{n}" for n, sql in enumerate(reader.select))
    named = "".join(f", {sql}" for sql in reader.named)
    rows = f"FROM (SELECT *{named} FROM (SELECT unnest(?::{sql_type}[]) AS x))"
    for batch in database.sql(f"SELECT {columns} {rows}", params=[texts]).to_arrow_reader(1_000):
        reader.add(batch.columns)
    return reader


def numbers_in_sql(database, texts, decimal):
    return read_in_file(database, texts, NumberReader("x", decimal=decimal)).millionths().tolist()


def moments_in_sql(database, texts, date_format, calendar):
    reader = read_in_file(database, texts, TimeReader("x", "VARCHAR", date_format, calendar))
    return list(zip(*(each.tolist() for each in reader.moments()), strict=True))


NUMBERS = [
    "", "0", "12.5", "-12.5", "+3", ".5", "5.", ".", "-", "abc", "nan", "NaN", "inf", "-inf", "1e3", "1e400", "1e-400",
    "1_000", "€ 1,234.50", "1.234,50 €", "(12.5)", "12-", "$-5", "-$5", "- 5", "1 234,5 kr", "1'234.50", "1,23,456.00",
    "12,34", "1,234", "1.234", "1.234.567", "5 تومان", "۱۲۳٫۵", "۱٬۲۳۴", "١٢٣", "−5", "0.0000005", "-0.0000005",
    "999999999999", "1000000000000", "99999999999999999999999999999999999999999999", "12.3.4", "0x1F", "Rs. 5", "5%",
    " 7 ", "\u00a07\u00a0", "1\u00a0234,50", "1\u202f234,50", "\u200f۵\u200f", "12 13", "--5", "(5", "EUR5", "5EUR",
]  # fmt: skip


@pytest.mark.parametrize("decimal", [".", ","])
def test_numbers_are_read_alike(database, decimal):
    read = numbers_in_sql(database, NUMBERS, decimal)
    assert dict(zip(NUMBERS, read, strict=True)) == {text: cells.number(text, decimal) for text in NUMBERS}


def test_numbers_mean_what_a_reader_would_say():
    assert cells.number("1,234.50") == cells.number("1.234,50", ",") == 1_234_500_000
    assert cells.number("(12.5)") == cells.number("12.5-") == cells.number("−12.5") == -12_500_000
    assert cells.number("12,34") == cells.BAD  # no thousands, and the decimal mark is a point
    assert cells.number(float("nan")) == cells.number("NaN") == cells.BAD
    assert cells.number(Decimal("1e12")) == cells.number("1e99") == cells.HUGE


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+999999", "1e999999999", "9" * 400])
def test_decimals_that_are_no_amount_are_refused(value):
    assert cells.number(Decimal(value)) in (cells.BAD, cells.HUGE)
    assert cells.number(value) in (cells.BAD, cells.HUGE)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(alphabet="0123456789.,'-+()eE €$۵ kr", max_size=12), min_size=1, max_size=40),
    st.sampled_from(".,"),
)
@example(["1e", "e1", "1.e1", "+.5e-1"], ".")
def test_any_text_is_the_same_number_or_none_in_sql_and_python(database, texts, decimal):
    assert numbers_in_sql(database, texts, decimal) == [cells.number(text, decimal) for text in texts]


TYPED = [
    ("DOUBLE", [0.0, -0.0, 12.5, 19.99, 1.2345675, -1.2345675, 0.1 + 0.2, 1e-7, 0.0005, 0.001, 99999999.99, 1e8, 1e15,
                1e12 - 1, 1e12, float("nan"), float("inf"), None, 4.35, 1.005, 123456.7890125, 2.5e-6]),
    ("BIGINT", [0, 7, -7, None, 10**12 - 1, 10**12, 1 - 10**12, -(10**12), 2**62]),
    ("HUGEINT", [0, 7, 10**12, -(10**30), None]),
    ("DECIMAL(18,4)", [Decimal("12.3456"), Decimal("-0.5"), None, Decimal("99999999999999")]),
    ("DECIMAL(38,8)", [Decimal("1.23456750"), Decimal("-1.23456749"), Decimal(10**13)]),
]  # fmt: skip


@pytest.mark.parametrize(("sql_type", "values"), TYPED)
def test_numbers_of_a_typed_column_are_those_of_their_texts(database, sql_type, values):
    read = read_in_file(database, values, NumberReader("x", sql_type), sql_type).millionths().tolist()
    assert read == [cells.EMPTY if value is None else cells.number(value) for value in values]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.decimals(-(10**9), 10**9, places=7).map(float) | st.floats(), min_size=1, max_size=40))
def test_any_float_is_the_number_of_its_text(database, values):
    read = read_in_file(database, values, NumberReader("x", "DOUBLE"), "DOUBLE").millionths().tolist()
    assert read == [cells.number(value) for value in values]


MOMENTS = [
    "", " ", "x", "2024-01-05", "2024/01/05", "2024-1-5", "2024-01-05 10:11", "2024-01-05 10:11:12", "2024-01-05T10:11:12Z",
    "2024-01-05 10:11:12 +0200", "2024-01-05T10:11:12+02:00", "2024-01-05 10:11:12.123", "2024-01-05 10:11:12.5+03:30",
    "2024-01-05 10:11:12-05", "2024-01-05T10:11-0500", "2024-01-05 10:11:12 UTC", "2024-02-30", "1979-12-31", "2200-01-01",
    "0000-00-00 00:00:00", "0001-01-01", "infinity", "epoch", "2024-01-05 24:00:00", "2024-01-05 10:61", "20240105",
    "2024-W01-1", "24-01-05", "۲۰۲۴-۰۱-۰۵ ۱۰:۱۱", " 2024-01-05 ", "2024-01-05 10:11:12 +1600", "2024-01-05 1:11+02",
]  # fmt: skip
IN_FORMATS = [
    ("%d/%m/%Y", "gregorian", ["05/01/2024", "5/1/2024 8:26", "5/1/2024 08:26:33", "5/1/24", "31/02/2024", "13/13/2024",
                               "05/01/2024 1:02 PM", "05/01/2024 10:00 +02:00", "۰۵/۰۱/۲۰۲۴", ""]),
    ("%m/%d/%y %H:%M", "gregorian", ["1/5/24 10:00", "1/5/24", "13/1/24"]),
    ("%b %d, %Y", "gregorian", ["Jan 5, 2024 10:11:12 AM", "Jan 5, 2024, 10:11:12 PM", "jan 05, 2024", "5 Jan 2024"]),
    (None, "jalali", ["1403/01/15", "۱۴۰۳/۱/۱۵ ۱۰:۲۰", "1403-12-30", "1404/12/30", "1403/07/31", "1403/01/15T25:00",
                      "2024/01/05", "", "1403/13/01", "1403/00/01"]),
    ("%d/%m/%Y", "jalali", ["15/01/1403", "۱۵/۱/۱۴۰۳ ۱۰:۲۰:۳۰"]),
]  # fmt: skip


@pytest.mark.parametrize(("date_format", "calendar", "texts"), [(None, "gregorian", MOMENTS), *IN_FORMATS])
def test_moments_are_read_alike(database, date_format, calendar, texts):
    read = moments_in_sql(database, texts, date_format, calendar)
    assert dict(zip(texts, read, strict=True)) == {text: cells.moment(text, date_format, calendar) for text in texts}


def test_every_jalali_day_follows_the_one_before():
    days = [
        jalali.day_number(year, month, day)
        for year in range(jalali.FIRST_YEAR, jalali.LAST_YEAR + 1)
        for month in range(1, 13)
        for day in range(1, jalali.month_days(year, month) + 1)
    ]
    assert days == list(range(days[0], days[0] + len(days)))


@pytest.mark.parametrize(
    ("jalali_date", "gregorian"),
    [
        ((1300, 1, 1), date(1921, 3, 21)), ((1357, 11, 22), date(1979, 2, 11)), ((1370, 1, 1), date(1991, 3, 21)),
        ((1375, 1, 1), date(1996, 3, 20)), ((1399, 12, 30), date(2021, 3, 20)), ((1403, 1, 1), date(2024, 3, 20)),
        ((1404, 1, 1), date(2025, 3, 21)), ((1408, 1, 1), date(2029, 3, 20)),
    ],
)  # fmt: skip
def test_known_jalali_dates(jalali_date, gregorian):
    assert date(1970, 1, 1) + timedelta(days=jalali.day_number(*jalali_date)) == gregorian


@pytest.mark.parametrize("table", [ORDERS, EVENTS, CUSTOMERS])
def test_every_field_says_what_it_means(table):
    assert all(field.meaning and field.rule and field.name.islower() for field in table)
    assert len({field.name for field in table}) == len(table)
