"""Text as a search compares it: without case, accents, and the letters and digits in which keyboards differ."""

from __future__ import annotations

import re
import unicodedata

# Arabic yeh, kaf and forms of the hamza as Persian writes them; the final sigma; hamza alone and tatweel away.
_PAIRS = {
    "ي": "ی", "ى": "ی", "ئ": "ی", "ك": "ک", "ة": "ه", "ۀ": "ه", "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ؤ": "و",
    "ς": "σ", "ı": "i", "ł": "l", "ø": "o", "đ": "d", "ء": "", "ـ": "",
}  # fmt: skip
_DIGITS = {first + n: str(n) for first in (ord("۰"), ord("٠")) for n in range(10)}
_TABLE = str.maketrans(_PAIRS) | _DIGITS
# Accents, Arabic marks of vowels, joiners, and marks that turn a line: by ranges, for many names at once.
_MARKS = re.compile(
    "[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)


def folded(text: str) -> str:
    """Return a text as a search compares it.

    >>> folded("Μαρία ΠΑΠΑΔΟΠΟΎΛΟΥ"), folded("كريمي") == folded("کریمی"), folded("۰۹۱۲"), folded("می‌خرد")
    ('μαρια παπαδοπουλου', True, '0912', 'میخرد')
    """
    taken_apart = unicodedata.normalize("NFKD", text.translate(_TABLE).casefold())
    return " ".join(_MARKS.sub("", taken_apart).translate(_TABLE).split())
