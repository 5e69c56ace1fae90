"""The id that a cell means, without what spreadsheets and mail programs wrap around it.

12345, 12345.0, ="12345", 1.2345E+4 and " 42 " are the same id as their digits; leading zeros stay. Where a spreadsheet
has rounded an id its digits cannot be had back: `is_rounded` says so, and the id stays as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from features.sources.cells.texts import AROUND, text

NO_ID = frozenset(
    {"", "nan", "null", "(null)", "none", "<na>", "nat", "n/a", "#n/a", "#ref!", "#value!", "-", "--", "—", "?", "."}
)
LONGEST_NUMBER = 30
# What an id holds that is not only its digits and letters; one search over all ids of a column finds out.
WRAPPED = re.compile(f"[{AROUND}=\"'<>]|[.,]0+(?:\\||$)|\\d[eE]\\+\\d")
EXACT_DIGITS, FEWEST_ROUNDED = 15, 5  # five ids end in a zero by chance once in 10^5
_ROUNDED_NUMBER = re.compile(rf"\d{{{EXACT_DIGITS}}}0+", re.ASCII)
ROUNDED_HINT = re.compile(r"\d[eE]\+\d")
_FORMULA = re.compile(r'=?"(?P<quoted>[^"]*)"|=(?P<bare>\d+)|\'(?P<marked>[\w.+@/-]+)')
_WHOLE = re.compile(r"(\d+)[.,]0+", re.ASCII)
_SCIENTIFIC = re.compile(r"(\d)(?:[.,](\d+))?[eE]\+(\d{1,3})", re.ASCII)
_MAIL = re.compile(r"[^<>]*<\s*(?:mailto:)?\s*([^<>\s]+@[^<>\s]+)\s*>", re.IGNORECASE)


def identifier(value: object) -> str:
    """Return an id as text, '' for none.

    >>> identifier('="00042"'), identifier(12345.0), identifier("12345.0"), identifier("1.2345E+4"), identifier(" 42 ")
    ('00042', '12345', '12345', '12345', '42')
    >>> identifier("4.98765E+12"), identifier("219E24")
    ('4.98765E+12', '219E24')
    """
    cell = text(value)
    if WRAPPED.search(cell) is None:
        return cell
    while (formula := _FORMULA.fullmatch(cell)) is not None:
        cell = (formula["quoted"] or formula["bare"] or formula["marked"] or "").strip(AROUND)
    if (whole := _WHOLE.fullmatch(cell)) is not None:
        return whole[1]
    return _restored(cell)


def _restored(cell: str) -> str:
    found = _SCIENTIFIC.fullmatch(cell)
    if found is None or is_rounded(cell) or int(found[3]) > LONGEST_NUMBER:
        return cell
    return (found[1] + (found[2] or "")).rstrip("0").ljust(int(found[3]) + 1, "0")


def is_rounded(cell: str) -> bool:
    """Say whether a spreadsheet has shown a number so short that digits of the id are lost.

    >>> is_rounded("4.98765E+12"), is_rounded("1.2345E+4"), is_rounded("219E24")
    (True, False, False)
    """
    found = _SCIENTIFIC.fullmatch(cell)
    return found is not None and len(found[2] or "") < int(found[3])


def rounded_ids(ids: Iterable[str]) -> frozenset[str]:
    """Return the first few ids where all of them are digits that end in zeros; with '' where one is not.

    >>> sorted(rounded_ids(["4111111111110000", "4111111111120000"]))
    ['4111111111110000', '4111111111120000']
    >>> rounded_ids(["4111111111110000", "4111111111120001"])
    frozenset({''})
    """
    filled = [each for each in ids if each]
    rounded = all(_ROUNDED_NUMBER.fullmatch(each) is not None for each in filled)
    return frozenset(filled[:FEWEST_ROUNDED]) if rounded else frozenset({""})


def all_rounded(some: frozenset[str]) -> bool:
    """Say whether ids of more than fifteen digits all end in zeros, as where a spreadsheet kept them as numbers.

    Args:
        some: of `rounded_ids`.

    >>> all_rounded(rounded_ids(f"41111111111{n}0000" for n in range(10, 15)))
    True
    >>> all_rounded(rounded_ids(f"41111111111{n}0001" for n in range(10, 15)))
    False
    """
    return len(some) >= FEWEST_ROUNDED and "" not in some


def customer_id(value: object) -> str:
    """Return a customer's id: words for nothing are no id, a mail address is the same in any case and with a name.

    >>> customer_id("Ann Smith <Ann@Example.org>"), customer_id("mailto:ann@example.org"), customer_id("NULL")
    ('ann@example.org', 'ann@example.org', '')
    >>> customer_id("007")
    '007'
    """
    cell = identifier(value)
    if "@" in cell:
        named = _MAIL.fullmatch(cell)
        return (named[1] if named else cell.removeprefix("<").removesuffix(">")).lower().removeprefix("mailto:")
    return "" if cell.lower() in NO_ID else cell
