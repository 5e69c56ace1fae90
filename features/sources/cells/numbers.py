"""The number that a cell means, in millionths."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from features.sources.cells.marks import BAD, EMPTY, HUGE, LIMIT, SCALE
from features.sources.cells.texts import DIGITS, text

_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
# A currency is up to six characters that are no digit and no mark of a number, before or after it.
_CURRENCY = r"(?:[^\d.,'()+\-\s]{1,6}\.?)?"
_WRITTEN = re.compile(
    r"^(?P<open>\()?\s*(?P<before>[+-])?\s*" + _CURRENCY + r"\s*(?P<sign>[+-])?\s*"
    r"(?P<whole>\d{1,3}(?:[,' ]\d{2,3})*[,' ]\d{3}|\d*)(?P<part>\.\d*)?\s*"
    + _CURRENCY + r"\s*(?P<behind>-)?\s*\)?$", re.ASCII,
)  # fmt: skip


def number(value: object, decimal: str = ".") -> int:
    """Return a number in millionths, a half rounded away from zero; or EMPTY, BAD, HUGE.

    Thousands marks (, ' space), currency signs and codes, brackets or a minus behind for negatives, and Persian and
    Arabic digits are read.

    >>> number("€ 1,234.50"), number("1.234,5", decimal=","), number("(12)"), number("12,34") == BAD
    (1234500000, 1234500000, -12000000, True)
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return _limited(value)
    if isinstance(value, float):
        return _limited(repr(value)) if value == value and abs(value) != float("inf") else BAD
    cell = text(value)
    if not cell:
        return EMPTY
    if decimal == "." and (usual := _usual_number(cell)) is not None:
        return usual
    plain = _swap(cell.translate(DIGITS), decimal)
    return _limited(plain) if _PLAIN.fullmatch(plain) else _written(plain)


def _usual_number(cell: str) -> int | None:
    """Read -12.50 without a Decimal: posted histories are mostly that."""
    whole, _, part = cell.partition(".")
    digits = whole.removeprefix("-") + part
    if not (
        digits.isdigit() and digits.isascii() and whole not in ("", "-") and len(part) <= SCALE and len(whole) <= 12
    ):
        return None
    return int(whole + part.ljust(SCALE, "0"))


def _swap(cell: str, decimal: str) -> str:
    """Bring the decimal mark to a point; ٫ and ٬ are marks of their own, whatever the file's."""
    if decimal == ",":
        cell = cell.replace(".", "'").replace(",", ".")
    return cell.replace("٬", "'").replace("٫", ".")


def _written(cell: str) -> int:
    found = _WRITTEN.match(cell)
    if found is None or not (found["whole"] or len(found["part"] or "") > 1):
        return BAD
    digits = re.sub("[,' ]", "", found["whole"]) + (found["part"] or "")
    minus = found["open"] or "-" in (found["before"], found["sign"], found["behind"])
    return _limited(f"-{digits}" if minus else digits)


def _limited(value: Decimal | str | int) -> int:
    try:
        millionths = int(Decimal(value).scaleb(SCALE).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    except ArithmeticError:  # more digits, or a larger exponent, than Decimal's context holds
        return HUGE
    return millionths if abs(millionths) < LIMIT else HUGE
