"""Every remedy that is printed works: each is applied to the file that it was printed for, and the file is read."""

# ruff: noqa: E501 — the cells of a column stand on one line
from __future__ import annotations

import csv
import re
import tomllib
from dataclasses import replace

import pytest

from features.sources.mapping import FileFormat, OrdersMapping, Shop
from features.sources.reader import check_files

SHOP = Shop("Europe/Athens", "EUR")
POINT = FileFormat(delimiter=",")
COMMA = replace(POINT, decimal=",")
DAY_FIRST = replace(POINT, date_format="%d/%m/%Y")
MILLISECONDS = ["1522551600000", "1522119600000", "1525143600000"]


def written(path, column, cells):
    usual = {"customer_id": "C", "order_id": "", "ordered_at": "2025-06-18", "amount": "5"}
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, list(dict.fromkeys((*usual, column))))
        rows.writeheader()
        rows.writerows({**usual, "order_id": str(number), column: cell} for number, cell in enumerate(cells))
    return OrdersMapping(path, {name: name for name in dict.fromkeys((*usual, column))})


def checked(path, column, cells, form):
    return check_files(SHOP, replace(written(path, column, cells), format=form))


def applied(remedy, column, cells, broken, form):
    """Return the cells and the form once somebody did what a remedy says."""
    if found := re.search(r"set (.*) under \[orders\.format\]", remedy):
        settings = tomllib.loads(found[1].replace(" and ", "\n"))
        return cells, replace(form, **settings)
    if found := re.search(r"write under \[orders\.format\]  (.*)", remedy):
        return cells, replace(form, **tomllib.loads(found[1]))
    if "take date_format and calendar out of [orders.format]" in remedy:
        return cells, replace(form, date_format=None, calendar="gregorian")
    if "export the dates" in remedy:
        return ["2025-06-18"] * len(cells), POINT
    if "export the ids again" in remedy:
        return [f"40{number:011d}" for number in range(len(cells))], form
    if "leave the line out" in remedy or "without the sign" in remedy:
        kept = [cell.rstrip(" %") for cell in cells if cell not in broken or "%" in cell]
        return kept, form
    value = re.search(r"(?:write|such as) (\d[^,; ]*|Europe/Athens)", remedy)
    assert value is not None or "decimal" in remedy, remedy
    instead = value[1] if value else "1234.50" if "point" in remedy else "1234,50"
    return [instead if cell in broken else cell for cell in cells], form


@pytest.mark.parametrize(
    ("column", "cells", "form", "said"),
    [
        ("ordered_at", ["05/01/2024", "25/01/2024"], POINT, "%d/%m/%Y"),
        ("ordered_at", ["01/25/2024", "01/05/2024"], DAY_FIRST, "%m/%d/%Y"),
        ("ordered_at", ["2024-01-25", "2024-01-05"], DAY_FIRST, "take date_format"),
        ("ordered_at", ["1403/01/15", "1403/12/30"], POINT, "jalali"),
        ("ordered_at", ["15/01/1403", "30/12/1403"], POINT, "jalali"),
        ("ordered_at", MILLISECONDS, POINT, "milliseconds since 1970"),
        ("ordered_at", [cell[:-3] for cell in MILLISECONDS], DAY_FIRST, "seconds since 1970"),
        ("ordered_at", [cell + "000" for cell in MILLISECONDS], POINT, "microseconds since 1970"),
        ("ordered_at", ["45296", "45297.5"], POINT, "the days by which a spreadsheet counts"),
        ("ordered_at", ["20240105", "20240125103000"], POINT, "%Y%m%d"),
        ("ordered_at", ["2024-01-05 10:00 IST", "2024-01-06 11:00 IST"], POINT, "IST is +05:30 in India or"),
        ("ordered_at", ["25/06/2025"] * 9 + ["soon"], DAY_FIRST, "as the other 9 cells"),
        ("ordered_at", MILLISECONDS * 4 + ["soon"], replace(POINT, date_format="epoch_ms"), "as the other 12 cells"),
        ("ordered_at", ["45296"] * 9 + ["soon"], replace(POINT, date_format="excel_days"), "as the other 9 cells"),
        ("ordered_at", ["25/06/2025"] * 9 + ["06/25/2025"] * 5, POINT, "several ways of writing are mixed"),
        ("ordered_at", ["25/06/2025"] * 9 + ["06/25/2025"] * 5, DAY_FIRST, 'such as "06/25/2025"'),
        ("ordered_at", ["2024-05-01 00:00:00", "13/01/2024", "2024-07-02 00:00:00", "25/02/2024"], POINT, "swapped day and month"),
        ("ordered_at", ["2026-01-31T23:30:00Z", "2026-02-05T10:00:00"], POINT, 'zone = "UTC"'),
        ("ordered_at", ["soon", "later"], POINT, "write 2024-01-31"),
        ("amount", ["5,5", "7,5", "6,25"], POINT, 'decimal = ","'),
        ("amount", ["5.5", "7.5", "1,234.50"], COMMA, 'decimal = "."'),
        ("amount", ["5.5", "7.5", "6,25"], POINT, 'decimal = "either"'),
        ("amount", ["5.5", "1,234", "6,25"], POINT, "with a decimal point"),
        ("amount", ["5,5", "1.234,50", "6.25"], replace(POINT, decimal="either"), None),
        ("amount", ["5,5", "1.234", "6.25"], replace(POINT, decimal="either"), "read in one way only"),
        ("amount", ["5,5", "1,2,3"], COMMA, "write 1234,50"),
        ("amount", ["5", "free"], POINT, "write a number, or leave the line out"),
        ("amount", ["5", "20 %"], POINT, "a share is no number here"),
        ("time", ["14:30", "noon"], POINT, "write 14:30"),
        ("zone", ["UTC", "Mars"], POINT, "write Europe/Athens"),
        ("customer_id", ["4.98765E+12", "4.98766E+12"], POINT, "do not save the file in a spreadsheet"),
        ("customer_id", [f"41111111111{n}0000" for n in range(10, 15)], POINT, "do not save the file in a spreadsheet"),
    ],
)  # fmt: skip
def test_a_remedy_that_is_printed_works(tmp_path, column, cells, form, said):
    path = tmp_path / "orders.csv"
    report = checked(path, column, cells, form)
    remedies = {violation.remedy for violation in report.violations if violation.remedy}
    assert bool(remedies) == (said is not None)
    assert all(said in remedy for remedy in remedies), remedies
    broken = {violation.value for violation in report.violations}
    for remedy in remedies:
        better, other_form = applied(remedy, column, cells, broken, form)
        again = checked(path, column, better, other_form)
        assert not again.violations, (remedy, again.violations)
