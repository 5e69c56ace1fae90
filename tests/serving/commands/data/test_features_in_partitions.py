"""`regulars features --partitions`: the same file as from the whole log, chosen by itself, and whole or not there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
import pytest

from features.errors import DiskFull, OutOfMemory


@pytest.fixture
def features(shop, call, tmp_path, monkeypatch):
    """Call the command on the small shop, with a folder for copies of its own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return lambda *options: call("features", "--config", shop.settings.folder / "regulars.toml", *options)


def left_behind(folder: Path) -> list[Path]:
    return list(folder.glob("*regulars-*"))


@pytest.mark.parametrize("ending", ["parquet", "csv", "json"])
def test_the_file_is_that_of_the_whole_log(features, tmp_path, ending) -> None:
    files = [tmp_path / f"{name}.{ending}" for name in ("whole", "parts")]
    assert features("--out", files[0])[0] == 0
    code, told, _ = features("--out", files[1], "--partitions", 3)
    assert code == 0
    assert f"written to {files[1]}" in told
    if ending == "parquet":
        whole, parts = map(pd.read_parquet, files)
        pd.testing.assert_frame_equal(parts, whole, check_exact=True)
    else:
        assert files[1].read_bytes() == files[0].read_bytes()
    assert left_behind(tmp_path) == []


def test_partitions_are_taken_by_themselves_where_the_log_would_not_fit(features, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("features.sources.partitions.estimate.BYTES_PER_LINE", 10**7)
    code, told, _ = features("--out", tmp_path / "f.csv")
    assert code == 0
    assert "would not fit into" in told
    assert "partitions" in told


def test_partitions_go_with_a_file(features) -> None:
    code, _, told = features("--into", "features", "--engine", "duckdb", "--partitions", 3)
    assert code == 2
    assert "--partitions goes with --out" in told


def test_an_ending_that_nobody_knows_is_told_before_anything_is_read(features, tmp_path) -> None:
    code, _, told = features("--out", tmp_path / "f.xls", "--partitions", 3)
    assert code == 2
    assert "the suffix says how to write it" in told


@pytest.mark.parametrize(
    ("place", "error", "fault"),
    [
        ("write_log", OSError(28, "No space left on device"), DiskFull),
        ("roll_up", MemoryError(), OutOfMemory),
    ],
)
def test_a_fault_leaves_the_former_file(features, tmp_path, monkeypatch, place, error, fault) -> None:
    out = tmp_path / "f.csv"
    assert features("--out", out, "--partitions", 2)[0] == 0
    former = out.read_bytes()

    def fails(*_: object) -> None:
        raise error

    with monkeypatch.context() as put:
        put.setattr(f"features.sources.partitions.one.{place}", fails)
        code, _, told = features("--out", out, "--partitions", 2)
    assert code == fault.exit_code
    assert fault.fault in told
    assert "nothing was written" in told
    assert out.read_bytes() == former
    assert left_behind(tmp_path) == []
    assert features("--out", out, "--partitions", 2)[0] == 0


KILLED = """
import os, signal, sys
import features.sources.partitions.one as one
one.write_log = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
from serving.cli import main
main()
"""


def test_a_killed_run_leaves_the_former_file_and_the_next_one_tidies_up(features, shop, tmp_path) -> None:
    out = tmp_path / "f.csv"
    assert features("--out", out)[0] == 0
    former = out.read_bytes()
    config = shop.settings.folder / "regulars.toml"
    words = ["features", "--config", str(config), "--out", str(out), "--partitions", "2"]
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, *words], env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert out.read_bytes() == former
    assert left_behind(tmp_path) != []
    assert features("--out", out, "--partitions", 2)[0] == 0
    assert out.read_bytes() == former
    assert left_behind(tmp_path) == []


def test_a_parquet_file_that_is_not_whole_is_named(call, shop, tmp_path) -> None:
    path = tmp_path / "orders.parquet"
    frame = pd.DataFrame({"customer_id": [f"c{n % 900}" for n in range(20_000)], "amount": 5.0})
    frame.assign(ordered_at="2024-01-05", order_id=range(20_000)).to_parquet(path, row_group_size=1_000)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2_000] = bytes(2_000)
    path.write_bytes(content)
    toml = tmp_path / "regulars.toml"
    names = "\n".join(f'{name} = "{name}"' for name in ("customer_id", "amount", "ordered_at", "order_id"))
    sections = '[shop]\nzone = "UTC"\ncurrency = "EUR"\n[orders]\nfile = "orders.parquet"\n[orders.columns]\n'
    toml.write_text(sections + names, "utf-8")
    code, _, told = call("features", "--config", toml, "--out", tmp_path / "f.csv", "--partitions", 2)
    assert code in (2, 8)
    assert "orders.parquet" in told
    assert "Traceback" not in told
    assert not (tmp_path / "f.csv").exists()
