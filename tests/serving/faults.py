"""Faults of the machine, put in where the program meets the system: files as they are written, the book, the registry.

Run as `python -m tests.serving.faults` it prints the whole table: every fault under every command.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from features.errors import Busy, ClockBehind, Damaged, DiskFails, DiskFull, MachineFault, NoAccess, OutOfMemory
from serving.book.recognition import identity
from serving.book.sql_rows import utc_now
from serving.cli import app, run
from tests.loopback import free_port
from training.tracking import Tracking

WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
_CODES = {
    errno.ENOSPC: (sqlite3.SQLITE_FULL, "database or disk is full"),
    errno.EIO: (sqlite3.SQLITE_IOERR, "disk I/O error"),
    errno.EACCES: (sqlite3.SQLITE_CANTOPEN, "unable to open database file"),
    errno.EROFS: (sqlite3.SQLITE_READONLY, "attempt to write a readonly database"),
}
Put = Callable[[Path], Any]


class _Failing(sqlite3.Connection):
    """A connection whose disk fails as soon as something is written."""

    number = errno.ENOSPC

    def cursor(self, *arguments: Any, **options: Any) -> sqlite3.Cursor:
        return super().cursor(_failing_cursor(self.number))


def _failing_cursor(number: int) -> type[sqlite3.Cursor]:
    class Failing(sqlite3.Cursor):
        def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
            _fail_on_a_write(statement, number)
            return super().execute(statement, *values)

        def executemany(self, statement: str, *values: Any) -> sqlite3.Cursor:
            _fail_on_a_write(statement, number)
            return super().executemany(statement, *values)

    return Failing


def _fail_on_a_write(statement: str, number: int) -> None:
    if statement.lstrip().upper().startswith(WRITES):
        code, words = _CODES[number]
        error = sqlite3.OperationalError(words)
        error.sqlite_errorcode = code
        raise error


@contextmanager
def _disk(number: int) -> Iterator[None]:
    """Let every write fail as the system would: of files as they are made whole, and of SQLite's databases."""
    real, kind = sqlite3.dbapi2.connect, type("Failing", (_Failing,), {"number": number})

    def connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
        return real(*arguments, **{**options, "factory": kind})

    def sync(_: int) -> None:
        raise OSError(number, "as the system says it")

    with ExitStack() as stack:
        for module in (sqlite3, sqlite3.dbapi2):
            stack.enter_context(mock.patch.object(module, "connect", connect))
        stack.enter_context(mock.patch("features.atomic_write.os.fsync", sync))
        yield


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold the book's lock for writing in another connection; nobody waits for it long."""
    with (
        closing(sqlite3.connect(folder / "book.db", isolation_level=None)) as other,
        mock.patch("serving.book.connection.BUSY_SECONDS", 0.02),
    ):
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def _changed(file: Path, change: Callable[[bytes], bytes]) -> Iterator[None]:
    """Change a file's bytes for the time of the block, and put it back as it was."""
    with closing(sqlite3.connect(file)) as database:  # what still lies beside the file belongs to it
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = file.read_bytes()
    for rest in file.parent.glob(f"{file.name}-*"):
        rest.unlink()
    file.write_bytes(change(before))
    yield
    for rest in file.parent.glob(f"{file.name}-*"):
        rest.unlink()
    file.write_bytes(before)


def _overwritten(content: bytes) -> bytes:
    """Return a database whose pages are noise from the second on: the header alone is whole."""
    return content[:4096] + bytes(n * 37 % 251 for n in range(len(content) - 4096))


@contextmanager
def _memory(_: Path) -> Iterator[None]:
    """Let reading files and the book end for want of memory."""

    def fail(*_: Any, **__: Any) -> Any:
        raise MemoryError

    with ExitStack() as stack:
        for name in ("serving.book.connection.sa.create_engine", "features.sources.opening.paths._readable"):
            stack.enter_context(mock.patch(name, fail))
        yield


@contextmanager
def _last_year(_: Path) -> Iterator[None]:
    with mock.patch.object(identity, "utc_now", return_value=utc_now() - timedelta(days=365)):
        yield


@dataclass(frozen=True)
class Fault:
    """A fault of the machine: how it is put in for the time of a block, and what it is called by its exit code."""

    put_in: Callable[[Path], Any]
    expected: type[MachineFault]


FAULTS = {
    "ENOSPC": Fault(lambda _: _disk(errno.ENOSPC), DiskFull),
    "EIO": Fault(lambda _: _disk(errno.EIO), DiskFails),
    "EACCES": Fault(lambda _: _disk(errno.EACCES), NoAccess),
    "EROFS": Fault(lambda _: _disk(errno.EROFS), NoAccess),
    "damaged book": Fault(lambda folder: _changed(folder / "book.db", _overwritten), Damaged),
    "half a registry": Fault(
        lambda folder: _changed(folder / "mlruns" / "mlflow.db", lambda found: found[: len(found) // 2]), Damaged
    ),
    "lock held": Fault(_held, Busy),
    "no memory": Fault(_memory, OutOfMemory),
    "clock a year back": Fault(_last_year, ClockBehind),
}
DECIDED = ("--by", "Ada", "--why", "asked for it")
# Every command, with what else it needs; CUSTOMER is one of the shop, OUT a folder that does not exist yet.
COMMANDS: dict[str, tuple[str, ...]] = {
    "init": ("SHOP/orders.csv", "--out", "OUT/regulars.toml"),
    "add": ("SHOP/later.csv",),
    "check": (),
    "horizon": ("--out", "OUT/horizon"),
    "features": ("--out", "OUT/features.csv"),
    "simulate": ("--customers", "20", "--out", "OUT"),
    "promote": ("3", "--force", *DECIDED),
    "rollback": DECIDED,
    "score": ("--as-of", "2023-01-09", "--out", "OUT/scores.csv"),
    "watch": (),
    "weekly": (),
    "retrain": (),
    "list": ("--as-of", "2023-01-16", "--out", "OUT"),
    "out": (),
    "why": ("CUSTOMER",),
    "outcome": ("--entry", "ENTRY", "--outcome", "saved", "--on", "2023-01-10"),
    "contacts": ("SHOP/contacts.csv",),
    "consent": ("CUSTOMER", "--no"),
    "hold": ("veto", "CUSTOMER", *DECIDED),
    "hand-over": ("CUSTOMER", "--to", "Eleni", *DECIDED),
    "effect": (),
    "kpis": ("--out", "OUT/kpis"),
    "keys create": ("crm", "--role", "scores"),
    "keys list": (),
    "keys replace": ("KEY",),
    "keys revoke": ("KEY",),
    "webhooks add": ("https://crm.example/hook", "--unverified"),
    "webhooks list": (),
    "webhooks remove": ("WEBHOOK",),
    "webhooks deliver": (),
    "webhooks test": ("WEBHOOK",),
    "webhooks new-secret": ("WEBHOOK",),
    "webhooks start-over": (),
    "book": (),
    "backup": ("--out", "OUT/shop.zip"),
    "restore": ("SHOP/shop.zip", "--into", "OUT"),
    "forget": ("CUSTOMER", "--yes"),
    "export-customer": ("CUSTOMER", "--out", "OUT/customer.zip"),
    "tidy": (),
    "serve": ("--port", str(free_port())),
}
LONG: dict[str, tuple[str, ...]] = {
    "train": (),
    "tune": ("--budget-minutes", "0.02"),
    "backtest": ("--out", "OUT"),
    "explain-data": ("--budget", "0.2"),
    "doctor": ("--port", "PORT"),
}
# It ends well or with 1 whatever the fault: to tell it among its findings is what it is for.
TELLS_ALL = ("doctor",)
# How these end on a whole machine too: nobody receives, no secret is lost, the time to tune is too short, the data
# is years old, and no database takes tables.
WITHOUT_FAULT = {"webhooks test": 1, "webhooks start-over": 2, "tune": 2, "watch": 13, "weekly": 13, "out": 2}
NEEDS_NO_SHOP = ("init", "simulate", "demo", "restore")
# The demo makes a shop of its own, so it meets only what no shop has to be there for.
DEMO: dict[str, tuple[str, ...]] = {"demo": ("--out", "OUT")}
DEMO_MEETS = ("ENOSPC", "EIO", "EACCES", "EROFS")


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, and what it said to people and in the end."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The last line, which is the error where there was one."""
        return self.err.strip().rpartition("\n")[2] if self.code else ""


def make_busy_shop(folder: Path) -> None:
    """Give a shop with a list what commands work on: a key, a webhook, and a champion that replaced another."""
    Tracking(folder).promote("2")
    config = ("--config", str(folder / "regulars.toml"))
    for command in (
        ("keys", "create", "crm", "--role", "scores"),
        ("webhooks", "add", "http://127.0.0.1:1/hook", "--allow-private"),
        ("backup", "--out", str(folder / "shop.zip")),
    ):
        assert ended([*command, *config]).code == 0


def arguments_of(folder: Path, out: Path, command: str) -> list[str]:
    """Return a command as it is typed for a shop's folder; its book is asked before any fault is in."""
    with closing(sqlite3.connect(folder / "book.db")) as book:
        entry, customer = book.execute("SELECT entry_id, customer_id FROM entries ORDER BY position").fetchone()
        ids = {name: book.execute(f"SELECT id FROM {name}s").fetchone()[0] for name in ("key", "webhook")}
    first, *_, last = (folder / "orders.csv").read_text().splitlines()
    (folder / "later.csv").write_text(f"{first}\n{last}\n")
    (folder / "contacts.csv").write_text(f"customer_id,contacted_on,channel\n{customer},2023-01-11,call\n")
    places = {"PORT": str(free_port()), "SHOP": str(folder), "OUT": str(out), "CUSTOMER": customer, "ENTRY": entry}
    places |= {name.upper(): number for name, number in ids.items()}
    given = [_placed(each, places) for each in (COMMANDS | LONG | DEMO)[command]]
    config = [] if command in NEEDS_NO_SHOP else ["--config", str(folder / "regulars.toml")]
    return [*command.split(), *given, *config]


def ended(arguments: list[str]) -> Ended:
    """Run a command in this process, and say how it ended; what takes its place by serving is not started."""
    said, told = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["regulars", *arguments]),
        mock.patch.object(os, "execve"),
        redirect_stdout(said),
        redirect_stderr(told),
    ):
        code = run(lambda: app(arguments, standalone_mode=False))
    return Ended(code, said.getvalue(), told.getvalue())


def under(fault: Fault, folder: Path, arguments: list[str]) -> Ended:
    """Run a command while a fault is in the machine."""
    with fault.put_in(folder):
        return ended(arguments)


def _placed(text: str, places: dict[str, str]) -> str:
    head, slash, rest = text.partition("/")
    return places.get(head, head) + slash + rest


def print_table(shop: Path, commands: Iterable[str]) -> int:
    """Print faults × commands for a busy shop: the exit code of each, "·" where the fault is not met.

    Returns how many ended otherwise than by one sentence.
    """
    wrong = []
    print(f"{'':18}" + "".join(f"{name:>19}" for name in FAULTS))
    for command in commands:
        cells = []
        for name, fault in FAULTS.items():
            if command in DEMO and name not in DEMO_MEETS:
                cells.append("·")
                continue
            with tempfile.TemporaryDirectory() as place:
                folder = Path(shutil.copytree(shop, Path(place) / "shop"))
                try:
                    found = under(fault, folder, arguments_of(folder, Path(place) / "out", command))
                except BaseException as error:  # noqa: BLE001 — whatever escapes is what the table is to show
                    wrong.append(f"{command}, {name}: {type(error).__name__}: {error}")
                    cells.append("TRACEBACK")
                    continue
            known = (0, 1) if command in TELLS_ALL else (WITHOUT_FAULT.get(command, 0), fault.expected.exit_code)
            if found.code not in known:
                wrong.append(f"{command}, {name}: {found.code}: {found.sentence}")
            cells.append(str(found.code) if found.code else "·")
        print(f"{command:18}" + "".join(f"{cell:>19}" for cell in cells), flush=True)
    print(*wrong, sep="\n")
    return len(wrong)


if __name__ == "__main__":
    sys.exit(print_table(Path(sys.argv[1]), sys.argv[2:] or COMMANDS | LONG | DEMO) > 0)
