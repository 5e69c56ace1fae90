"""What the tests of `[out]` share: a shop with a list whose tables go into PostgreSQL or DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from tests.postgres import new_database
from tests.serving.conftest import Call


@dataclass
class Out:
    """A shop whose tables go into a database, and what asks that database."""

    folder: Path
    command: Callable[..., tuple[int, str, str]]
    ask: Callable[[str], list[tuple[Any, ...]]]
    engine: str

    def everything(self) -> dict[str, list[str]]:
        """Every row of every table, in an order of its own."""
        names = ("scores", "lists", "outcomes", "features")
        return {name: sorted(map(str, self.ask(f"SELECT * FROM regulars.{name}"))) for name in names}


@pytest.fixture(params=["duckdb", "postgresql"])
def out(
    request: pytest.FixtureRequest, office: Path, call: Call, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Out]:
    toml = office / "regulars.toml"

    def command(name: str, *more: object) -> tuple[int, str, str]:
        return call(name, *more, "--config", toml)

    def names(url: str) -> None:
        toml.write_text(toml.read_text("utf-8") + f'\n[out]\nurl = "{url}"\n', "utf-8")

    if request.param == "duckdb":
        names("duckdb://out.duckdb")  # beside regulars.toml: with a third slash it were the machine's root

        def ask(query: str) -> list[tuple[Any, ...]]:
            with duckdb.connect(str(office / "out.duckdb")) as connection:
                found = connection.execute(query)
                return list(found.fetchall())

        yield Out(office, command, ask, request.param)
        return
    with new_database(postgresql) as url:
        monkeypatch.setenv("OUT_DB", url)
        names("${OUT_DB}")

        def ask_server(query: str) -> list[tuple[Any, ...]]:
            with psycopg.connect(url, autocommit=True) as connection:
                found = connection.execute(query)  # type: ignore[arg-type]
                return found.fetchall() if found.description else []

        yield Out(office, command, ask_server, request.param)
