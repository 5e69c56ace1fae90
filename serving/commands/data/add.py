"""`regulars add`: the next export beside the former ones, and what it brought: what is new, and what changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from features.atomic_write import whole
from features.errors import InputError
from features.faults import faults_at
from features.questions import by_setting
from features.sources.kept.index import FOLDER, Kept, digest_of, keep, kept_in, remove_half_added, write_index
from features.sources.mapping import Beside
from features.sources.opening.paths import files_of
from features.sources.people.forgotten import Forgotten
from features.sources.reader import CheckReport, check_files
from serving.commands.data.brought import Added, difference
from serving.commands.data.export_copies import Shortened, last_number, sorted_out, taken_back_on_error
from serving.commands.data.orders_folder import pointed_to_folder
from serving.config import Settings
from serving.last_reading import asked_of_jumps


def add_exports(
    where: Path,
    settings: Settings,
    files: Sequence[Path],
    now: datetime | None = None,
    since: datetime | None = None,
    forgotten: Forgotten | None = None,
) -> Added:
    """Put exports beside the former ones, if the orders of all of them together can be read.

    What a killed one left is brought to its end, or taken back: a copy that the index does not name yet, or an index
    that regulars.toml does not name yet.

    Args:
        where: the regulars.toml; it names the folder of the copies from then on.
        settings: what it says.
        files: the exports; a folder or pattern is all of its files.
        now: when they came; None = this moment.
        since: of them, those that came since then count as added now: a run that was killed says what it brought.
        forgotten: says which customers were forgotten: their rows are not copied; None = nobody.

    Raises:
        InputError: an export of another layout, or that breaks rules; nothing is kept then.
    """
    folder, orders = settings.folder / FOLDER, settings.orders
    refuse_others(settings)
    toml = pointed_to_folder(where, folder, settings)
    known = list(kept_in(folder))
    killed = toml is not None and bool(known)  # before regulars.toml named the folder
    former = [] if orders.paths == (folder,) else files_of(orders.paths)
    came = [*((file, _changed_at(file)) for file in former), *((file, now or _now()) for file in files_of(files))]
    digests = {digest_of(file) for file, _ in came[len(former) :]}
    by_now = [each for each in known if since and each.imported_at >= since and each.digest in digests]
    remove_half_added(folder, known, digests | set(map(digest_of, former)))
    rest = _without(settings, folder, by_now)
    before = _read(rest, "regulars check says what is wrong with the orders of before", forgotten)
    there, more = sorted_out(came, known, len(former))
    shortened = Shortened(orders, forgotten, settings.files.access())
    with taken_back_on_error(folder, known, settings) as copies:
        for file, at in more:
            copies.append(
                keep(folder, file, 1 + last_number(known) + len(copies), at, settings.files.access(), shortened.shorten)
            )
        together = dataclasses.replace(settings, orders=orders.read_from(folder))
        after = _read(together, "nothing was added", forgotten) if copies or killed or by_now else before
        if copies:
            write_index(folder, [*known, *copies], settings.files.access())
        if toml is not None and (copies or killed):
            with whole(where) as half:
                half.write_text(toml, encoding="utf-8")
    assert before.sheet is not None
    assert after.sheet is not None
    asked = tuple(by_setting((*after.questions, *asked_of_jumps(settings, after.sheet))).values())
    of_before = set(former)
    kept = [each for each, (file, _) in zip(copies, more, strict=True) if file not in of_before]
    if killed or by_now:  # a run had come so far with these
        kept = [*(each for each in there.values() if killed or each in by_now), *kept]
        there = {name: each for name, each in there.items() if each not in kept}
    moved = f'{where.name} reads file = "{FOLDER}" now; {orders.source_name} was copied there first'
    notes = [*([moved] if toml is not None and (copies or killed) else []), *shortened.notes]
    return Added(kept, there, difference(before.sheet, after.sheet), after.sheet, asked, folder, notes)


def _without(settings: Settings, folder: Path, copies: Sequence[Kept]) -> Settings:
    """Return the settings as if some copies had not come yet."""
    if not copies or settings.orders.paths != (folder,):
        return settings
    names = {each.name for each in copies}
    files = [file for file in files_of([folder]) if file.name not in names]
    return dataclasses.replace(settings, orders=settings.orders.read_from(*files))


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _changed_at(file: Path) -> datetime:
    with faults_at(file):
        return datetime.fromtimestamp(int(file.stat().st_mtime), UTC)


def refuse_others(settings: Settings) -> None:
    """Refuse exports for orders that no next export can stand beside.

    Args:
        settings: of the shop.

    Raises:
        InputError: they live in a database, or in files that are joined by ids.
    """
    if settings.orders.database is not None:
        raise InputError("the orders live in a database, which has the next ones by itself: there is nothing to add")
    if settings.orders.beside != Beside():
        raise InputError(
            "the orders stand in files that are joined by ids, and one export holds only a part of them: name the next "
            "ones yourself, with files and lines under [orders]"
        )


def _read(settings: Settings, remedy: str, forgotten: Forgotten | None) -> CheckReport:
    report = check_files(settings.shop, settings.orders, forgotten=forgotten)
    if report.log is None or report.sheet is None:
        raise InputError(f"{settings.orders.source_name} cannot be used; {remedy}", report.violations)
    return report
