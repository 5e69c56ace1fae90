"""Law: a cell has one value, or none, whether it stands in a file or is posted."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from features.errors import InputError
from features.roll_up import roll_up
from features.sources import cells
from features.sources.cells.cells_sql import read_cells
from features.sources.mapped_file import open_mapped
from features.sources.mapping import Calendar, FileFormat, OrdersMapping, Shop
from features.sources.posted import posted_lines
from features.sources.reader import read_log
from features.tables import ORDERS

SHOP = Shop("Europe/Athens", "EUR")
FIELDS = ("customer_id", "order_id", "ordered_at", "amount", "quantity", "returned", "status")
SPACES = st.sampled_from(("", "", "", " ", "\u00a0", "\u200f"))
SCRIPTS = st.sampled_from(("0123456789", "0123456789", "۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩"))
DATES = st.sampled_from(
    ("2024-01-05", "2024-1-5", "2024/01/05", "2024 01 05", "2024\\01\\05", "05/01/2024", "1/5/24", "31/02/2024",
     "Jan 5, 2024", "5 Jan 2024", "20240105", "2024-W01-1", "1403/01/15", "1403-12-30", "0000-00-00", "1979-12-31",
     "2199-12-31", "2200-01-01", "yesterday", "", "5. 1. 2024", "5 de enero de 2024", "Fri, 05 Jan 2024", "Sat 10",
     "mar. 5 mars 2024", "5 января 2024 г.", "15 فروردین 1403", "2024年1月5日", "05-Jan-24", "OCT 5 2024", "1704449472",
     "45296", "45296.4375", "1704449472123", "2024.01.05", "Fri Jan  5", "05 01.24")
)  # fmt: skip
BETWEEN = st.sampled_from(("", " ", " ", "T", "t", ", ", ",", "  ", "-"))
TIMES = st.sampled_from(
    ("", "", "10:11", "10:11:12", "7:19 PM", "07:19:33 am", "1:02PM", "0:30 AM", "13:00 PM", "24:00:00", "25:00",
     "10:61", "10:11:60", "10:11:12.5", "10:11:12.1234567", "1011", "10:1", "10.30", "10.30.15", "10h30", "7 p. m.",
     "101112", "10", "10:30\u202fPM", "10:30 μ.μ.", "14:05 Uhr", "10:11:12 2024", "10：30")
)  # fmt: skip
ZONES = st.sampled_from(
    (
        "",
        "",
        "",
        "Z",
        " UTC",
        " GMT",
        "+02:00",
        " +0330",
        "-05",
        "+16:00",
        " PST",
        " EET",
        "+2",
        " CST",
        " (CET)",
        " GMT+0100 (Central European Time)",
        " Europe/Berlin",
        "[Asia/Tehran]",
        " CET 2024",
    )
)
AFTER = st.sampled_from(("", "", "", "", " foo", ":", " Uhr"))
MONEY = st.sampled_from(
    ("0", "12.5", "12,5", "1,234.50", "1.234,50", "1'234.5", "1 234.5", "12,34,567.00", "1_000", "1e3", "1e3.", "1E-7",
     "0.0000005", "999999999999", "1000000000000", "nan", "inf", "0x1F", "12.3.4", ".", "", "x",
     "1.299,-", "99.-", "250/-", "0,500", "0.500", "12.500", "1’234.50", "1\u202f234,5", "12.50 CR", "5 %", "5*")
)  # fmt: skip
CURRENCIES = st.sampled_from(("", "", "", "€", "$", " kr", "EUR ", " تومان"))
SIGNS = st.sampled_from(("", "", "", "-", "−", "+", "--"))


def in_script(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda text, digits: text.translate(str.maketrans("0123456789", digits)), texts, SCRIPTS)


moments = in_script(
    st.builds(lambda *parts: "".join(parts), SPACES, DATES, BETWEEN, TIMES, ZONES, AFTER, SPACES)
) | st.text("0123456789-/: TZ+.PM", max_size=26)
numbers = in_script(
    st.builds(lambda *parts: "".join(parts), SPACES, CURRENCIES, SIGNS, MONEY, CURRENCIES, SPACES)
    | MONEY.map(lambda text: f"({text})")
    | MONEY.map(lambda text: f"{text}-")
) | st.text("0123456789.,'-+()eE_ €", max_size=20)
texts = st.sampled_from(
    ("ann", " 007 ", "Ann@Example.org", "a\u00a0b", "null", "x" * 201, "\u200fnew", '="00042"', "12345.0", "1.2345E+4",
     "4.98765E+12", "Ann <ann@example.org>", "mailto:ANN@example.org", "219E24", "'0042")
)  # fmt: skip
flags = st.sampled_from(("", "yes", "No", " ja ", "ναι", "خیر", "maybe", "1", "0.0"))
statuses = st.sampled_from(("", "paid", "wc-cancelled", "Refunded ", "ΑΚΥΡΩΜΕΝΗ"))
plain_moments = st.sampled_from(("2024-01-05", "2024-01-06 10:11", "2024-01-07T10:11:12Z"))
orders = st.fixed_dictionaries(
    {
        "customer_id": texts,
        "order_id": st.sampled_from(("", "1", "2")),
        "ordered_at": moments | plain_moments,
        "amount": numbers | st.just("12.50"),
        "quantity": numbers | st.just("1"),
        "returned": flags,
        "status": statuses,
    }
)


def written(folder: str, rows: list[dict[str, str]]) -> Path:
    path = Path(folder, "orders.csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows({"status": "paid", **row} for row in rows)
    return path


def mapping(path: Path, form: FileFormat | None = None) -> OrdersMapping:
    return OrdersMapping(path, {name: name for name in FIELDS}, format=form or FileFormat(delimiter=","))


@given(
    st.lists(moments, min_size=20, max_size=200),
    st.sampled_from((
        (None, "gregorian"), (None, "jalali"), ("%d/%m/%Y", "gregorian"), ("%m/%d/%y", "gregorian"),
        ("%b %d, %Y", "gregorian"), ("%Y%m%d", "gregorian"), ("%d/%m/%Y %X", "gregorian"), ("%d/%m/%Y", "jalali"),
        ("%d.%m.%Y", "gregorian"), ("%H:%M %d/%m/%Y", "gregorian"), ("epoch_s", "gregorian"), ("epoch_ms", "gregorian"),
        ("excel_days", "gregorian"),
    )),
)  # fmt: skip
@example(["2024-01-05 7:19 PM", "2024-01-05 10:11 PST", "2024\\01\\05"], (None, "gregorian"))
@example(["05/01/2024 7:19 PM", "05/01/2024 10:11:12 +02:00"], ("%d/%m/%Y", "gregorian"))
def test_a_moment_in_a_file_is_the_moment_that_its_text_means(
    found: list[str], date_format: tuple[str | None, Calendar]
) -> None:
    form = FileFormat(delimiter=",", date_format=date_format[0], calendar=date_format[1])
    with TemporaryDirectory() as folder:
        path = written(folder, [{"customer_id": "ann", "ordered_at": each} for each in found])
        with open_mapped(mapping(path, form), ORDERS) as file:
            typed, _ = read_cells(file)
    in_file = dict(zip(found, zip(typed.local_time.tolist(), typed.offset.tolist(), strict=True), strict=True))
    assert in_file == {each: cells.moment(each, *date_format) for each in found}


@given(st.lists(numbers, min_size=20, max_size=200), st.sampled_from((".", ",", "either")))
@example(["1e3.", "1_000", "1e99999999999999999999"], ".")
def test_a_number_in_a_file_is_the_number_that_its_text_means(found: list[str], decimal: str) -> None:
    with TemporaryDirectory() as folder:
        path = written(folder, [{"customer_id": "ann", "amount": each} for each in found])
        with open_mapped(mapping(path, FileFormat(delimiter=",", decimal=decimal)), ORDERS) as file:
            typed, _ = read_cells(file)
    in_file = dict(zip(found, typed.numbers["amount"].tolist(), strict=True))
    assert in_file == {each: cells.number(each, decimal) for each in found}


@given(st.lists(orders, min_size=1, max_size=4))
@example([{**dict.fromkeys(FIELDS, ""), "customer_id": "ann", "ordered_at": "2024-01-05 7:19 PM", "amount": "5"}])
def test_a_file_and_a_post_of_the_same_cells_give_one_log_or_break_the_same_rules(rows: list[dict[str, str]]) -> None:
    broken_in_post, broken_in_file = set(), set()
    lines = log = None
    try:
        lines = posted_lines(rows, SHOP)
    except InputError as error:
        for violation in error.violations:
            row, field = re.fullmatch(r"orders\[(\d+)\]\.(\w+)", violation.column).groups()
            broken_in_post.add((int(row), field, violation.rule, violation.value))
    with TemporaryDirectory() as folder:
        try:
            log = read_log(SHOP, mapping(written(folder, rows))).log
        except InputError as error:
            broken_in_file = {(v.line - 2, v.column, v.rule, v.value) for v in error.violations if v.line is not None}
    assert broken_in_file == broken_in_post
    if lines is not None:
        posted = roll_up(lines)
        if log is None:  # a log that holds no order of a known customer is refused as a file
            assert len(posted.streams["orders"]) == 0
        else:
            assert log.digest() == posted.digest()


@pytest.mark.parametrize("cell", ["2024-01-05 13:19 AM", "2024-01-05 10:11:12 CST", "2024-01-05 10:11 foo"])
def test_words_behind_a_time_are_refused(cell: str) -> None:
    rows = [{"customer_id": "ann", "ordered_at": cell, "amount": "5"}]
    with TemporaryDirectory() as folder, pytest.raises(InputError, match="is not a date between 1980 and 2200"):
        read_log(SHOP, mapping(written(folder, rows)))
