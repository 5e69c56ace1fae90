"""`regulars score --partitions`: the file and the run of the whole log, chosen by itself, and whole or not there."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as parquet
import pytest

from features.errors import DiskFull
from tests.serving.conftest import Call, in_book

Scores = Callable[..., tuple[int, str, str]]


@pytest.fixture
def scores(office: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> Scores:
    """Call the command on a shop with a champion, with a folder for copies of its own."""
    (office / "copies").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(office / "copies"))
    return lambda *options: call("score", "--config", office / "regulars.toml", *options)


def left_behind(folder: Path) -> list[Path]:
    return list((folder / "copies").iterdir())


def runs(folder: Path) -> list[tuple[int, int]]:
    return [(run, customers) for run, customers in in_book(folder, "SELECT id, customers FROM runs ORDER BY id")]


def rows_of(folder: Path, run: int) -> list[tuple[object, ...]]:
    """The scores of a run as the book holds them, but for its number."""
    names = [row[1] for row in in_book(folder, "PRAGMA table_info(scores)") if row[1] != "run_id"]
    return in_book(folder, f"SELECT {', '.join(names)} FROM scores WHERE run_id = {run} ORDER BY customer_id")


@pytest.mark.parametrize("ending", ["parquet", "csv", "json"])
def test_the_file_and_the_run_are_those_of_the_whole_log(scores: Scores, office: Path, ending: str) -> None:
    files = [office / f"{name}.{ending}" for name in ("whole", "parts")]
    answers = []
    for file, options in zip(files, ((), ("--partitions", 3)), strict=True):
        code, out, err = scores("--out", file, "--json", *options)
        assert code == 0, err
        answers.append({name: value for name, value in json.loads(out).items() if name != "file"})
    assert answers[1] == answers[0]
    if ending == "parquet":
        whole, parts = map(parquet.read_table, files)
        assert parts.schema.equals(whole.schema, check_metadata=True)
        assert parts.equals(whole)
        pd.testing.assert_frame_equal(*(pd.read_parquet(file) for file in files), check_exact=True)
    else:
        assert files[1].read_bytes() == files[0].read_bytes()
    (before, many), (after, as_many) = runs(office)[-2:]
    assert many == as_many
    assert rows_of(office, after) == rows_of(office, before)
    assert left_behind(office) == []


def test_the_same_run_twice_is_one_run(scores: Scores, office: Path) -> None:
    for _ in range(2):
        assert scores("--out", office / "s.csv", "--partitions", 2)[0] == 0
    found = runs(office)
    assert scores("--out", office / "s.csv", "--partitions", 2, "--all-reasons")[0] == 0
    assert runs(office) == found


def test_partitions_are_taken_by_themselves_where_the_log_would_not_fit(
    scores: Scores, office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("features.sources.partitions.estimate.BYTES_PER_LINE", 10**7)
    code, told, _ = scores("--out", office / "s.csv")
    assert code == 0
    assert "would not fit into" in told
    assert "customers scored as of" in told


def test_what_needs_the_whole_log_is_said_before_anything_is_read(
    scores: Scores, office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml = office / "regulars.toml"
    toml.write_text(toml.read_text("utf-8") + '\n[features]\nuse = ["segment"]\n', "utf-8")
    code, _, err = scores("--out", office / "s.csv", "--partitions", 2)
    assert code == 2
    assert "the log cannot be read in partitions: [features] in regulars.toml takes columns" in err
    monkeypatch.setattr("features.sources.partitions.estimate.BYTES_PER_LINE", 10**7)
    code, _, err = scores("--out", office / "s.csv")
    assert code == 2
    assert "--partitions 1 reads the whole all the same" in err


def test_where_no_model_serves_training_is_asked_for(shop, call: Call, tmp_path: Path) -> None:
    shop.copy_files(tmp_path)
    words = ("score", "--config", tmp_path / "regulars.toml", "--out", tmp_path / "s.csv", "--partitions", 2)
    code, _, err = call(*words)
    assert code != 0
    assert "regulars train" in err
    assert not (tmp_path / "s.csv").exists()


def test_partitions_go_with_a_file(scores: Scores) -> None:
    code, _, err = scores("--engine", "spark", "--into", "scores", "--partitions", 2)
    assert code == 2
    assert "--partitions goes with --out" in err


@pytest.mark.parametrize("place", ["serving.partitions.score.score", "features.sources.partitions.one.write_log"])
def test_a_fault_leaves_the_former_file_and_no_run(
    scores: Scores, office: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    out = office / "s.csv"
    assert scores("--out", out)[0] == 0
    former, known = out.read_bytes(), runs(office)

    def fails(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as put:
        put.setattr(place, fails)
        code, _, err = scores("--out", out, "--partitions", 2)
    assert code == DiskFull.exit_code
    assert "nothing was written" in err
    assert out.read_bytes() == former
    assert runs(office) == known
    assert left_behind(office) == []
    assert scores("--out", out, "--partitions", 2)[0] == 0
