"""How people and programs write numbers, moments and ids: each text means what a reader would say."""

# ruff: noqa: E501 — a text and its meaning stand on one line
from __future__ import annotations

import tomllib
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from features.sources import cells
from features.sources.cells.calendar_words import calendar_words
from features.sources.cells.times import EPOCH


def number(cell, decimal="."):
    value = cells.number(cell, decimal)
    return {cells.BAD: "no number", cells.EMPTY: "empty"}.get(value, value / 1e6)


@pytest.mark.parametrize(
    ("cell", "point", "comma"),
    [
        ("1.299,-", 1299, 1299), ("99,-", 99, 99), ("99.–", 99, 99), ("kr 250,-", 250, 250), ("99,-- €", 99, 99),
        ("250/-", 250, 250), ("Rs. 250/-", 250, 250), ("250/=", 250, 250), ("1,299.-", 1299, 1299),
        ("1 250:-", 1250, 1250), ("$ -", 0, 0), ("-", 0, 0), ("- €", 0, 0), ("--", "no number", "no number"), ("12 د.ك", 12, 12),
        ("0,500", "no number", 0.5), ("0.500", 0.5, "no number"), ("12.500", 12.5, 12500), ("12,500", 12500, 12.5),
        ("1’234.50", 1234.5, "no number"), ("1'234,50", "no number", 1234.5), ("1\u202f234,50", "no number", 1234.5),
        ("1\u00a0234", 1234, 1234), ("1 234 567", 1234567, 1234567), ("12 13", "no number", "no number"),
        ("1,234'567", "no number", "no number"), ("12,34,567.00", 1234567, "no number"), ("01,234", "no number", 1.234),
        ("(12)", -12, -12), ("€(12)", -12, -12), ("(€12)", -12, -12), ("(-12)", -12, -12), ("(12", "no number", "no number"),
        ("12-", -12, -12), ("12 €-", -12, -12), ("−12", -12, -12), ("–12", -12, -12), ("--12", "no number", "no number"),
        ("12 CR", -12, -12), ("Cr. 12", -12, -12), ("12 DR", 12, 12), ("12 H", -12, -12), ("12 S", 12, 12), ("CRC 12", 12, 12),
        ("12 %", "no number", "no number"), ("12*", "no number", "no number"), ("#12", "no number", "no number"),
        ("US$ 12", 12, 12), ("R$12", 12, 12), ("12 лв.", 12, 12), ("12 Kč", 12, 12), ("S/. 12", 12, 12), ("12 ریال ایران", 12, 12),
        ("۱۲۳٫۵", 123.5, 123.5), ("۱٬۲۳۴", 1234, 1234), ("१२३", 123, 123), ("￥１２３", 123, 123), ("\u200e-12", -12, -12),
    ],
)  # fmt: skip
def test_a_number_means_what_a_reader_would_say(cell, point, comma):
    assert (number(cell), number(cell, ",")) == (point, comma)


@pytest.mark.parametrize(
    ("cell", "value"),
    [("12,50", 12.5), ("12.50", 12.5), ("1.234,50", 1234.5), ("1,234.50", 1234.5), ("1.234.567", 1234567),
     ("0,500", 0.5), ("1'234.500", 1234.5), ("1,234", "no number"), ("1.234", "no number"), ("1234,500", 1234.5), ("7", 7)],
)  # fmt: skip
def test_where_each_cell_has_its_own_decimal_mark_a_doubt_is_refused(cell, value):
    assert number(cell, cells.EITHER) == value


def moment(cell, *form):
    seconds, offset = cells.moment(cell, *form)
    if seconds == cells.BAD:
        return "no date"
    zone = "" if offset == cells.NO_OFFSET else f" {offset / 3600:+g}"
    return f"{EPOCH + timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S}{zone}"


JAN_5 = "2024-01-05 00:00:00"


@pytest.mark.parametrize(
    ("cell", "meaning"),
    [
        ("2018-04-24  7:19:25 PM", "2018-04-24 19:19:25"), ("2018-04-24 12:00:01 AM", "2018-04-24 00:00:01"),
        ("2024-01-05 0:30 PM", "2024-01-05 12:30:00"), ("2024-01-05 13:00 AM", "no date"), ("2024-01-05 7PM", "2024-01-05 19:00:00"),
        ("2024-01-05 10.30", "2024-01-05 10:30:00"), ("2024-01-05-10.30.15.123456", "2024-01-05 10:30:15"),
        ("2024-01-05 10:30 μ.μ.", "2024-01-05 22:30:00"), ("2024-01-05 7:19\u202fp. m.", "2024-01-05 19:19:00"),
        ("2026-01-05 21:11:12 PST", "2026-01-05 21:11:12 -8"), ("2026-07-01 03:30 PDT", "2026-07-01 03:30:00 -7"),
        ("2024-01-05 10:00 CST", "no date"), ("2024-01-05 10:00 (UTC)", "2024-01-05 10:00:00 +0"),
        ("2024-01-05 10:00 UTC+2", "2024-01-05 10:00:00 +2"), ("2024-07-05 10:00 Europe/Berlin", "2024-07-05 10:00:00 +2"),
        ("2024-01-05T10:11:12+01:00[Europe/Berlin]", "2024-01-05 10:11:12 +1"), ("2024-01-05 10:00 foo", "no date"),
        ("Fri, 05 Jan 2024 10:30:00 +0200", "2024-01-05 10:30:00 +2"), ("Fri Jan  5 10:11:12 2024", "2024-01-05 10:11:12"),
        ("Fri Jan 05 10:11:12 CET 2024", "2024-01-05 10:11:12 +1"),
        ("Fri Jan 05 2024 10:11:12 GMT+0100 (Central European Standard Time)", "2024-01-05 10:11:12 +1"),
        ("20240105T101112Z", "2024-01-05 10:11:12 +0"), ("2024-01-05T10", "2024-01-05 10:00:00"), ("20240105", "no date"),
        ("10:30 2024-01-05", "2024-01-05 10:30:00"), ("2024.01.05", JAN_5), ("2024年1月5日", JAN_5), ("05/01/2024", "no date"),
        ("5 Jan 2024", JAN_5), ("Jan 5, 2024", JAN_5), ("January 5th, 2024 at 3:04 pm", "2024-01-05 15:04:00"),
        ("5. Januar 2024, 14:05 Uhr", "2024-01-05 14:05:00"), ("5 janvier 2024 à 10h30", "2024-01-05 10:30:00"),
        ("mar. 5 mars 2024", "2024-03-05 00:00:00"), ("1er mars 2024", "2024-03-01 00:00:00"), ("5 de enero de 2024", JAN_5),
        ("5 gennaio 2024 ore 10:30", "2024-01-05 10:30:00"), ("5 de jan. de 2024 às 10:30", "2024-01-05 10:30:00"),
        ("5 januari 2024 om 10:30", "2024-01-05 10:30:00"), ("5 stycznia 2024", JAN_5), ("05 Şub 2024", "2024-02-05 00:00:00"),
        ("5 KASIM 2024", "2024-11-05 00:00:00"), ("5 января 2024 г., 10:30", "2024-01-05 10:30:00"), ("5 Ιανουαρίου 2024", JAN_5),
        ("۵ ژانویهٔ ۲۰۲۴", JAN_5), ("پنجشنبه ۱۵ فروردین ۱۴۰۳ ساعت ۱۰:۲۰", "2024-04-03 10:20:00"), ("05-Jan-24", JAN_5),
        ("May 2024", "no date"), ("5 6 May 2024", "no date"), ("32 Jan 2024", "no date"), ("Jan Feb 2024 5", "no date"),
    ],
)  # fmt: skip
def test_a_moment_means_what_a_reader_would_say(cell, meaning):
    assert moment(cell) == meaning


@pytest.mark.parametrize(
    ("cell", "form", "meaning"),
    [
        ("05/01/2024, 7:19:25\u202fPM", ("%d/%m/%Y",), "2024-01-05 19:19:25"), ("Fri 05/01/2024", ("%d/%m/%Y",), JAN_5),
        ("5. 1. 2024 10.30", ("%d.%m.%Y",), "2024-01-05 10:30:00"), ("10.30 05.01.2024", ("%d.%m.%Y",), "2024-01-05 10:30:00"),
        ("10:30 05/01/2024", ("%H:%M %d/%m/%Y",), "2024-01-05 10:30:00"), ("2024-01-05", ("%d/%m/%Y",), "no date"),
        ("2024010510", ("%Y%m%d",), "2024-01-05 10:00:00"), ("20240105103015", ("%Y%m%d",), "2024-01-05 10:30:15"),
        ("1522551600000", ("epoch_ms",), "2018-04-01 03:00:00 +0"), ("1522551600", ("epoch_s",), "2018-04-01 03:00:00 +0"),
        ("1522551600123456", ("epoch_us",), "2018-04-01 03:00:00 +0"), ("1522551600", ("epoch_ms",), "no date"),
        ("45296", ("excel_days",), JAN_5), ("45296,4375", ("excel_days",), "2024-01-05 10:30:00"),
        ("15 مهر 1403", (None, "jalali"), "2024-10-06 00:00:00"), ("1403/01/15 - 10:20", (None, "jalali"), "2024-04-03 10:20:00"),
        ("2024-01-05 10:00 IST", (None, "gregorian", {"IST": "+05:30"}), "2024-01-05 10:00:00 +5.5"),
    ],
)  # fmt: skip
def test_a_moment_of_a_format_means_what_a_reader_would_say(cell, form, meaning):
    assert moment(cell, *form) == meaning


def test_a_word_means_one_month_in_all_languages():
    languages = [line for table in ("months", "jalali_months") for line in _words(table)]
    assert len(languages) == 14
    assert all(len(line.split("|")) == 12 for line in languages)
    meant = {}
    for table in ("months", "jalali_months"):
        for line in _words(table):
            for month, names in enumerate(line.split("|"), start=1):
                for name in names.split():
                    assert meant.setdefault(cells.text(name), (table, month)) == (table, month), name
    assert len(calendar_words().months) > 200


def _words(table):
    file = Path(cells.__file__).with_name("calendar_words.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))[table].values()


@pytest.mark.parametrize("code", ["January", "February", "March", "May", "June", "July", "August", "December"])
def test_english_months_are_those_of_python(code):
    for form in (code, code[:3], code.upper()):
        expected = datetime.strptime(f"5 {code} 2024", "%d %B %Y")
        assert moment(f"5 {form} 2024") == f"{expected:%Y-%m-%d} 00:00:00"


@pytest.mark.parametrize(
    ("cell", "meaning"),
    [
        ('="00042"', "00042"), ("=42", "42"), ("'0042", "0042"), ('"0042"', "0042"), ("12345.0", "12345"), ("12345,00", "12345"),
        (12345.0, "12345"), ("1.2345E+4", "12345"), ("1,23E+2", "123"), ("1.234500E+6", "1234500"), (" 42 ", "42"),
        ("\u200f42", "42"), ("4.98765E+12", "4.98765E+12"), ("219E24", "219E24"), ("1E5", "1E5"), ("12.5", "12.5"), ("", ""),
    ],
)  # fmt: skip
def test_an_id_means_what_a_reader_would_say(cell, meaning):
    assert cells.identifier(cell) == meaning


@pytest.mark.parametrize(
    ("cell", "rounded"), [("4.98765E+12", True), ("1E+05", True), ("1.2345E+4", False), ("219E24", False)]
)
def test_an_id_that_lost_digits_is_known(cell, rounded):
    assert cells.is_rounded(cell) == rounded


@pytest.mark.parametrize(
    ("cell", "meaning"),
    [("Ann Smith <ANN@example.org>", "ann@example.org"), ("mailto:Ann@Example.org", "ann@example.org"),
     ("<ann@example.org>", "ann@example.org"), (" Ann@Example.org\u00a0", "ann@example.org"), ("NULL", ""), ("007", "007")],
)  # fmt: skip
def test_a_customer_is_the_same_however_the_mail_address_is_written(cell, meaning):
    assert cells.customer_id(cell) == meaning


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [("14:30", 52200), ("1430", 52200), ("930", 34200), ("93015", 34215), ("9", 32400), (14, 50400), ("2:30 PM", 52200),
     ("14.30", 52200), ("14h30", 52200), ("0.604166667", 52200), ("1899-12-30 14:30:00", 52200), ("25", cells.BAD),
     ("noon", cells.BAD), ("", cells.EMPTY)],
)  # fmt: skip
def test_a_time_in_a_column_of_its_own(cell, seconds):
    assert cells.time_of_day(cell)[0] == seconds
