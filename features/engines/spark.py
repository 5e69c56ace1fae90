"""Apache Spark as an engine: a session, the streams as views of it, and the features of a day as Parquet.

One session computes on this machine, on a cluster of its own (`spark://host:7077`), or through Spark Connect
(`sc://host:15002`). Days are partitions of a folder; writing one again replaces it and leaves the others.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from features.engines.stream_tables import arrow_of, table_names
from features.errors import InputError, MachineFault
from features.log import Log

if TYPE_CHECKING:
    from ibis.backends import BaseBackend

    Session = Any  # of pyspark, which has no part in an installation without the extra

HERE = "local[*]"
CONNECT, CLUSTER = "sc://", "spark://"
INSTALL = "Spark is not installed here: pip install 'regulars[spark]'"
NO_JAVA = "Spark needs Java 17 or later, and there is no `java` here: install a JRE (Debian: default-jre-headless)"
# The numbers of a day must not depend on the zone or the arithmetic that a cluster is set to.
SETTINGS = {"spark.sql.session.timeZone": "UTC", "spark.sql.ansi.enabled": "false"}
# What only a session of this machine is told: nobody else can reach it, and it opens no page.
OF_THIS_MACHINE = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


@contextmanager
def spark_session(url: str | None = None) -> Iterator[Session]:
    """Open a session for the block.

    Args:
        url: of a cluster (spark://…) or of Spark Connect (sc://…); None = this machine.

    Raises:
        InputError: pyspark is not installed, or the URL is neither.
        MachineFault: there is no Java, or Spark does not start.
    """
    builder = _builder(url)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # workers take another Python from PATH otherwise
    try:
        session = builder.getOrCreate()
    except Exception as error:  # py4j, gRPC and Spark each raise their own
        raise MachineFault(f"Spark does not start: {_first_line(error)}") from error
    try:
        yield session
    finally:
        session.stop()


def spark_tables(log: Log, session: Session) -> tuple[BaseBackend, dict[str, ir.Table]]:
    """Bring each stream of a log to Spark as a view of the session; also return the connection that they are of."""
    connection: BaseBackend = ibis.pyspark.connect(session)
    tables = {}
    for stream, name in table_names(log.streams).items():
        session.createDataFrame(arrow_of(log, stream)).createOrReplaceTempView(name)
        tables[stream] = connection.table(name)
    return connection, tables


def write_day(connection: BaseBackend, session: Session, asked: ir.Table, folder: str, as_of: date) -> int:
    """Write the features of a day as a partition of a Parquet folder, in place of what was there of that day.

    The rows go from the workers to the folder. Other days stay as they are.

    Args:
        connection: of the tables.
        session: of Spark.
        asked: the query of the day.
        folder: a path or URL that Spark can write to.
        as_of: the day.

    Returns:
        How many rows.

    Raises:
        MachineFault: Spark fails; the folder is as it was.
    """
    day = ibis.literal(as_of.isoformat()).name("as_of")
    try:
        rows = session.sql(str(connection.compile(asked.mutate(day)))).cache()
        count = int(rows.count())
        how = rows.write.mode("overwrite").option("partitionOverwriteMode", "dynamic").partitionBy("as_of")
        how.parquet(folder)
    except Exception as error:
        raise MachineFault(f"Spark did not write {folder}: {_first_line(error)}") from error
    return count


def _builder(url: str | None) -> Any:
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise InputError(INSTALL) from None
    if url is not None and not url.startswith((CONNECT, CLUSTER)):
        raise InputError(f"--engine spark computes on this machine, or at a {CLUSTER}… or {CONNECT}… address")
    if url is not None and url.startswith(CONNECT):
        return _with(SparkSession.builder.remote(url), SETTINGS)
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise MachineFault(NO_JAVA)
    own = _with(SparkSession.builder.master(url or HERE).appName("regulars"), SETTINGS)
    return own if url else _with(own, OF_THIS_MACHINE)


def _with(builder: Any, settings: dict[str, str]) -> Any:
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
