"""The columns of the customers file by which groups are compared, and which of them may be asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from features.errors import ConfigError, InputError
from features.log import Coded
from features.sources.mapping import CustomersMapping
from features.sources.people.attribute_settings import FairnessSettings
from features.sources.people.attributes import read_columns, tells_persons
from features.sources.words.sensitive import tells_sex


def read_groups(
    mapping: CustomersMapping, names: Sequence[str], settings: FairnessSettings
) -> dict[str, dict[str, str]]:
    """Return, by column as it was asked for, customer → what the file says; nothing of those whom it says nothing of.

    Args:
        mapping: the customers file.
        names: of columns, by header or by field.
        settings: which sensitive ones may be asked.

    Raises:
        ConfigError: a column that may not be asked by its name.
        InputError: a column that is not there, or that may not be asked by its cells.
    """
    for name in names:
        if why := settings.refused(name):
            raise ConfigError(f'[fairness] "{name}" {why}')
    found, headers = read_columns(mapping, names, "[fairness]")
    groups: dict[str, dict[str, str]] = {}
    for name, (field, coded) in zip(names, found.values.items(), strict=True):
        for why in _doubts(name, headers[field], coded, settings):
            raise InputError(f'{mapping.file.name}: "{headers[field]}" {why}')
        said = coded.values[coded.codes].tolist()
        groups[name] = {str(who): str(text) for who, text in zip(found.customer_ids, said, strict=True) if text}
    return groups


def _doubts(name: str, header: str, coded: Coded, settings: FairnessSettings) -> Iterator[str]:
    """Yield why a column may not be asked, by its header, which a field's name may hide, and by its cells."""
    if name not in settings.sensitive:
        if why := settings.refused(header):
            yield why
        if tells_sex(coded.values):
            yield "holds the sex of persons, which is sensitive; to compare by it, name it under [fairness] sensitive"
    for why in tells_persons(coded):
        yield f"{why}; leave it out"
