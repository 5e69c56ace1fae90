"""MLflow's file is read without MLflow, also after a process was killed amid a write to it."""

import sqlite3
from contextlib import closing

import pytest

from tests.killed_write import killed_amid_a_write
from training.tracking.plain_reading import read_rows


@pytest.fixture
def killed(tmp_path):
    """A file whose last write was killed when half of its pages were on the disk."""
    file = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(file)) as made:
        made.execute("CREATE TABLE runs (name TEXT)")
        made.executemany("INSERT INTO runs VALUES (?)", [("before" * 100,)] * 200)
        made.commit()
    killed_amid_a_write(file)
    return file


def test_half_of_a_killed_write_is_taken_back(killed):
    with (
        closing(sqlite3.connect(f"file:{killed}?mode=ro", uri=True)) as reader,
        pytest.raises(sqlite3.OperationalError),
    ):
        reader.execute("SELECT name FROM runs").fetchall()
    assert read_rows(killed, "SELECT DISTINCT name FROM runs") == [("before" * 100,)]


def test_what_cannot_be_read_otherwise_is_told(tmp_path):
    with pytest.raises(sqlite3.OperationalError):
        read_rows(tmp_path / "none.db", "SELECT 1")
    assert not (tmp_path / "none.db").exists()
