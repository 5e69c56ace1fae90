"""Explanations: what differs from the customer's own past, or from the shop's usual, as the model's weights order it.

What is told is true of the customer alone, whatever the model thinks of it: the sentences that are true and worth
telling come from the features (`features/reasons.py`), and what is true of nearly everybody is left out. The model's
contributions put them in order: they are exact, with the base they sum to the log-odds, and those of a family are
summed, because its features mean much the same. A silence that is longer than usual comes before all others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from features.build import feature_columns
from features.feature import BY_WEIGHT, LAST, Words
from features.log import Log
from features.money import Money
from features.reasons import Columns, Mask, columns_of, common_sentences, filled, holds, sentences
from training.bundle import Bundle
from training.dataset import Floats

SAMPLE = 5_000  # customers, to learn what is true of nearly everybody
Reasons = tuple[list[str], list[str]]


def reasons(
    bundle: Bundle,
    X: pd.DataFrame | Floats,
    money: Money,
    *,
    added: Floats | None = None,
    common: Collection[str] = (),
    top_risk: int = 3,
    top_protective: int = 2,
) -> list[Reasons]:
    """Return, per row, the reasons for a high risk and those against it.

    Args:
        bundle: the model whose contributions are explained.
        X: customers × features, as `feature_table` gives them.
        money: how amounts are written.
        added: the contributions of the features, where they are known already.
        common: what is true of nearly everybody, as `common_reasons` finds it.
        top_risk: at most so many risk reasons.
        top_protective: at most so many protective ones.

    Returns:
        (risk reasons, protective ones) per row: lateness first, then by weight; of each fact one sentence.
    """
    values = bundle.matrix(X)
    if not len(values):
        return []
    if added is None:  # as of any day: the level is the same for everyone and no reason
        added = bundle.explained(values, bundle.trained_until).added
    signs = Signs.of(bundle, values, added, common)

    def in_words(row: int, told: Iterable[Words]) -> list[str]:
        return [filled(words, signs.numbers_of(row, words), bundle.features, money) for words in told]

    def of(row: int) -> Reasons:
        risk = list(signs.told(row, top_risk, as_risk=True, besides=()))
        facts = {words.fact for words in risk}
        protective = signs.told(row, top_protective, as_risk=False, besides=facts)
        return in_words(row, risk), in_words(row, protective)

    return [of(row) for row in range(len(values))]


def common_reasons(log: Log, bundle: Bundle, as_of: date) -> frozenset[str]:
    """Return the sentences that are true of nearly everybody who can churn on a date.

    Args:
        log: of the whole shop; of a large one evenly spread customers are looked at.
        bundle: the model, with its features and its churn definition.
        as_of: the day that is looked from.
    """
    every = -(-log.n_customers // SAMPLE)
    some = log.only(log.customer_ids[::every]) if every > 1 else log
    table = feature_columns(some, [as_of], bundle.features, bundle.definition.active_days)
    return common_sentences(bundle.features, _columns(bundle, bundle.matrix(table)), len(table))


def _columns(bundle: Bundle, values: Floats) -> Columns:
    known = dict(zip(bundle.features.names, values.T, strict=True))
    medians = {
        name: each.quantiles[len(each.quantiles) // 2] for name, each in bundle.reference.items() if each.quantiles
    }
    return columns_of(known, medians, bundle.definition.horizon_days)


@dataclass(frozen=True, eq=False)
class Signs:
    """What may be told of some customers.

    Args:
        columns: their features, and what is usual in the shop.
        words: every sentence, with the family of its feature.
        true: sentences × customers, whether it holds.
        added: family → what it adds to the log-odds of each customer.
    """

    columns: Columns
    words: tuple[tuple[str, Words], ...]
    true: Mask
    added: dict[str, Floats]

    @classmethod
    def of(cls, bundle: Bundle, values: Floats, added: Floats, common: Collection[str]) -> Signs:
        """Return what may be told of the customers of a matrix, and what each feature adds to their log-odds."""
        columns = _columns(bundle, values)
        words = [(f.family, words) for f, words in sentences(bundle.features) if words.key not in common]
        true = np.empty((len(words), len(values)), dtype=bool)
        for index, (_, each) in enumerate(words):
            true[index] = holds(each, columns, len(values))
        return cls(columns, tuple(words), true, _by_family(bundle, added))

    def numbers_of(self, row: int, words: Words) -> dict[str, float]:
        """Return the numbers of one customer that a sentence is filled in with."""
        columns = {name: self.columns[name] for name in words.names}
        return {name: float(column[row] if np.ndim(column) else column) for name, column in columns.items()}

    def told(self, row: int, most: int, *, as_risk: bool, besides: Collection[str]) -> Iterator[Words]:
        """Yield the sentences of one side, best first, of each fact one; of some facts none."""
        true = (self.words[index] for index in np.flatnonzero(self.true[:, row]))
        sign, facts, last = -1.0 if as_risk else 1.0, set(besides), LAST
        found = [
            (words.rank, sign * self.added[family][row], words) for family, words in true if words.as_risk == as_risk
        ]
        for rank, _, words in sorted(found, key=lambda each: each[:2]):
            if most == 0 or rank > last:
                return
            if words.fact not in facts:
                facts.add(words.fact)
                most, last = most - 1, max(rank, BY_WEIGHT)
                yield words


def _by_family(bundle: Bundle, added: Floats) -> dict[str, Floats]:
    """Return what each family adds to the log-odds of each customer."""
    columns: dict[str, list[int]] = {}
    for index, feature in enumerate(bundle.features):
        columns.setdefault(feature.family, []).append(index)
    return {family: added[:, members].sum(axis=1) for family, members in columns.items()}
