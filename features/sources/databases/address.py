"""Where a database is and what is read of it; a password stands in no setting, only the name of its variable."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

from features.errors import ConfigError

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SECRETS = ("password", "passwd", "pwd", "token", "access_token", "private_key", "secret")
IN_FILES = ("duckdb", "sqlite")  # databases that are a file of this machine


@dataclass(frozen=True)
class Database:
    """The table of a database, or the rows of a query, that hold the orders.

    Args:
        url: as postgresql://shop:${SHOP_DB_PASSWORD}@host/name or duckdb:///folder/shop.duckdb; what stands in ${}
            is a variable of the environment.
        table: a table or view, with its schema where it is not the usual one, as sales.orders.
        query: a SELECT instead of a table.

    Raises:
        ConfigError: no URL, a password in it, or not exactly one of table and query.

    >>> Database("duckdb:///shop.duckdb", "orders").name
    'orders'
    >>> Database("postgresql://shop:hunter2@db/shop", "orders")
    Traceback (most recent call last):
    ...
    features.errors.ConfigError: url holds a password; keep it in the environment and write the name of its \
variable, in a shell between single quotes: postgresql://shop:${SHOP_DB_PASSWORD}@db/shop
    """

    url: str
    table: str | None = None
    query: str | None = None

    def __post_init__(self) -> None:
        if (self.table is None) == (self.query is None):
            raise ConfigError('url needs a table = "orders", or a query = "SELECT … FROM …", and not both')
        if not _VARIABLE.match(self.url):
            _check_url(self.url)

    @property
    def name(self) -> str:
        """The source as it is called in messages."""
        return self.table or "query"

    @property
    def options(self) -> tuple[str, ...]:
        """The options of `regulars init` that name it."""
        return ("--url", self.url, *(("--table", self.table) if self.table else ("--query", self.query or "")))

    @property
    def scheme(self) -> str:
        """The kind of database, such as postgresql."""
        return urlsplit(self.filled()).scheme.partition("+")[0]

    def filled(self, environment: Mapping[str, str] = os.environ) -> str:
        """Return the URL with the values of its variables; a value inside a URL is quoted, so that it may hold an @.

        Raises:
            ConfigError: a variable is not set, or what comes out is no URL.

        >>> Database("postgresql://shop:${PASSWORD}@db/shop", "orders").filled({"PASSWORD": "a@b"})
        'postgresql://shop:a%40b@db/shop'
        """
        missing = [name for name in _VARIABLE.findall(self.url) if not environment.get(name)]
        if missing:
            names = ", ".join(missing)
            raise ConfigError(f"url = {self.url}: the environment has no {names}; set it, and run this again")
        alone = _VARIABLE.fullmatch(self.url)
        if alone:
            return environment[alone[1]]
        return _VARIABLE.sub(lambda found: quote(environment[found[1]], safe=""), self.url)

    def without_secrets(self, text: str, environment: Mapping[str, str] = os.environ) -> str:
        """Return a text with the variables in place of their values, quoted or not.

        >>> Database("postgresql://shop:${PASSWORD}@db/shop", "orders").without_secrets("got a@b", {"PASSWORD": "a@b"})
        'got ${PASSWORD}'
        """
        for name in _VARIABLE.findall(self.url):
            value = environment.get(name, "")
            for secret in (value, quote(value, safe=""), *_passwords(value)):
                text = text.replace(secret, f"${{{name}}}") if secret else text
        return text

    def at(self, folder: Path) -> Database:
        """Return the same database, the file of a DuckDB or SQLite as lying in the folder."""
        scheme, mark, place = self.url.partition("://")
        if scheme not in IN_FILES or not place or place.startswith(("/", "$")):
            return self
        return replace(self, url=f"{scheme}{mark}{(folder / place).resolve()}")


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if not parts.scheme or "://" not in url:
        raise ConfigError("url is that of a database, as postgresql://user@host/name or duckdb:///shop.duckdb")
    secrets = [value for key, value in parse_qsl(parts.query) if key.lower() in _SECRETS]
    for secret in filter(None, (parts.password, *secrets)):
        if not _VARIABLE.fullmatch(secret):
            safe = url.replace(secret, "${SHOP_DB_PASSWORD}") if url.count(secret) == 1 else "${SHOP_DB_PASSWORD}"
            raise ConfigError(
                "url holds a password; keep it in the environment and write the name of its variable, in a shell "
                f"between single quotes: {safe}"
            )


def _passwords(value: str) -> tuple[str, ...]:
    """Return the password of a value that is a whole URL."""
    password = urlsplit(value).password if "://" in value else None
    return (password,) if password else ()
