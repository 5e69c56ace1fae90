"""Guesses which columns say what a row is: status, cancellation date and flags, and which words mean what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from features.guess import headers
from features.guess.sample import Sample, is_flag
from features.sources import cells
from features.sources.rules import CANCELLED, RETURNED, plain_status


def status_columns(sample: Sample) -> dict[str, int | None]:
    """Return field -> index of the columns that say what a row is, and mark them as used."""
    columns: dict[str, int | None] = {}
    for name in ("status", "cancelled_at", "test", "returned"):
        check = (lambda index: is_flag(sample, index)) if name in ("test", "returned") else None
        found = sample.given[name] if name in sample.given else sample.find(headers.ORDERS[name], check)
        columns[name] = sample.take(found)
    return columns


def status_settings(sample: Sample, columns: Mapping[str, int | None], export: str | None) -> dict[str, Any]:
    """Return the settings of OrdersMapping that say which rows are cancelled or came back.

    Args:
        sample: the first rows of the orders file.
        columns: field of ORDERS -> index of its column.
        export: the shop software whose export it is, if that was recognised.
    """
    cancelled, returned = _statuses(sample, columns["status"], export)
    prefix = _return_prefix(sample, columns)
    return {"cancelled_status": cancelled, "returned_status": returned, "return_prefix": prefix}


def _statuses(sample: Sample, index: int | None, export: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    cancelled: tuple[str, ...] = CANCELLED
    returned: tuple[str, ...] = RETURNED
    if export and "WooCommerce" in export:
        cancelled = (*CANCELLED, "pending")
    if export and "Magento" in export:
        returned = (*RETURNED, "closed")
    if index is not None:
        found = {plain_status(cell): cell for cell in sample.filled(index)}
        out = sorted(cell for status, cell in found.items() if status in set(map(plain_status, cancelled)))
        back = sorted(cell for status, cell in found.items() if status in set(map(plain_status, returned)))
        rest = sorted(cell for status, cell in found.items() if cell not in (*out, *back))
        meanings = [
            f"{what} are {', '.join(which[:8])}"
            for what, which in (("cancelled", out), ("returned", back), ("orders", rest))
            if which
        ]
        sample.assume(f'By "{sample.name(index)}": {"; ".join(meanings)}.')
    return cancelled, returned


def _return_prefix(sample: Sample, columns: Mapping[str, int | None]) -> str | None:
    """Return the prefix of order ids whose lines are all negative, such as the C of a credit note."""
    order = columns.get("order_id")
    quantity, amount = columns.get("quantity"), columns.get("amount")
    sign = quantity if quantity is not None else amount
    if order is None or sign is None:
        return None
    below: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for cell, signed in zip(sample.columns[order], sample.columns[sign], strict=True):
        prefix = cell[: len(cell) - len(cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))].upper()
        every[prefix] += 1
        below[prefix] += cells.HUGE < cells.number(signed, sample.form.decimal) < 0
    for prefix, rows in below.items():
        if prefix and rows == every[prefix] and rows < 0.5 * sum(every.values()):
            sample.assume(f'Order ids that begin with "{prefix}" are returns: all their lines are negative.')
            return prefix
    return None
