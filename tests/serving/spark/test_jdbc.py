"""A shop whose orders lie in PostgreSQL, scored on Spark that reads them there; the walk is `whole`."""

from __future__ import annotations

import json
import re
import shlex
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pandas as pd
import psycopg
import pytest
from ibis.backends import BaseBackend

from features.engines.spark.masters import POSTGRESQL
from features.errors import InputError
from features.sources.databases.address import Database
from features.sources.spark.jdbc import address
from tests.postgres import new_database
from tests.serving.conftest import Call
from tests.serving.spark.test_orders import lake
from tests.serving.spark.test_page import PAGE
from tests.serving.spark.test_score import same, written

__all__ = ["lake"]  # a fixture
TYPES = {
    "ordered_at": "timestamp",
    "amount": "numeric",
    "discount": "numeric",
    "quantity": "int",
    "returned": "boolean",
}


class _Passed(socketserver.BaseRequestHandler):
    server: _Door

    def handle(self) -> None:
        with socket.socket(socket.AF_UNIX) as inner:
            inner.connect(self.server.inner)
            back = threading.Thread(target=_pass_on, args=(inner, self.request), daemon=True)
            back.start()
            _pass_on(self.request, inner)
            back.join()


def _pass_on(source: socket.socket, to: socket.socket) -> None:
    try:
        while content := source.recv(65_536):
            to.sendall(content)
        to.shutdown(socket.SHUT_WR)
    except OSError:  # the other side is gone
        pass


class _Door(socketserver.ThreadingTCPServer):
    daemon_threads = True
    inner: str


@contextmanager
def over_tcp(url: str) -> Iterator[str]:
    """The URL of the same database at a port of the loopback: the tests' server hears a socket, which Java does not."""
    parts = urlsplit(url)
    folder = dict(parse_qsl(parts.query))["host"]
    with _Door(("127.0.0.1", 0), _Passed) as door:
        door.inner = f"{folder}/.s.PGSQL.5432"
        threading.Thread(target=door.serve_forever, daemon=True).start()
        yield f"postgresql://postgres@127.0.0.1:{door.server_address[1]}{parts.path}"
        door.shutdown()


@pytest.fixture
def database(lake: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a database with the orders of a shop, whose settings name it for them and for what goes out."""
    shop = lake.parent
    orders = pd.read_csv(shop / "orders.csv", dtype=str)
    columns = ", ".join(f"{name} {TYPES.get(name, 'text')}" for name in orders.columns)
    with new_database(postgresql) as inner, over_tcp(inner) as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA sales")
        connection.execute(f"CREATE TABLE sales.orders({columns})")  # type: ignore[arg-type]
        with connection.cursor().copy("COPY sales.orders FROM STDIN") as copy:
            for row in orders.astype(object).where(orders.notna(), None).itertuples(index=False):
                copy.write_row(row)
        (shop / "orders.csv").unlink()
        toml = shop / "regulars.toml"
        stated = re.sub(
            r'(?m)^file = "orders.csv"$', 'url = "${SHOP_DB}"\ntable = "sales.orders"', toml.read_text("utf-8")
        )
        toml.write_text(stated + '\n[out]\nurl = "${SHOP_DB}"\n', "utf-8")
        monkeypatch.setenv("SHOP_DB", url)
        yield url


def walk() -> list[str]:
    """The commands of the page for a shop whose orders lie in PostgreSQL."""
    [block] = re.findall(r"### From a PostgreSQL to a table of it\n\n```\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return [line.partition("#")[0] for line in block.splitlines()]


@pytest.mark.slow
@pytest.mark.whole
@pytest.mark.filterwarnings("default")  # PySpark's own, of half-closed sockets and old names
@pytest.mark.skipif(not POSTGRESQL.is_file(), reason="apt-get install libpostgresql-jdbc-java to run it")
def test_the_page_walks_from_a_database_to_a_list_in_it(
    spark_connection: BaseBackend, lake: Path, database: str, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = lake.parent
    monkeypatch.chdir(shop)
    answers = {}
    for line in walk():
        _, name, *words = shlex.split(line)
        code, out, err = call(name, *words, "--json")
        assert code == 0, (line, err)
        answers[name] = json.loads(out)
    assert list(answers) == ["train", "score", "list", "out"]
    assert call("score", "--out", shop / "own.parquet")[0] == 0
    same(written(shop / "scores", answers["score"]), pd.read_parquet(shop / "own.parquet"))
    with psycopg.connect(database) as connection:
        [(rows,)] = connection.execute("SELECT count(*) FROM sales.orders").fetchall()
        [(listed,)] = connection.execute("SELECT count(*) FROM regulars.lists").fetchall()
    assert answers["score"]["orders"]["read"] == rows
    assert listed == answers["out"]["rows"]["lists"] > 0


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("duckdb:///shop.duckdb", "--from jdbc reads PostgreSQL, and this is duckdb"),
        ("postgresql:///shop?host=/run/postgresql", "JDBC reaches a host and a port, and no socket"),
        ("postgresql://db/shop?target_session_attrs=any", "its url says target_session_attrs"),
    ],
)
def test_what_jdbc_does_not_reach_is_said(url: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        address(Database(url, "orders"))


def test_a_password_is_no_part_of_the_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_DB_PASSWORD", "a@b/c")
    found = address(Database("postgresql://shop:${SHOP_DB_PASSWORD}@db/shop?connect_timeout=5", "orders"))
    assert found.url == "jdbc:postgresql://db/shop?connectTimeout=5"
    assert found.login == {"user": "shop", "password": "a@b/c"}
    assert "a@b" not in repr(found)
