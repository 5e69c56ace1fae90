"""The groups that a column of the customers file makes: its values, quarters of its numbers, and the rest together.

A group of few customers tells of persons, and of chance: it is taken together with the others like it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from features.log import Texts
from training.dataset import Floats

MOST_GROUPS = 12
# A group of fewer customers is not told apart; as many rows make a band of calibration.
LEAST_CUSTOMERS = 30
SMALL, NO_VALUE = "small groups", "no value"
NUMBERS, PARTS = 0.95, 4


def group_of(value_of: Mapping[str, str], customer_id: Texts) -> Texts:
    """Return the group of each row.

    A column of more numbers than groups is cut into quarters of its customers.

    Args:
        value_of: customer → what the column says; nothing of those whom it says nothing of.
        customer_id: whose row it is.

    >>> some = {f"c{n}": "north" if n < 40 else "south" for n in range(50)}
    >>> found = group_of(some, np.array([*some, "eve"], dtype=object))
    >>> str(found[0]), str(found[45]), str(found[-1])
    ('north', 'small groups', 'no value')
    """
    customers = dict.fromkeys(str(who) for who in customer_id)
    known = {who: value for who in customers if (value := value_of.get(who, ""))}
    named = _with_quarters(known)
    sizes = Counter(named.values())
    large = [name for name, size in sizes.most_common(MOST_GROUPS) if size >= LEAST_CUSTOMERS]
    kept = {who: name if name in large else SMALL for who, name in named.items()}
    return np.array([kept.get(str(who), NO_VALUE) for who in customer_id], dtype=object)


def in_order(groups: Sequence[str]) -> list[str]:
    """Return the names of groups in the order that they are shown in: numbers ascending, the leftovers last.

    >>> in_order(["no value", "30 to 44", "9 to 17", "small groups", "north"])
    ['9 to 17', '30 to 44', 'north', 'small groups', 'no value']
    """
    last = (SMALL, NO_VALUE)
    return sorted(
        set(groups), key=lambda name: (last.index(name) + 1 if name in last else 0, _first_number(name), name)
    )


def _with_quarters(known: Mapping[str, str]) -> dict[str, str]:
    numbers = {who: number for who, value in known.items() if (number := _number(value)) is not None}
    if len(set(known.values())) <= MOST_GROUPS or len(numbers) < NUMBERS * len(known):
        return dict(known)
    values = np.array(list(numbers.values()))
    limits = np.quantile(values, np.arange(1, PARTS) / PARTS, method="inverted_cdf")
    part = np.searchsorted(limits, values)
    names = {number: _span(values[part == number]) for number in np.unique(part)}
    return {who: names[number] for who, number in zip(numbers, part, strict=True)}


def _span(values: Floats) -> str:
    return f"{values.min():g} to {values.max():g}"


def _number(text: str) -> float | None:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _first_number(name: str) -> float:
    found = _number(name.split(" to ")[0])
    return np.inf if found is None else found
