"""A Spark of this machine as an engine: a session in local mode, held while features are computed.

PySpark and Java are asked for here alone, so that who uses neither needs neither.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ibis.backends import BaseBackend

from features.engines.spark.masters import CONNECT, LOCAL, checked, settings_of
from features.errors import InputError, MachineFault, ModelRefused, RegularsError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_KINDS: Mapping[str, type[InputError | ModelRefused]] = {"InputError": InputError, "ModelRefused": ModelRefused}
_OURS = re.compile(r"^features\.errors\.(InputError|ModelRefused): (.*)$", re.MULTILINE)


@contextmanager
def spark(master: str | None = None, *, reads_postgresql: bool = False) -> Iterator[BaseBackend]:
    """Give a connection to a Spark that lives as long as the block, or to the session that this process has already.

    Args:
        master: local[2] for two cores of this machine, spark://host:7077, or sc://host:15002 of Connect; None = all
            cores of this machine.
        reads_postgresql: whether its workers ask a PostgreSQL.

    Raises:
        InputError: it is another master, or PySpark or Java is not there.
        MachineFault: Spark does not start, or gives up.

    >>> with spark("yarn"): pass
    Traceback (most recent call last):
    ...
    features.errors.InputError: --url yarn: name local[2], spark://host:7077 or sc://host:15002
    """
    chosen = checked(LOCAL if master is None else master)
    import ibis
    from pyspark.sql import SparkSession

    with _failures(chosen):
        if (running := SparkSession.getActiveSession()) is not None:  # of a notebook, say: it is not ours to end
            yield ibis.pyspark.connect(running)
            return
        with _started(chosen, reads_postgresql=reads_postgresql) as session:
            yield ibis.pyspark.connect(session)


@contextmanager
def _started(master: str, *, reads_postgresql: bool) -> Iterator[SparkSession]:
    from pyspark.sql import SparkSession

    if master.startswith(CONNECT):
        session = SparkSession.builder.remote(master).getOrCreate()
        try:
            yield session
        finally:
            session.stop()
        return
    # Workers would take the first python3 of the PATH, which need not be ours.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # The folder is its owner's alone, and gone afterwards.
    with tempfile.TemporaryDirectory(prefix="regulars-spark-") as folder:
        settings = dict(settings_of(master, folder, reads_postgresql=reads_postgresql))
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
