"""A Spark of this machine as an engine: a session in local mode, held while features are computed.

PySpark and Java are asked for here alone, so that who uses neither needs neither. A folder of features has a partition
for each day: writing a day again replaces that one and leaves the others.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import ibis.expr.types as ir
from ibis.backends import BaseBackend

from features.errors import InputError, MachineFault, RegularsError

LOCAL = "local[*]"
DAY = "as_of"
_LOCAL = re.compile(r"local(\[(\*|[1-9][0-9]*)\])?")
_OURS = re.compile(rf"{DAY}=\d{{4}}-\d\d-\d\d|_SUCCESS|\..*")
# Nothing listens but on the loopback, no page is served, and the terminal is left to the command.
_SETTINGS: Mapping[str, str] = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.log.level": "ERROR",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.sources.partitionOverwriteMode": "dynamic",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


@contextmanager
def spark(master: str | None = None) -> Iterator[BaseBackend]:
    """Give a connection to a Spark that lives as long as the block.

    Args:
        master: local, local[2] for two cores, or local[*] for all of them; None = all.

    Raises:
        InputError: it is another master, or PySpark or Java is not there.
        MachineFault: Spark does not start, or gives up.

    >>> with spark("yarn"): pass
    Traceback (most recent call last):
    ...
    features.errors.InputError: --url yarn: Spark runs on this machine only so far: --url 'local[2]' for two cores
    """
    chosen = _checked(LOCAL if master is None else master)
    import ibis
    from pyspark.sql import SparkSession

    # Workers would take the first python3 of the PATH, which need not be ours.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    # What Spark spills holds customer ids: into a folder that is its owner's alone, and gone afterwards.
    with tempfile.TemporaryDirectory(prefix="regulars-spark-") as folder, _failures(chosen):
        settings: dict[str, bool | float | int | str | None] = {
            **_SETTINGS,
            "spark.local.dir": folder,
            "spark.sql.warehouse.dir": folder,
        }
        session = SparkSession.builder.master(chosen).config(map=settings).getOrCreate()
        try:
            yield ibis.pyspark.connect(session)
        finally:
            session.stop()


def write_day(connection: BaseBackend, asked: ir.Table, folder: Path, as_of: date) -> int:
    """Write the features of a day as a partition of a Parquet folder, in place of what was there of that day.

    Spark writes beside the folder's partitions first and moves the new one into place at the end.

    Args:
        connection: to Spark, with the tables that the query reads.
        asked: the query of the day.
        folder: of features; made where it is not there.
        as_of: the day.

    Returns:
        How many rows.

    Raises:
        InputError: the folder holds something else.
    """
    _refuse_another(folder)
    day = connection._session.sql(str(connection.compile(asked))).cache()
    rows = int(day.count())
    if not rows:  # Spark replaces only partitions that it has rows for
        shutil.rmtree(folder / f"{DAY}={as_of.isoformat()}", ignore_errors=True)
        return 0
    dated = day.selectExpr("*", f"'{as_of.isoformat()}' AS {DAY}")
    dated.write.mode("overwrite").partitionBy(DAY).parquet(str(folder.resolve()))
    return rows


def _refuse_another(folder: Path) -> None:
    held = [each.name for each in folder.iterdir()] if folder.is_dir() else []
    if folder.is_file() or any(not _OURS.fullmatch(name) for name in held):
        raise InputError(f"{folder} is no folder of features: name one that is new, or holds {DAY}=… folders alone")


@contextmanager
def _failures(master: str) -> Iterator[None]:
    """Say in one sentence whatever Spark raises: its own words run over pages of Java."""
    try:
        yield
    except RegularsError:
        raise
    except Exception as error:  # noqa: BLE001
        detail = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise MachineFault(f"Spark ({master})", "what was there before is unchanged", detail) from None


def _checked(master: str) -> str:
    if not _LOCAL.fullmatch(master):
        raise InputError(f"--url {master}: Spark runs on this machine only so far: --url 'local[2]' for two cores")
    if find_spec("pyspark") is None:
        raise InputError("--engine spark needs PySpark: pip install 'pyspark>=4.0,<4.1'")
    if not has_java():
        raise InputError("--engine spark needs Java 17: install it (Debian: default-jre-headless), or set JAVA_HOME")
    return master


def has_java() -> bool:
    """Return whether Spark would find a Java: in JAVA_HOME, else on the PATH.

    >>> isinstance(has_java(), bool)
    True
    """
    home = os.environ.get("JAVA_HOME")
    return shutil.which(os.path.join(home, "bin", "java") if home else "java") is not None
