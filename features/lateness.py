"""Lateness: whether a silence is longer than the own usual gap, decided once for columns, reasons and openings.

A gap is said in whole days, so a customer is late by the number that is said: "29 days, usually every 29 days" is not.
"""

from __future__ import annotations

from typing import Any

import numpy as np

# An array of float64 or a number; NaN = not known.
Days = Any


def whole_days(days: Days) -> Days:
    """Return days as they are said: whole, halves up, as `features.rounding` rounds what a column shows.

    >>> whole_days(np.array([28.5, 28.4, np.nan]))
    array([29., 28., nan])
    """
    shown = np.rint(np.asarray(days, dtype=np.float64) * 1000) / 1000
    return np.floor(shown + 0.5)


def is_late(days_since_order: Days, usual_gap_days: Days) -> Days:
    """Return whether more days have passed than usual; never where there is no usual gap.

    >>> is_late(np.array([29.0, 30.0, 900.0]), np.array([28.5, 28.5, np.nan])).tolist()
    [False, True, False]
    """
    return np.asarray(days_since_order) > whole_days(usual_gap_days)
