"""Law: a list in partitions is that of the whole log: entries, files, book, row for row."""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from serving.outreach.plan.outreach_list import GROUPS
from serving.partitions import score as in_partitions
from tests.serving.conftest import MONDAY, Call, ask_for, in_book

NEXT = MONDAY + timedelta(weeks=1)


@pytest.fixture
def two(office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A shop with a former list, twice: one is listed from the whole log, the other in partitions."""
    (tmp_path / "copies").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "copies"))
    return office, tmp_path / "again"


def both(call: Call, two: tuple[Path, Path], *options: object) -> list[dict[str, Any]]:
    """What both ways answer, and where the files are."""
    shutil.copytree(*two)
    answers = []
    for folder, more in zip(two, ((), ("--partitions", 3)), strict=True):
        words = ("list", "--config", folder / "regulars.toml", "--out", folder / "new", "--json", *options, *more)
        code, out, err = call(*words)
        assert code == 0, err
        answers.append(json.loads(out))
    for answer in answers:
        for entry in (entry for group in GROUPS for entry in answer[group]):
            del entry["entry_id"]  # each list's own
        answer["files"] = [Path(file).name for file in answer["files"]]
    return answers


def rows(folder: Path, table: str) -> list[tuple[Any, ...]]:
    """A table of the book, without what tells runs, moments and random ids apart."""
    told_apart = {
        "id",
        "key",
        "list_id",
        "run_id",
        "entry_id",
        "recorded_at",
        "published_at",
        "data_digest",
        "begun_at",
    }
    names = [row[1] for row in in_book(folder, f"PRAGMA table_info({table})") if row[1] not in told_apart]
    return sorted(in_book(folder, f"SELECT {', '.join(names)} FROM {table}"), key=repr)


def same(two: tuple[Path, Path], answers: list[dict[str, Any]]) -> None:
    assert answers[1] == answers[0]
    for table in ("scores", "episodes", "arms", "drawn", "entries", "backgrounds"):
        assert rows(two[1], table) == rows(two[0], table), table
    for file in (two[0] / "new").glob("*.csv"):
        assert lines(two[1] / "new" / file.name) == lines(file)


def lines(file: Path) -> list[str]:
    """A file's lines without their last column, the id that each list gives its entries."""
    return [line.rpartition(",")[0] for line in file.read_text("utf-8-sig").splitlines()]


@pytest.mark.parametrize("weeks", [1, 6])  # after six weeks the former list has taught what its contacts saved
def test_the_list_of_partitions_is_that_of_the_whole_log(call: Call, two: tuple[Path, Path], weeks: int) -> None:
    answers = both(call, two, "--as-of", MONDAY + timedelta(weeks=weeks))
    assert answers[0]["entries"]
    assert answers[0]["gone"] or answers[0]["suppressed"]
    same(two, answers)


def test_so_it_is_with_a_random_cell(call: Call, two: tuple[Path, Path]) -> None:
    ask_for(two[0], "random_share = 0.3\ncapacity = 20")
    same(two, both(call, two, "--as-of", NEXT))


def test_so_it_is_where_a_large_shop_explains_the_most_valuable_alone(
    call: Call, two: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, small in (("EXPLAIN_ALL_BELOW", 20), ("EXPLAIN_TOP", 3)):
        monkeypatch.setattr(f"serving.scorer.{name}", small)
        monkeypatch.setattr(in_partitions, name, small)
    answers = both(call, two, "--as-of", NEXT)
    assert all(entry["reasons"] is not None for entry in answers[1]["entries"])
    same(two, answers)
