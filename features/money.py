"""Amounts of money: integers of minor units inside, decimals where people read or write them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

# What Iranian shops count in: the rial, the toman that people say, and the new rial of the law of November 2025, of a
# hundred qiran, which has no code of ISO 4217 yet. Each is so many rial, for good: no rate is asked for.
RIAL, TOMAN, NEW_RIAL = "IRR", "IRT", "new rial"
RIALS = {RIAL: 1, TOMAN: 10, NEW_RIAL: 10_000}

# ISO 4217 minor units where they are not 2. The rial and the toman (IRT) are written without hundredths in shops.
_WITHOUT_DECIMALS = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF")
    + ("UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF", "IRR", "IRT")
)
_THREE_DECIMALS = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))
_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "TRY": "₺", "ILS": "₪", "KRW": "₩"}


@dataclass(frozen=True)
class Money:
    """A currency, and how its amounts are held and written.

    >>> Money("EUR").text(123450)
    '€1,234.50'
    >>> Money("IRR").text(123450)
    '123,450 IRR'
    """

    currency: str

    @property
    def decimals(self) -> int:
        """Digits after the decimal point, by ISO 4217."""
        if self.currency in _WITHOUT_DECIMALS:
            return 0
        return 3 if self.currency in _THREE_DECIMALS else 2

    def minor(self, amount: Decimal | str | int) -> int:
        """Return an amount in minor units, a half rounded away from zero.

        >>> Money("EUR").minor("12.345")
        1235
        """
        scaled = Decimal(amount).scaleb(self.decimals)
        return int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP))

    def major(self, minor: float) -> Decimal:
        """Return minor units as a decimal amount with the currency's digits.

        >>> Money("EUR").major(1234.6)
        Decimal('12.35')
        """
        whole = Decimal(repr(float(minor))).quantize(Decimal(1), rounding=ROUND_HALF_UP)
        return whole.scaleb(-self.decimals)

    def text(self, minor: float) -> str:
        """Return minor units as a person writes them.

        >>> Money("USD").text(-50)
        '-$0.50'
        """
        return self.text_of(self.major(minor))

    def text_of(self, amount: Decimal) -> str:
        """Return an amount in major units as a person writes it.

        >>> Money("EUR").text_of(Decimal("12.50"))
        '€12.50'
        """
        symbol = _SYMBOLS.get(self.currency)
        sign = "-" if amount < 0 else ""
        digits = f"{abs(amount):,.{self.decimals}f}"
        return f"{sign}{symbol}{digits}" if symbol else f"{sign}{digits} {self.currency}"


MOST_MINOR = 2**63 - 1  # what a column of the book can hold


def minor_units(text: str, money: Money) -> int:
    """Return an amount as people write it, in minor units.

    Raises:
        ValueError: it is none, or more than the book can hold.

    >>> minor_units("12.50", Money("EUR"))
    1250
    """
    try:
        minor = money.minor(Decimal(text))
    except InvalidOperation:
        raise ValueError(text) from None
    if abs(minor) > MOST_MINOR:
        raise ValueError(text)
    return minor
