"""What a rule knows of the whole file, where its rows are read in partitions.

Most rules look at one row, one order or one customer, which a partition holds whole. A few decide by all rows of a
file: whether it holds any time of day, whether most orders that come again are states of one order. Such a rule says
what its own rows show, and how it decides by that. Of a file that is read as a whole this is the answer. Of a partition
it is the first one: the facts of all partitions are put together, and where that changes an answer the partition is
read again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from features.errors import InputError

Fact = TypeVar("Fact", tuple[int, ...], frozenset[str])
Answer = TypeVar("Answer")
Known = Mapping[str, Any]  # name → what all partitions show together: counts, or texts


class FileFacts:
    """The facts of rows that are the whole file: a rule decides by its own.

    >>> FileFacts().decide("times of day", (3,), lambda counts: counts[0] > 0)
    True
    """

    of_partition = False

    def decide(self, name: str, own: Fact, by: Callable[[Fact], Answer]) -> Answer:
        """Return what a rule decides.

        Args:
            name: of what is decided.
            own: what the rows at hand show: counts, which add up over partitions, or texts, which are put together.
            by: decides by what the whole file shows.
        """
        return by(own)

    def needs_whole(self, what: str, remedy: str) -> None:
        """Refuse a partition where only the whole file shows what its rows mean."""


WHOLE = FileFacts()


class PartitionFacts(FileFacts):
    """The facts of a partition, and the answers that were given by what was known of the whole file.

    >>> facts = PartitionFacts({})
    >>> facts.decide("times of day", (0,), lambda counts: counts[0] > 0)
    False
    >>> facts.agrees_with({"times of day": (3,)}), facts.agrees_with({"times of day": (0,)})
    (False, True)
    """

    of_partition = True

    def __init__(self, known: Known) -> None:
        self.own: dict[str, Any] = {}
        self._known = known
        self._answers: dict[str, tuple[Callable[[Any], Any], Any]] = {}

    def decide(self, name: str, own: Fact, by: Callable[[Fact], Answer]) -> Answer:
        """Return what a rule decides by what is known of the whole file, else by its own rows."""
        answer = by(self._known.get(name, own))
        self.own[name], self._answers[name] = own, (by, answer)
        return answer

    def agrees_with(self, known: Known) -> bool:
        """Say whether every answer is what the whole file says."""
        return all(by(known[name]) == answer for name, (by, answer) in self._answers.items())

    def needs_whole(self, what: str, remedy: str) -> None:
        """Refuse a partition where only the whole file shows what its rows mean.

        Raises:
            InputError: always.
        """
        raise InputError(f"the orders cannot be read in partitions: {what}; {remedy}")


def together(facts: Sequence[PartitionFacts]) -> Known:
    """Put the facts of all partitions together.

    >>> one, other = PartitionFacts({}), PartitionFacts({})
    >>> one.own["rows"], other.own["rows"], other.own["words"] = (1, 2), (3, 4), frozenset({"paid"})
    >>> together([one, other])
    {'rows': (4, 6), 'words': frozenset({'paid'})}
    """
    known: dict[str, Any] = {}
    for own in (each.own for each in facts):
        for name, fact in own.items():
            known[name] = _added(known[name], fact) if name in known else fact
    return known


def _added(left: Any, right: Any) -> Any:
    if isinstance(left, frozenset):
        return left | right
    return tuple(a + b for a, b in zip(left, right, strict=True))
