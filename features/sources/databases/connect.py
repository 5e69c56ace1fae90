"""Opens a database through Ibis, by its URL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from features.sources.databases.address import IN_FILES, Database
from features.sources.databases.failures import missing_file, refusal

if TYPE_CHECKING:
    from ibis.backends import BaseBackend

CONNECT_SECONDS = 10


def connected(database: Database, *, to_write: bool = False) -> BaseBackend:
    """Return an open connection of Ibis; whoever asks for it disconnects it.

    Args:
        database: where it is.
        to_write: a DuckDB that is a file is opened for writing, and made where there is none.

    Raises:
        ConfigError: a variable of the URL is not set.
        InputError: no such file, no such kind of database, or a driver that is not installed.
    """
    import ibis  # only here: it takes a second, and a file needs none of it

    url = database.filled()
    if database.scheme in IN_FILES:
        return _opened(database, url, to_write=to_write)
    try:
        if database.scheme == "databricks":
            return ibis.databricks.connect(**databricks_options(url))
        scheme, mark, rest = url.partition("://")
        return ibis.connect(f"{scheme.partition('+')[0]}{mark}{rest}", **_options(database.scheme, rest))
    except ImportError:
        name = {"postgresql": "postgres"}.get(database.scheme, database.scheme)
        remedy = f'install it: pip install "ibis-framework[{name}]"'
        raise refusal(database, f"needs the driver for {database.scheme}, which is not installed", remedy) from None
    except ValueError as error:
        if "know how to connect" not in str(error):
            raise
        known = "known are postgresql, duckdb, sqlite, mysql, bigquery, snowflake, databricks and others of Ibis"
        raise refusal(database, f"{database.scheme}:// is no database that Ibis knows", known) from None


def _options(scheme: str, rest: str) -> dict[str, Any]:
    if scheme == "snowflake":  # Ibis would make functions in the shop's database
        return {"create_object_udfs": False}
    named = "connect_timeout" in rest
    return {"connect_timeout": CONNECT_SECONDS} if scheme in ("postgres", "postgresql") and not named else {}


def databricks_options(url: str) -> dict[str, str]:
    """Return how Databricks is connected to; Ibis 12 takes the host of its URL for a file.

    Args:
        url: host, catalog and schema, the HTTP path and the token behind the question mark.

    >>> databricks_options("databricks://host/main/sales?http_path=/sql/1&access_token=t")["server_hostname"]
    'host'
    """
    parts = urlsplit(url)
    places = dict(zip(("catalog", "schema"), filter(None, parts.path.split("/")), strict=False))
    return {"server_hostname": parts.hostname or "", **places, **dict(parse_qsl(parts.query))}


def _opened(database: Database, url: str, *, to_write: bool) -> BaseBackend:
    """Open a database that is a file; one that is not there is made to be written into, and not to be read."""
    import ibis

    parts = urlsplit(url)
    path = Path(parts.netloc + parts.path)
    if not path.is_file() and not (to_write and path.parent.is_dir()):
        raise missing_file(database, path)
    return ibis.duckdb.connect(path, read_only=not to_write) if parts.scheme == "duckdb" else ibis.sqlite.connect(path)
