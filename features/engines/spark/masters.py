"""Where Spark runs: on this machine, on a standalone cluster, or behind a Connect server; and how each is asked."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from features.errors import InputError

LOCAL = "local[*]"
CONNECT = "sc://"
_HERE = re.compile(r"local(\[(\*|[1-9][0-9]*)\])?|local-cluster\[[1-9][0-9]*,[1-9][0-9]*,[1-9][0-9]*\]")
_ELSEWHERE = re.compile(r"(spark|sc)://[^\s/]+(/\S*)?")
_LOOPBACK = re.compile(r"spark://(127\.0\.0\.1|localhost):")
Options = Mapping[str, bool | float | int | str | None]
POSTGRESQL = Path("/usr/share/java/postgresql.jar")  # where Debian's libpostgresql-jdbc-java has the driver
# No page is served, and the terminal is left to the command. What is written is its owner's alone.
_SETTINGS: Options = {
    "spark.driver.memory": "2g",
    "spark.hadoop.fs.permissions.umask-mode": "077",
    "spark.log.level": "ERROR",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
# On one machine nothing listens but on the loopback, and there are few cores to share out to.
_ON_THIS_MACHINE: Options = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": "4",
}


def settings_of(master: str, folder: str, *, reads_postgresql: bool = False) -> Options:
    """Return the settings of a session.

    Args:
        master: as `checked` lets it pass, and no Connect server: that one has its own.
        folder: for what Spark spills, which holds customer ids.
        reads_postgresql: whether Debian's driver takes the place of what Spark's own settings name as spark.jars.

    >>> settings_of("local[2]", "/spill")["spark.local.dir"], "spark.driver.host" in settings_of("spark://hq:7077", "")
    ('/spill', False)
    """
    drivers = {"spark.jars": str(POSTGRESQL)} if reads_postgresql and POSTGRESQL.is_file() else {}
    if _HERE.fullmatch(master):
        return {
            **_SETTINGS,
            **drivers,
            **_ON_THIS_MACHINE,
            "spark.local.dir": folder,
            "spark.sql.warehouse.dir": folder,
        }
    return {**_SETTINGS, **drivers, **(_ON_THIS_MACHINE if _LOOPBACK.match(master) else {})}


def checked(master: str) -> str:
    """Return a master that can be asked.

    Raises:
        InputError: it is another, or PySpark, Java or what Connect needs is not there.

    >>> checked("yarn")
    Traceback (most recent call last):
    ...
    features.errors.InputError: --url yarn: name local[2], spark://host:7077 or sc://host:15002
    """
    if not (_HERE.fullmatch(master) or _ELSEWHERE.fullmatch(master)):
        raise InputError(f"--url {master}: name local[2], spark://host:7077 or sc://host:15002")
    if find_spec("pyspark") is None:
        raise InputError("--engine spark needs PySpark: pip install 'pyspark>=4.0,<4.1'")
    if master.startswith(CONNECT) and find_spec("grpc") is None:
        raise InputError("--url sc://… needs PySpark's Connect: pip install 'pyspark[connect]>=4.0,<4.1'")
    if not master.startswith(CONNECT) and not has_java():
        raise InputError("--engine spark needs Java 17: install it (Debian: default-jre-headless), or set JAVA_HOME")
    return master


def has_java() -> bool:
    """Return whether Spark would find a Java: in JAVA_HOME, else on the PATH.

    >>> isinstance(has_java(), bool)
    True
    """
    home = os.environ.get("JAVA_HOME")
    return shutil.which(os.path.join(home, "bin", "java") if home else "java") is not None
