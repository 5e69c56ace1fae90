"""The level of the coming window: how true churn rate and expected spend are, with and without its forecast.

python -m benchmarks.quality.level --cdnow CDNOW_master.txt

Each log is asked on five dates; on each a logistic regression learns from what was known, and the level is forecast for
the window that begins. Who churned and what was spent in it is what it is judged by.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from pathlib import Path

import numpy as np

from benchmarks.published import write_page
from benchmarks.quality.seasons import Question, open_questions, simulated_questions
from features.churn.labels import ChurnDefinition
from features.clock import day_number
from features.definitions import default_features
from features.log import Log
from training.backtest.dates import split_data
from training.dataset import Dataset, Flags, Floats
from training.forecasts.base_rate import base_rates, read_weeks
from training.forecasts.spend import fit_value
from training.forecasts.spend_level import read_spend_weeks, spend_levels
from training.log_odds import shift_to, sigmoid, with_true_level
from training.metrics import ece, log_loss
from training.models.calibration import level_scale
from training.models.candidates import fit
from training.splits import Split, learning_dates

RESULTS = Path(__file__).with_name("level.md")
MODEL = "logistic"  # ranks nearly as the blend does, in a tenth of the time; what is judged is the level
NONE, FORMER, SERVED = "no forecast", "last year and recent weeks", "**served**"
WAYS = (NONE, FORMER, SERVED)


@dataclass(frozen=True, eq=False)
class Asked:
    """One date: what was said, what came, and each way's forecast of the two levels.

    Args:
        said: raw log-odds of the model.
        y: who churned.
        expected: spend of those who stayed, at the level of the training dates, minor units.
        spent: by them.
        level: of the churn rate by way, log-odds.
        spend: of the spend by way, natural logarithm.
    """

    said: Floats
    y: Flags
    expected: float
    spent: float
    level: dict[str, float]
    spend: dict[str, float]

    def p(self, way: str) -> Floats:
        """Return the probabilities at the level that a way forecasts."""
        return sigmoid(self.said + self.level[way])

    @property
    def true_level(self) -> float:
        """The shift that would have been right."""
        half = 0.5 / len(self.y)
        return shift_to(self.said, float(np.clip(self.y.mean(), half, 1 - half)))

    def ratio(self, way: str) -> float:
        """Return expected over actual spend of those who stayed."""
        return float(self.expected * np.exp(self.spend[way]) / max(self.spent, 1.0))


def answered(question: Question) -> list[Asked]:
    """Return what was said on each date, and what came."""
    return [_on(question, day) for day in question.dates]


def _on(question: Question, day: date) -> Asked:
    end, asked = day_number(day), question.definition
    train, test = _data(question.log, asked, day)
    found, value, stayed = fit(MODEL, train), fit_value(train), ~test.y
    said = found.fitted.log_odds(test.values)
    expected = value.expected_spend(test.values)[stayed].sum()
    known, level, spend = question.log.before(end), {NONE: 0.0}, {NONE: 0.0, FORMER: 0.0}
    rows = read_spend_weeks(known, asked, end)
    for way, country in ((FORMER, ""), (SERVED, question.country)):
        weeks = read_weeks(known, asked, end, country)
        forecast = base_rates(weeks, train, end).forecast(end)
        scale = level_scale(found.out_of_sample, forecast.spread) if way == SERVED else 1.0
        level[way] = 0.0 if forecast.last_year is None else scale * forecast.shift  # the default of a backtest
        if way == SERVED:
            spend[way] = float(np.log(spend_levels(rows, weeks, value, end).factor(end)))
    return Asked(said, test.y, float(expected), float(test.spend_next[stayed].sum()), level, spend)


def _data(log: Log, definition: ChurnDefinition, day: date) -> tuple[Dataset, Dataset]:
    split = Split(learning_dates(log, day_number(day), definition), day)
    return split_data(log, split, definition, default_features())


@dataclass(frozen=True)
class Row:
    """The means of one way over the dates of one log."""

    ece: float
    log_loss: float
    level_error: float
    spend_error: float
    ratios: tuple[float, ...]

    @classmethod
    def of(cls, asked: Sequence[Asked], way: str) -> Row:
        """Judge a way."""
        ratios = tuple(each.ratio(way) for each in asked)
        return cls(
            ece=_mean(ece(each.y, each.p(way)) for each in asked),
            log_loss=_mean(log_loss(each.y, each.p(way)) for each in asked),
            level_error=_mean(abs(each.level[way] - each.true_level) for each in asked),
            spend_error=_mean(abs(np.log(ratio)) for ratio in ratios),
            ratios=ratios,
        )


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cdnow", type=Path, default=None, help="path of CDNOW_master.txt")
    parser.add_argument("--customers", type=int, default=2_500, help="of the simulated shops")
    parser.add_argument("--simulated", type=int, metavar="CUSTOMERS", help="only the simulated shops, of so many")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the table is written")
    chosen = parser.parse_args()
    known = () if chosen.simulated else open_questions(chosen.cdnow)
    found = {}
    for question in chain(known, simulated_questions(chosen.simulated or chosen.customers)):
        print(question.name, file=sys.stderr, flush=True)
        found[question.name] = answered(question)
    rows = "\n".join(chain.from_iterable(_rows(name, asked) for name, asked in found.items()))
    means = "\n".join(_means(list(found.values())))
    write_page(chosen.out, PAGE.format(head=HEAD, rows=rows, means=means, customers=chosen.customers))


def _rows(name: str, asked: Sequence[Asked]) -> list[str]:
    known = _mean(ece(each.y, with_true_level(sigmoid(each.said), each.y)) for each in asked)
    return [_row(f"{name}" if way == NONE else "", way, Row.of(asked, way), known) for way in WAYS]


def _row(name: str, way: str, row: Row, known: float) -> str:
    ratios = ", ".join(f"{ratio:.2f}" for ratio in row.ratios)
    numbers = (f"{value:.3f}" for value in (row.ece, known, row.level_error))
    return f"| {name} | {way} | {' | '.join(numbers)} | {row.log_loss:.4f} | {row.spend_error:.3f} | {ratios} |"


def _means(logs: Sequence[Sequence[Asked]]) -> list[str]:
    known = _mean(ece(each.y, with_true_level(sigmoid(each.said), each.y)) for asked in logs for each in asked)
    rows = (Row.of([each for asked in logs for each in asked], way) for way in WAYS)
    return [_row("**mean**", way, replace(row, ratios=()), known) for way, row in zip(WAYS, rows, strict=True)]


HEAD = (
    "| log | forecast | ECE | level known | level off by | log loss | spend off by | expected / spent |\n"
    + "|---" * 8
    + "|"
)
PAGE = """# The level of the coming window

`python -m benchmarks.quality.level --customers {customers}` writes this page. Each log is asked on five dates: what
share of the customers will order nothing in the window that begins, and what will those spend who do? A logistic
regression learns from what was known on the date; "no forecast" takes its probabilities, and the expected spend, as
they are. "Last year and recent weeks" is the forecast of before: of the churn rate alone, without a calendar.
"Served" moves feasts to where they lie now by the calendar of the country, counts a shift in the model's own log-
odds, and forecasts the spend as well. Where last year's window is not known, the churn rate has no forecast. "Level
known" is the ECE with each date's level set true: what chance and shape leave. "Off by" is the mean absolute error
of the level, in log-odds, and of the spend of those who stayed, in natural logarithms; the ratios are those of the
five dates, 1 = none. A date has about five hundred customers in the simulated shops: chance alone puts their level
off by 0.08.

{head}
{rows}
{means}
"""

if __name__ == "__main__":
    main()
