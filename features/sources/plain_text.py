"""Text that is compared: without case, accents and the variants of letters."""

from __future__ import annotations

import re
import unicodedata

_ARABIC = str.maketrans("يكةأإآ", "یکهااا")
_LATIN = str.maketrans("ıłøđς", "ilodσ")  # letters that Unicode does not take apart


def plain(header: str) -> str:
    """Return a header as it is compared: letters and digits only, lower case, no accents; a % is a word.

    >>> plain("Grand Total (Purchased)"), plain("Ημερομηνία")
    ('grandtotalpurchased', 'ημερομηνια')
    """
    text = unicodedata.normalize("NFKD", header.replace("%", " percent ").translate(_ARABIC).casefold())
    return (
        re.sub(r"[\W_]+", "", "".join(c for c in text if not unicodedata.combining(c)))
        .translate(_LATIN)
        .replace("ς", "σ")
    )


def plain_names(*lines: str) -> tuple[str, ...]:
    """Return names that are written with | between them, as they are compared, each once and in order.

    >>> plain_names("Order ID|order_id", "Receipt")
    ('orderid', 'receipt')
    """
    return tuple(dict.fromkeys(plain(name) for line in lines for name in line.split("|")))
