"""Lists the columns of a shop's file that nothing is read from: a silent loss is found too late.

Amounts of refunds get a sentence of their own: they may have to be subtracted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from features.guess.amounts.refunds import in_own_rows, worth_of
from features.guess.columns import headers
from features.guess.order_rows import OrderRows
from features.guess.sample import Sample, is_number
from features.language.messages import Sentence, sentence
from features.language.typed_values import Number
from features.questions import some_of
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
        file, columns = sample.file.name, some_of(filled, MOST_NAMED, in_quotes=True)
        if empty:
            sample.assume(
                sentence(
                    "Not used of {file}: {columns}; {more} more are empty.", file=file, columns=columns, more=empty
                )
            )
        else:
            sample.assume(sentence("Not used of {file}: {columns}.", file=file, columns=columns))
    return tuple(sample.name(index) for index in indices)


def explain_refunds(sample: Sample, columns: Mapping[str, str]) -> None:
    """Add an assumption about columns of refunds that nothing is read from.

    Args:
        sample: the orders file.
        columns: field -> header of what is read.
    """
    for index in _unused(sample, columns.values()):
        if _is_called(sample, index, headers.REFUND_AMOUNT) and is_number(sample, index):
            _refunds(sample, index, columns)


def _refunds(sample: Sample, index: int, columns: Mapping[str, str]) -> None:
    of = {name: sample.file.column_index(header) for name, header in columns.items()}
    rows = sum(cells.number(cell, sample.form.decimal) not in (0, cells.BAD) for cell in sample.filled(index))
    worth = worth_of(sample, of.get("amount"), of.get("price"), of.get("quantity"))
    if not rows or in_own_rows(OrderRows(sample, of.get("order_id")), worth, index):
        return
    name, taken = sample.name(index), of.get("refunded")
    if taken is not None and sample.columns[taken] == sample.columns[index]:
        sample.assume(
            sentence(
                '"{column}" says the same as "{header}", which is taken off.', column=name, header=sample.name(taken)
            )
        )
        return
    beside = None if taken is None else sample.name(taken)
    sample.assumptions.insert(0, _not_subtracted(name, rows, len(sample.columns[index]), beside))


def _not_subtracted(column: str, rows: int, of: int, beside: str | None) -> Sentence:
    if beside is None:
        return sentence(
            'REFUNDS ARE NOT SUBTRACTED: "{column}" holds amounts on {some} of the first {every} lines. If it is the '
            'money that came back, write refunded = "{column}" under [orders.columns].',
            column=column,
            some=Number(rows),
            every=Number(of),
        )
    return sentence(
        'REFUNDS ARE NOT SUBTRACTED: "{column}" holds amounts on {some} of the first {every} lines, beside "{header}", '
        'which is. If it is the money that came back, write refunded = "{column}" under [orders.columns].',
        column=column,
        some=Number(rows),
        every=Number(of),
        header=beside,
    )


def _is_called(sample: Sample, index: int, known: Sequence[str]) -> bool:
    return sample.plain[index] in known or sample.bare[index] in known


def _unused(sample: Sample, used: Iterable[str]) -> list[int]:
    read = {sample.file.column_index(header) for header in used}
    return [index for index in range(len(sample.file.header)) if index not in read]
