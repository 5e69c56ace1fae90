"""Text as a search compares it: without case, accents, and the letters and digits in which keyboards differ."""

from __future__ import annotations

import unicodedata

# Arabic yeh, kaf and forms of the hamza as Persian writes them; the final sigma; hamza alone and tatweel away.
_PAIRS = {
    "ي": "ی", "ى": "ی", "ئ": "ی", "ك": "ک", "ة": "ه", "ۀ": "ه", "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ؤ": "و",
    "ς": "σ", "ı": "i", "ł": "l", "ø": "o", "đ": "d", "ء": "", "ـ": "",
}  # fmt: skip
_TABLE = str.maketrans(_PAIRS)


def folded(text: str) -> str:
    """Return a text as a search compares it.

    >>> folded("Μαρία ΠΑΠΑΔΟΠΟΎΛΟΥ"), folded("كريمي") == folded("کریمی"), folded("۰۹۱۲"), folded("می‌خرد")
    ('μαρια παπαδοπουλου', True, '0912', 'میخرد')
    """
    taken_apart = unicodedata.normalize("NFKD", text.translate(_TABLE).casefold())
    kept = (char for char in taken_apart if unicodedata.category(char) not in ("Mn", "Cf"))
    return " ".join("".join(map(_digit, kept)).translate(_TABLE).split())


def _digit(char: str) -> str:
    return str(unicodedata.digit(char, char)) if not char.isascii() else char
