"""A Spark of this machine as an engine: a session in local mode, held while features are computed.

PySpark and Java are asked for here alone, so that who uses neither needs neither.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ibis.backends import BaseBackend

from features.errors import InputError, MachineFault, ModelRefused, RegularsError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOCAL = "local[*]"
_KINDS: Mapping[str, type[InputError | ModelRefused]] = {"InputError": InputError, "ModelRefused": ModelRefused}
_OURS = re.compile(r"^features\.errors\.(InputError|ModelRefused): (.*)$", re.MULTILINE)
_LOCAL = re.compile(r"local(\[(\*|[1-9][0-9]*)\])?")
# Nothing listens but on the loopback, no page is served, and the terminal is left to the command.
_SETTINGS: Mapping[str, str] = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.hadoop.fs.permissions.umask-mode": "077",
    "spark.log.level": "ERROR",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "4",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


@contextmanager
def spark(master: str | None = None) -> Iterator[BaseBackend]:
    """Give a connection to a Spark that lives as long as the block, or to the session that this process has already.

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

    with _failures(chosen):
        if (running := SparkSession.getActiveSession()) is not None:  # of a notebook, say: it is not ours to end
            yield ibis.pyspark.connect(running)
            return
        with _started(chosen) as session:
            yield ibis.pyspark.connect(session)


@contextmanager
def _started(master: str) -> Iterator[SparkSession]:
    from pyspark.sql import SparkSession

    # Workers would take the first python3 of the PATH, which need not be ours.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    # What Spark spills holds customer ids: into a folder that is its owner's alone, and gone afterwards.
    with tempfile.TemporaryDirectory(prefix="regulars-spark-") as folder:
        own = {"spark.local.dir": folder, "spark.sql.warehouse.dir": folder}
        settings: dict[str, bool | float | int | str | None] = {**_SETTINGS, **own}
        session = _closed_to_others(SparkSession.builder.master(master).config(map=settings).getOrCreate)
        try:
            yield session
        finally:
            session.stop()


def _closed_to_others(start: Callable[[], SparkSession]) -> SparkSession:
    """Start what makes files of its own by the umask: scores and features are for their owner alone."""
    before = os.umask(0o077)
    try:
        return start()
    finally:
        os.umask(before)


@contextmanager
def _failures(master: str) -> Iterator[None]:
    """Say in one sentence whatever Spark raises: its own words run over pages of Java."""
    try:
        yield
    except RegularsError:
        raise
    except Exception as error:  # noqa: BLE001
        if (ours := _of_a_worker(str(error))) is not None:
            raise ours from None
        detail = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise MachineFault(f"Spark ({master})", "what was there before is unchanged", detail) from None


def _of_a_worker(told: str) -> RegularsError | None:
    r"""Return the error that a worker raised, if it is one of ours: Spark hands on its traceback as text.

    >>> _of_a_worker("Traceback ...\nfeatures.errors.ModelRefused: model.json is corrupt\n\n\tat org.apache...")
    ModelRefused('model.json is corrupt')
    """
    found = _OURS.search(told)
    return None if found is None else _KINDS[found[1]](found[2])


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
