"""Law: whatever way a file is written, its orders are read as they are, or it is asked about; never a wrong number."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from features.clock import date_of
from features.errors import InputError
from features.guess.guess import guess
from features.sources.reader import CheckReport, check_files
from tests.intake.layouts import Layout, Line, orders_of, random_layout, random_lines, write

MOST_ASKED = 0.1  # of the files
IN_NORMAL_RUN, AT_ONCE = 300, 10


def outcome(seed: int, folder: Path) -> str:
    """Write one random file and read it back; return 'read' or 'asked'."""
    rng = random.Random(seed)
    lines, layout = random_lines(rng), random_layout(rng)
    paths = write(lines, layout, folder / f"orders{seed}.csv", rng)
    try:
        found = guess(paths[0], files=paths)
    except InputError:
        return "asked"
    report = check_files(found.shop, found.orders)
    if found.questions or report.log is None or report.questions:
        return "asked"
    _compare(report, lines, layout, seed)
    return "read"


def _compare(report: CheckReport, lines: list[Line], layout: Layout, seed: int) -> None:
    log, sheet = report.log, report.sheet
    assert log is not None
    assert sheet is not None
    orders, cents, by_customer, days = orders_of(lines, layout)
    stream = log.streams["orders"]
    spend = np.diff(np.concatenate([[0], np.cumsum(stream.columns["spend"])])[stream.starts])
    shown = f"seed {seed}: {layout}"
    assert {who: int(money) for who, money in zip(log.customer_ids, spend, strict=True) if money} == by_customer, shown
    assert {date_of(int(day)) for day in stream.day} == days, shown
    assert (int(stream.columns["orders"].sum()), int(stream.columns["spend"].sum())) == (orders, cents), shown
    assert sheet.read.rows == len(lines), shown


@pytest.mark.parametrize("first", range(0, IN_NORMAL_RUN, AT_ONCE))
def test_random_layouts_are_read_or_asked_about(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + AT_ONCE):
        assert outcome(seed, tmp_path) in ("read", "asked")


@pytest.mark.whole
def test_few_of_many_random_layouts_are_asked_about(tmp_path: Path) -> None:
    first = int(os.environ.get("REGULARS_FIRST_LAYOUT", str(IN_NORMAL_RUN)))
    counts = Counter(outcome(seed, tmp_path) for seed in range(first, first + 10_000))
    assert counts["asked"] <= MOST_ASKED * counts.total(), counts
