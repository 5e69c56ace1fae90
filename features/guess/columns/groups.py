"""Which groups a customers file tells of: the columns that `init` proposes as features.

Proposed is a column each of whose values many customers share, that counts nothing, is not named sensitive,
tells nobody apart, and does not look as if it was written after customers left. What is proposed and what is refused is
said, and `[features] use` in regulars.toml has the last word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from features.guess.sample import Sample, is_date, is_number
from features.language.messages import Message, Sentence, sentence
from features.questions import some_of
from features.sources.people.attribute_settings import NEVER_FIELDS, FeatureSettings
from features.sources.words.sensitive import afterwards_word, names_groups_by_number, tells_sex

# Fields of the contract that are groups; the others are names, dates, balances and what is open at the moment.
GROUPS = ("country", "segment", "tier")
MOST_VALUES, CUSTOMERS_A_VALUE, LEAST_FILLED = 1_000, 20, 0.5
MOST_COUNTS = 3  # numbers of more values count something, such as visits: what a customer did, known afterwards


def proposed_features(sample: Sample, columns: Mapping[str, int | None]) -> tuple[str, ...]:
    """Return the columns that are proposed as features, by field or header, and add what that assumes.

    Args:
        sample: the customers file.
        columns: field -> index, as mapped.
    """
    read = {index: name for name, index in columns.items() if index is not None and name not in NEVER_FIELDS}
    taken = {index for name, index in columns.items() if index is not None and name not in GROUPS}
    free = [index for index in range(len(sample.file.header)) if index not in taken]
    dated = columns.get("known_from") is not None
    groups = [index for index in free if _is_group(sample, index)]
    refused = [index for index in free if _is_sensitive(sample, index)]
    found = [index for index in groups if index not in refused and (dated or not _is_afterwards(sample, index))]
    if refused:
        sample.assume(
            sentence(
                "Never a feature, being sensitive or of one person alone: {columns}.", columns=_named(sample, refused)
            )
        )
    if late := [index for index in groups if index not in (*refused, *found)]:
        sample.assume(
            sentence(
                "No feature: {columns}, as it may be written after customers left; with a column that says since when "
                "a row is known (known_from under [customers.columns]), name it in use under [features].",
                columns=_named(sample, late),
            )
        )
    if found:
        sample.assume(_said(sample, found, dated=dated))
    return tuple(read.get(index, sample.name(index)) for index in found)


def _said(sample: Sample, found: Iterable[int], *, dated: bool) -> Sentence:
    file, columns = sample.file.name, _named(sample, found)
    if dated:
        return sentence(
            "Features from {file}: {columns}, each from the day on that known_from names.", file=file, columns=columns
        )
    return sentence(
        "Features from {file}: {columns}. CHECK: nothing says since when they are known; one that is written by what "
        "customers did later is a leak, and belongs out of use under [features].",
        file=file,
        columns=columns,
    )


def _is_group(sample: Sample, index: int) -> bool:
    """Return whether a column holds few values, each of many customers."""
    filled, rows = sample.filled(index), len(sample.columns[index])
    counts = Counter(filled)
    large = sum(count for count in counts.values() if count >= CUSTOMERS_A_VALUE)
    few = 2 <= len(counts) <= MOST_VALUES and large >= LEAST_FILLED * rows
    return few and not is_date(sample, index) and not _counts_something(sample, index, len(counts))


def _counts_something(sample: Sample, index: int, values: int) -> bool:
    return values > MOST_COUNTS and is_number(sample, index) and not names_groups_by_number(sample.name(index))


def _is_sensitive(sample: Sample, index: int) -> bool:
    named = FeatureSettings().refused(sample.name(index)) is not None
    return bool(sample.filled(index)) and (named or tells_sex(set(sample.filled(index))))


def _is_afterwards(sample: Sample, index: int) -> bool:
    return any(afterwards_word(text) for text in (sample.name(index), *set(sample.filled(index))))


def _named(sample: Sample, indices: Iterable[int]) -> Message:
    return some_of([sample.name(index) for index in indices], in_quotes=True)
