"""What a feature is, and a set of features.

A feature is one small object with its meaning beside it; it is added in one place, `features/definitions/`, and from
there reaches training, serving, `docs/features.md`, reasons and tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Literal

from features.aggregates import Aggregate
from features.arithmetic import Column, Values, names_read
from features.errors import suggest

Unit = Literal["days", "money", "count", "ratio", "share", "score"]
Value = Aggregate | Callable[[Values], Column]


@dataclass(frozen=True)
class Example:
    """A history and what the feature gives for it, looked at from day 0.

    `orders` are (days ago, amount) with an optional third part of further columns of the line (`discount`, `units`,
    `product_id`), amounts in minor units; `returns` are (days ago, amount); `events` are (days ago, kind) or (days
    ago, kind, value).

    >>> Example(gives=30, orders=[(5, 20), (90, 10)]).gives
    30
    """

    gives: float | None
    _: KW_ONLY
    orders: Sequence[tuple[int, int] | tuple[int, int, dict[str, object]]] = ()
    returns: Sequence[tuple[int, int]] = ()
    events: Sequence[tuple[int, str] | tuple[int, str, float]] = ()


@dataclass(frozen=True)
class Words:
    """A sentence of a reason that is used only where it is true.

    Args:
        text: with {names} of features, filled in with the customer's own numbers.
        when: whether it is true of a customer's values.
        as_risk: True = only as a risk reason, False = only as a protective one, None = as either.

    >>> Words("spent {spend_30d}", lambda row: row["spend_30d"] > 0).when({"spend_30d": 0.0})
    False
    """

    text: str
    when: Callable[[Mapping[str, float]], bool]
    as_risk: bool | None = None


SILENCE = ("no order for {days_since_order}, usually every {usual_gap_days}", "no order for {days_since_order}")


def ordered_within(days: int, *words: str | Words) -> tuple[Words, ...]:
    """Return sentences about a window that holds an order; of an empty one the silence is told, as a risk reason.

    What nobody ordered is neither a fall in money nor one in orders: it is the silence once more, in other words.

    Args:
        days: the window's length.
        words: what is said where it holds an order.

    >>> [words.when({"days_since_order": 31}) for words in ordered_within(30, "ordered on {order_days_30d}")]
    [False, True, True]
    """
    silent = (Words(text, lambda row: row["days_since_order"] > days, as_risk=True) for text in SILENCE)
    return (*where(lambda row: not row.get("days_since_order", 0) > days, *words), *silent)


def where(also: Callable[[Mapping[str, float]], bool], *words: str | Words) -> tuple[Words, ...]:
    """Return sentences that are used only where another condition holds too."""

    def both(when: Callable[[Mapping[str, float]], bool]) -> Callable[[Mapping[str, float]], bool]:
        return lambda row: also(row) and when(row)

    return tuple(Words(each, also) if isinstance(each, str) else replace(each, when=both(each.when)) for each in words)


def against(text: str, now: str, before: str, tail: str) -> tuple[Words, Words]:
    """Return the two sentences of a comparison: fallen, as a risk reason, and risen, as a protective one.

    >>> [words.text for words in against("spent {a}", "a", "b", " before")]
    ['spent {a}, down from {b} before', 'spent {a}, up from {b} before']
    """
    return (
        Words(f"{text}, down from {{{before}}}{tail}", lambda row: row[now] < row[before], as_risk=True),
        Words(f"{text}, up from {{{before}}}{tail}", lambda row: row[now] > row[before], as_risk=False),
    )


@dataclass(frozen=True, kw_only=True)
class Feature:
    """What is known about a customer on a date, under one name.

    Args:
        name: one word for one meaning, its unit or window at the end.
        family: reasons name at most one feature of a family.
        unit: how a value is written; money is in minor units.
        meaning: one sentence for a reader who has not seen the code.
        value: an aggregate over history, or arithmetic over earlier features.
        if_none: the value in place of None; by default it stays unknown.
        example: a history and its value, run as a test.
        words: sentences for a reason; the first whose every {name} is known, and which is true, is taken; none: never
            a reason.
        risk_falls_with_it: True, False, or None where nothing is expected; tested on every trained model.

    >>> from features.aggregates import Sum
    >>> Feature(name="spend_90d", family="money", unit="money", meaning="money spent in the last 90 days",
    ...         value=Sum("spend", days=90), if_none=0, risk_falls_with_it=True,
    ...         example=Example(30, orders=[(5, 20), (90, 10), (91, 99)])).unit
    'money'
    """

    name: str
    family: str
    unit: Unit
    meaning: str
    value: Value
    if_none: float | None = None
    example: Example
    words: tuple[str | Words, ...] = ()
    risk_falls_with_it: bool | None = None


@dataclass(frozen=True)
class EventKind:
    """A kind of event that a shop has, as its log shows it.

    A kind that the shop sends (`by_shop`) is not customer behaviour: it gets no feature of its own, it is what
    the kinds that answer it are measured against.

    >>> EventKind("mail_clicked", answers="mail_sent").by_shop
    False
    """

    name: str
    by_shop: bool = False
    has_value: bool = False
    answers: str | None = None


@dataclass(frozen=True)
class FeatureSet:
    """Features in order of definition; arithmetic looks only at earlier ones.

    Raises:
        ValueError: two features of one name.

    >>> FeatureSet(()).names
    ()
    """

    features: tuple[Feature, ...]
    kinds: tuple[EventKind, ...] = ()
    _by_name: dict[str, Feature] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for feature in self.features:
            if feature.name in self._by_name:
                raise ValueError(f'two features are called "{feature.name}"')
            self._by_name[feature.name] = feature

    def __iter__(self) -> Iterator[Feature]:
        return iter(self.features)

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, name: str) -> Feature:
        try:
            return self._by_name[name]
        except KeyError:
            raise KeyError(f'no feature is called "{name}".{suggest(name, self._by_name)}') from None

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(self._by_name)

    @property
    def families(self) -> dict[str, str]:
        """The family of each name."""
        return {feature.name: feature.family for feature in self.features}

    @property
    def of_money(self) -> frozenset[str]:
        """The names of the features that mean nothing where no money is known."""
        found: set[str] = set()
        for feature in self.features:
            value = feature.value
            if value.of_money if isinstance(value, Aggregate) else found & names_read(value):
                found.add(feature.name)
        return frozenset(found)

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        """The aggregates that the features ask for, each once."""
        return tuple(dict.fromkeys(f.value for f in self.features if isinstance(f.value, Aggregate)))
