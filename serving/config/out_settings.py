"""What regulars.toml says of `regulars out`: the database that takes the tables, and which."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from features.errors import ConfigError
from features.sources.databases.address import Database

OutTableName = Literal["scores", "lists", "outcomes", "features"]


@dataclass(frozen=True)
class OutSettings:
    """The database in which other systems read scores, lists and outcomes.

    Args:
        url: of PostgreSQL or DuckDB, as postgresql://shop:${OUT_DB_PASSWORD}@host/name or duckdb://marts.duckdb, a file
            beside regulars.toml; what stands in ${} is a variable of the environment.
        schema: in which the tables lie; it is made where there is none.
        what: the tables.

    Raises:
        ConfigError: a URL that is none or holds a password, a schema that is no name, or no table.

    >>> OutSettings("duckdb://marts.duckdb").schema
    'regulars'
    >>> OutSettings("duckdb://marts.duckdb", schema="a.b")
    Traceback (most recent call last):
    ...
    features.errors.ConfigError: schema under [out] is a name of letters, digits and "_" that begins with a letter, \
not "a.b"
    """

    url: str
    schema: str = "regulars"
    what: tuple[OutTableName, ...] = ("scores", "lists", "outcomes", "features")

    def __post_init__(self) -> None:
        self.database()  # refuses a URL that is none
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,62}", self.schema):
            rule = 'a name of letters, digits and "_" that begins with a letter'
            raise ConfigError(f'schema under [out] is {rule}, not "{self.schema}"')
        if not self.what:
            raise ConfigError('what under [out] names a table or more, as what = ["scores", "lists"]')

    def database(self) -> Database:
        """Return where the tables are written."""
        return Database(self.url, "[out]")
