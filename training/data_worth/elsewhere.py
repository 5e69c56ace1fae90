"""What a source added in other shops, where it was there: what can be said of one that this shop does not have.

`elsewhere.toml` is written by `python -m benchmarks.data_worth`, with the shops that it was measured on.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("elsewhere.toml")


@dataclass(frozen=True)
class Elsewhere:
    """What a kind of source added to the AUROC in one shop.

    Args:
        kind: of source, such as "returns".
        shop: its name and horizon.
        is_simulated: whether the shop was made up: its customers then do what they were told to.
        auroc: added.
        low: the lower end of its 95 % interval.
        high: the upper end.
    """

    kind: str
    shop: str
    is_simulated: bool
    auroc: float
    low: float
    high: float


@cache
def measured() -> tuple[Elsewhere, ...]:
    """Return everything that was measured.

    >>> {each.kind for each in measured()} <= {"amounts", "products", "quantities", "discounts", "returns", "events",
    ...     "customers file"}
    True
    """
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["measured"]
    return tuple(Elsewhere(**row) for row in rows)


def elsewhere(kind: str, *, simulated: bool) -> tuple[Elsewhere, ...]:
    """Return what a kind of source added in other shops, the least first."""
    found = [each for each in measured() if each.kind == kind and each.is_simulated == simulated]
    return tuple(sorted(found, key=lambda each: each.auroc))
