"""Spells as hypothesis makes them, for whoever estimates how long one lasts."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

Spell = tuple[int, bool, int]
Arrays = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]

# Each is the day it was last seen, whether it ended then, and how many days more than one it had been in sight.
spells = st.lists(st.tuples(st.integers(1, 20), st.booleans(), st.integers(0, 8)), min_size=1, max_size=40)


def arrays(rows: list[Spell]) -> Arrays:
    """Return start, end and ended, as `kaplan_meier` takes them."""
    end = np.array([float(end) for end, _, _ in rows])
    ended = np.array([ended for _, ended, _ in rows])
    start = np.array([max(0.0, end - 1 - back) for end, _, back in rows])
    return start, end, ended
