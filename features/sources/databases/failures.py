"""Says in one sentence why a database gives no rows, without its password."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from features.errors import Busy, InputError, RegularsError, Unreachable, Violation, suggest
from features.faults import fault_of
from features.sources.databases.address import Database

MOST_NAMED = 40
NOTHING_READ = "nothing was read, and what was there before is unchanged"
NOTHING_WRITTEN = "nothing was written, and what was there before is unchanged"
_LOCKED = "Could not set lock on file"  # DuckDB's words where another process writes to it


def refusal(database: Database, rule: str, remedy: str) -> InputError:
    """Return the error of a source that cannot be used as a whole."""
    return InputError(f"{database.name} cannot be used", [Violation(database.name, None, "", rule, "", remedy)])


def missing_table(database: Database, known: Sequence[str]) -> InputError:
    """Return the error of a table that is not there, with the ones that are."""
    meant = suggest(database.name, known)
    remedy = f"it has {_named(known)}.{meant}".rstrip(".") if known else "it has no table that this user may read"
    return refusal(database, f"is no table of {database.url}", remedy)


def missing_file(database: Database, path: Path) -> InputError:
    """Return the error of a database whose file is not there."""
    near = suggest(path.name, [each.name for each in path.parent.iterdir()]) if path.parent.is_dir() else ""
    return refusal(database, f"{path} is no file{near and '.'}{near}", "write its path as seen from regulars.toml")


def missing_column(database: Database, name: str, known: Sequence[str]) -> Violation:
    """Return the violation of a column that is not there, with the ones that are."""
    remedy = f"it has {_named(known)}.{suggest(name, known)}".rstrip(".")
    return Violation(database.name, None, name, "is not in it", "", remedy)


@contextmanager
def failures_of(database: Database, *, writing: bool = False) -> Iterator[None]:
    """Tell whatever a driver raises within the block in one sentence.

    Args:
        database: that is read or written.
        writing: whether the block writes its table.

    Raises:
        MachineFault: the database does not answer or refuses who asks, or the disk takes no more.
        InputError: everything else, such as a query that is none.
    """
    try:
        yield
    except RegularsError:
        raise
    # Each driver has errors of its own, and what they hold may name the password: none of them goes on.
    except Exception as error:  # noqa: BLE001
        raise told(database, error, writing=writing) from None


def told(database: Database, error: Exception, *, writing: bool = False) -> RegularsError:
    """Return an error of a driver in our words."""
    detail, whole = database.without_secrets(_first_line(error)), NOTHING_WRITTEN if writing else NOTHING_READ
    fault = Busy if _LOCKED in detail else fault_of(error)
    if fault is Unreachable:
        remedy = "see that it runs, and that the url and its variables are right"
        return fault(database.url, whole, detail, remedy)
    if fault is not None:
        return fault(database.url, whole, detail)
    if writing:
        remedy = "mend that in the database, or name another table"
        return InputError(f"{database.name} cannot be written: {detail}; {whole}; {remedy}")
    what = "the query" if database.query is not None else "the table"
    return refusal(database, f"{what} cannot be read: {detail}", "correct it, and try it in the database itself first")


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:300].rstrip(".;") if lines else type(error).__name__


def _named(names: Sequence[str]) -> str:
    rest = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(f'"{name}"' for name in names[:MOST_NAMED]) + rest
