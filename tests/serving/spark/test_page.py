"""The commands of docs/scale.md run as they stand there, but for names of places that only a shop has."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from ibis.backends import BaseBackend

from tests.postgres import new_database
from tests.serving.conftest import Call
from tests.serving.spark.test_orders import lake

__all__ = ["lake"]  # a fixture
PAGE = Path("docs/scale.md").resolve()
PLACES = re.compile(r"://|jdbc")  # what another test runs: a cluster, or a database of orders
SERVER = "postgresql://shop:${SHOP_DB_PASSWORD}@db/shop"


def commands() -> list[str]:
    """The commands of Regulars in the blocks of the page that name an engine."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("regulars ") and "--engine" in line]


ON_SPARK = [line for line in commands() if "--engine spark" in line and not PLACES.search(line)]
ELSEWHERE = [line for line in commands() if "--engine spark" not in line]


def run(line: str, call: Call, given: dict[str, str]) -> str:
    """Run a line of the page in the folder of a shop; what goes into a file of the shell's is not written."""
    for name, value in given.items():
        line = line.replace(name, value)
    _, *words = shlex.split(line.partition(" > ")[0])
    code, out, err = call(*words)
    assert code == 0, (line, err)
    return out


@pytest.fixture
def server(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A PostgreSQL as the page takes it: with a schema for the table; the name of what holds its URL."""
    with new_database(postgresql) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE SCHEMA marts")
        monkeypatch.setenv("SHOP_DB", url)
        yield "${SHOP_DB}"


def test_the_page_has_commands_of_both_kinds() -> None:
    assert len(ON_SPARK) >= 5
    assert len(ELSEWHERE) >= 4


@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # Ibis 12 asks DuckDB 2 by the old name
def test_commands_of_databases_run(
    office: Path, call: Call, server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(office)
    given = {SERVER: server, "/srv/shop/": f"{tmp_path}/"}
    told = [run(line, call, given) for line in ELSEWHERE]
    assert sum("SELECT" in each for each in told) == sum("--explain" in line for line in ELSEWHERE)


@pytest.mark.slow
@pytest.mark.whole
@pytest.mark.filterwarnings("default")  # PySpark's own, of half-closed sockets and old names
def test_commands_of_spark_run(
    spark_connection: BaseBackend, lake: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = lake.parent
    lake.rename(shop / "orders")
    (shop / "lake").mkdir()
    (shop / "orders").rename(shop / "lake" / "orders")
    session = spark_connection._session
    session.sql("CREATE DATABASE IF NOT EXISTS sales")
    session.read.parquet(str(shop / "lake" / "orders")).write.mode("overwrite").saveAsTable("sales.orders")
    monkeypatch.chdir(shop)
    for line in ON_SPARK:
        run(line, call, {})
    assert [each.name for each in (shop / "scores").glob("as_of=*")] == [
        each.name for each in (shop / "features").glob("as_of=*")
    ]
    session.sql("DROP DATABASE sales CASCADE")
