"""Lists the columns of a shop's file that nothing is read from: a silent loss is found too late.

Two kinds get a sentence of their own: amounts of refunds, which would have to be subtracted, and names of people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from features.guess import headers
from features.guess.sample import Sample, is_number
from features.sources import cells

MOST_NAMED = 40


def not_used(sample: Sample, columns: Mapping[str, str]) -> tuple[str, ...]:
    """Return the headers of a file that no field is mapped to, and add them to the assumptions.

    Args:
        sample: the file.
        columns: field -> header, as mapped.
    """
    indices = _unused(sample, columns)
    filled = [sample.name(index) for index in indices if sample.filled(index)]
    empty = len(indices) - len(filled)
    if filled:
        more = f" and {len(filled) - MOST_NAMED} more" if len(filled) > MOST_NAMED else ""
        named = ", ".join(f'"{header}"' for header in filled[:MOST_NAMED])
        sample.assume(
            f"Not used of {sample.file.name}: {named}{more}" + (f"; {empty} more are empty." if empty else ".")
        )
    return tuple(sample.name(index) for index in indices)


def explain_refunds_and_names(sample: Sample, columns: Mapping[str, str]) -> None:
    """Add an assumption about refund amounts and about names of people beside the orders."""
    for index in _unused(sample, columns):
        if _is_called(sample, index, headers.REFUND_AMOUNT) and is_number(sample, index):
            _refunds(sample, index)
        elif _is_called(sample, index, headers.PERSON) and sample.filled(index):
            sample.assume(
                f'"{sample.name(index)}" is not used: names come from the customers file. Give one with --customers '
                f'that has "{columns["customer_id"]}" and the name.'
            )


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


def _unused(sample: Sample, columns: Mapping[str, str]) -> list[int]:
    read = {sample.file.column_index(header) for header in columns.values()}
    return [index for index in range(len(sample.file.header)) if index not in read]
