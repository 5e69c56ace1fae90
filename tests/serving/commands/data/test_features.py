"""`regulars features` in a database: the same numbers in a table, twice without harm, and the SQL of the others."""

import json
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import psycopg
import pytest

from features.errors import Busy
from serving.commands.data.features import FeaturesWritten
from tests.postgres import new_database

# Ibis 12 asks DuckDB 2 by the old name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")
KEYS = ["customer_id", "as_of"]


@pytest.fixture
def features(shop, call):
    """Call the command on the small shop."""
    return lambda *options: call("features", "--config", shop.settings.folder / "regulars.toml", *options)


@pytest.fixture(scope="module")
def written(shop, tmp_path_factory):
    """The features as the single pass writes them into a file."""
    from serving.commands.data.features import write_features
    from tests.serving.conftest import in_shop

    file = tmp_path_factory.mktemp("features") / "f.parquet"
    in_shop(shop.settings, write_features, file)
    return pd.read_parquet(file)


@pytest.fixture
def postgres_url(postgresql, monkeypatch):
    with new_database(postgresql) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE SCHEMA marts")
        monkeypatch.setenv("SHOP_DB", url)
        yield url


def same(found, written):
    found = found.assign(as_of=pd.to_datetime(found["as_of"]).dt.date).sort_values(KEYS, ignore_index=True)
    numbers = written.columns[2:]
    assert list(found.columns) == list(written.columns)
    pd.testing.assert_frame_equal(found[KEYS].astype(str), written[KEYS].astype(str))
    pd.testing.assert_frame_equal(found[numbers].astype(float), written[numbers], rtol=1e-9, atol=1e-9)


def of_postgres(url, table):
    with psycopg.connect(url) as connection:
        cursor = connection.execute(f"SELECT * FROM {table}")
        return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description])


def test_postgresql_holds_a_table_of_the_same_numbers_once(features, written, postgres_url):
    into = ("--engine", "postgresql", "--url", "${SHOP_DB}", "--into", "marts.features")
    for _ in range(2):
        code, out, err = features(*into, "--json")
        assert code == 0, err
        assert json.loads(out) == {
            "table": "marts.features",
            "as_of": str(written["as_of"].iloc[0]),
            "rows": len(written),
            "engine": "postgresql",
        }
    same(of_postgres(postgres_url, "marts.features"), written)


def test_an_earlier_day_stays_beside_and_a_new_feature_is_a_new_column(features, written, tmp_path):
    file = tmp_path / "shop.duckdb"
    into = ("--engine", "duckdb", "--url", f"duckdb://{file}", "--into", "daily")
    assert features(*into, "--as-of", "2022-12-01")[0] == 0
    with duckdb.connect(str(file)) as connection:
        [(earlier,)] = connection.execute("SELECT count(*) FROM daily").fetchall()
        connection.execute("ALTER TABLE daily DROP COLUMN tenure_days")
    assert features(*into)[0] == 0
    with duckdb.connect(str(file)) as connection:
        found = connection.execute("SELECT * FROM daily").df()
    days = found.groupby("as_of").size()
    assert sorted(days) == sorted([earlier, len(written)])
    today = found[found["as_of"].dt.date == written["as_of"].iloc[0]]
    same(today[list(written.columns)], written)


def test_a_table_that_is_not_ours_is_left_alone(features, postgres_url):
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE marts.orders(customer_id text, as_of date)")
        connection.execute("INSERT INTO marts.orders VALUES ('ann', '2022-01-01')")
    code, _, err = features("--engine", "postgresql", "--url", "${SHOP_DB}", "--into", "marts.orders")
    assert code == 2
    assert "marts.orders: it is there, and not a table of features; name another one" in err
    assert len(of_postgres(postgres_url, "marts.orders")) == 1


def test_a_schema_that_is_not_there_is_said(features, postgres_url):
    code, _, err = features("--engine", "postgresql", "--url", "${SHOP_DB}", "--into", "mart.features")
    assert code == 2
    assert 'there is no schema mart; make it: CREATE SCHEMA "mart"' in err


def test_what_fails_midway_leaves_the_table_as_it_was(features, written, postgres_url):
    into = ("--engine", "postgresql", "--url", "${SHOP_DB}", "--into", "marts.features")
    assert features(*into)[0] == 0
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE marts.features ADD CHECK (tenure_days < 0) NOT VALID")
    code, _, err = features(*into)
    assert code == 2
    assert "marts.features cannot be written: " in err
    assert "nothing was written" in err
    same(of_postgres(postgres_url, "marts.features"), written)


def test_a_file_of_a_database_is_that_of_the_single_pass(features, written, tmp_path):
    assert features("--engine", "duckdb", "--out", tmp_path / "f.parquet")[0] == 0
    same(pd.read_parquet(tmp_path / "f.parquet"), written)


def test_no_server_is_one_sentence(features):
    url = "postgresql://shop@127.0.0.1:9/shop"
    code, _, err = features("--engine", "postgresql", "--url", url, "--into", "marts.features")
    assert code != 0
    assert "nothing was written" in err
    assert len(err.strip().splitlines()) == 1


def test_a_duckdb_that_another_process_holds_is_busy():
    from features.sources.databases.address import Database
    from features.sources.databases.failures import told

    error = told(Database("duckdb:///a.duckdb", "daily"), OSError("Could not set lock on file"), writing=True)
    assert isinstance(error, Busy)
    assert "nothing was written" in str(error)


def test_explain_prints_sql_that_can_be_piped(features):
    code, out, _ = features("--engine", "snowflake", "--explain")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith("-- reads regulars_")
    assert out.rstrip().endswith(";")
    assert '"regulars_orders"' in out
    document = json.loads(features("--engine", "clickhouse", "--explain", "--json")[1])
    assert document["tables"]["regulars_orders"]["customer_id"] == "string"
    assert "join_use_nulls = 1" in document["sql"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "say where the features go, and once"),
        (("--out", "f.csv", "--into", "a.b"), "say where the features go, and once"),
        (("--into", "a.b"), "add --engine duckdb, --engine postgresql or --engine spark"),
        (("--explain",), "--explain prints SQL: name a database"),
        (("--engine", "trino", "--out", "f.csv"), "the statement is compiled, and not run from here"),
        (("--engine", "postgresql", "--into", "a.b"), "--engine postgresql needs a database: --url"),
        (("--engine", "duckdb", "--url", "postgresql://s@h/d", "--into", "a.b"), "is that of postgresql"),
        (("--engine", "duckdb", "--url", "duckdb://x.duckdb", "--into", "a.b.c"), "write it as schema.table"),
        (("--engine", "flink", "--out", "f.csv"), '"flink" is not known'),
        (("--url", "duckdb://x.duckdb", "--out", "f.csv"), "--url names what computes: add --engine"),
    ],
)
def test_what_does_not_fit_together_is_said(features, options, message):
    code, _, err = features(*options)
    assert code == 2
    assert message in err


@pytest.mark.parametrize(("rows", "said"), [(1, "1 customer as of"), (2, "2 customers as of")])
def test_one_customer_is_no_plural(rows: int, said: str):
    [line] = FeaturesWritten(rows, Path("f.parquet"), date(2026, 1, 1)).lines()
    assert line.startswith(said)
