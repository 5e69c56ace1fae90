"""What `[out]` refuses, and what is said when its database is away."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from features.errors import ConfigError
from serving.config import load_settings
from serving.config.out_settings import OutSettings
from tests.serving.conftest import Call

# Ibis 12 asks DuckDB 2 by the old name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


def told(office: Path, section: str) -> Path:
    toml = office / "regulars.toml"
    toml.write_text(f"{toml.read_text('utf-8')}\n[out]\n{section}\n", "utf-8")
    return toml


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ('url = "postgresql://shop:hunter2@db/shop"', "url holds a password"),
        ('url = "marts"', "url is that of a database"),
        ('url = "duckdb:///a.duckdb"\nschema = "a b"', "schema under [out] is a name of letters"),
        ('url = "duckdb:///a.duckdb"\nwhat = ["score"]', "a known word"),
        ('url = "duckdb:///a.duckdb"\nwhat = []', "what under [out] names a table or more"),
        ('schema = "marts"', "missing"),
        ('url = "duckdb:///a.duckdb"\nshema = "marts"', 'Did you mean "schema"?'),
    ],
)
def test_what_is_wrong_in_the_section_is_said(office: Path, section: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_settings(told(office, section))
    assert said in str(error.value)
    assert "hunter2@" not in str(error.value)


def test_without_the_section_it_says_what_to_write(office: Path, call: Call) -> None:
    code, _, err = call("out", "--config", office / "regulars.toml")
    assert code == 2
    assert 'write url = "postgresql://…" under [out]' in err


def test_another_kind_of_database_is_refused(office: Path, call: Call) -> None:
    code, _, err = call("out", "--config", told(office, 'url = "mysql://shop@127.0.0.1/shop"'))
    assert code == 2
    assert "[out] writes into PostgreSQL and DuckDB, and url is that of mysql" in err


def test_a_server_that_is_away_is_one_sentence_and_nobody_is_forgotten_by_half(office: Path, call: Call) -> None:
    toml = told(office, 'url = "postgresql://shop@127.0.0.1:9/shop"')
    code, _, err = call("out", "--config", toml)
    assert code != 0
    assert "nothing was written" in err
    assert len(err.strip().splitlines()) == 1
    customer = (office / "customers.csv").read_text("utf-8").splitlines()[1].split(",")[0]
    code, _, err = call("forget", customer, "--yes", "--config", toml)
    assert code != 0
    assert "127.0.0.1:9" in err


def test_the_default_is_every_table() -> None:
    from serving.out.contract import TABLES

    assert OutSettings("duckdb:///a.duckdb").what == tuple(TABLES)


def test_a_duckdb_that_is_made_is_read_by_nobody_else(office: Path, call: Call) -> None:
    before = os.umask(0)
    try:
        code, _, err = call("out", "--config", told(office, 'url = "duckdb://out.duckdb"'))
    finally:
        os.umask(before)
    assert code == 0, err
    assert (office / "out.duckdb").stat().st_mode & 0o777 == 0o600
