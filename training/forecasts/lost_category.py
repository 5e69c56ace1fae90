"""How likely an account buys a category no more: P(not within three months), of habits that have fallen silent.

Where the log is too short to learn and to judge that, the window is two months.

Its own rhythm in the category says how long a silence is usual (`features/churn/categories.py`). The rivals are rules:
"silent for long", "silent for many of its own gaps", "for longer than ever", and the beta-binomial expectation, by
which a purchase in k of n months gives (k + a) / (n + a + b) for the next (`training/backtest/own_past.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from features.churn.categories import (
    HABIT_MONTHS,
    MONTH_DAYS,
    SILENT_FROM_DAYS,
    Habits,
    bought_again,
    silent_habits,
)
from features.log import CATEGORIES, Log
from training.dataset import Floats
from training.forecasts.own_past import LEAST_TESTS, Cases, Judge, Products, Question, Verdict, learn, read_products
from training.models.fitted import read_json, write_json

FILE, FOLDER = "lost_category.json", "lost_category"
WHAT = "categories bought no more"
NAMES = (
    *("silence", "silent_gaps", "silent_longest", "expected", "days", "gap", "spread", "months", "share", "activity"),
    "trend",
)
RULES = {"silence": 1, "silent_gaps": 1, "silent_longest": 1, "expected": -1}
LITTLE = 0.05  # of the former pace: the logarithm of nothing is none
WINDOWS_DAYS = (3 * MONTH_DAYS, 2 * MONTH_DAYS)  # the first for which the log is long enough
PRIOR_BOUGHT, PRIOR_NOT = 1.0, 1.0  # a uniform prior of the chance to buy it in a month


def values(habits: Habits) -> Floats:
    """Return what is known of each habit, rows × NAMES."""
    silent_months = habits.since_days // MONTH_DAYS
    bought, months = habits.months + PRIOR_BOUGHT, HABIT_MONTHS + silent_months + PRIOR_BOUGHT + PRIOR_NOT
    columns = (
        np.log(habits.since_days),
        np.log(habits.since_days / np.maximum(habits.gap_days, 1.0)),
        np.log(habits.since_days / np.maximum(habits.longest_days, 1.0)),
        np.log(bought / months),
        np.log(habits.days),
        np.log(np.maximum(habits.gap_days, 1.0)),
        habits.spread,
        habits.months.astype(np.float64),
        habits.share,
        np.log(habits.activity + LITTLE),
        np.log(habits.trend),
    )
    return np.column_stack(columns)


@dataclass(frozen=True, eq=False)
class LostCategoryModel:
    """The forecast of who buys a category no more.

    Args:
        window_days: not bought within so many days is what it forecasts.
        fitted: None where it does not serve.
        facts: why it serves or not, and how well it did on dates that it had not seen.
    """

    window_days: int = WINDOWS_DAYS[0]
    fitted: Products | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    def forecast(self, log: Log, as_of: int) -> tuple[Habits, Floats] | None:
        """Return the silent habits and P(not bought within the window) of each; None where it does not serve.

        Args:
            log: of the whole shop; nothing on or after `as_of` is read.
            as_of: a day number.
        """
        if self.fitted is None or CATEGORIES not in log.streams:
            return None
        habits = silent_habits(log, as_of)
        return habits, self.fitted.probability(values(habits)) if len(habits) else np.zeros(0)

    def to_files(self, folder: Path) -> None:
        """Write itself as JSON, and what was learnt into a folder of its own."""
        write_json(folder / FILE, {"window_days": self.window_days, "facts": self.facts})
        if self.fitted is not None:
            (folder / FOLDER).mkdir()
            self.fitted.to_files(folder / FOLDER)


def read_lost_category(folder: Path) -> LostCategoryModel:
    """Read what `LostCategoryModel.to_files` wrote; a bundle of before forecasts none.

    Raises:
        ModelRefused: a file is missing or corrupt.
    """
    if not (folder / FILE).exists():
        return LostCategoryModel(facts={"is_on": False, "words": f"{WHAT}: off, as the model is older"})
    content = read_json(folder / FILE)
    fitted = read_products(folder / FOLDER) if content["facts"]["is_on"] else None
    return LostCategoryModel(int(content["window_days"]), fitted, content["facts"])


def question_of(log: Log, end: int) -> Question:
    """Return what is asked of a shop's log, in the longest window that it can be judged by.

    Args:
        log: the shop's log, with categories.
        end: the first day number that no label may read.
    """
    asked = [_question(log, end, window_days) for window_days in WINDOWS_DAYS]
    return next((each for each in asked if len(each.tests) >= LEAST_TESTS), asked[0])


def _question(log: Log, end: int, window_days: int) -> Question:

    def cases(day: int) -> Cases:
        habits = silent_habits(log, day)
        return Cases(values(habits), ~bought_again(log, habits, window_days), log.customer_ids[habits.customer])

    first = log.first_day + HABIT_MONTHS * MONTH_DAYS + SILENT_FROM_DAYS
    return Question(WHAT, NAMES, RULES, cases, window_days, first, end)


def fit_lost_category(log: Log, end: int, judge: Judge) -> LostCategoryModel:
    """Judge whether it can be told which categories are bought no more, and learn from all that was known where it can.

    Args:
        log: the shop's log.
        end: the first day number that no label may read.
        judge: says whether it serves.
    """
    if CATEGORIES not in log.streams:
        return LostCategoryModel(facts=Verdict(False, f"{WHAT}: off, as no column says what was bought").facts)
    question = question_of(log, end)
    verdict = judge(question)
    fitted = learn(question, end) if verdict.is_on else None
    return LostCategoryModel(question.window_days, fitted, verdict.facts)
