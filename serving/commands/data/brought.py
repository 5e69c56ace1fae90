"""What exports brought, as the balance sheets before and after tell it: what is new, changed, or was there already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from features.questions import Question
from features.sources.balance.sheet import Amounts, BalanceSheet, SheetLine, added
from features.sources.balance.words import document, grouped, table, written
from features.sources.kept.index import Kept
from features.sources.rules import OVERLAP

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


def difference(before: BalanceSheet, after: BalanceSheet) -> dict[str, Brought]:
    """Return what came in, what of it is new, what it changed and what was there already.

    Args:
        before: the balance sheet of the orders without the exports.
        after: the one with them.
    """
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
