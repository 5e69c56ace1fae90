"""Which columns of the customers file become features, what may never be one, and by which groups are compared.

These are the sections [features] and [fairness].
"""

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


@dataclass(frozen=True)
class FairnessSettings:
    """By which columns of the customers file it is checked that no group of customers is served worse than the others.

    Without any, it is checked by `segment` and by the columns that are features.

    Args:
        by: columns by header, such as "Region", or by field, such as "segment".
        sensitive: columns that are named sensitive and are compared by all the same, such as "Gender". Naming one here
            is the shop's decision to process it for this alone: it never becomes a feature.

    Raises:
        ConfigError: a column of `by` that is named sensitive, or any that tells persons apart.

    >>> FairnessSettings(by=("Gender",))
    Traceback (most recent call last):
    ...
    features.errors.ConfigError: by: "Gender" is named sensitive ("gender"); to compare by it, name it under sensitive
    >>> FairnessSettings(by=("Region",), sensitive=("Gender",)).columns
    ('Region', 'Gender')
    """

    by: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for setting in ("by", "sensitive"):
            for name in getattr(self, setting):
                if why := self.refused(name):
                    raise ConfigError(f'{setting}: "{name}" {why}')

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that are compared by."""
        return (*self.by, *self.sensitive)

    def refused(self, name: str) -> str | None:
        """Return why groups may not be compared by a column of this name, and what to do; None where they may."""
        if (word := personal_word(name)) or name in NEVER_FIELDS:
            return f'tells persons apart ("{word or name}"), not groups; leave it out'
        if name not in self.sensitive and (word := sensitive_word(name)):
            return f'is named sensitive ("{word}"); to compare by it, name it under sensitive'
        return None
