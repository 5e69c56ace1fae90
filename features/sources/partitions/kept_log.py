"""The log of a partition on disk: an Arrow file for each stream, read back as it was written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from features.log import Ints, Log, Stream, Texts

STARTS, DAY, COLUMN = "starts", "day", "column:"


def write_log(log: Log, folder: Path) -> None:
    """Write a log into a folder of its own.

    >>> import tempfile
    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> log = roll_up(Lines.of(["ann"], [11], [700]))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_log(log, Path(folder, "one"))
    ...     read_log(Path(folder, "one")).digest() == log.digest()
    True
    """
    folder.mkdir(parents=True, exist_ok=True)
    for former in folder.iterdir():
        former.unlink()
    _write(folder / "customers.arrow", {"customer_id": _texts(log.customer_ids)}, {"has_money": str(log.has_money)})
    for number, (name, stream) in enumerate(log.streams.items()):
        columns = {COLUMN + column: values for column, values in stream.columns.items()}
        _write(folder / f"stream-{number:03}.arrow", {DAY: stream.day, **columns}, {"stream": name})
        _write(folder / f"starts-{number:03}.arrow", {STARTS: stream.starts})
    for number, (name, words) in enumerate(log.words.items()):
        _write(folder / f"words-{number:03}.arrow", {"word": _texts(words)}, {"stream": name})


def read_log(folder: Path) -> Log:
    """Read a log as `write_log` wrote it."""
    customers, facts = _read(folder / "customers.arrow")
    streams: dict[str, Stream] = {}
    for path in sorted(folder.glob("stream-*.arrow")):
        table, named = _read(path)
        starts, _ = _read(path.with_name(path.name.replace("stream", STARTS)))
        columns = {name.removeprefix(COLUMN): _ints(table, name) for name in table.column_names if name != DAY}
        streams[named["stream"]] = Stream(_ints(starts, STARTS), _ints(table, DAY), columns)
    found = (_read(path) for path in sorted(folder.glob("words-*.arrow")))
    words = {named["stream"]: _objects(table["word"]) for table, named in found}
    return Log(_objects(customers["customer_id"]), streams, facts["has_money"] == str(True), words)


def _write(path: Path, columns: dict[str, Ints | pa.Array], facts: dict[str, str] | None = None) -> None:
    arrays = {name: pa.array(np.ascontiguousarray(each)) if isinstance(each, np.ndarray) else each
              for name, each in columns.items()}  # fmt: skip
    table = pa.table(arrays).replace_schema_metadata(facts or {})
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema, options=options) as writer:
        writer.write_table(table)


def _read(path: Path) -> tuple[pa.Table, dict[str, str]]:
    with pa.OSFile(str(path)) as file:
        table = pa.ipc.open_file(file).read_all()
    return table, {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}


def _texts(texts: Texts) -> pa.Array:
    return pa.array(texts, pa.large_string())


def _objects(column: pa.ChunkedArray) -> Texts:
    objects = np.empty(len(column), dtype=object)
    objects[:] = column.to_pylist()
    return objects


def _ints(table: pa.Table, name: str) -> Ints:
    return np.asarray(table[name].to_numpy())
