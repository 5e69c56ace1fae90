"""A book of any older version is brought to this version's shape when it is opened; a newer one is refused.

Alembic does it, from `migrations/`. A book that is up to date costs one query and does not import it.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from features.errors import InputError
from serving.book.connection import name_of, unreachable, writing

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0003"  # the newest of migrations/versions/
FOLDER = Path(__file__).parent / "migrations"
# Not Alembic's usual name: MLflow may keep its own tables in the same database, and its version with them.
VERSION_TABLE = "book_version"
_ONE_AT_A_TIME = threading.Lock()  # Alembic keeps what it works on in the module, one per process


def bring_up_to_date(engine: Engine) -> None:
    """Bring a book to the newest shape; of several that open it at once one does, and the others wait.

    Raises:
        InputError: the database does not answer, holds something else, or a book of a newer version.
    """
    try:
        if _version(engine) == HEAD:
            return
        with _ONE_AT_A_TIME, writing(engine) as connection:
            upgrade(connection)
    except sa.exc.DBAPIError as error:
        raise unreachable(engine, error) from None


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run the migrations that are missing, inside the writer's transaction."""
    from alembic import command

    settings = _settings(connection)
    _check(connection, settings)
    command.upgrade(settings, to)


def _version(engine: Engine) -> str | None:
    with engine.connect() as connection, connection.begin():
        return _version_in(connection) if sa.inspect(connection).has_table(VERSION_TABLE) else None


def _version_in(connection: Connection) -> str | None:
    version: str | None = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()
    return version


def _settings(connection: Connection) -> Config:
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    settings.attributes["connection"] = connection
    settings.attributes["version_table"] = VERSION_TABLE
    return settings


def _check(connection: Connection, settings: Config) -> None:
    tables = sa.inspect(connection)
    if not tables.has_table(VERSION_TABLE):
        _refuse_another_application(connection, tables)
        return
    version = _version_in(connection)
    if version is not None and version not in _known(settings):
        raise InputError(
            f"the book {name_of(connection.engine)} is of version {version}, and this Regulars knows versions up to "
            f"{HEAD} only: it was written by a newer Regulars. Install that one, or open a copy made before"
        )


def _known(settings: Config) -> set[str]:
    from alembic.script import ScriptDirectory

    return {script.revision for script in ScriptDirectory.from_config(settings).walk_revisions()}


def _refuse_another_application(connection: Connection, tables: sa.Inspector) -> None:
    # Before there were versions a book had these columns; MLflow, too, has a table of this name.
    if tables.has_table("runs") and "data_digest" not in {column["name"] for column in tables.get_columns("runs")}:
        raise InputError(
            f"{name_of(connection.engine)} holds the tables of another application; give the book a database of its own"
        )
