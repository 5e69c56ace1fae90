"""`regulars add`: the next export beside the former ones, and what it brought: what is new, and what changed."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from features.atomic_write import whole
from features.errors import InputError
from features.faults import faults_at
from features.file_access import Access
from features.questions import Question, by_setting
from features.sources.balance.sheet import Amounts, BalanceSheet, SheetLine, added
from features.sources.balance.words import document, grouped, table, written
from features.sources.kept.erase import erase_rows
from features.sources.kept.index import (
    FOLDER,
    INDEX,
    Kept,
    digest_of,
    keep,
    kept_in,
    remove_half_added,
    write_index,
)
from features.sources.mapping import Beside, OrdersMapping
from features.sources.opening.paths import files_of
from features.sources.people.forgotten import Forgotten
from features.sources.reader import CheckReport, check_files
from features.sources.rules import OVERLAP
from serving.config import Settings
from serving.last_reading import asked_of_jumps

CHANGED = "earlier states"


@dataclass(frozen=True)
class Brought:
    """What exports brought: rows and their money as written, by currency, or what the log holds more."""

    rows: int
    orders: int
    money: Amounts

    def words(self, currency: str) -> str:
        """Say it in figures."""
        money = ", ".join(f"{grouped(amount)} {name}" for name, amount in self.money.items() if amount)
        return f"{self.rows:,} rows, {self.orders:,} orders, {money or f'0.00 {currency}'}"


@dataclass(frozen=True, eq=False)
class Added:
    """What was added: the copies, what was there already, and what the sheet says of the difference."""

    kept: Sequence[Kept]
    there_already: Mapping[str, Kept]
    brought: Mapping[str, Brought]
    sheet: BalanceSheet
    questions: Sequence[Question]
    folder: Path
    notes: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "folder": str(self.folder),
            "added": [{**asdict(each), "imported_at": each.imported_at.isoformat()} for each in self.kept],
            "there_already": {name: each.name for name, each in self.there_already.items()},
            "brought": {
                name: {**asdict(each), "money": {key: written(value) for key, value in each.money.items()}}
                for name, each in self.brought.items()
            },
            "questions": [each.to_dict() for each in self.questions],
            "balance_sheet": document(self.sheet),
            "notes": list(self.notes),
        }

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        yield from self._files()
        yield from self.notes
        if self.kept:
            yield from ("", *self._brought())
        yield from ("", *table(self.sheet))
        if self.questions:
            yield from ("", "Nothing is decided in silence; no other command runs before these are answered:")
            yield from (f"  {each.words}\n    {each.remedy}" for each in self.questions)

    def summary(self) -> tuple[str, ...]:
        """Say which exports were added and what they brought, without the sheet."""
        return (*self._files(), *(self._brought() if self.kept else ()))

    def _files(self) -> Iterator[str]:
        for name, each in self.there_already.items():
            yield f"{name} is there already, as {each.name} of {each.imported_at.date()}: the same content; not added"
        for each in self.kept:
            yield f"added {each.original} as {each.name}"

    def _brought(self) -> Iterator[str]:
        return (f"{name}: {each.words(self.sheet.currency)}" for name, each in self.brought.items())


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
    toml = _pointed_to_folder(where, folder, settings)
    known = list(kept_in(folder))
    killed = toml is not None and bool(known)  # before regulars.toml named the folder
    former = [] if orders.paths == (folder,) else files_of(orders.paths)
    came = [*((file, _changed_at(file)) for file in former), *((file, now or _now()) for file in files_of(files))]
    digests = {digest_of(file) for file, _ in came[len(former) :]}
    by_now = [each for each in known if since and each.imported_at >= since and each.digest in digests]
    remove_half_added(folder, known, digests | set(map(digest_of, former)))
    rest = _without(settings, folder, by_now)
    before = _read(rest, "regulars check says what is wrong with the orders of before", forgotten)
    there, more = _sorted_out(came, known, len(former))
    shortened = _Shortened(orders, forgotten, settings.files.access())
    with _taken_back_on_error(folder, known, settings) as copies:
        for file, at in more:
            copies.append(
                keep(folder, file, 1 + _last(known) + len(copies), at, settings.files.access(), shortened.shorten)
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
    return Added(kept, there, _difference(before.sheet, after.sheet), after.sheet, asked, folder, notes)


def _without(settings: Settings, folder: Path, copies: Sequence[Kept]) -> Settings:
    """Return the settings as if some copies had not come yet."""
    if not copies or settings.orders.paths != (folder,):
        return settings
    names = {each.name for each in copies}
    files = [file for file in files_of([folder]) if file.name not in names]
    return dataclasses.replace(settings, orders=settings.orders.read_from(*files))


@dataclass
class _Shortened:
    """Takes the rows of forgotten customers out of copies, and counts them."""

    orders: OrdersMapping
    forgotten: Forgotten | None
    access: Access
    rows: int = 0

    def shorten(self, copy: Path) -> None:
        """Rewrite a copy without their rows."""
        if self.forgotten is not None:
            self.rows += erase_rows(copy, self.orders, self.forgotten, self.access)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is said of it; nothing where there were none."""
        many = "1 row of a customer" if self.rows == 1 else f"{self.rows:,} rows of customers"
        return (f"{many} who was forgotten: not copied",) if self.rows else ()


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _changed_at(file: Path) -> datetime:
    with faults_at(file):
        return datetime.fromtimestamp(int(file.stat().st_mtime), UTC)


def _last(known: Sequence[Kept]) -> int:
    return max((int(each.name[:4]) for each in known), default=0)


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


def _sorted_out(
    came: Sequence[tuple[Path, datetime]], known: Sequence[Kept], former: int
) -> tuple[dict[str, Kept], list[tuple[Path, datetime]]]:
    """Return the exports whose content is there already, and the others; those of before stay as they are."""
    indexed = {each.digest: each for each in known}
    digests, there = dict(indexed), dict[str, Kept]()
    more: list[tuple[Path, datetime]] = []
    new = 0
    for place, (file, at) in enumerate(came):
        digest, is_former = digest_of(file), place < former
        if digest in (indexed if is_former else digests):
            there |= {} if is_former else {file.name: digests[digest]}
            continue
        digests[digest] = Kept(file.name, digest, file.name, at)
        more.append((file, at))
        new += not is_former
    return there, more if new else []


@contextmanager
def _taken_back_on_error(folder: Path, known: Sequence[Kept], settings: Settings) -> Iterator[list[Kept]]:
    """Remove the copies that were made within the block, if it fails."""
    copies: list[Kept] = []
    try:
        yield copies
    except BaseException:
        for each in copies:
            (folder / each.name).unlink(missing_ok=True)
        if known:
            write_index(folder, known, settings.files.access())
        else:
            (folder / INDEX).unlink(missing_ok=True)
        with suppress(OSError):  # the folder holds former copies, or was never made
            folder.rmdir()
        raise


def _difference(before: BalanceSheet, after: BalanceSheet) -> dict[str, Brought]:
    """Return what came in, what of it is new, what it changed and what was there already."""
    money = after.counted.spend - before.counted.spend
    lines = after.counted.order_lines - before.counted.order_lines
    new = Brought(lines, after.counted.orders - before.counted.orders, {after.currency: money})
    return {
        "came in": _less(after.read, before.read),
        "changed (earlier states of orders that came again, left out)": _less(
            _line(after, CHANGED), _line(before, CHANGED)
        ),
        "there already (lines that came again as they were)": _less(_line(after, OVERLAP), _line(before, OVERLAP)),
        "the log holds more": new,
    }


def _line(sheet: BalanceSheet, rule: str) -> SheetLine:
    return next((line for line in sheet.left_out if line.rule == rule), SheetLine(rule, 0, 0, 0, {}))


def _less(later: SheetLine, earlier: SheetLine) -> Brought:
    minus = {currency: -amount for currency, amount in earlier.money.items()}
    money = {name: amount for name, amount in added(later.money, minus).items() if amount != Decimal(0)}
    return Brought(later.rows - earlier.rows, later.orders - earlier.orders, money)


def _pointed_to_folder(where: Path, folder: Path, settings: Settings) -> str | None:
    """Return the regulars.toml whose [orders] name the folder, nothing else changed; None where they do already.

    Raises:
        InputError: the file is written in a way that only its owner can change; says the line to write.
    """
    if settings.orders.paths == (folder,):
        return None
    old = where.read_text(encoding="utf-8")
    new, wanted = _with_folder(old), tomllib.loads(old)
    wanted["orders"]["file"] = FOLDER
    try:
        if new is not None and tomllib.loads(new) == wanted:
            return new
    except tomllib.TOMLDecodeError:
        pass
    remedy = f'make {folder}, move the orders there, and write file = "{FOLDER}" under [orders]; then run this again'
    raise InputError(f"{where} names the orders in a way that is not changed here; {remedy}")


def _with_folder(toml: str) -> str | None:
    r"""Return a regulars.toml whose orders are in the folder; None where its [orders] names no file on one line.

    >>> print(_with_folder('[orders]\nfile = "o.csv"  # by hand\n[events]\nfile = "e.csv"'))
    [orders]
    file = "kept-exports"  # by hand
    [events]
    file = "e.csv"
    """
    section = re.search(r"(?ms)^\[orders\][^\n]*\n(?P<keys>.*?)(?=^\[|\Z)", toml)
    if section is None:
        return None
    keys, found = re.subn(r"""(?m)^(\s*file\s*=\s*)("[^"\n]*"|'[^'\n]*')""", rf'\1"{FOLDER}"', section["keys"], count=1)
    return toml[: section.start("keys")] + keys + toml[section.end("keys") :] if found else None
