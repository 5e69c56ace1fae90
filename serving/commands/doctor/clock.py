"""Whether the clock is right, as far as files and the book tell: nothing of them can be of tomorrow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from serving.book.recognition.identity import TOLERATED, identity_of
from serving.book.schema import METADATA
from serving.commands.doctor.finding import Examined, Finding

NAME = "clock"
MINUTE = "%Y-%m-%d %H:%M UTC"
SET_IT = "set the clock right (timedatectl shows it), and let it follow a time server"
WAS_AHEAD = f"{SET_IT}; if it was ahead before: regulars book --clock-is-right --by NAME --why TEXT"


def check_clock(examined: Examined) -> Iterator[Finding]:
    """Compare the clock with the newest file of the shop and of the program, and with the book's last rows."""
    now, found = examined.now, False
    for what, at, to_do in (*_of_files(examined), *_of_book(examined)):
        if at > now + TOLERATED:
            found = True
            yield Finding(NAME, "problem", f"it says {now:{MINUTE}}, and {what} is of {at:{MINUTE}}", to_do)
    if not found:
        yield Finding(NAME, "ok", f"it says {now:{MINUTE}}; no file and no row of the book is of later")


def _of_files(examined: Examined) -> Iterator[tuple[str, datetime, str]]:
    newest = max((path for path in examined.folder.glob("*") if path.is_file()), key=_changed, default=None)
    if newest is not None:
        yield f"the file {newest.name}", _changed(newest), f"{SET_IT}; or, if it is right: touch {newest}"
    program = Path(__file__)
    yield "the installed Regulars", _changed(program), SET_IT


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _of_book(examined: Examined) -> Iterator[tuple[str, datetime, str]]:
    """Yield when the book was last written, and the latest moment that a row of it was recorded at."""
    book = examined.book
    if book is None:
        return
    with book.reading() as connection:
        known = identity_of(connection)
        if known is not None:
            yield "the book's last write", known.written_at.replace(tzinfo=UTC), WAS_AHEAD
        for table in METADATA.sorted_tables:
            if "recorded_at" not in table.c:
                continue
            last = connection.scalar(sa.select(sa.func.max(table.c.recorded_at)))
            if last is not None:
                yield f"a row of {table.name} in the book", last.replace(tzinfo=UTC), WAS_AHEAD
