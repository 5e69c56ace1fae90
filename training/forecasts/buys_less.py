"""Accounts that buy less: of the whole, or no longer of one category. One table for scores, from the two forecasts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.churn.categories import MONTH_DAYS
from features.churn.labels import ChurnDefinition
from features.churn.less_in_words import in_words, not_bought, shrinks
from features.churn.shrinking import NEWEST, SHRUNK_AT
from features.clock import date_of
from features.log import CATEGORIES, Log
from features.money import Money
from training.dataset import Floats
from training.forecasts.lost_category import WHAT as LOST
from training.forecasts.lost_category import LostCategoryModel, fit_lost_category, read_lost_category
from training.forecasts.own_past import Judge, Verdict
from training.forecasts.shrink import WHAT as SHRINKS
from training.forecasts.shrink import Shrinking, ShrinkModel, fit_shrink, read_shrink

LIKELY = 0.5  # from here on it is told: more likely than not
MOST_CATEGORIES = 2  # told of an account, those worth most first
LESS_TEXTS = ("lost_categories", "shrinking")
LESS_NAMES = (*LESS_TEXTS, "shrunk_probability", "category_lost_probability", "usual_spend", "missing_spend")


@dataclass(frozen=True, eq=False)
class BuysLess:
    """The two forecasts of accounts that buy less.

    Args:
        shrink: of the whole.
        category: of one category.
    """

    shrink: ShrinkModel
    category: LostCategoryModel = field(default_factory=LostCategoryModel)

    @classmethod
    def off(cls, definition: ChurnDefinition) -> BuysLess:
        """Return the forecasts that forecast none."""
        facts = [Verdict(False, f"{what}: off, as it was not asked").facts for what in (SHRINKS, LOST)]
        return cls(ShrinkModel(definition.horizon_days, facts=facts[0]), LostCategoryModel(facts=facts[1]))

    @property
    def is_on(self) -> bool:
        """Whether either of them serves."""
        return self.shrink.is_on or self.category.fitted is not None

    @property
    def facts(self) -> dict[str, Any]:
        """Why each of them serves or not, and how well it did."""
        return {"shrinking": self.shrink.facts, "categories": self.category.facts}

    def forecast(self, log: Log, as_of: int, money: Money) -> pd.DataFrame:
        """Return what is known of the accounts that still buy, in LESS_NAMES, by customer id.

        `shrinking` and `lost_categories` are told where it is more likely than not. Money is in
        minor units; `missing_spend` is what is missing over the horizon: of the whole, or of the categories that are
        likely bought no more, whichever is more.

        Args:
            log: of the whole shop; nothing on or after `as_of` is read.
            as_of: a day number.
            money: the shop's currency.
        """
        whole, parts = self._whole(log, as_of, money), self._parts(log, as_of)
        found = whole.join(parts, how="outer")
        sentences = [
            (*(own if isinstance(own, tuple) else ()), *(of if isinstance(of, tuple) else ()))
            for own, of in zip(found["sentences"], found["of_categories"], strict=True)
        ]
        missing = found[["missing_whole", "missing_parts"]].max(axis=1) if log.has_money else np.nan
        found = found.assign(missing_spend=missing, shrinking=pd.Series(sentences, found.index, dtype=object))
        return found[list(LESS_NAMES)]

    def _whole(self, log: Log, as_of: int, money: Money) -> pd.DataFrame:
        found = self.shrink.forecast(log, as_of)
        if found is None:
            return _nothing("shrunk_probability", "usual_spend", "missing_whole", texts=("sentences",))
        return pd.DataFrame(
            {
                "shrunk_probability": found.probability,
                "usual_spend": found.usual,
                "missing_whole": found.missing,
                "sentences": pd.Series(_sentences(found, money), dtype=object),
            }
        ).set_index(pd.Index(log.customer_ids[found.customer], dtype=object))

    def _parts(self, log: Log, as_of: int) -> pd.DataFrame:
        found = self.category.forecast(log, as_of)
        if found is None:
            return _nothing("category_lost_probability", "missing_parts", texts=("lost_categories", "of_categories"))
        habits, p = found
        worth = p * habits.month_spend * self.shrink.horizon_days / MONTH_DAYS
        likely = p >= LIKELY
        named: dict[int, list[str]] = defaultdict(list)
        told: dict[int, list[str]] = defaultdict(list)
        for row in np.flatnonzero(likely)[np.argsort(-worth[likely], kind="stable")]:
            who, name = int(habits.customer[row]), in_words(str(log.words[CATEGORIES][habits.category[row]]))
            if len(named[who]) < MOST_CATEGORIES:
                named[who].append(name)
                last = date_of(habits.last[row])
                told[who].append(not_bought(name, last, int(habits.months[row])))
        customer, place = np.unique(habits.customer, return_inverse=True)
        highest = np.zeros(len(customer))
        np.maximum.at(highest, place, p)
        return pd.DataFrame(
            {
                "category_lost_probability": highest,
                "missing_parts": np.bincount(place, np.where(likely, worth, 0.0), minlength=len(customer)),
                "lost_categories": pd.Series([tuple(named[who]) for who in customer], dtype=object),
                "of_categories": pd.Series([tuple(told[who]) for who in customer], dtype=object),
            }
        ).set_index(pd.Index(log.customer_ids[customer], dtype=object))

    def to_files(self, folder: Path) -> None:
        """Write both forecasts."""
        self.shrink.to_files(folder)
        self.category.to_files(folder)


def _nothing(*numbers: str, texts: tuple[str, ...]) -> pd.DataFrame:
    columns = {name: pd.Series(dtype=np.float64) for name in numbers}
    columns |= {name: pd.Series(dtype=object) for name in texts}
    return pd.DataFrame(columns, index=pd.Index([], dtype=object))


def _sentences(found: Shrinking, money: Money) -> list[tuple[str, ...]]:
    windows, usual_days = found.windows, found.windows.usual_order_days
    lean = _lean_share(windows.spend[:, NEWEST:], found.usual)
    return [
        tuple(
            shrinks(
                float(windows.spend[row, 0]),
                float(found.usual[row]),
                (float(windows.order_days[row, 0]), float(usual_days[row])),
                float(lean[row]),
                windows.horizon_days,
                money,
            )
        )
        if p >= LIKELY
        else ()
        for row, p in enumerate(found.probability)
    ]


def _lean_share(before: Floats, usual: Floats) -> Floats:
    known = np.count_nonzero(~np.isnan(before), axis=1)
    return np.asarray(np.count_nonzero(before <= SHRUNK_AT * usual[:, None], axis=1) / np.maximum(known, 1))


def read_buys_less(folder: Path, horizon_days: int) -> BuysLess:
    """Read what `BuysLess.to_files` wrote; a bundle of before forecasts none.

    Raises:
        ModelRefused: a file is missing or corrupt.
    """
    return BuysLess(read_shrink(folder, horizon_days), read_lost_category(folder))


def fit_buys_less(log: Log, definition: ChurnDefinition, end: int, judge: Judge) -> BuysLess:
    """Judge and learn both forecasts.

    Args:
        log: the shop's log.
        definition: its horizon.
        end: the first day number that no label may read.
        judge: says whether each of them serves.
    """
    return BuysLess(fit_shrink(log, definition, end, judge), fit_lost_category(log, end, judge))
