"""The columns of a shop's file that nothing is read from, said aloud: a silent loss is found too late.

Two kinds get a sentence of their own: amounts of refunds, which would have to be subtracted, and names of people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from features.guess import headers
from features.guess.sample import Sheet, is_number
from features.sources import cells

MOST_NAMED = 40


def not_used(sheet: Sheet, columns: Mapping[str, str]) -> tuple[str, ...]:
    """Return the headers of a file that no field was mapped to, and say so.

    Args:
        sheet: the file.
        columns: field -> header, as mapped.
    """
    places = _unused(sheet, columns)
    filled = [sheet.name(place) for place in places if sheet.filled(place)]
    empty = len(places) - len(filled)
    if filled:
        more = f" and {len(filled) - MOST_NAMED} more" if len(filled) > MOST_NAMED else ""
        named = ", ".join(f'"{header}"' for header in filled[:MOST_NAMED])
        sheet.said.append(
            f"Not used of {sheet.file.name}: {named}{more}" + (f"; {empty} more are empty." if empty else ".")
        )
    return tuple(sheet.name(place) for place in places)


def of_orders(sheet: Sheet, columns: Mapping[str, str]) -> None:
    """Say what becomes of refunds and of names that stand beside the orders."""
    for place in _unused(sheet, columns):
        if _is_called(sheet, place, headers.REFUND_AMOUNT) and is_number(sheet, place):
            _refunds(sheet, place)
        elif _is_called(sheet, place, headers.PERSON) and sheet.filled(place):
            sheet.said.append(
                f'"{sheet.name(place)}" is not used: names come from the customers file. Give one with --customers '
                f'that has "{columns["customer_id"]}" and the name.'
            )


def _refunds(sheet: Sheet, place: int) -> None:
    rows = sum(cells.number(cell, sheet.form.decimal) not in (0, cells.BAD) for cell in sheet.filled(place))
    if not rows:
        return
    sheet.said.insert(
        0,
        f'REFUNDS ARE NOT SUBTRACTED: "{sheet.name(place)}" holds amounts on {rows:,} of the first '
        f"{len(sheet.columns[place]):,} lines, and there is no field for them beside the amount of a sale. Export each "
        "refund as a line of its own with a negative amount, or give such orders a status such as refunded; until then "
        "what these customers spend is too high by these amounts.",
    )


def _is_called(sheet: Sheet, place: int, known: Sequence[str]) -> bool:
    return sheet.plain[place] in known or sheet.bare[place] in known


def _unused(sheet: Sheet, columns: Mapping[str, str]) -> list[int]:
    read = {sheet.file.column_index(header) for header in columns.values()}
    return [place for place in range(len(sheet.file.header)) if place not in read]
