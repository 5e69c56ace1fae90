"""The text of a cell, and how messages show it."""

from __future__ import annotations

import re
from decimal import Decimal

# What surrounds an id or a number by accident: spaces of all widths, marks of reading direction, a BOM.
AROUND = (
    " \t\r\n\v\f\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    "\u200a\u2028\u2029\u202f\u205f\u3000\u200e\u200f\ufeff"
)
SPACE = re.compile(f"[{AROUND}]")
# Digits of three scripts, the true minus, and the spaces that keep a number together.
DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩−\u00a0\u202f\u2009", "01234567890123456789-   ")
LONGEST_SHOWN = 60


def text(value: object) -> str:
    """Return a cell as text, nothing around it; whole numbers without a decimal point.

    >>> text("  0042 "), text(123.0), text(None)
    ('0042', '123', '')
    """
    if isinstance(value, str):
        return value.strip(AROUND)
    if isinstance(value, Decimal):
        return str(value)  # also one that is no number, which `number` then refuses
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip(AROUND)


def readable(cell: str) -> str:
    """Return a cell as a message shows it: one line, nothing invisible, not too long.

    >>> readable(chr(7) + "c" * 99)[-3:]
    'cc…'
    """
    plain = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in cell.strip(AROUND)[: LONGEST_SHOWN + 1])
    return plain if len(cell.strip(AROUND)) <= LONGEST_SHOWN else plain[:LONGEST_SHOWN] + "…"
