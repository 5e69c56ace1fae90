"""Lists the columns of a shop's file that nothing is read from: a silent loss is found too late.

Amounts of refunds get a sentence of their own: they would have to be subtracted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from features.guess.columns import headers
from features.guess.sample import Sample, is_number
from features.sources import cells

MOST_NAMED = 40


def not_used(sample: Sample, used: Iterable[str]) -> tuple[str, ...]:
    """Return the headers of a file that nothing is read from, and add them to the assumptions.

    Args:
        sample: the file.
        used: the headers that something is read from.
    """
    indices = _unused(sample, used)
    filled = [sample.name(index) for index in indices if sample.filled(index)]
    empty = len(indices) - len(filled)
    if filled:
        more = f" and {len(filled) - MOST_NAMED} more" if len(filled) > MOST_NAMED else ""
        named = ", ".join(f'"{header}"' for header in filled[:MOST_NAMED])
        sample.assume(
            f"Not used of {sample.file.name}: {named}{more}" + (f"; {empty} more are empty." if empty else ".")
        )
    return tuple(sample.name(index) for index in indices)


def explain_refunds(sample: Sample, used: Iterable[str]) -> None:
    """Add an assumption about refund amounts beside the orders."""
    for index in _unused(sample, used):
        if _is_called(sample, index, headers.REFUND_AMOUNT) and is_number(sample, index):
            _refunds(sample, index)


def _refunds(sample: Sample, index: int) -> None:
    rows = sum(cells.number(cell, sample.form.decimal) not in (0, cells.BAD) for cell in sample.filled(index))
    if not rows:
        return
    sample.assumptions.insert(
        0,
        f'REFUNDS ARE NOT SUBTRACTED: "{sample.name(index)}" holds amounts on {rows:,} of the first '
        f"{len(sample.columns[index]):,} lines, and there is no field for them beside the amount of a sale. Export "
        "each refund as a line of its own with a negative amount, or give such orders a status such as refunded; until "
        "then what these customers spend is too high by these amounts.",
    )


def _is_called(sample: Sample, index: int, known: Sequence[str]) -> bool:
    return sample.plain[index] in known or sample.bare[index] in known


def _unused(sample: Sample, used: Iterable[str]) -> list[int]:
    read = {sample.file.column_index(header) for header in used}
    return [index for index in range(len(sample.file.header)) if index not in read]
