"""A shop whose orders live on a PostgreSQL server: `init --url`, `check` and `horizon`."""

import json

import psycopg
import pytest

from tests.serving.conftest import new_database

ROWS = """
CREATE SCHEMA sales;
CREATE TABLE sales.orders(
    order_id uuid DEFAULT gen_random_uuid(), customer_id text, ordered_at timestamptz, total numeric, note jsonb);
INSERT INTO sales.orders(customer_id, ordered_at, total, note)
SELECT 'c' || i % 40, timestamptz '2025-01-01 23:30:00+00' + i * interval '9 hours', 5 + i % 50 + 0.25, '{"a": 1}'
FROM generate_series(1, 900) i;"""


@pytest.fixture
def orders_url(postgresql):
    with new_database(postgresql) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(ROWS)
        yield url


def test_a_shop_whose_orders_live_in_postgresql(call, orders_url, tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_DB", orders_url)
    toml = tmp_path / "regulars.toml"
    source = ("--url", "${SHOP_DB}", "--table", "sales.orders")
    code, out, err = call("init", *source, "--out", toml, "--json")
    assert code == 0, (out, err)
    assert json.loads(out)["orders"]["columns"]["amount"] == "total"
    written = toml.read_text()
    assert 'url = "${SHOP_DB}"' in written
    assert 'table = "sales.orders"' in written
    assert orders_url not in written

    code, out, err = call("check", "--config", toml, "--json")
    assert code == 0, (out, err)
    read = json.loads(out)["balance_sheet"]["read"]
    assert read["rows"] == 900
    money = sum(5 + i % 50 + 0.25 for i in range(1, 901))
    assert json.dumps(read).count(f"{money:.2f}") == 1

    code, out, _ = call("horizon", "--config", toml, "--until", "2025-06-01", "--json")
    assert code == 0

    monkeypatch.delenv("SHOP_DB")
    code, out, _ = call("check", "--config", toml)
    assert code == 2
    assert "the environment has no SHOP_DB" in out


def test_a_login_that_is_refused_is_one_sentence(call, orders_url, tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_DB", orders_url.replace("postgres:", "nobody:"))
    code, out, err = call("init", "--url", "${SHOP_DB}", "--table", "sales.orders", "--out", tmp_path / "r.toml")
    assert code == 12, (out, err)
    assert 'role "nobody" does not exist' in err
    assert len(err.strip().splitlines()) == 1


def test_a_table_that_is_not_there_is_named_with_a_near_one(call, orders_url, tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_DB", orders_url)
    code, _, err = call("init", "--url", "${SHOP_DB}", "--table", "sales.ordres", "--out", tmp_path / "r.toml")
    assert code == 2
    assert 'Did you mean "sales.orders"?' in err


def test_orders_are_named_once(call, tmp_path):
    for given in ((), (tmp_path / "o.csv", "--url", "duckdb://a.duckdb"), (tmp_path / "o.csv", "--table", "orders")):
        code, _, err = call("init", *given)
        assert code == 2
        assert "name the orders: a file as exported, or a database" in err
