"""Orders of a database are read by the same rules as those of a file."""

from datetime import date
from pathlib import Path

import duckdb
import pytest

from features.errors import ConfigError, InputError, Unreachable
from features.guess.guess import guess
from features.sources.databases.address import Database
from features.sources.databases.extract import Wanted, extracted
from features.sources.mapping import OrdersMapping, Shop
from features.sources.people.rows_of_customers import rows_of_customer
from features.sources.reader import check_files, places_of, read_log

SHOP = Shop("Europe/Berlin", "EUR")
COLUMNS = {
    "customer_id": "customer",
    "ordered_at": "ordered_at",
    "amount": "total",
    "order_id": "order_id",
    "status": "state",
}
ROWS = """
INSERT INTO orders
SELECT i, 'c' || i % 7, TIMESTAMP '2026-01-01 10:00:00' + INTERVAL (i) HOUR, 10 + i + 0.25,
    CASE WHEN i % 10 = 0 THEN 'cancelled' ELSE 'paid' END, 'Ann ' || i
FROM range(1, 61) t(i)"""


@pytest.fixture
def shop_file(tmp_path):
    file = tmp_path / "shop.duckdb"
    with duckdb.connect(str(file)) as made:
        made.execute(
            "CREATE TABLE orders(order_id INT,"
            "  customer TEXT, ordered_at TIMESTAMP, total DECIMAL(9,2), state TEXT, buyer TEXT)"
        )
        made.execute(ROWS)
        made.execute("CREATE SCHEMA sales; CREATE VIEW sales.orders AS SELECT * FROM main.orders WHERE order_id <= 20")
        made.execute(f"COPY (SELECT * FROM orders ORDER BY ordered_at, order_id) TO '{tmp_path}/orders.csv' (HEADER)")
    return file


def mapping(file, table="orders", **other):
    return OrdersMapping(columns=COLUMNS, url=f"duckdb://{file}", table=table, **other)


def test_a_table_reads_as_the_same_rows_in_a_file(shop_file, tmp_path):
    accept = ("cancelled",)
    of_table = read_log(SHOP, mapping(shop_file, accept=accept))
    of_file = read_log(SHOP, OrdersMapping(tmp_path / "orders.csv", COLUMNS, accept=accept))

    assert of_table.sheet.read == of_file.sheet.read
    assert [(line.rule, line.rows, line.money) for line in of_table.sheet.left_out] == [
        (line.rule, line.rows, line.money) for line in of_file.sheet.left_out
    ]
    assert of_table.log.streams["orders"].columns["spend"].sum() == of_file.log.streams["orders"].columns["spend"].sum()


def test_rows_have_the_same_numbers_each_time(shop_file):
    orders = mapping(shop_file)
    report = check_files(SHOP, orders)

    places = places_of(orders, report.sheet.rows_of("cancelled"))
    assert [place.line for place in places] == [10, 20, 30, 40, 50, 60]


def test_a_person_is_shown_every_mapped_column_of_the_own_rows(shop_file):
    """As in a file, with the line numbers that check tells; ids alone would answer nobody who asks what is stored."""
    orders = mapping(shop_file, contacts={"name": "buyer"})
    shown = rows_of_customer(orders, {}, "c3")
    assert [each.line for each in shown] == list(range(3, 61, 7))
    assert shown[0].file == "orders"
    assert shown[0].cells == {
        "order_id": "3",
        "customer": "c3",
        "ordered_at": "2026-01-01 13:00:00",
        "total": "13.25",
        "state": "paid",
        "buyer": "Ann 3",
    }


def test_only_mapped_columns_and_rows_before_the_day_are_sent(shop_file):
    wanted = Wanted(["Total", "Ordered_At"], ("ordered_at", date(2026, 1, 1)))
    with extracted(Database(f"duckdb://{shop_file}", "orders"), wanted) as file:
        read = duckdb.sql(f"SELECT * FROM read_parquet('{file}')")
        assert read.columns == ["total", "ordered_at"]
        # Two days more than asked for: which business day a row is of is decided where files are read.
        assert len(read.fetchall()) == 37
    assert not file.exists()

    cut = read_log(SHOP, mapping(shop_file, accept=("cancelled", "on or after until")), until=date(2026, 1, 2))
    assert cut.sheet.read.rows == 60
    assert cut.log.last_day == cut.log.first_day


def test_a_query_and_a_schema_name_the_rows(shop_file):
    query = OrdersMapping(
        columns=COLUMNS, url=f"duckdb://{shop_file}", query="SELECT * FROM orders WHERE order_id < 9;"
    )
    assert read_log(SHOP, query).sheet.read.rows == 8
    assert check_files(SHOP, mapping(shop_file, "sales.orders")).sheet.read.rows == 20


def test_a_guess_is_made_from_the_first_rows_and_names_the_table(shop_file):
    found = guess(Database(f"duckdb://{shop_file}", "orders"), columns={"customer_id": "customer"})

    assert found.orders.table == "orders"
    assert found.orders.url == f"duckdb://{shop_file}"
    assert found.orders.columns["amount"] == "total"
    assert found.orders.columns["ordered_at"] == "ordered_at"


@pytest.mark.parametrize(
    ("table", "query", "message"),
    [
        ("ordrs", None, 'ordrs: is no table of duckdb://FILE; it has "orders". Did you mean "orders"?'),
        ("sales.order", None, 'it has "sales.orders". Did you mean "sales.orders"?'),
        (None, "SELECT nothing FROM orders", "query: the query cannot be read: "),
        (None, "SELECT * FROM orders WHERE order_id < 0", "query: has no rows; look at the table"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(shop_file, table, query, message):
    orders = OrdersMapping(columns=COLUMNS, url=f"duckdb://{shop_file}", table=table, query=query)
    with pytest.raises(InputError) as refused:
        read_log(SHOP, orders)
    said = str(refused.value).replace(str(shop_file), "FILE")
    assert message in said
    assert len(said.splitlines()) == 2


def test_a_missing_column_is_named_with_a_near_one(shop_file):
    orders = OrdersMapping(columns={**COLUMNS, "amount": "totl"}, url=f"duckdb://{shop_file}", table="orders")
    with pytest.raises(
        InputError, match=r'orders, column totl: is not in it; it has "order_id", .* Did you mean "total"'
    ):
        read_log(SHOP, orders)


def test_a_database_that_is_not_there_is_not_made(tmp_path):
    (tmp_path / "shop.duckdb").touch()
    with pytest.raises(InputError, match=r'shp.duckdb is no file. Did you mean "shop.duckdb"'):
        read_log(SHOP, mapping(tmp_path / "shp.duckdb"))
    assert not (tmp_path / "shp.duckdb").exists()


def test_a_driver_that_is_not_there_is_named_with_its_installation():
    with pytest.raises(InputError, match=r'driver for mysql, .* pip install "ibis-framework\[mysql\]"'):
        read_log(SHOP, OrdersMapping(columns=COLUMNS, url="mysql://shop@localhost/shop", table="orders"))
    with pytest.raises(InputError, match="mysq:// is no database"):
        read_log(SHOP, OrdersMapping(columns=COLUMNS, url="mysq://shop@localhost/shop", table="orders"))


def test_a_server_that_does_not_answer_is_a_fault_of_the_machine_and_keeps_the_password(monkeypatch):
    monkeypatch.setenv("SHOP_DB_PASSWORD", "geheim-42")
    url = "postgresql://shop:${SHOP_DB_PASSWORD}@127.0.0.1:1/shop"
    source = extracted(Database(url, "orders"), Wanted())
    with pytest.raises(Unreachable, match="Connection refused") as failed, source:
        pass
    assert url in str(failed.value)
    assert "geheim" not in str(failed.value)


@pytest.mark.parametrize(
    "url",
    ["postgresql://shop:geheim@db/shop", "databricks://host/catalog?access_token=geheim", "snowflake://u:geheim@a"],
)
def test_a_password_stands_in_no_setting(url):
    with pytest.raises(ConfigError, match="url holds a password") as refused:
        OrdersMapping(columns=COLUMNS, url=url, table="orders")
    assert "geheim" not in str(refused.value)
    assert "${SHOP_DB_PASSWORD}" in str(refused.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "orders need a file"),
        ({"file": Path("o.csv"), "url": "duckdb:///a", "table": "t"}, "orders need a file"),
        ({"url": "duckdb:///a"}, "url needs a table"),
        ({"url": "duckdb:///a", "table": "t", "query": "SELECT 1"}, "url needs a table"),
        ({"file": Path("o.csv"), "table": "t"}, "table and query are of a database"),
        ({"url": "orders.db", "table": "t"}, "url is that of a database"),
    ],
)
def test_a_source_is_named_once(settings, message):
    with pytest.raises(ConfigError, match=message):
        OrdersMapping(columns=COLUMNS, **settings)


def test_a_variable_that_is_not_set_is_named():
    with pytest.raises(ConfigError, match="the environment has no NOT_SET_ANYWHERE"):
        Database("postgresql://${NOT_SET_ANYWHERE}@db/shop", "orders").filled({})


def test_a_file_of_a_database_lies_beside_the_settings(tmp_path):
    assert Database("duckdb://shop.duckdb", "t").at(tmp_path).url == f"duckdb://{tmp_path}/shop.duckdb"
    assert Database("duckdb:///all/shop.duckdb", "t").at(tmp_path).url == "duckdb:///all/shop.duckdb"
