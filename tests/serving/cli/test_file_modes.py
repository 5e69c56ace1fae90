"""What each writing command leaves behind is read by nobody else, or by the group that the shop names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serving.outreach.exports.folder import FORMATS
from tests.features.test_file_access import a_group
from tests.serving.conftest import Call, in_book

EVERY_FORMAT = tuple(word for name in FORMATS for word in ("--format", name))
# Command → what it makes or replaces, below the shop's folder; a star stands for one name.
WRITES: dict[tuple[str, ...], set[str]] = {
    ("init", "orders.csv", "--out", "new/deep/regulars.toml"): {"new", "new/deep", "new/deep/regulars.toml"},
    ("features", "--out", "out/features.parquet"): {"out", "out/features.parquet"},
    ("features", "--engine", "duckdb", "--url", "duckdb://own.duckdb", "--into", "daily"): {"own.duckdb"},
    ("score", "--out", "scored/scores.csv", "--as-of", "2023-01-10"): {"scored", "scored/scores.csv"},
    ("list", "--out", "made", "--as-of", "2023-01-10", *EVERY_FORMAT): {
        *("made", "made/owners", "made/mails", "made/owners/*", "made/mails/*"),
        *(f"made/{name}.csv" for name in ("list", "new-customers", "win-back", "reminders", "shrinking", "upsert")),
        *(f"made/list.{name}" for name in ("xlsx", "html", "json")),
        *(f"made/hubspot-{name}.csv" for name in ("contacts", "companies")),
        *(f"made/salesforce-{name}.csv" for name in ("accounts", "tasks")),
    },
    ("horizon", "--out", "drawn"): {"drawn", "drawn/horizon.png"},
    ("webhooks", "add", "https://crm.invalid/hook", "--unverified"): set(),  # but for the book's secret
    ("keys", "create", "crm", "--role", "scores"): set(),
    ("consent", "c", "--no", "--channel", "mail", "--source", "a letter"): set(),
    ("simulate", "--out", "simulated", "--customers", "20", "--seed", "3"): {"simulated", "simulated/*"},
}


GROUP_READS = ("score", "list", "webhooks", "keys")  # the others write by the same two functions


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def found(folder: Path) -> dict[str, os.stat_result]:
    """Every file and folder of a shop but MLflow's, which hold nothing of a customer."""
    paths = (path for path in folder.rglob("*") if "mlruns" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.stat() for path in paths}


def written(folder: Path, before: dict[str, os.stat_result]) -> dict[str, os.stat_result]:
    """What is new or has another inode."""
    return {name: now for name, now in found(folder).items() if name not in before or before[name].st_ino != now.st_ino}


def starred(names: Any) -> set[str]:
    """The same names with a star for what differs from shop to shop, and without what every command keeps up."""
    folders = {pattern.rpartition("/")[0] for patterns in WRITES.values() for pattern in patterns if "*" in pattern}
    others = [each for each in names if each.partition("/")[0] not in (".regulars", "book.db-wal", "book.db-shm")]
    return {f"{each.rpartition('/')[0]}/*" if each.rpartition("/")[0] in folders else each for each in others}


@pytest.mark.parametrize("group", [pytest.param(False, marks=pytest.mark.slow), True])
def test_the_modes_of_all_that_the_commands_write(
    office: Path, call: Call, monkeypatch: pytest.MonkeyPatch, group: bool
) -> None:
    """Whatever the umask, here one that would let everybody read and write."""
    monkeypatch.chdir(office)
    if group:
        with (office / "regulars.toml").open("a", encoding="utf-8") as toml:
            toml.write(f'\n[files]\ngroup = "{a_group()}"\n')
    for command, expected in WRITES.items():
        if group and command[0] not in GROUP_READS:
            continue
        before = found(office)
        code, _, err = call(*command)
        assert code == 0, (command, err)
        made = written(office, before)
        assert starred(made) == expected, command
        own = command[0] in ("init", "simulate")  # no shop is named yet
        for name, is_now in made.items():
            is_folder = (office / name).is_dir()
            closed, shared = (0o700, 0o750) if is_folder else (0o600, 0o640)
            for_group = group and not own and name != ".regulars/book.secret"
            assert (name, is_now.st_mode & 0o777) == (name, shared if for_group else closed), command
    assert (office / "book.db").stat().st_mode & 0o777 == (0o640 if group else 0o600)
    assert (office / ".regulars" / "book.secret").stat().st_mode & 0o777 == 0o600
    assert in_book(office, "SELECT count(*) FROM keys") == [(1,)]


# Files of the code that write a file or make a folder by themselves, and why nobody else reads what they write.
WRITERS = {
    "features/file_access.py": "makes files and folders with their modes",
    "features/atomic_write.py": "gives them their names",
    **dict.fromkeys(
        (
            f"features/sources/opening/{name}.py"
            for name in ("copies", "datev", "encodings", "opener", "parts", "spreadsheets", "unpacking")
        ),
        "copies in a temporary folder, which is its owner's alone",
    ),
    "features/sources/partitions/kept_log.py": "into such a folder",
    "serving/commands/data/features_in_partitions.py": "into such a folder, and the table what `whole` gave it",
    "features/engines/stream_tables.py": "into memory, for PostgreSQL's COPY",
    "serving/out/write.py": "into memory, for PostgreSQL's COPY; the file of a DuckDB is closed to others",
    "serving/api/metrics.py": "counts of requests, beside BentoML's",
    "serving/pages/upload.py": "a copy of what was sent, in such a folder",
    **dict.fromkeys(
        (f"serving/backup/{name}.py" for name in ("archive", "moment", "scratch", "stage", "take")),
        "into a folder that is its owner's alone, until it takes the place of what was there",
    ),
    **dict.fromkeys(
        ("last_backup", "crm", "list_json", "list_html", "list_xlsx", "write_table", "folder"), "what `whole` gave them"
    ),
    **dict.fromkeys(
        (
            "bundle",
            "fitted",
            "left",
            "shrink",
            "lost_category",
            "trees",
            "blend",
            "records",
            "store",
            "search",
            "optuna_studies",
        ),
        "models, of nobody",
    ),
}
WRITING = re.compile(
    r"""write_text\(|write_bytes\(|open\("[wax]b?"|to_csv\(|to_parquet\(|mkdir\(|savefig\(|write_csv\(|savez"""
)


def test_whatever_writes_a_file_is_known_here() -> None:
    """A new writer uses `whole` or `once`, or says here why it need not."""
    root = Path(__file__).parents[3]
    for path in (path for room in ("features", "training", "serving") for path in (root / room).rglob("*.py")):
        code = "\n".join(line for line in path.read_text(encoding="utf-8").splitlines() if ">>>" not in line)
        name = path.relative_to(root).as_posix()
        if WRITING.search(code) and "with whole(" not in code:
            assert name in WRITERS or path.stem in WRITERS, f"{name} writes a file by itself"
