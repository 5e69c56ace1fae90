"""Which columns of the customers file become features, and what may never be one: the section [features]."""

from __future__ import annotations

from dataclasses import dataclass

from features.errors import ConfigError
from features.sources.words.sensitive import personal_word, sensitive_word

# Fields of the contract that tell persons apart, or what was asked of them; the others are columns like any.
NEVER_FIELDS = ("customer_id", "name", "owner", "consent", "account")


@dataclass(frozen=True)
class FeatureSettings:
    """Which columns of the customers file, and of a customer's first order, are features.

    Args:
        use: columns of the customers file by header, such as "Region", or by field, such as "segment".
        first_order: columns of the orders, by header, such as "Channel": what they say on a customer's first order.
        never: words of columns that may not be one, beside the sensitive ones that never may: what persons believe, are
            or suffer from. "relig*" is any word that holds these letters.

    Raises:
        ConfigError: a column that is named sensitive, or for what tells persons apart.

    >>> FeatureSettings(use=("Religion",))
    Traceback (most recent call last):
    ...
    features.errors.ConfigError: use: "Religion" is named sensitive ("religion") and is never a feature; leave it out
    """

    use: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    first_order: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for setting in ("use", "first_order"):
            for name in getattr(self, setting):
                if why := self.refused(name):
                    raise ConfigError(f'{setting}: "{name}" {why} and is never a feature; leave it out')

    def refused(self, name: str) -> str | None:
        """Return why a column of this name may not be a feature, or None."""
        if word := sensitive_word(name, self.never):
            return f'is named sensitive ("{word}")'
        if (word := personal_word(name)) or name in NEVER_FIELDS:
            return f'tells persons apart ("{word or name}")'
        return None
