"""What stands in a file, as lines of text that can be compared, whatever its form."""

from __future__ import annotations

import csv
import email
import email.message
import hashlib
import io
import json
import sqlite3
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path


def said_by(path: Path) -> str:
    """Return what a file holds, as text."""
    return FORMS.get(path.suffix, _digest)(path)


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8")  # bytes: line ends are part of what a spreadsheet reads


def _digest(path: Path) -> str:
    """A picture is the same where its bytes are: both recordings are made with the same libraries."""
    content = path.read_bytes()
    return f"{len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}\n"


def _parquet(path: Path) -> str:
    import pyarrow.parquet as parquet

    table = parquet.read_table(path)
    said = io.StringIO()
    writer = csv.writer(said)
    writer.writerow(f"{field.name}: {field.type}" for field in table.schema)
    writer.writerows(row.values() for row in table.to_pylist())
    return said.getvalue()


def _workbook(path: Path) -> str:
    """Every part of the workbook, so that formats and widths are compared as well as cells."""
    with zipfile.ZipFile(path) as parts:
        return "".join(f"== {name}\n{_tags(parts.read(name).decode())}\n" for name in parts.namelist())


def _tags(xml: str) -> str:
    return xml.replace("><", ">\n<")


def _mail(path: Path) -> str:
    mail = email.message_from_bytes(path.read_bytes())
    return "\n".join(line for part in mail.walk() for line in _part(part))


def _part(part: email.message.Message) -> Iterator[str]:
    yield from (f"{name}: {value}" for name, value in part.items())
    if not part.is_multipart():
        content = part.get_payload(decode=True)
        yield (content if isinstance(content, bytes) else b"").decode("utf-8")


def tables_of(database: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Yield each table of an SQLite database: its name, how it is made, its rows as JSON."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        made = "SELECT tbl_name, group_concat(sql, ';\n') FROM (SELECT * FROM sqlite_master ORDER BY type DESC, name)"
        for name, sql in connection.execute(f"{made} GROUP BY tbl_name ORDER BY tbl_name").fetchall():
            rows = connection.execute(f'SELECT * FROM "{name}"').fetchall()  # noqa: S608 — a name of the file itself
            yield name, sql, [json.dumps(_cells(row), ensure_ascii=False) for row in rows]


def tracked(database: Path) -> Iterator[str]:
    """Yield what MLflow's pages show of a shop's runs: parameters, metrics, tags and aliases, without clocks."""
    shown = {
        "params": "key, value",
        "metrics": "key, value, step",
        "tags": "key, value",
        "model_version_tags": "name, version, key, value",
        "registered_model_aliases": "name, alias, version",
        "model_versions": "version, source, run_id, status, description",
    }
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        for table, columns in shown.items():
            rows = connection.execute(f"SELECT {columns} FROM {table} ORDER BY {columns}")  # noqa: S608 — the names above
            yield from (f"{table}: {json.dumps(row, ensure_ascii=False)}" for row in rows.fetchall())


def _cells(row: sqlite3.Row) -> dict[str, object]:
    return {name: cell.decode() if isinstance(cell := row[name], bytes) else cell for name in row.keys()}  # noqa: SIM118 — a Row is no mapping


TEXTS = (".csv", ".json", ".html", ".toml", ".md", ".txt", ".yaml", "")
FORMS: Mapping[str, Callable[[Path], str]] = {
    **dict.fromkeys(TEXTS, _text),
    ".parquet": _parquet,
    ".xlsx": _workbook,
    ".eml": _mail,
}
