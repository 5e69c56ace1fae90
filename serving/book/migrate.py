"""A new book gets the schema, a book of a former version is migrated when it is opened, and any other is refused.

Alembic migrates, from `migrations/`. A book that is up to date costs one query and does not import it.
"""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from features.errors import InputError
from serving.book.connection import faults_of, shown_name, writing
from serving.book.privacy.sealing import seal_book
from serving.book.privacy.secret import SecretKeeper
from serving.book.recognition.identity import give_identity
from serving.book.schema import METADATA

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0021"  # the newest of migrations/versions/
BASELINE = "0003"  # the oldest of them; versions are compared as texts
FOLDER = Path(__file__).parent / "migrations"
# Not Alembic's usual name: MLflow may keep its own tables in the same database, and its version with them.
VERSION_TABLE = "book_version"
_ONE_AT_A_TIME = threading.Lock()  # Alembic keeps what it works on in the module, one per process


def bring_up_to_date(engine: Engine, keeper: SecretKeeper) -> None:
    """Bring a book to the newest schema; of several processes that open it at once one does, and the others wait.

    Args:
        engine: of the book.
        keeper: has the secret that an older book is sealed with.

    Raises:
        InputError: the database holds something else, or a book of a version that is not known.
        MachineFault: the database does not answer, or the machine does not let it be read.
    """
    with faults_of(engine):
        with engine.connect() as connection, connection.begin():
            if version_of(connection) == HEAD:
                return
        with _ONE_AT_A_TIME, writing(engine) as connection:
            make_or_migrate(connection, keeper)


def make_or_migrate(connection: Connection, keeper: SecretKeeper) -> None:
    """Make the tables of a new book, or run the migrations that an older one lacks, in the writer's transaction."""
    from alembic import command

    settings, version = _settings(connection, keeper), version_of(connection)
    if version is not None:
        _refuse_unknown(connection, version, settings)
        command.upgrade(settings, "head")
    else:
        _refuse_unversioned(connection)
        make_tables(connection, keeper)
    give_identity(connection)


def make_tables(connection: Connection, keeper: SecretKeeper) -> None:
    """Make the tables of a book of this version, without a row in them, in the writer's transaction."""
    from alembic import command

    METADATA.create_all(connection, checkfirst=False)
    command.stamp(_settings(connection, keeper), "head")


def holds_book(connection: Connection) -> bool:
    """Say whether a database holds a book of any version."""
    return version_of(connection) is not None


def version_of(connection: Connection) -> str | None:
    """Return the version of the book in a database; None where it holds none."""
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    version: str | None = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()
    return version


def _settings(connection: Connection, keeper: SecretKeeper) -> Config:
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    settings.attributes["connection"] = connection
    settings.attributes["version_table"] = VERSION_TABLE
    settings.attributes["seal"] = partial(seal_book, connection, keeper)
    return settings


def _refuse_unknown(connection: Connection, version: str, settings: Config) -> None:
    from alembic.script import ScriptDirectory

    if version < BASELINE:
        raise _too_old(connection)
    if version not in {script.revision for script in ScriptDirectory.from_config(settings).walk_revisions()}:
        raise InputError(
            f"the book {shown_name(connection.engine)} is of version {version}, and this Regulars knows versions up to "
            f"{HEAD} only: it was written by a newer Regulars. Install that one, or open a copy made before"
        )


def _refuse_unversioned(connection: Connection) -> None:
    """Refuse a book from before there were versions, and tables of another application: MLflow, too, has `runs`."""
    tables = sa.inspect(connection)
    if not tables.has_table("runs"):
        return
    if "data_digest" in {column["name"] for column in tables.get_columns("runs")}:
        raise _too_old(connection)
    raise InputError(
        f"{shown_name(connection.engine)} holds the tables of another application; give the book a database of its own"
    )


def _too_old(connection: Connection) -> InputError:
    return InputError(
        f"the book {shown_name(connection.engine)} is older than this Regulars can migrate: open it once with the "
        "version of November 2026 (0.1.0 at commit 7f580c7), which migrates it, and then with this one"
    )
