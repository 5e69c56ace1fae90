"""How likely an account that still buys shrinks: P(spend within the horizon at most half of its own usual).

What is known of an account is how its newest windows stand against its own usual, how much they vary, and its rhythm
(`features/churn/shrinking.py`). The model serves where it beats the rules: "the newest window was small", "the newest
two were", "it falls", "it always wavered" (`training/backtest/own_past.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from features.churn.labels import ChurnDefinition
from features.churn.shrinking import (
    LEAST_WINDOWS,
    NEWEST,
    SHRUNK_AT,
    OwnWindows,
    own_windows,
    spent_within,
)
from features.log import Ints, Log
from training.dataset import Floats
from training.forecasts.own_past import Cases, Judge, Products, Question, Verdict, learn, read_products
from training.models.fitted import read_json, write_json

FILE, FOLDER = "shrink.json", "shrink"
WHAT = "accounts that shrink"
NAMES = (
    *("newest", "newest_two", "newest_half", "order_days_newest", "fall", "lean_share", "spread", "order_days"),
    *("silence", "windows"),
)
RULES = {"newest": -1, "newest_two": -1, "fall": -1, "lean_share": 1}
LITTLE = 0.05  # of the usual: the logarithm of nothing is none
PRIOR_LEAN, PRIOR_WINDOWS = 0.5, 4.0  # what a short past of lean windows is worth


def values(windows: OwnWindows) -> Floats:
    """Return what is known of each account, accounts × NAMES."""
    usual, before = windows.usual, windows.before
    newest = windows.spend[:, :NEWEST]
    known = np.count_nonzero(~np.isnan(before), axis=1)
    lean = np.count_nonzero(before <= SHRUNK_AT * usual[:, None], axis=1)
    days = windows.usual_order_days
    columns = (
        _against(newest[:, 0], usual),
        _against(newest.mean(axis=1), usual),
        _against(2 * windows.half_spend, usual),
        np.log((windows.order_days[:, 0] + LITTLE) / days),
        _against(np.nanmean(windows.spend[:, :LEAST_WINDOWS], axis=1), usual),
        (lean + PRIOR_LEAN) / (known + PRIOR_WINDOWS),
        np.nanstd(before, axis=1) / usual,
        np.log(days),
        windows.since_days * days / windows.horizon_days,
        known.astype(np.float64),
    )
    return np.column_stack(columns)


def _against(spend: Floats, usual: Floats) -> Floats:
    return np.asarray(np.log(spend / usual + LITTLE))


@dataclass(frozen=True, eq=False)
class Shrinking:
    """What is forecast of the accounts that still buy.

    Args:
        customer: positions in the log, ascending.
        probability: of spending at most half of the own usual within the horizon.
        usual: own usual spend over a horizon, minor units.
        missing: probability × what those who shrink lack of their usual, minor units.
        windows: that it was read from.
    """

    customer: Ints
    probability: Floats
    usual: Floats
    missing: Floats
    windows: OwnWindows


@dataclass(frozen=True, eq=False)
class ShrinkModel:
    """The forecast of who shrinks.

    Args:
        horizon_days: within which.
        fitted: None where it does not serve.
        lacking: the mean share of the usual that is missing where an account shrinks.
        facts: why it serves or not, and how well it did on dates that it had not seen.
    """

    horizon_days: int
    fitted: Products | None = None
    lacking: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def is_on(self) -> bool:
        """Whether it serves."""
        return self.fitted is not None

    def forecast(self, log: Log, as_of: int) -> Shrinking | None:
        """Return the forecast of every account that still buys; None where the model does not serve.

        Args:
            log: of the whole shop; nothing on or after `as_of` is read.
            as_of: a day number.
        """
        if self.fitted is None:
            return None
        windows = own_windows(log, as_of, self.horizon_days)
        p = self.fitted.probability(values(windows)) if len(windows) else np.zeros(0)
        return Shrinking(windows.customer, p, windows.usual, p * self.lacking * windows.usual, windows)

    def to_files(self, folder: Path) -> None:
        """Write itself as JSON, and what was learnt into a folder of its own."""
        write_json(folder / FILE, {"horizon_days": self.horizon_days, "lacking": self.lacking, "facts": self.facts})
        if self.fitted is not None:
            (folder / FOLDER).mkdir()
            self.fitted.to_files(folder / FOLDER)


def read_shrink(folder: Path, horizon_days: int) -> ShrinkModel:
    """Read what `ShrinkModel.to_files` wrote; a bundle of before forecasts none.

    Raises:
        ModelRefused: a file is missing or corrupt.
    """
    if not (folder / FILE).exists():
        return ShrinkModel(horizon_days, facts={"is_on": False, "words": f"{WHAT}: off, as the model is older"})
    content = read_json(folder / FILE)
    fitted = read_products(folder / FOLDER) if content["facts"]["is_on"] else None
    return ShrinkModel(int(content["horizon_days"]), fitted, float(content["lacking"]), content["facts"])


def question_of(log: Log, definition: ChurnDefinition, end: int) -> Question:
    """Return what is asked of a shop's log.

    Args:
        log: the shop's log.
        definition: its horizon.
        end: the first day number that no label may read.
    """
    horizon = definition.horizon_days

    def cases(day: int) -> Cases:
        windows = own_windows(log, day, horizon)
        y = spent_within(log, windows) <= SHRUNK_AT * windows.usual
        return Cases(values(windows), y, log.customer_ids[windows.customer])

    first = log.first_day + (NEWEST + LEAST_WINDOWS) * horizon + 1
    return Question(WHAT, NAMES, RULES, cases, horizon, first, end)


def fit_shrink(log: Log, definition: ChurnDefinition, end: int, judge: Judge) -> ShrinkModel:
    """Judge whether it can be told who shrinks, and learn from all that was known where it can.

    Args:
        log: the shop's log.
        definition: its horizon.
        end: the first day number that no label may read.
        judge: says whether it serves.
    """
    horizon = definition.horizon_days
    if not log.has_money:
        verdict = Verdict(False, f"{WHAT}: off, as the orders hold no money")
        return ShrinkModel(horizon, facts=verdict.facts)
    question = question_of(log, definition, end)
    verdict = judge(question)
    if not verdict.is_on:
        return ShrinkModel(horizon, facts=verdict.facts)
    return ShrinkModel(horizon, learn(question, end), _lacking(log, horizon, question.learnt_on(end)), verdict.facts)


def _lacking(log: Log, horizon_days: int, days: list[int]) -> float:
    """Return the mean share of their usual that those who shrank did not spend."""
    shares = []
    for day in days:
        windows = own_windows(log, day, horizon_days)
        share = spent_within(log, windows) / windows.usual
        shares.append(1 - share[share <= SHRUNK_AT])
    return float(np.concatenate(shares).mean())
