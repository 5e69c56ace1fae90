"""What `regulars init` cannot know: a question for each column that was named and whose cells cannot be read.

A question stands in regulars.toml where its answer belongs (see `serving/config/questions.py`), and no other command
runs while one does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from features.guess.cell_forms import named_currency
from features.guess.sample import Sample, is_date, is_flag, is_number, is_time
from features.sources import cells
from features.sources.remedies import likely_offset, unknown_zone, zone_meanings, zones_table
from features.tables import Field, Kind

EXAMPLES = 3
CHECKS: Mapping[Kind, tuple[Callable[[Sample, int], bool], str]] = {
    "time": (is_date, "dates in a form that is known"),
    "clock": (is_time, "times of day"),
    "date": (is_date, "dates in a form that is known"),
    "money": (is_number, "numbers"),
    "number": (is_number, "numbers"),
    "flag": (is_flag, "yes or no"),
}


def ask_unreadable(sample: Sample, table: str, contract: tuple[Field, ...]) -> None:
    """Ask about each column that the user names, and whose cells are not of its field's kind.

    Args:
        sample: the file; `given` names the columns.
        table: its section in regulars.toml.
        contract: the fields of the table.
    """
    for field in contract:
        index = sample.given.get(field.name)
        if index is None or field.kind not in CHECKS:
            continue
        reads, kind = CHECKS[field.kind]
        if not (sample.filled(index) and reads(sample, index)):
            sample.ask(f"{table}.columns.{field.name}", " ".join(_question(sample, index, table, field, kind)))


def _question(sample: Sample, index: int, table: str, field: Field, kind: str) -> Iterator[str]:
    name, filled = f'"{sample.name(index)}"', sample.filled(index)
    cells = ", ".join(f'"{cell}"' for cell in dict.fromkeys(filled[:EXAMPLES]))
    yield f"Which column is {field.name}, {field.meaning}?"
    yield f"Cells of {name} such as {cells} are not {kind}." if filled else f"The cells of {name} are empty."
    if not field.required:
        yield "If no column is, delete this line."
    if filled and field.kind in ("time", "date"):
        yield f'If it is {name} all the same, say below [{table}.format] how: date_format = "%d/%m/%Y".'


def ask_zone(sample: Sample, table: str, names: Sequence[str]) -> int | None:
    """Return a column whose times can be read once it is known what an abbreviation behind them means, and ask that.

    The likely meaning is taken for going on.

    Args:
        sample: the file.
        table: its section in regulars.toml.
        names: of the columns to look at, as they are compared.
    """
    for index, header in enumerate(sample.plain):
        name = unknown_zone(sample.filled(index), {}) if {header, sample.bare[index]} & {*names} else None
        if name is None or index in sample.used:
            continue
        form, known = sample.form, cells.zone_in(named_currency(sample), name)
        sample.form = replace(form, zones={name: known or likely_offset(name)})
        if is_date(sample, index):
            _tell_zone(sample, index, table, name, known)
            return index
        sample.form = form
    return None


def _tell_zone(sample: Sample, index: int, table: str, name: str, known: str | None) -> None:
    column = sample.name(index)
    if known is not None:
        sample.assume(f'{name} in "{column}" is {known}, as in the country of the currency.')
        return
    question = f'{zone_meanings(name)}: what is it in "{column}"? Write {zones_table(name)} for the first.'
    sample.ask(f"{table}.format.zones", question)
