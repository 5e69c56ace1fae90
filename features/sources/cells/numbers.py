"""The number that a cell means, in millionths.

A file has one decimal mark, or each of its cells its own: EITHER. A cell of such a file is read where it leaves no
doubt, as 12,50 and 1.234,50 do and 1,234 does not.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from features.sources.cells.marks import BAD, EMPTY, HUGE, LIMIT, SCALE
from features.sources.cells.texts import TO_ASCII, text

EITHER: Final = "either"
DECIMALS: Final = (".", ",", EITHER)

_SWAPPED = str.maketrans(".,", ",.")
_ARABIC = str.maketrans("٫٬،", ".''")  # marks of their own, whatever the file's
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_BRACKETS = re.compile(r"(\D*)\(([^()]*\d[^()]*)\)(\D*)", re.ASCII)
# What stands before the digits, the digits with their marks, and what stands behind.
_PARTS = re.compile(r"([^\d٫]*?)([.,٫]?\d(?:[\d.,'٫٬، ]*\d)?)([^\d٫]*)", re.ASCII)
# One mark for all thousands of a number, and no thousands behind a zero; India counts by hundreds above the thousands.
_GROUPED = re.compile(
    r"([1-9]\d{0,2}(?:(?P<mark>[,' ])\d{3})(?:(?P=mark)\d{3})*|[1-9]\d?(?:,\d{2})+,\d{3}|\d*)(\.\d*)?", re.ASCII
)
# A currency is a sign of money, or one or two words. A percent sign or a star is none.
_LETTERS = r"a-zA-Z\u00aa\u00b5\u00ba\u00c0-\u1fff\u200c\u3040-\uffdc"  # of every script, with what combines
_SIGNS = "$¢£¤¥֏؋৲৳฿៛₠-⃏﷼＄￠￡￥￦"
_CURRENCY = rf"(?:[{_LETTERS}][{_LETTERS}{_SIGNS}]{{0,11}}(?:[.][{_LETTERS}]{{1,3}}){{0,3}}[./]{{0,2}}|[{_SIGNS}])"
_BEFORE = re.compile(rf"(?P<sign>[+-])? ?(?:{_CURRENCY}(?: {_CURRENCY})?)? ?(?P<minus>[+-])? ?")
_BEHIND = re.compile(rf" ?(?P<none>/-|/=|[.,:] ?--?)? ?(?P<minus>-)? ?(?:{_CURRENCY}(?: {_CURRENCY})?)? ?(?P<last>-)?")
_NOTHING = re.compile(
    rf"(?:(?:[{_SIGNS}]|[A-Za-z]{{2,3}}) ?)?-(?: ?(?:[{_SIGNS}]|[A-Za-z]{{2,3}}))?"
)  # an accountant's zero
# Of a ledger: a debit is what the customer owes, a credit is what comes back; Soll and Haben in German.
_CREDIT = re.compile(r"(?:cr\.? ?(?=[^a-z]))(?P<first>.+)|(?P<last>.+\d) ?(?:cr|h)\.?", re.IGNORECASE)
_DEBIT = re.compile(r"(?:dr\.? ?(?=[^a-z]))(?P<first>.+)|(?P<last>.+\d) ?(?:dr|s)\.?", re.IGNORECASE)


def number(value: object, decimal: str = ".") -> int:
    """Return a number in millionths, a half rounded away from zero; or EMPTY, BAD, HUGE.

    Thousands marks (, ' and every space), currency signs and codes, and the digits of every script are read. Brackets,
    CR and a minus behind are negative; "99,-" has no cents.

    Args:
        value: the cell.
        decimal: the decimal mark of the file: '.', ',' or 'either'.

    >>> number("€ 1,234.50"), number("1.234,5", decimal=","), number("(12)"), number("12,34") == BAD
    (1234500000, 1234500000, -12000000, True)
    >>> number("1.299,-", decimal=","), number("12,34", decimal="either"), number("5 %") == BAD
    (1299000000, 12340000, True)
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
    written = cell.translate(TO_ASCII).strip()
    plain = written.translate(_SWAPPED) if decimal == "," else written
    sure = decimal != EITHER or "e" in plain.lower()
    return _limited(plain) if sure and _PLAIN.fullmatch(plain) else _written(written, decimal)


def _usual_number(cell: str) -> int | None:
    """Read -12.50 without a Decimal: posted histories are mostly that."""
    whole, _, part = cell.partition(".")
    digits = whole.removeprefix("-") + part
    if not (
        digits.isdigit() and digits.isascii() and whole not in ("", "-") and len(part) <= SCALE and len(whole) <= 12
    ):
        return None
    return int(whole + part.ljust(SCALE, "0"))


def _written(cell: str, decimal: str) -> int:
    """Read a number as people write it, in ASCII but for its words and signs."""
    cell, credit = _without_credit(cell)
    if (brackets := _BRACKETS.fullmatch(cell)) is not None:
        cell = "".join(brackets.groups())
    parts = _parts(cell)
    if parts is None:
        return 0 if _NOTHING.fullmatch(cell) else BAD
    before, digits, behind = parts
    front, back = _BEFORE.fullmatch(before), _BEHIND.fullmatch(behind)
    if front is None or back is None:
        return BAD
    plain = _without_thousands(digits, decimal, (back["none"] or "")[:1])
    minuses = (front["sign"], front["minus"], back["minus"], back["last"]).count("-")
    if plain is None or minuses > 1:
        return BAD
    return _limited(f"-{plain}" if minuses or brackets or credit else plain)


def _without_credit(cell: str) -> tuple[str, bool]:
    """Return a cell without the CR or DR of a ledger, and whether it is a credit."""
    for pattern in (_CREDIT, _DEBIT):
        if (found := pattern.fullmatch(cell)) is not None:
            return (found["first"] or found["last"]), pattern is _CREDIT
    return cell, False


def _parts(cell: str) -> tuple[str, str, str] | None:
    found = _PARTS.fullmatch(cell)
    if found is None:
        return None
    before, digits, behind = found.groups()
    if digits[0] in ".," and before[-1:].isalpha():  # the point of "Rs.5" is the currency's
        before, digits = before + digits[0], digits[1:]
    return before, digits, behind


def _without_thousands(digits: str, decimal: str, no_cents: str) -> str | None:
    """Return digits with a decimal point; None where the marks between them are no thousands.

    `no_cents` is the decimal mark of a number without cents, such as "99,-", or ''.
    """
    if no_cents in (".", ","):
        decimal = no_cents
    elif decimal == EITHER:
        decimal, sure = _mark_of(digits)
        if not sure:
            return None
    digits = (digits.translate(_SWAPPED) if decimal == "," else digits).translate(_ARABIC)
    grouped = _GROUPED.fullmatch(digits)
    if grouped is None or (no_cents in (".", ",", ":") and grouped[3]):
        return None
    return re.sub("[,' ]", "", digits)


def mark_shown(cell: str, decimals: int | None = None) -> tuple[str, bool] | None:
    """Return the decimal mark that a number shows, and whether it leaves no doubt; None where it shows none.

    Args:
        cell: a number as it is written.
        decimals: of the currency, where it is known.

    >>> mark_shown("1.234,50"), mark_shown("1,234"), mark_shown("0,500"), mark_shown("12.500", decimals=3)
    ((',', True), ('.', False), (',', True), ('.', True))
    """
    parts = _parts(text(cell).translate(TO_ASCII).strip().strip("()"))
    if parts is None:
        return None
    if (cents := re.match(r"[.,](?= ?-)", parts[2])) is not None:
        return cents[0], True
    return _mark_of(parts[1], decimals) if re.search("[.,]", parts[1]) else None


def _mark_of(digits: str, decimals: int | None = None) -> tuple[str, bool]:
    marks = re.findall("[.,]", digits)
    if not marks:
        return ".", True
    last = marks[-1]
    other = "," if last == "." else "."
    if len(set(marks)) == 2:
        return last, True
    if len(marks) > 1:
        return other, True
    whole, _, tail = digits.partition(last)
    if len(tail) != 3 or not re.fullmatch(r"[1-9]\d{0,2}", whole):
        return last, True
    return (last, True) if decimals == 3 else (other, decimals is not None and decimals != 3)


def _limited(value: Decimal | str | int) -> int:
    try:
        millionths = int(Decimal(value).scaleb(SCALE).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    except ArithmeticError:  # more digits, or a larger exponent, than Decimal's context holds
        return HUGE
    return millionths if abs(millionths) < LIMIT else HUGE
