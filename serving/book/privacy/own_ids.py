"""Ids that callers give, told apart by customer: a key of one owner does not learn which ids other customers have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

OF = "\x1f"  # between an id and its customer, where another customer has the same id; in no id that is sent


def told_apart(given: Iterable[tuple[str, str]], whose: Mapping[str, str]) -> list[str]:
    r"""Return the ids to store: one that another customer has, in the book or earlier here, is joined to its customer.

    Args:
        given: id and customer of each row, in the order in which they came.
        whose: id → customer, as the book has them.

    >>> told_apart([("7", "ann"), ("7", "bob"), ("8", "bob")], {"8": "zoe"})
    ['7', '7\x1fbob', '8\x1fbob']
    """
    known = dict(whose)
    return [each if known.setdefault(each, who) == who else of_customer(each, who) for each, who in given]


def of_customer(given: str, customer: str) -> str:
    """Return an id that no other customer can have."""
    return f"{given}{OF}{customer}"


def as_given(stored: str) -> str:
    r"""Return the id as it was given.

    >>> as_given("7"), as_given("7\x1fbob")
    ('7', '7')
    """
    return stored.partition(OF)[0]
