"""How the cells of a file are written: decided where the rows decide, asked where two readings fit."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import available_timezones

import pytest

from features.clock import date_of
from features.errors import InputError
from features.guess.columns.headers import SUMMER_TIMES, ZONES_OF_HEADERS
from features.guess.guess import guess
from features.sources.mapping import Shop
from features.sources.reader import read_log


def guessed(folder, rows, header="order_id;date;customer_id;amount"):
    path = folder / "orders.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return guess(path)


def form(folder, *rows, header="order_id;date;customer_id;amount"):
    return guessed(folder, rows, header).orders.format


@pytest.mark.parametrize(
    ("amounts", "decimal", "asked"),
    [
        (("12.500 KWD", "3.250 KWD"), ".", False),
        (("12.500 JPY", "3.250 JPY"), ",", False),
        (("12.500 €", "3.250 €"), ",", False),
        (("12.500", "0.500"), ".", False),
        (("12.500", "980"), ",", False),
        (("12.500", "3.250"), ",", True),
        (("12.500", "3250"), ".", True),
        (("12,50", "3.25"), "either", False),
        (("1’250.50", "3"), ".", False),
        (("99,-", "1.250,-"), ",", False),
    ],
)
def test_the_decimal_mark_is_decided_by_what_leaves_no_doubt(tmp_path, amounts, decimal, asked):
    found = guessed(tmp_path, [f"{n};2026-01-0{n};c{n};{amount}" for n, amount in enumerate(amounts, start=1)])
    assert found.orders.format.decimal == decimal
    assert any(question.key == "orders.format.decimal" for question in found.questions) == asked


@pytest.mark.parametrize(
    ("dates", "date_format", "asked"),
    [
        (("05/01/2026", "25/01/2026"), "%d/%m/%Y", False),
        (("01/05/2026", "01/25/2026"), "%m/%d/%Y", False),
        (("05/01/2026", "01/02/2026", "03/02/2026", "01/03/2026"), "%d/%m/%Y", False),
        (("05/06/2026", "03/04/2026", "07/05/2026", "02/09/2026"), "%d/%m/%Y", True),
        (("1767225600000", "1769904000000"), "epoch_ms", False),
        (("46000", "46031.5"), "excel_days", False),
        (("20260105", "20260205103000"), "%Y%m%d", False),
        (("5 janvier 2026", "7 février 2026"), None, False),
    ],
)
def test_the_order_of_day_and_month_is_decided_by_the_rows_or_asked(tmp_path, dates, date_format, asked):
    found = guessed(tmp_path, [f"{n};{day};c{n};5" for n, day in enumerate(dates)])
    assert found.orders.format.date_format == date_format
    assert any(question.key == "orders.format.date_format" for question in found.questions) == asked


@pytest.mark.parametrize(
    ("header", "zone"),
    [("Created (UTC)", "UTC"), ("date_created_gmt", "UTC"), ("Date (CET)", "CET"), ("Date (GMT+3)", "Etc/GMT-3"),
     ("Date (UTC+5:30)", "Asia/Kolkata"), ("Date (GMT+05:45)", "Asia/Kathmandu"), ("Date (UTC-04:00)", "Etc/GMT+4"),
     ("Date (UTC+13)", "Etc/GMT-13"), ("Date (UTC+00:00)", "UTC"), ("Order date", None)],
)  # fmt: skip
def test_a_header_names_the_clock_of_its_times(tmp_path, header, zone):
    rows = ("1;2026-01-05 10:00:00;a;5", "2;2026-01-06 10:00:00;b;6")
    assert form(tmp_path, *rows, header=f"order_id;{header};customer_id;amount").zone == zone


@pytest.mark.parametrize(
    ("header", "likely"),
    [("Date (UTC+3:30)", "Asia/Tehran"), ("Date (UTC-3:30)", "America/St_Johns"), ("Date (UTC+1:15)", None)],
)
def test_an_offset_that_no_zone_keeps_all_year_is_asked_and_never_utc(tmp_path, header, likely):
    rows = ["1;2026-01-05 10:00:00;a;5", "2;2026-01-06 10:00:00;b;6"]
    found = guessed(tmp_path, rows, header=f"order_id;{header};customer_id;amount")
    (asked,) = [question for question in found.questions if question.key == "orders.format.zone"]
    assert (found.orders.format.zone, asked.likely.settings) == (likely, {"orders.format.zone": likely})


def test_every_zone_of_a_header_exists():
    assert {*ZONES_OF_HEADERS.values(), *SUMMER_TIMES.values()} <= available_timezones()


def test_a_day_first_column_that_a_month_first_spreadsheet_opened_is_refused_by_init(tmp_path):
    with pytest.raises(InputError, match=r"swapped day and month.*cannot be trusted"):
        form(tmp_path, "1;2024-05-01 00:00:00;a;5", "2;13/01/2024;b;5", "3;2024-07-02 00:00:00;a;5")


def test_an_abbreviation_in_a_column_of_zones_is_asked_and_read_as_answered(tmp_path):
    rows = ["1,a,2024-01-05,23:30,IST,5", "2,b,2024-01-06,09:00,UTC,5"]
    found = guessed(tmp_path, rows, "order id,customer id,date,time,timezone,amount")
    (asked,) = [question for question in found.questions if question.key == "orders.format.zones"]
    assert asked.likely.settings == {"orders.format.zones": found.orders.format.zones}
    india = replace(found.orders, format=replace(found.orders.format, zones={"IST": "+05:30"}))
    for zone, days in (("UTC", ["2024-01-05", "2024-01-06"]), ("Asia/Tokyo", ["2024-01-06", "2024-01-06"])):
        log = read_log(Shop(zone, "INR"), india).log
        assert [str(date_of(day)) for day in log.streams["orders"].day] == days
