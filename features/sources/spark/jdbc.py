"""Orders of a PostgreSQL as rows of Spark: its workers ask the database by JDBC, each for the rows of some customers.

No row comes to this process, and none lies in a file between. This process asks for the names of the columns alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from features.engines.engine_names import DATABASES
from features.errors import InputError
from features.sources.databases.address import Database
from features.sources.databases.connect import connected
from features.sources.databases.failures import failures_of, missing_table, refusal

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

JDBC = "jdbc"  # what --from calls the database of the settings
DRIVER = "org.postgresql.Driver"
READINGS = 4  # connections; the database reads the whole table for each
FETCHED_ROWS = 10_000
MOST_DECIMALS = 9  # as where rows are read by this process: money times 100 has to fit into 38 digits
# Names of libpq, which Ibis takes, and those of JDBC.
_OPTIONS: Mapping[str, str] = {
    "sslmode": "sslmode",
    "sslrootcert": "sslrootcert",
    "connect_timeout": "connectTimeout",
    "application_name": "ApplicationName",
}


@dataclass(frozen=True)
class Address:
    """Where JDBC finds a database, and who asks; the password stays out of the URL, which Spark shows in its plans.

    Args:
        url: without user and password.
        login: user and password, where they are named.
    """

    url: str
    login: Mapping[str, str] = field(repr=False)


def address(database: Database) -> Address:
    """Return where JDBC finds a database.

    Raises:
        ConfigError: a variable of the URL is not set.
        InputError: it is no PostgreSQL, is no server of a host and a port, or has an option that JDBC does not know.

    >>> address(Database("postgresql://shop@db:5433/shop?sslmode=require", "orders"))
    Address(url='jdbc:postgresql://db:5433/shop?sslmode=require')
    """
    if database.scheme not in DATABASES["postgresql"]:
        remedy = "leave --from out, or load the orders into a table of Spark and name that"
        raise refusal(database, f"--from jdbc reads PostgreSQL, and this is {database.scheme}", remedy)
    parts = urlsplit(database.filled())
    given = dict(parse_qsl(parts.query))
    if not parts.hostname or "host" in given:
        raise refusal(database, "JDBC reaches a host and a port, and no socket", "name both: postgresql://db:5432/shop")
    if unknown := sorted(given.keys() - _OPTIONS):
        raise refusal(database, f"its url says {', '.join(unknown)}, which --from jdbc does not know", "take it out")
    named = {"user": parts.username, "password": parts.password}
    options = urlencode({_OPTIONS[name]: value for name, value in given.items()})
    place = f"{parts.netloc.rpartition('@')[2]}{parts.path}"
    return Address(
        f"jdbc:postgresql://{place}{'?' if options else ''}{options}",
        {name: unquote(value) for name, value in named.items() if value},
    )


def read_database(session: SparkSession, database: Database, customer_id: str) -> DataFrame:
    """Return the rows of a table or query, held by Spark once they are read, so that all steps see the same.

    Args:
        session: of Spark.
        database: a PostgreSQL.
        customer_id: the column by which the rows are shared out.

    Raises:
        ConfigError: a variable of the URL is not set.
        InputError: no such table, another database, or no driver.
        MachineFault: the database does not answer or refuses.
    """
    found = address(database)
    names = _columns(database)
    options = {"driver": DRIVER, "fetchsize": str(FETCHED_ROWS), "preferTimestampNTZ": "true", **found.login}
    # Without the column one reading has all rows, and the mapping is refused by its name.
    parts = _parts(customer_id) if customer_id in names else ["true"]
    try:
        rows = session.read.options(**options).jdbc(found.url, _source(database), predicates=parts)
    except Exception as error:
        if DRIVER not in str(error):
            raise
        raise InputError(
            "--from jdbc needs PostgreSQL's driver for Java: install it (Debian: libpostgresql-jdbc-java), or name its "
            "file as spark.jars in Spark's own settings"
        ) from None
    return _plain(rows).cache()


def _columns(database: Database) -> Sequence[str]:
    """Return the names of the columns; who cannot log in or names no table learns it before Spark asks."""
    from ibis.common.exceptions import TableNotFound

    with failures_of(database):
        connection = connected(database)
        try:
            if database.query is not None:
                return list(connection.sql(_query(database)).columns)
            *schema, name = (database.table or "").split(".")
            place = {"database": tuple(schema) if len(schema) > 1 else schema[0]} if schema else {}
            try:
                return list(connection.table(name, **place).columns)
            except TableNotFound:
                raise missing_table(
                    database, [".".join([*schema, each]) for each in connection.list_tables(**place)]
                ) from None
        finally:
            connection.disconnect()


def _query(database: Database) -> str:
    return (database.query or "").strip().rstrip(";")


def _source(database: Database) -> str:
    """Return what is selected from.

    >>> _source(Database("postgresql://db/shop", "sales.orders"))
    '"sales"."orders"'
    """
    if database.query is not None:
        return f"({_query(database)}) AS regulars_query"
    return ".".join(map(_quoted, (database.table or "").split(".")))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _parts(customer_id: str) -> list[str]:
    """Return the conditions that share the rows out: each row meets one, also that of nobody."""
    code = f"COALESCE(hashtext({_quoted(customer_id)}::text), 0)::bigint"
    return [f"abs({code}) % {READINGS} = {number}" for number in range(READINGS)]


def _plain(rows: DataFrame) -> DataFrame:
    """Return numbers of no stated size with as many decimals as this process would read them with."""
    from pyspark.sql import functions as sql
    from pyspark.sql.types import DecimalType

    kinds = {each.name: each.dataType for each in rows.schema}
    wide = [name for name, kind in kinds.items() if isinstance(kind, DecimalType) and kind.scale > MOST_DECIMALS]
    cells = {name: sql.col("`" + name.replace("`", "``") + "`") for name in wide}
    return rows.withColumns({name: cell.cast(f"decimal(38,{MOST_DECIMALS})") for name, cell in cells.items()})
