"""Judges from its cells how a file is written: encoding, decimal mark, date format, currency, zone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from features.money import NEW_RIAL
from features.sources import cells
from features.sources.business_day import utc_offset
from features.sources.mapping import BARE_DIGITS, DATE_FORMATS, ENOUGH, DateFormat
from features.sources.opening.encodings import shown_by_bytes

CURRENCIES = {
    "€": "EUR", "EUR": "EUR", "ΕΥΡΩ": "EUR", "$": "USD",
    "USD": "USD", "US$": "USD", "£": "GBP", "GBP": "GBP", "¥": "JPY",
    "JPY": "JPY", "₺": "TRY", "TRY": "TRY", "TL": "TRY",
    "₹": "INR", "RS": "INR", "INR": "INR", "﷼": "IRR", "IRR": "IRR", "ریال": "IRR",
    "تومان": "IRT", "IRT": "IRT", "CHF": "CHF", "SEK": "SEK", "NOK": "NOK", "DKK": "DKK", "PLN": "PLN", "ZŁ": "PLN",
    "CZK": "CZK", "RON": "RON", "HUF": "HUF", "BGN": "BGN", "AED": "AED", "CAD": "CAD", "AUD": "AUD", "NZD": "NZD",
    "EURO": "EUR", "EUROS": "EUR", "DOLLAR": "USD", "DOLLARS": "USD", "STERLING": "GBP", "RIAL": "IRR", "RIALS": "IRR",
    "TOMAN": "IRT", "TOMANS": "IRT", "تومن": "IRT", "NEWRIAL": NEW_RIAL,
    "KWD": "KWD", "BHD": "BHD", "OMR": "OMR", "JOD": "JOD", "TND": "TND", "IQD": "IQD", "LYD": "LYD", "KRW": "KRW",
    "₩": "KRW", "CNY": "CNY", "RMB": "CNY", "元": "CNY", "円": "JPY", "HKD": "HKD", "SGD": "SGD", "TWD": "TWD",
    "THB": "THB", "฿": "THB", "VND": "VND", "₫": "VND", "IDR": "IDR", "RP": "IDR", "MYR": "MYR", "PHP": "PHP",
    "₱": "PHP", "ARS": "ARS", "CLP": "CLP", "COP": "COP", "PEN": "PEN", "UYU": "UYU", "PYG": "PYG", "RUB": "RUB",
    "₽": "RUB", "РУБ": "RUB", "РУБЛЕЙ": "RUB", "SAR": "SAR", "QAR": "QAR", "EGP": "EGP", "MAD": "MAD", "DZD": "DZD",
    "NGN": "NGN", "₦": "NGN", "KES": "KES", "GHS": "GHS", "PKR": "PKR", "BDT": "BDT", "৳": "BDT", "LKR": "LKR",
    "RSD": "RSD", "ISK": "ISK", "KZT": "KZT", "₸": "KZT", "GEL": "GEL", "₾": "GEL", "KČ": "CZK", "FT": "HUF",
    "ЛВ": "BGN", "LEI": "RON", "XAF": "XAF", "XOF": "XOF",
    "BRL": "BRL", "R$": "BRL", "MXN": "MXN", "ZAR": "ZAR", "UAH": "UAH", "₴": "UAH", "ILS": "ILS", "₪": "ILS",
}  # fmt: skip
_ARABIC_SIGNS = {
    "د.ك": "KWD", "د.إ": "AED", "ر.س": "SAR", "د.ت": "TND", "د.ب": "BHD", "ر.ع": "OMR", "ر.ق": "QAR", "د.أ": "JOD",
    "ج.م": "EGP", "د.ع": "IQD", "د.ج": "DZD", "د.م": "MAD", "ل.د": "LYD",
}  # fmt: skip
_NEW_RIAL = re.compile(r"(?i)\bnew[ _-]?rials?\b|ریال[\s\u200c_]*(?:جدید|نو)\b")  # two words of one meaning
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
    "UAH": "Europe/Kyiv", "ILS": "Asia/Jerusalem", "KWD": "Asia/Kuwait", "BHD": "Asia/Bahrain", "OMR": "Asia/Muscat",
    "JOD": "Asia/Amman", "TND": "Africa/Tunis", "IQD": "Asia/Baghdad", "LYD": "Africa/Tripoli", "KRW": "Asia/Seoul",
    "CNY": "Asia/Shanghai", "HKD": "Asia/Hong_Kong", "SGD": "Asia/Singapore", "TWD": "Asia/Taipei",
    "THB": "Asia/Bangkok", "VND": "Asia/Ho_Chi_Minh", "IDR": "Asia/Jakarta", "MYR": "Asia/Kuala_Lumpur",
    "PHP": "Asia/Manila", "ARS": "America/Argentina/Buenos_Aires", "CLP": "America/Santiago", "COP": "America/Bogota",
    "PEN": "America/Lima", "UYU": "America/Montevideo", "PYG": "America/Asuncion", "RUB": "Europe/Moscow",
    "SAR": "Asia/Riyadh", "QAR": "Asia/Qatar", "EGP": "Africa/Cairo", "MAD": "Africa/Casablanca",
    "DZD": "Africa/Algiers", "NGN": "Africa/Lagos", "KES": "Africa/Nairobi", "GHS": "Africa/Accra",
    "PKR": "Asia/Karachi", "BDT": "Asia/Dhaka", "LKR": "Asia/Colombo", "RSD": "Europe/Belgrade",
    "ISK": "Atlantic/Reykjavik", "KZT": "Asia/Almaty", "GEL": "Asia/Tbilisi",
}  # fmt: skip
_LIKELY_ZONES = (
    "UTC", "Europe/Berlin", "Europe/Athens", "Europe/London", "America/New_York", "America/Chicago", "America/Denver",
    "America/Los_Angeles", "Asia/Tehran", "Europe/Istanbul", "Asia/Kolkata", "Asia/Tokyo", "Australia/Sydney",
    "America/Sao_Paulo", "Asia/Dubai", "Asia/Singapore", "Pacific/Auckland",
)  # fmt: skip


_ENGLISH_MONTH_FIRST = re.compile(
    r"(?:[A-Z][a-z]+,? )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d{1,2}(?:[a-z]{2})?,? \d{4}"
)


def encoding_of(path: Path) -> str:
    """Return the encoding of a text file: by its BOM, as UTF-8, or by the script that its bytes would spell.

    >>> from tempfile import mkdtemp
    >>> file = Path(mkdtemp()) / "orders.csv"
    >>> _ = file.write_bytes("Ημερομηνία;Σύνολο".encode("cp1253"))
    >>> encoding_of(file)
    'cp1253'
    """
    content = path.read_bytes() if path.stat().st_size < 1 << 26 else path.open("rb").read(1 << 26)
    if (shown := shown_by_bytes(path)) is not None:
        return shown
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


def decimal_of(texts: Iterable[str], decimals: int | None = None) -> str | None:
    """Return the decimal mark of numbers, 'either' where each has its own, None where no cell shows it.

    Args:
        texts: the cells.
        decimals: of the currency, where it is known: three digits behind a mark are thousands, unless it has three.

    >>> decimal_of(["1.234,50", "7"]), decimal_of(["1,234"]), decimal_of(["12"]), decimal_of(["12,5", "12.5"])
    (',', '.', None, 'either')
    >>> decimal_of(["12.500", "3.250"], decimals=3), decimal_of(["12.500", "0.500"])
    ('.', '.')
    """
    sure, unsure = marks_shown(texts, decimals)
    if len(sure) == 2 and min(sure.values()) > (1 - ENOUGH) * sure.total():
        return cells.EITHER
    votes = sure or unsure
    return votes.most_common(1)[0][0] if votes else None


def marks_shown(texts: Iterable[str], decimals: int | None = None) -> tuple[Counter[str], Counter[str]]:
    """Return how many numbers show which decimal mark beyond doubt, and how many only may; arguments as above."""
    sure: Counter[str] = Counter()
    unsure: Counter[str] = Counter()
    for text in texts:
        if (shown := cells.mark_shown(text, decimals)) is not None:
            (sure if shown[1] else unsure)[shown[0]] += 1
    return sure, unsure


def date_formats(
    texts: Sequence[str], *, counted: bool = True, zones: Mapping[str, str] = cells.NO_ZONES
) -> list[DateFormat]:
    """Return every date format that reads (nearly) all of these dates.

    Args:
        texts: the cells.
        counted: also take bare numbers, such as milliseconds since 1970: only a header tells them from other numbers.
        zones: what abbreviations behind times mean that several countries use.

    >>> date_formats(["05/01/2024", "06/01/2024"])
    [('%d/%m/%Y', 'gregorian'), ('%m/%d/%Y', 'gregorian')]
    >>> date_formats(["1522551600000"]), date_formats(["1522551600000"], counted=False)
    ([('epoch_ms', 'gregorian')], [])
    """
    rows_of = Counter(texts)
    known = [each for each in DATE_FORMATS if counted or not is_counted(each)] if texts else []
    return [each for each in known if _reads(rows_of, each, zones)]


def is_counted(date_format: DateFormat) -> bool:
    """Say whether a format writes a date as a bare number.

    >>> is_counted(("epoch_ms", "gregorian")), is_counted(("%d/%m/%Y", "gregorian"))
    (True, False)
    """
    return date_format[0] in cells.COUNTED or date_format[0] in BARE_DIGITS


def _reads(rows_of: Counter[str], date_format: DateFormat, zones: Mapping[str, str]) -> bool:
    """Say whether a format reads enough rows; most formats are out after a few cells, and the rest is not tried."""
    unread, most_unread = 0, (1 - ENOUGH) * rows_of.total()
    for text, rows in rows_of.items():
        if cells.moment(text, *date_format, zones)[0] <= cells.HUGE:
            unread += rows
            if unread > most_unread:
                return False
    return True


def day_or_month_first(date_format: DateFormat) -> bool:
    """Say whether another order of day and month may read the same dates.

    >>> day_or_month_first(("%d/%m/%Y", "gregorian")), day_or_month_first((None, "gregorian"))
    (True, False)
    """
    return (date_format[0] or "").startswith(("%d", "%m")) and date_format[1] == "gregorian"


def month_first(texts: Sequence[str], date_format: str | None) -> bool:
    """Say whether dates are written as in the United States: the month, by number or English name, before the day.

    >>> month_first(["Jan 5, 2024 10:11:12 AM"], None), month_first(["5 Jan 2024"], None), month_first([], "%m/%d/%Y")
    (True, False, True)
    """
    if date_format is not None:
        return date_format.startswith(("%m", "%b", "%B"))
    return bool(texts) and sum(_ENGLISH_MONTH_FIRST.match(text) is not None for text in texts) * 2 > len(texts)


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
        for sign, code in _ARABIC_SIGNS.items():
            text = text.replace(sign, code)
        text = _NEW_RIAL.sub("NEWRIAL", text.translate(_ONE_WAY))
        words = re.findall(r"[^\W\d_]+\$?|[€$£¥₺₹₪₴﷼₩฿₫₱₽₦৳₸₾]", text.upper())
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
