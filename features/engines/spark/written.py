"""Writes what Spark computed as a partition of a Parquet folder, in place of what was there of it; the others stay.

Spark writes beside the folder's partitions first and moves the new one into place at the end. The workers write: no row
comes to this process.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import ibis.expr.types as ir
from ibis.backends import BaseBackend

from features.errors import InputError
from features.file_access import OWNER_ONLY, Access

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

DAY = "as_of"
_DAY = re.compile(rf"{DAY}=\d{{4}}-\d\d-\d\d")
_OF_SPARK = re.compile(r"_SUCCESS|\..*")
Partition = Mapping[str, str]


def write_day(connection: BaseBackend, asked: ir.Table, folder: Path, as_of: date, access: Access = OWNER_ONLY) -> int:
    """Write the features of a day as a partition of a folder, and return how many rows.

    Args:
        connection: to Spark, with the tables that the query reads.
        asked: the query of the day.
        folder: of features; made where it is not there.
        as_of: the day.
        access: who may read it.

    Raises:
        InputError: the folder holds something else.
    """
    day = connection._session.sql(str(connection.compile(asked)))
    return write_partition(day, folder, {DAY: as_of.isoformat()}, "features", access)


def write_partition(rows: DataFrame, folder: Path, partition: Partition, what: str, access: Access = OWNER_ONLY) -> int:
    """Write rows as a partition of a folder, and return how many.

    Args:
        rows: of the partition, without the columns that name it.
        folder: made where it is not there.
        partition: column → value, outermost first; the first is a day.
        what: the folder holds, in a message.
        access: who may read it.

    Raises:
        InputError: the folder holds something else.
    """
    from pyspark.sql import functions as sql

    refuse_another(folder, [*partition], what)
    place, held = folder.joinpath(*(f"{name}={value}" for name, value in partition.items())), rows.cache()
    count = int(held.count())
    if not count:  # Spark replaces only partitions that it has rows for
        shutil.rmtree(place, ignore_errors=True)
        return 0
    access.make_folder(folder)
    named = held.withColumns({name: sql.lit(value) for name, value in partition.items()})
    writer = named.write.mode("overwrite").option("partitionOverwriteMode", "dynamic")
    writer.partitionBy(*partition).parquet(str(folder.resolve()))
    _grant(folder, access)
    return count


def _grant(folder: Path, access: Access) -> None:
    """Let the group in, where the shop names one: what Spark writes is its owner's alone."""
    if access.group is None:
        return
    for path in folder.rglob("*"):
        if path.is_dir():
            shutil.chown(path, group=access.group)
            path.chmod(access.folder_mode)
        else:
            access.grant(path)


def folder_at(place: str) -> Path:
    """Return the folder that a place names.

    Raises:
        InputError: it is an object store, where no folder is moved into place.

    >>> folder_at("s3a://lake/scores")
    Traceback (most recent call last):
    ...
    features.errors.InputError: --into s3a://lake/scores: name a folder that this process and the workers share, and \
copy it from there; an object store moves no folder into place
    """
    if "://" in place:
        raise InputError(
            f"--into {place}: name a folder that this process and the workers share, and copy it from there; an object "
            "store moves no folder into place"
        )
    return Path(place)


def refuse_another(folder: Path, names: Sequence[str], what: str) -> None:
    """Refuse a folder that holds anything but such partitions.

    Raises:
        InputError: it does.

    >>> refuse_another(Path(__file__), ["as_of"], "features")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    features.errors.InputError: .../written.py is no folder of features: name one that is new, or holds as_of=… alone
    """
    if folder.is_file() or not all(_is_ours(path, names[1:]) for path in _within(folder)):
        known = "/".join(f"{name}=…" for name in names)
        raise InputError(f"{folder} is no folder of {what}: name one that is new, or holds {known} alone")


def _is_ours(path: Path, inner: Sequence[str]) -> bool:
    if _OF_SPARK.fullmatch(path.name):
        return True
    if not _DAY.fullmatch(path.name):
        return False
    return not inner or all(
        _OF_SPARK.fullmatch(each.name) or each.name.startswith(f"{inner[0]}=") for each in _within(path)
    )


def _within(folder: Path) -> list[Path]:
    return [*folder.iterdir()] if folder.is_dir() else []
