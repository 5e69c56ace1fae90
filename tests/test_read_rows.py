"""The tool that reads a list as whoever has to make the calls would."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tools.read_rows import counts, main, read

COLUMNS = ("position", "customer_id", "kind", "probability", "title", "reasons", "protective", "opening", "overdue")
SENSE = ("1", "ann", "regular", "0.6", "Call", "no order for 74 days, usually every 31 days", "", "How are you?", "2.4")
NONSENSE = (
    *("2", "bob", "regular", "0.5", "Call", "no sign stands out; no order for 41 days", "no order for 41 days"),
    *("Hello, it has been 41 days.", "0.4"),
)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "list.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([COLUMNS, SENSE, NONSENSE])
    return path


def test_what_makes_no_sense_alone_is_counted(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    faults = {"nothing stands out": 1, "on both sides": 1, "asked after, but not late": 1}
    found = counts(read(written))
    assert found == {"rows": 2, "without a reason": 0, "lateness as protection": 0, **faults}
    main([str(written), "--json"])
    assert json.loads(capsys.readouterr().out) == found


def test_rows_and_shares_are_printed(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(written), "--rows", "1"])
    said = capsys.readouterr().out.splitlines()
    assert said[1] == "     why: no order for 74 days, usually every 31 days"
    assert "nothing stands out: 1 (50%)" in said
    assert "   50%  no order for … days, usually every … days" in said
    assert not [line for line in said if "bob" in line]
