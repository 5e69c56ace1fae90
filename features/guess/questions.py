"""What `regulars init` cannot know: a question for each column that was named and whose cells cannot be read.

A question stands in regulars.toml where its answer belongs (see `serving/config/questions.py`), and no other command
runs while one does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from features.guess.cell_forms import named_currency
from features.guess.sample import Sample, is_date, is_flag, is_number, is_time
from features.language.messages import Message, Sentence, in_a_row, sentence
from features.questions import Answer, Question, quoted
from features.sources import cells
from features.sources.remedies import likely_offset, unknown_zone
from features.tables import Field, Kind

EXAMPLES = 3
DATES, NUMBERS = Message("dates in a form that is known"), Message("numbers")
CHECKS: Mapping[Kind, tuple[Callable[[Sample, int], bool], Message]] = {
    "time": (is_date, DATES),
    "clock": (is_time, Message("times of day")),
    "date": (is_date, DATES),
    "money": (is_number, NUMBERS),
    "number": (is_number, NUMBERS),
    "flag": (is_flag, Message("yes or no")),
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
        reads, _ = CHECKS[field.kind]
        if not (sample.filled(index) and reads(sample, index)):
            sample.ask(_unreadable(sample, index, table, field))


def ask_which_of_a_name(sample: Sample, columns: Mapping[str, int | None]) -> None:
    """Ask which column is meant where several have one name and differ in their cells; the first is never just taken.

    Args:
        sample: the orders file.
        columns: field -> index of its column.
    """
    for field, index in columns.items():
        if index is None or sample.given.get(field) == index:
            continue
        name = sample.file.plain_header(sample.name(index))
        same = [n for n, each in enumerate(sample.file.header) if name and sample.file.plain_header(each) == name]
        others = [n for n in same if sample.columns[n] != sample.columns[index]]
        if others:
            key = f"orders.columns.{field}"
            answers = tuple(Answer(quoted(sample.name(n)), {key: sample.name(n)}) for n in (index, *others))
            words = sentence(
                '{count} columns are called "{name}": which one is {field}?', count=len(same), name=name, field=field
            )
            sample.ask(Question(key, words, answers, tuple(sample.filled(n)[0] for n in others if sample.filled(n))))


def _unreadable(sample: Sample, index: int, table: str, field: Field) -> Question:
    reads, _ = CHECKS[field.kind]
    setting, name = f"{table}.columns.{field.name}", sample.name(index)
    filled = tuple(dict.fromkeys(sample.filled(index)[:EXAMPLES]))
    others = (each for each in range(len(sample.plain)) if each not in sample.used and sample.filled(each))
    columns = [sample.name(each) for each in others if reads(sample, each)]
    answers = [Answer(quoted(each), {setting: each}) for each in columns]
    if not field.required:
        answers.append(Answer(sentence("no column is"), {setting: None}))
    answers.append(Answer(_all_the_same(table, name, field), {}))
    return Question(setting, _which_column(name, filled, field), tuple(answers), filled)


def _which_column(name: str, filled: Sequence[str], field: Field) -> Sentence:
    known: dict[str, str | Message] = {"field": field.name, "meaning": Message(field.meaning), "column": name}
    if not filled:
        return sentence('Which column is {field}, {meaning}? The cells of "{column}" are empty.', **known)
    return sentence(
        'Which column is {field}, {meaning}? Cells of "{column}" such as {cells} are not {kind}.',
        **known,
        cells=in_a_row(map(quoted, filled), commas=True),
        kind=CHECKS[field.kind][1],
    )


def _all_the_same(table: str, name: str, field: Field) -> Sentence:
    if field.kind in ("time", "date"):
        return sentence(
            '"{column}" all the same: say below [{table}.format] how, such as date_format = "%d/%m/%Y"',
            column=name,
            table=table,
        )
    return sentence('"{column}" all the same: its cells are to be mended', column=name)


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
            _tell_zone(sample, index, f"{table}.format.zones", name, known)
            return index
        sample.form = form
    return None


def settle_zones(sample: Sample, index: int, table: str) -> None:
    """Ask what abbreviations mean that several countries use, in a column of zones; the likely meaning is taken.

    Args:
        sample: the file.
        index: of the column of zones.
        table: its section in regulars.toml.
    """
    for name in dict.fromkeys(sample.filled(index)):
        if name in cells.ambiguous_zones() and name not in sample.form.zones:
            known = cells.zone_in(named_currency(sample), name)
            sample.form = replace(sample.form, zones={**sample.form.zones, name: known or likely_offset(name)})
            _tell_zone(sample, index, f"{table}.format.zones", name, known)


def _tell_zone(sample: Sample, index: int, setting: str, name: str, known: str | None) -> None:
    column = sample.name(index)
    if known is not None:
        sample.assume(
            sentence(
                '{name} in "{column}" is {offset}, as in the country of the currency.',
                name=name,
                column=column,
                offset=str(known),
            )
        )
        return
    answers = tuple(
        Answer(_offset_there(meaning), {setting: {name: meaning.partition(" ")[0]}})
        for meaning in cells.ambiguous_zones()[name]
    )
    words = sentence('Which clock is {zone} in "{column}"?', zone=name, column=column)
    sample.ask(Question(setting, words, answers, tuple(sample.filled(index)[:EXAMPLES])))


def _offset_there(meaning: str) -> Sentence:
    offset, _, place = meaning.partition(" ")
    return sentence("{offset} {place}", offset=offset, place=Message(place, context="place"))
