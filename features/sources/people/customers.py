"""Turns the cells of a customers file into one row per customer, and names every cell that breaks a rule."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.clock import date_of
from features.log import Coded, Ints
from features.sources import cells
from features.sources.business_day import DAY
from features.sources.columns import read_codes, where
from features.sources.mapping import FileFormat
from features.sources.people.consent import REMEDY, RULE, is_consent
from features.sources.people.contacts import whole_name
from features.sources.row_checks import Problem, RowChecks, TypedTable
from features.sources.rules import A_DATE, AN_ID_WITH_ALL_DIGITS, ROUNDED_REMEDY
from features.tables import CUSTOMERS, Field

Cells = npt.NDArray[np.object_]


def clean_customers(typed: TypedTable, form: FileFormat) -> tuple[pd.DataFrame, Sequence[Problem]]:
    """Read the cells of a customers file.

    Args:
        typed: its cells, one per row and mapped field of CUSTOMERS.
        form: how the file writes dates.

    Returns:
        The fields of CUSTOMERS, one row per customer, None where nothing is known; and the cells that break a rule.
    """
    checks = RowChecks(typed)
    columns = {each.name: pd.Series(_column(checks, each, form), dtype=object) for each in CUSTOMERS}
    frame = pd.DataFrame(columns)
    frame["customer_id"] = [cells.customer_id(text or "") or None for text in frame["customer_id"]]
    names = [whole_name(*both) for both in zip(frame["name"], frame["last_name"], strict=True)]
    frame["name"] = pd.Series(names, dtype=object)
    known = frame[frame["customer_id"].notna()]
    return known.drop_duplicates("customer_id", ignore_index=True), checks.problems


def _column(checks: RowChecks, each: Field, form: FileFormat) -> Cells:
    typed = checks.typed
    if each.name in typed.numbers:
        return _numbers(checks, each.name, typed.numbers[each.name])
    if each.name in typed.flags:
        return _flags(checks, each.name, typed.flags[each.name])
    if each.name not in typed.texts:
        return np.full(typed.rows, None, dtype=object)
    if each.kind == "date":
        return _dates(checks, each.name, typed.texts[each.name], form)
    return _texts(checks, each.name, typed.texts[each.name])


def _texts(checks: RowChecks, name: str, coded: Coded) -> Cells:
    if name == "consent":
        checks.problem(name, RULE, REMEDY, where(coded, lambda text: not is_consent(text)))
    if name in ("customer_id", "account"):
        checks.problem(name, AN_ID_WITH_ALL_DIGITS, ROUNDED_REMEDY, where(coded, cells.is_rounded))
    values = np.array([text or None for text in coded.values], dtype=object)
    return values[coded.codes]


def _numbers(checks: RowChecks, name: str, millionths: Ints) -> Cells:
    checks.check_number(name, millionths)
    numbers = (millionths / 10**cells.SCALE).astype(object)
    numbers[millionths <= cells.HUGE] = None
    return numbers


def _flags(checks: RowChecks, name: str, flags: Ints) -> Cells:
    checks.problem(name, "yes or no", "write yes or no, or leave it empty", flags == cells.FLAG_BAD)
    return np.array([False, True, None, None], dtype=object)[flags]


def _dates(checks: RowChecks, name: str, coded: Coded, form: FileFormat) -> Cells:
    seconds = read_codes(coded, lambda text: cells.moment(text, form.date_format, form.calendar)[0])
    remedy = "write it as 2024-01-31, or set date_format for this file"
    checks.problem(name, A_DATE, remedy, seconds == cells.BAD)
    days, codes = np.unique(np.where(seconds > cells.HUGE, seconds // DAY, cells.EMPTY), return_inverse=True)
    return np.array([None if day == cells.EMPTY else date_of(day) for day in days], dtype=object)[codes]
