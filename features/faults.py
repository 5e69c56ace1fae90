"""Which fault of the machine an error is: by its errno, by SQLite's and PostgreSQL's codes, by what a library says.

A library wraps what the system told it, sometimes twice: the whole chain of an error is looked at. Whatever is no fault
of the machine stays what it is.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from features.errors import (
    Busy,
    Damaged,
    DiskFails,
    DiskFull,
    InputError,
    MachineFault,
    NoAccess,
    OutOfMemory,
    RegularsError,
    Unreachable,
)

UNCHANGED = "what was there before is unchanged"
_BY_ERRNO: Mapping[int, type[MachineFault]] = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), DiskFull),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), NoAccess),
    **dict.fromkeys((errno.EIO, errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.EUCLEAN), DiskFails),
    **dict.fromkeys((errno.EBUSY, errno.ETXTBSY, errno.EDEADLK, errno.ENOLCK), Busy),
    errno.ENOMEM: OutOfMemory,
}
_BY_SQLITE: Mapping[int, type[MachineFault]] = {
    sqlite3.SQLITE_FULL: DiskFull,
    **dict.fromkeys((sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN), NoAccess),
    sqlite3.SQLITE_IOERR: DiskFails,
    **dict.fromkeys((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT), Damaged),
    **dict.fromkeys((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL), Busy),
    sqlite3.SQLITE_NOMEM: OutOfMemory,
}
# Classes of SQLSTATE, the longest first: https://www.postgresql.org/docs/current/errcodes-appendix.html
_BY_SQLSTATE: Mapping[str, type[MachineFault]] = {
    "53100": DiskFull,
    "53200": OutOfMemory,
    "53300": Busy,  # too many connections
    "55P03": Busy,  # lock_timeout
    "40P01": Busy,  # deadlock
    "25006": NoAccess,  # read-only transaction: a standby
    "42501": NoAccess,
    "58030": DiskFails,
    "XX001": Damaged,
    "XX002": Damaged,
    "08": Unreachable,
    "28": Unreachable,  # who we are was not believed
    "3D000": Unreachable,  # no such database
    "57P": Unreachable,  # shutting down, or starting
}


def fault_of(error: BaseException) -> type[MachineFault] | None:
    """Return which fault of the machine an error is; None where it is none.

    >>> fault_of(OSError(errno.ENOSPC, "No space left on device")).__name__
    'DiskFull'
    >>> fault_of(RuntimeError("Cannot write: No space left on device")).__name__
    'DiskFull'
    >>> fault_of(KeyError("ann")) is None, fault_of(FileNotFoundError(errno.ENOENT, "")) is None
    (True, True)
    """
    found = (_fault(each) for each in chain_of(error))
    return next((each for each in found if each is not None), None)


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was raised from, as far down as it goes."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop(0)
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            wrapped = getattr(each, "orig", None)  # SQLAlchemy's name for what the driver raised
            waiting += [wrapped if isinstance(wrapped, BaseException) else None, each.__cause__, each.__context__]


def machine_fault(error: BaseException, place: Path | str, whole: str = UNCHANGED) -> MachineFault | None:
    """Return the fault of the machine that an error is, with the place and what is whole; None where it is none."""
    if isinstance(error, MachineFault):
        return error
    found = fault_of(error)
    return None if found is None else found(str(place), whole)


def cannot_be(done: str, path: Path | str, error: OSError, whole: str = UNCHANGED) -> RegularsError:
    """Return what is raised where a file cannot be read or written: the machine's fault, or a path that is wrong.

    >>> cannot_be("read", "orders.csv", FileNotFoundError(errno.ENOENT, "No such file or directory"))
    InputError('orders.csv cannot be read: No such file or directory')
    >>> cannot_be("read", "orders.csv", PermissionError(errno.EACCES, "Permission denied"))
    NoAccess('access is refused at orders.csv; ...')
    """
    fault = machine_fault(error, path, whole)
    return fault or InputError(f"{path} cannot be {done}: {error.strerror or error}")


def place_of(error: BaseException) -> str:
    """Return the file that an error of the system names, and the machine where it names none.

    >>> place_of(PermissionError(errno.EACCES, "Permission denied", "/shop/orders.csv")), place_of(MemoryError())
    ('/shop/orders.csv', 'this machine')
    """
    named = (each.filename for each in chain_of(error) if isinstance(each, OSError) and each.filename is not None)
    return str(next(named, "this machine"))


@contextmanager
def faults_at(place: Path | str, whole: str = UNCHANGED) -> Iterator[None]:
    """Name the place of every fault of the machine within the block, and what is whole after it.

    >>> with faults_at("/shop/scores.csv"):
    ...     raise OSError(errno.EROFS, "Read-only file system")
    Traceback (most recent call last):
    ...
    features.errors.NoAccess: access is refused at /shop/scores.csv; ...
    """
    try:
        yield
    except RegularsError:
        raise
    except Exception as error:
        fault = machine_fault(error, place, whole)
        if fault is None:
            raise
        raise fault from None


def _fault(error: BaseException) -> type[MachineFault] | None:
    if isinstance(error, MachineFault):
        return type(error)
    if isinstance(error, RegularsError):
        return None
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryException":  # the latter is DuckDB's
        return OutOfMemory
    if isinstance(error, OSError) and (known := _BY_ERRNO.get(error.errno or 0)) is not None:
        return known
    if isinstance(error, sqlite3.Error):
        return _BY_SQLITE.get((getattr(error, "sqlite_errorcode", None) or 0) & 0xFF)
    return _by_sqlstate(error) or _by_words(error)


def _by_sqlstate(error: BaseException) -> type[MachineFault] | None:
    state = getattr(error, "sqlstate", None) or ""
    found = (fault for start, fault in _BY_SQLSTATE.items() if state.startswith(start))
    return next(found, None) if state else _unanswered(error)


def _unanswered(error: BaseException) -> type[MachineFault] | None:
    """A driver that got no answer at all has no code for it."""
    is_driver = type(error).__module__.startswith("psycopg") and type(error).__name__ == "OperationalError"
    return Unreachable if is_driver else None


def _by_words(error: BaseException) -> type[MachineFault] | None:
    """DuckDB, Arrow and LightGBM pass on the system's own sentence alone."""
    if type(error).__module__ == "builtins" and not isinstance(error, RuntimeError):
        return None
    said = str(error)
    told = (fault for number, fault in _BY_ERRNO.items() if os.strerror(number) in said)
    return OutOfMemory if "bad_alloc" in said else next(told, None)
