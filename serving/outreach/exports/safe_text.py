"""Makes the text of a cell safe: customers' texts pass unharmed, and can do no harm where they land.

One rule for every format that a person opens. Line ends become newlines. Control characters, which XML cannot hold and
which end a line elsewhere, become their pictures (NUL becomes ␀), and half a surrogate pair becomes its code. A text
that a spreadsheet would run is preceded by an apostrophe, which makes it text.
"""

from __future__ import annotations

import math
import re
from typing import Any

from features.rounding import as_shown

SENTENCES = "; "
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # full-width ones act too
MOST_IN_A_CELL = 32_767  # Excel: characters of UTF-16; the rest of the file would be called damaged
CUT = "…"

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
# A key must match the one in the other system. A sign before a plain word calls no function and starts no program.
_HARMLESS_KEY = re.compile(r"[+\-@]?[\w.\-]+")


def joined(value: Any) -> Any:
    """Return sentences as one text, anything else as it is; whole ones, with their full stop, follow each other.

    >>> joined(("silent for 74 days", "usually every 31")), joined(("Αργεί.", "Ξόδεψε λιγότερα."))
    ('silent for 74 days; usually every 31', 'Αργεί. Ξόδεψε λιγότερα.')
    """
    if not isinstance(value, list | tuple):
        return value
    texts = [str(each) for each in value]
    return (" " if all(text.endswith(".") for text in texts) else SENTENCES).join(texts)


def scrubbed(text: str) -> str:
    r"""Return a text that UTF-8 can hold: half a surrogate pair is written as its code.

    >>> scrubbed("Ann\ud83d")
    'Ann\\ud83d'
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def printable(text: str) -> str:
    r"""Return a text that XML, HTML and mail can hold, as this module says.

    >>> printable("a\r\nb\x00"), printable("\ud83d")
    ('a\nb␀', '\\ud83d')
    """
    if text.isprintable():
        return text
    return _UNPRINTABLE.sub(_picture, text.replace("\r\n", "\n").replace("\r", "\n"))


def defused(text: str) -> str:
    """Return a text that no spreadsheet runs.

    >>> defused("=1+1"), defused("Ann = Anna")
    ("'=1+1", 'Ann = Anna')
    """
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def cut(text: str, most: int = MOST_IN_A_CELL) -> str:
    """Return a text cut to `most` characters of UTF-16, of which an emoji takes two; a cut text ends in '…'.

    >>> cut("abcdef", 4), cut("🙂🙂🙂", 4)
    ('abc…', '🙂…')
    """
    if len(text) * 2 <= most or len(text.encode("utf-16-le")) <= 2 * most:
        return text
    return text.encode("utf-16-le")[: 2 * (most - 1)].decode("utf-16-le", "ignore") + CUT


def one_line(text: str) -> str:
    r"""Return a text on one line, for a header or a heading.

    >>> one_line("Ann\r\nBcc: all")
    'Ann Bcc: all'
    """
    return " ".join(printable(text).split())


def for_people(value: Any) -> str:
    """Return a value as a person reads it in a cell: empty for the unknown, three digits, formulas defused.

    >>> for_people(0.62349), for_people(None), for_people(("=a", "b"))
    ('0.623', '', "'=a; b")
    """
    value = joined(value)
    if isinstance(value, str):
        return defused(printable(value))
    if value is None:
        return ""
    return _number(value) if isinstance(value, float) else str(value)


def _number(value: float) -> str:
    shown = f"{as_shown(value):f}" if math.isfinite(value) else str(value)
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def for_machines(value: Any) -> str:
    """Return a value as another system imports it: as for people, but numbers with four digits after the point.

    >>> for_machines(0.6234912), for_machines(12.0)
    ('0.6235', '12.0')
    """
    return repr(round(value, 4)) if isinstance(value, float) else for_people(value)


def key(value: Any) -> str:
    """Return an id by which another system finds its record: as it is, unless a spreadsheet could run it.

    >>> key("+49301234"), key("-17"), key("=cmd()")
    ('+49301234', '-17', "'=cmd()")
    """
    text = printable(str(value))
    return text if _HARMLESS_KEY.fullmatch(text) else defused(text)


def _picture(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    return f"\\u{code:04x}" if code < 0xE000 else "\ufffd"
