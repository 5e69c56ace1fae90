"""Judges from its cells how a file is written: encoding, decimal mark, date format, currency, zone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from features.sources import cells
from features.sources.business_day import utc_offset
from features.sources.files import BOMS
from features.sources.mapping import DATE_FORMATS, ENOUGH, DateFormat

CURRENCIES = {
    "€": "EUR", "EUR": "EUR", "ΕΥΡΩ": "EUR", "$": "USD",
    "USD": "USD", "US$": "USD", "£": "GBP", "GBP": "GBP", "¥": "JPY",
    "JPY": "JPY", "₺": "TRY", "TRY": "TRY", "TL": "TRY",
    "₹": "INR", "INR": "INR", "﷼": "IRR", "IRR": "IRR", "ریال": "IRR",
    "تومان": "IRT", "IRT": "IRT", "CHF": "CHF", "SEK": "SEK", "NOK": "NOK", "DKK": "DKK", "PLN": "PLN", "ZŁ": "PLN",
    "CZK": "CZK", "RON": "RON", "HUF": "HUF", "BGN": "BGN", "AED": "AED", "CAD": "CAD", "AUD": "AUD", "NZD": "NZD",
    "EURO": "EUR", "EUROS": "EUR", "DOLLAR": "USD", "DOLLARS": "USD", "STERLING": "GBP", "RIAL": "IRR", "RIALS": "IRR",
    "TOMAN": "IRT", "TOMANS": "IRT", "تومن": "IRT",
    "BRL": "BRL", "R$": "BRL", "MXN": "MXN", "ZAR": "ZAR", "UAH": "UAH", "₴": "UAH", "ILS": "ILS", "₪": "ILS",
}  # fmt: skip
_ONE_WAY = str.maketrans("ώΏيك", "ωΩیک")
ZONES = {
    "EUR": "Europe/Berlin", "USD": "America/New_York",
    "GBP": "Europe/London", "JPY": "Asia/Tokyo", "TRY": "Europe/Istanbul",
    "INR": "Asia/Kolkata", "IRR": "Asia/Tehran",
    "IRT": "Asia/Tehran", "CHF": "Europe/Zurich", "SEK": "Europe/Stockholm",
    "NOK": "Europe/Oslo", "DKK": "Europe/Copenhagen",
    "PLN": "Europe/Warsaw", "CZK": "Europe/Prague", "RON": "Europe/Bucharest",
    "HUF": "Europe/Budapest", "BGN": "Europe/Sofia",
    "AED": "Asia/Dubai", "CAD": "America/Toronto", "AUD": "Australia/Sydney",
    "NZD": "Pacific/Auckland", "BRL": "America/Sao_Paulo", "MXN": "America/Mexico_City", "ZAR": "Africa/Johannesburg",
    "UAH": "Europe/Kyiv", "ILS": "Asia/Jerusalem",
}  # fmt: skip
_LIKELY_ZONES = (
    "UTC", "Europe/Berlin", "Europe/Athens", "Europe/London", "America/New_York", "America/Chicago", "America/Denver",
    "America/Los_Angeles", "Asia/Tehran", "Europe/Istanbul", "Asia/Kolkata", "Asia/Tokyo", "Australia/Sydney",
    "America/Sao_Paulo", "Asia/Dubai", "Asia/Singapore", "Pacific/Auckland",
)  # fmt: skip


def encoding_of(path: Path) -> str:
    """Return the encoding of a text file: by its BOM, as UTF-8, or by the script that its bytes would spell.

    >>> from tempfile import mkdtemp
    >>> file = Path(mkdtemp()) / "orders.csv"
    >>> _ = file.write_bytes("Ημερομηνία;Σύνολο".encode("cp1253"))
    >>> encoding_of(file)
    'cp1253'
    """
    content = path.read_bytes() if path.stat().st_size < 1 << 26 else path.open("rb").read(1 << 26)
    for bom, name in BOMS:
        if content.startswith(bom):
            return name
    try:
        content[: content.rfind(b"\n") + 1 or None].decode("utf-8")
    except UnicodeDecodeError:
        return _by_script(content[: 1 << 20])
    return "utf-8"


def _by_script(content: bytes) -> str:
    """Return the encoding by the runs of upper bytes: accents of a Latin text stand alone, other scripts make words.

    Greek and Arabic share these bytes, but those that cp1256 keeps for French do not occur in Persian or Arabic.
    """
    words: list[bytes] = re.findall(rb"[\x80-\xff]+", content)
    high = b"".join(words)
    if len(high) < 2.2 * len(words):
        return "cp1252"
    arabic = sum("\u0600" <= char <= "\u06ff" or char == "\u200c" for char in high.decode("cp1256")) / len(high)
    return "cp1256" if arabic > 0.9 else "cp1253"


def decimal_of(texts: Iterable[str]) -> str | None:
    """Return the decimal mark of numbers, None where no cell shows it.

    >>> decimal_of(["1.234,50", "7"]), decimal_of(["1,234"]), decimal_of(["12"])
    (',', '.', None)
    """
    votes: Counter[str] = Counter()
    for text in texts:
        marks = re.findall(r"[.,](?=\d)", text)
        if not marks:
            continue
        tail = len(re.sub(r"\D", "", text[text.rindex(marks[-1]) :]))
        sure = len(set(marks)) == 2 or (len(marks) == 1 and tail != 3)
        other = "," if marks[-1] == "." else "."
        votes[marks[-1] if sure else other] += 10 if sure else 1
    return votes.most_common(1)[0][0] if votes else None


def date_formats(texts: Sequence[str]) -> list[DateFormat]:
    """Return every date format that reads (nearly) all of these dates.

    >>> date_formats(["05/01/2024", "06/01/2024"])
    [('%d/%m/%Y', 'gregorian'), ('%m/%d/%Y', 'gregorian')]
    """
    few, enough = texts[:20], ENOUGH * len(texts)
    return [each for each in DATE_FORMATS if _readable(few, each) and _readable(texts, each) >= enough]


def _readable(texts: Sequence[str], date_format: DateFormat) -> int:
    return sum(cells.moment(text, *date_format)[0] > cells.HUGE for text in texts)


def sortedness(texts: Sequence[str], date_format: str | None) -> float:
    """Return how well dates are sorted when read in a format, 0 to 1: exports are mostly sorted by date."""
    moments = [cells.moment(text, date_format)[0] for text in texts]
    steps = [(a < b) - (a > b) for a, b in pairwise(moments) if a != b]
    return abs(sum(steps)) / len(steps) if steps else 0.0


def currency_in(texts: Iterable[str]) -> str | None:
    """Return the currency that cells or headers name.

    >>> currency_in(["1.234,50 €"]), currency_in(["Amount (GBP)"]), currency_in(["Ποσό (ευρώ)"]), currency_in(["12.50"])
    ('EUR', 'GBP', 'EUR', None)
    """
    votes: Counter[str] = Counter()
    for text in texts:
        words = re.findall(r"[^\W\d_]+\$?|[€$£¥₺₹₪₴﷼]", text.translate(_ONE_WAY).upper())
        votes.update(CURRENCIES[word] for word in words if word in CURRENCIES)
    return votes.most_common(1)[0][0] if votes else None


def zone_of(moments: Sequence[tuple[int, int]], currency: str, preferred: str | None = None) -> tuple[str, bool]:
    """Return the shop's zone, and whether the offsets in the data prove it.

    Args:
        moments: seconds on the clock and offset from UTC, as `cells.moment` returns them.
        currency: whose country's zone is taken where the data show none.
        preferred: the zone to try first.

    >>> zone_of([cells.moment("2024-01-05 10:00:00 +0200"), cells.moment("2024-07-05 10:00:00 +0300")], "EUR")
    ('Europe/Athens', True)
    """
    home = preferred or ZONES.get(currency, "UTC")
    zoned = [(local_time - offset, offset) for local_time, offset in moments if offset != cells.NO_OFFSET]
    if all(offset == 0 for _, offset in zoned):
        return home, False  # times without a zone, or in UTC, say nothing of where the shop is
    for zone in dict.fromkeys((home, *_LIKELY_ZONES)):
        if all(utc_offset(instant, ZoneInfo(zone)) == offset for instant, offset in zoned):
            return zone, True
    return home, False
