"""Lateness: whether a silence is longer than the own usual gap, decided once for columns, reasons and openings.

A gap is said in whole days, so a customer is late by the number that is said: "29 days, usually every 29 days" is not.
A single gap is no rhythm yet: of two orders a week apart nobody knows whether a week is usual. So after two order days
a customer is late when the only gap is over, and a whole horizon too, within which most gaps of the shop end.
"""

from __future__ import annotations

from typing import Any

import numpy as np

# An array of float64 or a number; NaN = not known.
Days = Any
RHYTHM_FROM_GAPS = 2


def whole_days(days: Days) -> Days:
    """Return days as they are said: whole, halves up, as `features.rounding` rounds what a column shows.

    >>> whole_days(np.array([28.5, 28.4, np.nan]))
    array([29., 28., nan])
    """
    shown = np.rint(np.asarray(days, dtype=np.float64) * 1000) / 1000
    return np.floor(shown + 0.5)


def late_after_days(usual_gap_days: Days, gaps: Days, horizon_days: Days) -> Days:
    """Return after how many days of silence a customer is late; NaN where there is no gap yet.

    Args:
        usual_gap_days: the usual gap, days.
        gaps: how many the customer has had: order days less one.
        horizon_days: how far ahead the model looks.

    Where the number of gaps or the horizon is not known, NaN, the usual gap alone counts.

    >>> late_after_days(np.array([7.0, 7.0, 45.0, np.nan]), np.array([1, 2, 1, 0]), 30)
    array([30.,  7., 45., nan])
    """
    usual = whole_days(usual_gap_days)
    is_single = (np.asarray(gaps) < RHYTHM_FROM_GAPS) & (usual == usual)
    return np.where(is_single, np.fmax(usual, horizon_days), usual)


def is_late(days_since_order: Days, usual_gap_days: Days, gaps: Days, horizon_days: Days) -> Days:
    """Return whether more days have passed than `late_after_days`; never where there is no usual gap.

    Args:
        days_since_order: the silence.
        usual_gap_days: the usual gap, days.
        gaps: how many the customer has had.
        horizon_days: how far ahead the model looks.

    >>> is_late(np.array([29.0, 30.0, 900.0]), np.array([28.5, 28.5, np.nan]), 5, 30).tolist()
    [False, True, False]
    """
    return np.asarray(days_since_order) > late_after_days(usual_gap_days, gaps, horizon_days)
