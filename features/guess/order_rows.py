"""What the rows of an orders file are: orders or lines of orders, and whether a column is the order's or the line's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from features.guess.columns import headers
from features.guess.columns.money_names import SURE_UNIT
from features.guess.sample import Sample
from features.language.messages import sentence
from features.language.typed_values import Number

ENOUGH_ORDERS = 0.99
FEW = 0.02  # of the orders stand on several rows: then they are states of one order, not its lines
REPEATED_LINE_NUMBERS = 0.02


@dataclass(frozen=True)
class OrderRows:
    """The rows of each order, as runs: an order that comes again further on may be another state of it.

    Args:
        sample: the first rows of the orders file.
        order: index of the column of order ids, None where there is none.
        states: indices of the columns that say in which state an order is, and since when.
    """

    sample: Sample
    order: int | None
    states: tuple[int, ...] = ()

    @cached_property
    def runs(self) -> list[tuple[str, Sequence[int]]]:
        """Order id and rows of each run of rows of one order."""
        if self.order is None:
            return []
        ids = self.sample.columns[self.order]
        return [(key, tuple(rows)) for key, rows in groupby(range(len(ids)), ids.__getitem__) if key]

    @cached_property
    def several(self) -> list[Sequence[int]]:
        """The runs of more than one row; where none has, the rows of each order that comes several times."""
        runs = [rows for _, rows in self.runs if len(rows) > 1]
        if runs:
            return runs
        of: dict[str, list[int]] = {}
        for key, rows in self.runs:
            of.setdefault(key, []).extend(rows)
        return [rows for rows in of.values() if len(rows) > 1]

    @cached_property
    def n_orders(self) -> int:
        """How many orders the rows are of."""
        return len({key for key, _ in self.runs})

    @cached_property
    def are_lines(self) -> bool:
        """Say whether the rows are lines of orders: of some orders several, which are no states of one order.

        Where no column names a product or a line, a row is an order, unless many orders have rows that stand together
        and do not differ in their state.
        """
        if not self.several:
            return False
        if self.sample.find((*headers.PRODUCT_ID, *headers.LINE_ID, *SURE_UNIT)) is not None:
            return True
        together = [rows for _, rows in self.runs if len(rows) > 1]
        return sum(not self._differs(rows) for rows in together) > FEW * self.n_orders

    def _differs(self, rows: Sequence[int]) -> bool:
        return any(len({self.sample.columns[index][row] for row in rows} - {""}) > 1 for index in self.states)

    def of_order(self, index: int | None) -> bool:
        """Say whether a column has one value per order, repeated on its rows or on one of them only."""
        if index is None or not self.several:
            return False
        cells = self.sample.columns[index]
        one = sum(len({cells[row] for row in rows} - {""}) <= 1 for rows in self.several)
        return one >= ENOUGH_ORDERS * len(self.several)

    def numbers_lines(self, index: int) -> bool:
        """Say whether a column numbers the lines of an order, so that none comes again in it."""
        cells, ids = self.sample.columns[index], self._ids
        pairs = [(ids[row], cell) for row, cell in enumerate(cells) if cell]
        content = {(ids[row], cell): self._row(row) for row, cell in enumerate(cells) if cell}
        again = sum(content[pair] != self._row(row) for pair, row in zip(pairs, _filled_rows(cells), strict=True))
        return again <= REPEATED_LINE_NUMBERS * len(pairs)

    @property
    def _ids(self) -> Sequence[str]:
        return [""] * len(self.sample.columns[0]) if self.order is None else self.sample.columns[self.order]

    def _row(self, row: int) -> tuple[str, ...]:
        return tuple(column[row] for column in self.sample.columns)


def are_used_again(rows: OrderRows, customer: int | None) -> bool:
    """Say whether order numbers begin again, as at each till or each day: then most that repeat are of several people.

    Args:
        rows: of the orders file.
        customer: index of the column of customers.
    """
    sample, order = rows.sample, rows.order
    if order is None or customer is None or "order_id" in sample.given or not rows.several:
        return False
    of: dict[str, set[str]] = {}
    for key, who in zip(sample.columns[order], sample.columns[customer], strict=True):
        of.setdefault(key, set()).update([who] if key and who else [])
    repeated = {sample.columns[order][each[0]] for each in rows.several}
    others = sum(len(of[key]) > 1 for key in repeated)
    if others * 2 <= len(repeated):
        return False
    sample.assume(
        sentence(
            '"{column}" is not used: {more} of its numbers belong to several customers, so they are used again. A '
            "customer's lines of one day are one order.",
            column=sample.name(order),
            more=Number(others),
        )
    )
    return True


def _filled_rows(cells: Sequence[str]) -> Iterator[int]:
    return (row for row, cell in enumerate(cells) if cell)
