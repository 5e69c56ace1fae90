"""Whether the clock is right, as far as files and the book tell: nothing of them can be of tomorrow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from features.language.messages import Sentence, sentence
from features.language.minute import minute
from features.shell import shell_line
from serving.book.recognition.identity import TOLERATED, identity_of
from serving.book.schema import METADATA
from serving.commands.doctor.finding import Examined, Finding

NAME = "clock"
SET_IT = sentence("set the clock right (timedatectl shows it), and let it follow a time server")
WAS_AHEAD = sentence(
    "{remedy}; if it was ahead before: {command}",
    remedy=SET_IT.message,
    command="regulars book --clock-is-right --by NAME --why TEXT",
)


def check_clock(examined: Examined) -> Iterator[Finding]:
    """Compare the clock with the newest file of the shop and of the program, and with the book's last rows."""
    now, found = examined.now, False
    for what, at, to_do in (*_of_files(examined), *_of_book(examined)):
        if at > now + TOLERATED:
            found = True
            yield Finding(
                NAME,
                "problem",
                sentence("it says {now}, and {what} is of {then}", now=minute(now), what=what.message, then=minute(at)),
                to_do,
            )
    if not found:
        yield Finding(
            NAME, "ok", sentence("it says {now}; no file and no row of the book is of later", now=minute(now))
        )


def _of_files(examined: Examined) -> Iterator[tuple[Sentence, datetime, str]]:
    newest = max((path for path in examined.folder.glob("*") if path.is_file()), key=_changed, default=None)
    if newest is not None:
        to_do = sentence(
            "{remedy}; or, if it is right: {command}", remedy=SET_IT.message, command=shell_line("touch", str(newest))
        )
        yield sentence("the file {file}", file=newest.name), _changed(newest), to_do
    program = Path(__file__)
    yield sentence("the installed Regulars"), _changed(program), SET_IT


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _of_book(examined: Examined) -> Iterator[tuple[Sentence, datetime, str]]:
    """Yield when the book was last written, and the latest moment that a row of it was recorded at."""
    book = examined.book
    if book is None:
        return
    with book.reading() as connection:
        known = identity_of(connection)
        if known is not None:
            yield sentence("the book's last write"), known.written_at.replace(tzinfo=UTC), WAS_AHEAD
        for table in METADATA.sorted_tables:
            if "recorded_at" not in table.c:
                continue
            last = connection.scalar(sa.select(sa.func.max(table.c.recorded_at)))
            if last is not None:
                yield sentence("a row of {table} in the book", table=table.name), last.replace(tzinfo=UTC), WAS_AHEAD
