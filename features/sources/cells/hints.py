"""What every text that a rule touches holds: a column without it needs no look at its texts, one by one."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.log import Coded
from features.sources import cells
from features.sources.cells.read_texts import ReadTexts
from features.sources.cells.texts import AROUND
from features.sources.rules import TEST_HINT

_BEYOND_ASCII = 128
_AROUND = bytes(ord(mark) for mark in AROUND if ord(mark) < _BEYOND_ASCII)


@dataclass(frozen=True)
class Hint:
    """What a text has to hold so that a rule may touch it.

    Args:
        pattern: is found in each such text, also where all texts are joined with |.
        bytes_of: one of each of these is in it, unless it holds something beyond ASCII.
    """

    pattern: re.Pattern[str]
    bytes_of: tuple[bytes, ...]

    def found_in(self, coded: Coded) -> bool:
        """Say whether a rule may touch a text of the column.

        >>> hint = Hint(re.compile("[eE]"), (b"eE",))
        >>> hint.found_in(Coded.of(["a", "b"])), hint.found_in(ReadTexts.of(["a", "E"]))
        (False, True)
        """
        if isinstance(coded, ReadTexts) and not self._possible(coded.read.alphabet):
            return False
        return self.pattern.search("|".join(coded.values)) is not None

    def _possible(self, alphabet: npt.NDArray[np.bool_]) -> bool:
        beyond = bool(alphabet[_BEYOND_ASCII:].any())
        return beyond or all(alphabet[list(each)].any() for each in self.bytes_of)


SPACED = Hint(cells.SPACE, (_AROUND,))
WRAPPED = Hint(cells.WRAPPED, (_AROUND + b"=\"'<>.,+",))
ROUNDED = Hint(cells.ROUNDED_HINT, (b"+", b"eE"))
TEST = Hint(TEST_HINT, (b"tT", b"eE", b"sS"))
MAIL = Hint(re.compile("@"), (b"@",))
CONTROL = Hint(re.compile(r"[\x00-\x1f\x7f]"), (bytes((*range(32), 127)),))


def may_be_digits(coded: Coded) -> bool:
    """Say whether a column may hold nothing but digits.

    >>> may_be_digits(ReadTexts.of(["12", ""])), may_be_digits(ReadTexts.of(["A1"]))
    (True, False)
    """
    if not isinstance(coded, ReadTexts):
        return True
    others = coded.read.alphabet.copy()
    others[ord("0") : ord("9") + 1] = False
    return not others.any()
