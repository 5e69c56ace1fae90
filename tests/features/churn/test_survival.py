"""The product-limit estimate: by hand, against scipy and against a plain reading."""

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.stats import CensoredData, ecdf

from features.churn.survival import kaplan_meier
from tests.spells import arrays, spells


def test_by_hand():
    # The example of Kaplan and Meier (1958): ended at 0.8, 3.1, 5.4, 9.2, last seen at 1.0, 2.7, 7.0, 12.1.
    end = np.array([0.8, 1.0, 2.7, 3.1, 5.4, 7.0, 9.2, 12.1])
    ended = np.array([True, False, False, True, True, False, True, False])
    found = kaplan_meier(np.zeros(8), end, ended)
    assert found.share == pytest.approx([7 / 8, 7 / 8 * 4 / 5, 7 / 8 * 4 / 5 * 3 / 4, 7 / 8 * 4 / 5 * 3 / 4 * 1 / 2])


def test_who_is_first_seen_late_is_at_risk_late():
    found = kaplan_meier(np.array([0.0, 0.0, 2.0]), np.array([1.0, 4.0, 3.0]), np.array([True, True, True]))
    assert found.at_risk.tolist() == [2, 2, 1]
    assert found.share == pytest.approx([1 / 2, 1 / 4, 0])


@given(spells)
@settings(max_examples=100, deadline=None)
def test_against_scipy(rows):
    _, end, ended = arrays(rows)
    found = kaplan_meier(np.zeros(len(end)), end, ended)
    theirs = ecdf(CensoredData(uncensored=end[ended], right=end[~ended])).sf
    assert found.share == pytest.approx(theirs.evaluate(found.times), abs=1e-12)


@given(spells)
@settings(max_examples=100, deadline=None)
def test_against_a_plain_reading(rows):
    start, end, ended = arrays(rows)
    share, expected = 1.0, []
    for time in sorted({e for e, done in zip(end, ended, strict=True) if done}):
        at_risk = sum(s < time <= e for s, e in zip(start, end, strict=True))
        share *= 1 - sum(e == time and done for e, done in zip(end, ended, strict=True)) / at_risk
        expected.append(share)
    assert kaplan_meier(start, end, ended).share.tolist() == pytest.approx(expected)


def test_the_share_after_a_time_is_a_step_that_falls_where_silences_end():
    found = kaplan_meier(np.zeros(3), np.array([2.0, 5.0, 9.0]), np.array([True, True, False]))
    assert [found.after(time) for time in (0, 1.9, 2, 5, 100)] == pytest.approx([1, 1, 2 / 3, 1 / 3, 1 / 3])


def test_where_no_silence_ended_all_are_still_silent():
    found = kaplan_meier(np.zeros(2), np.array([2.0, 5.0]), np.array([False, False]))
    assert found.after(100) == 1
