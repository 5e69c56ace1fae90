"""What a feature is, and a set of features.

A feature is one small object with its meaning beside it; it is added in one place, `features/definitions/`, and from
there reaches training, serving, `docs/features.md`, reasons and tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from string import Formatter
from typing import Any, Literal

from features.aggregates import Aggregate
from features.arithmetic import Column, Values, names_read
from features.codes import NO_CODES, Codes
from features.errors import suggest
from features.language.languages import ENGLISH
from features.language.messages import Message, written
from features.language.typed_values import Value as Held

Unit = Literal["days", "money", "count", "ratio", "share", "score"]
Value = Aggregate | Callable[[Values], Column]
# What a field of a sentence is filled in from: a feature by its name, or what is the same for every customer.
FilledFrom = str | Held | Message
FIRST, BY_WEIGHT, BESIDE_THE_SHOP, LAST = 0, 1, 2, 3
SILENCE = "silence"  # the fact that all sentences about the time since the last order tell of


@dataclass(frozen=True)
class Example:
    """A history and what the feature gives for it, looked at from day 0.

    `orders` are (days ago, amount) with an optional third part of further columns of the line (`discount`, `units`,
    `product_id`), amounts in minor units; `returns` are (days ago, amount); `events` are (days ago, kind) or (days
    ago, kind, value); `attributes` are what the customers file says.

    >>> Example(gives=30, orders=[(5, 20), (90, 10)]).gives
    30
    """

    gives: float | None
    _: KW_ONLY
    orders: Sequence[tuple[int, int] | tuple[int, int, dict[str, object]]] = ()
    returns: Sequence[tuple[int, int]] = ()
    events: Sequence[tuple[int, str] | tuple[int, str, float]] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Words:
    """A sentence that tells how a customer differs from the own past or from the shop's usual, where that is so.

    It stands on one side alone: a sign that is a risk in one row is never protection in another. Its English is the
    message under which the catalogues of `features/language/` hold the wordings of the other languages.

    Args:
        text: one whole sentence with {names} of features, filled in with the customer's own numbers; `shop_<feature>`
            is the median of the shop's customers.
        when: from columns by name, to whether it is true and worth telling; a column that is not known is NaN.
        as_risk: True = a reason for risk, False = one against it.
        fact: what it tells of; of each fact one sentence is told.
        fields: name in the sentence → the feature that it stands for, where one sentence serves several features, or
            what it holds for every customer.
        rank: FIRST before all others; BY_WEIGHT in the order of the model's weights; BESIDE_THE_SHOP, what differs from
            the shop's usual alone, only where none of these is true of the own past; LAST only where nothing is.

    >>> Words("spent {spend_30d}", lambda row: row["spend_30d"] > 0, as_risk=True, fact="money").when({"spend_30d": 0})
    False
    """

    text: str
    when: Callable[[Mapping[str, Any]], Any]
    _: KW_ONLY
    as_risk: bool
    fact: str
    fields: Mapping[str, FilledFrom] = field(default_factory=dict)
    rank: int = BY_WEIGHT

    @cached_property
    def columns(self) -> Mapping[str, str]:
        """Field → the feature that it is filled in from."""
        named = {name: self.fields.get(name, name) for _, name, _, _ in Formatter().parse(self.text) if name}
        return {name: held for name, held in named.items() if isinstance(held, str)}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The features that it is filled in from."""
        return tuple(self.columns.values())

    @cached_property
    def key(self) -> str:
        """What tells the sentence apart from all others: its text, with the features in the places of its fields.

        >>> Words("{days} quiet", lambda row: True, as_risk=True, fact="", fields={"days": "tenure_days"}).key
        '{tenure_days} quiet'
        """
        held = {name: f"{{{column}}}" for name, column in self.columns.items()}
        given = {name: written(value, ENGLISH) for name, value in self.fields.items() if not isinstance(value, str)}
        return self.text.format_map(held | given)


@dataclass(frozen=True, kw_only=True)
class Feature:
    """What is known about a customer on a date, under one name.

    Args:
        name: one word for one meaning, its unit or window at the end.
        family: features that mean much the same; a model's weight is that of the family.
        unit: how a value is written; money is in minor units.
        meaning: one sentence for a reader who has not seen the code.
        value: an aggregate over history, or arithmetic over earlier features.
        if_none: the value in place of None; by default it stays unknown.
        example: a history and its value, run as a test.
        words: sentences for a reason; none: what it says cannot be told of one customer alone.
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
    words: tuple[Words, ...] = ()
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

    Args:
        features: the features.
        kinds: of events, which some of them are about.
        attributes: of customers, which some of them are about.
        codes: what was learnt about the values of the attributes; until then their features are None.

    Raises:
        ValueError: two features of one name.

    >>> FeatureSet(()).names
    ()
    """

    features: tuple[Feature, ...]
    kinds: tuple[EventKind, ...] = ()
    attributes: tuple[str, ...] = ()
    codes: Codes = NO_CODES
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
