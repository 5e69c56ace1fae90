"""The text of a cell, and how messages show it."""

from __future__ import annotations

import re
from decimal import Decimal

# What no reader sees: marks of reading direction, spaces of no width, a BOM. The joiner of Persian is no such mark.
UNSEEN = "\u200b\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
# All that Unicode has for a space.
SPACES = (
    " \t\r\n\v\f\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029"
    "\u202f\u205f\u3000"
)
# What surrounds an id or a number by accident.
AROUND = SPACES + UNSEEN
SPACE = re.compile(f"[{AROUND}]")
_APOSTROPHES = "’‘‛`´ʹʻʼʽˈ′＇"
_DASHES = "−‐‑‒–—―﹣－"
_FULL_WIDTH = "．，／：＋（）％"
_ZEROS = "٠۰߀०০੦૦୦௦౦೦൦෦๐໐༠၀႐០᠐᥆᧐᪀᪐᭐᮰᱀᱐꘠꣐꤀꧐꧰꩐꯰０"
# Brings digits of every script, spaces, apostrophes and dashes to those of ASCII.
TO_ASCII: dict[int, str | int | None] = {
    **dict.fromkeys(map(ord, UNSEEN)),
    **dict.fromkeys(map(ord, SPACES), " "),
    **dict.fromkeys(map(ord, _APOSTROPHES), "'"),
    **dict.fromkeys(map(ord, _DASHES), "-"),
    **{ord(mark): ord(mark) - 0xFEE0 for mark in _FULL_WIDTH},
    **{ord(zero) + digit: str(digit) for zero in _ZEROS for digit in range(10)},
}
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
