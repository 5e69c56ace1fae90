"""The report on a candidate's backtest: calibration bands, test dates, segments, the list, and a grade.

The report is the same for the terminal, for MLflow, for files and for the model's facts; `report_text.py` puts it into
words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from training.backtest.bands import Band, Floor, named_bands, noise_floor, tenths
from training.backtest.fairness.report import Fairness
from training.backtest.fairness.words import verdict, warnings_of
from training.backtest.grade import Grade, grade
from training.backtest.random_split import LEARNER, random_split_words
from training.backtest.results import Backtest, CandidateResult, DateResult, plain
from training.backtest.segments import Members, Segment, segments
from training.backtest.shortlist import Shortlist, shortlist
from training.forecasts.level import Forecast
from training.log_odds import shift_to, sigmoid
from training.metrics import LEAST_PROBABILITY, Z_95, ece


@dataclass(frozen=True)
class Level:
    """The churn rate of a date as the season's forecast had it, beside the observed one.

    Args:
        expected: the mean probability at the forecast level.
        low: the lower end of its 95 % interval.
        high: the upper end.
        shift: forecast, log-odds of the candidate; `training/forecasts/level.py`.
        uncertainty: its standard error, log-odds.
        turned_out: the observed shift, log-odds.
    """

    expected: float
    low: float
    high: float
    shift: float
    uncertainty: float
    turned_out: float

    @property
    def is_inside(self) -> bool:
        """Whether the observed shift lies in the 95 % interval."""
        return abs(self.turned_out - self.shift) <= Z_95 * self.uncertainty


@dataclass(frozen=True)
class OnDate:
    """One test date: predicted and observed churn rate, and how good the predictions were.

    Args:
        test_date: predictions were made at its start.
        customers: the population on it.
        base_rate: the share that churned.
        predicted: the mean probability.
        level: the season's forecast of the churn rate; None where there is no forecast.
        metrics: log loss, AUROC, Brier, ECE.
        ece_floor: what the ECE would be by chance if the percentages were true.
    """

    test_date: date
    customers: int
    base_rate: float
    predicted: float
    level: Level | None
    metrics: Mapping[str, float]
    ece_floor: float

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON, NaN as None."""
        level = None if self.level is None else {**plain(vars(self.level)), "inside": self.level.is_inside}
        numbers = plain(
            {"base_rate": self.base_rate, "said": self.predicted, **self.metrics, "ece_floor": self.ece_floor}
        )
        return {"test_date": self.test_date.isoformat(), "customers": self.customers, **numbers, "level": level}


@dataclass(frozen=True, eq=False)
class Report:
    """How well a candidate did in a backtest.

    Args:
        candidate: its name.
        grade: against the best rule.
        bands: of ten percentage points each, over all test dates.
        product_bands: those that the product shows; empty where none were named.
        dates: oldest first.
        segments: new customers, regulars, and others that were asked for.
        shortlist: the list as long as the shop can handle that would have been made.
        ece: of all test dates together, so that a miss upwards on one date cancels a miss downwards on another.
        floor: what that ECE would be by chance if the percentages were true.
        random_split: AUROC that LightGBM would have claimed by a random split; None where it was not asked for.
        in_time: AUROC of LightGBM in this backtest; None where it was not tried.
        fairness: how groups of customers are served; None where nobody asked by any column.
    """

    candidate: str
    grade: Grade
    bands: tuple[Band, ...]
    product_bands: tuple[Band, ...]
    dates: tuple[OnDate, ...]
    segments: tuple[Segment, ...]
    shortlist: Shortlist
    ece: float
    floor: Floor
    random_split: float | None = None
    in_time: float | None = None
    fairness: Fairness | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader should beware of, in words."""
        worse = () if self.fairness is None else tuple(warnings_of(self.fairness))
        if self.random_split is None or self.in_time is None:
            return worse
        return (random_split_words(self.random_split, self.in_time), *worse)

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON: no NaN, no rows of customers."""
        pooled = {"ece": self.ece, "floor": self.floor.mean, "floor_95": self.floor.most}
        split = {} if self.random_split is None else {"auroc": self.random_split, "in_time": self.in_time or np.nan}
        return {
            "candidate": self.candidate,
            "grade": self.grade.to_dict(),
            "bands": [band.to_dict() for band in self.bands],
            "product_bands": [band.to_dict() for band in self.product_bands],
            "dates": [each.to_dict() for each in self.dates],
            "segments": [segment.to_dict() for segment in self.segments],
            "list": self.shortlist.to_dict(),
            "all_dates_together": plain(pooled),
            "random_split": plain(split) or None,
            "fairness": _fairness_facts(self.fairness),
            "warnings": [*self.grade.warnings, *self.warnings],
        }


def _fairness_facts(found: Fairness | None) -> dict[str, Any] | None:
    """Return how groups are served, in words and figures; None where nobody asked by any column."""
    if found is None:
        return None
    return {"verdict": verdict(found), "warnings": list(warnings_of(found)), **found.to_dict()}


def report(
    backtest: Backtest,
    candidate: str | None = None,
    *,
    list_size: int | None = None,
    list_why: str = "",
    product_bands: Mapping[str, float] | None = None,
    members: Members | None = None,
    random_split: float | None = None,
    fairness: Fairness | None = None,
) -> Report:
    """Return how well a candidate did.

    Args:
        backtest: the evidence.
        candidate: its name; by default the chosen one.
        list_size: customers on a list that the shop can handle; None for a tenth of the population.
        list_why: where that size comes from, in words.
        product_bands: from which probability on each band of the product begins, ascending, the first 0.
        members: the rows of each segment, one bool array per test date.
        random_split: what `random_split_auroc` gave.
        fairness: how groups of customers are served.
    """
    name = candidate or backtest.chosen
    result = backtest.candidates[name]
    trees = backtest.candidates.get(LEARNER)
    return Report(
        candidate=name,
        grade=grade(backtest, name),
        bands=tenths(result.y, result.p),
        product_bands=named_bands(result.y, result.p, product_bands) if product_bands else (),
        dates=_dates(result, backtest.forecasts),
        segments=segments(result, members or {}),
        shortlist=shortlist(backtest, name, list_size, list_why),
        ece=ece(result.y, result.p),
        floor=noise_floor([result.p]),
        random_split=random_split,
        in_time=trees.mean["auroc"] if trees else None,
        fairness=fairness,
    )


def _dates(result: CandidateResult, forecasts: Sequence[Forecast]) -> tuple[OnDate, ...]:
    known: Sequence[Forecast | None] = forecasts or [None] * len(result.by_date)
    return tuple(
        _on_date(each, f, result.calibration == "season") for each, f in zip(result.by_date, known, strict=True)
    )


def _on_date(result: DateResult, forecast: Forecast | None, with_season: bool) -> OnDate:
    return OnDate(
        test_date=result.test_date,
        customers=result.customers,
        base_rate=result.churned / result.customers,
        predicted=float(result.p.mean()),
        level=None if forecast is None else _level(result, forecast, with_season),
        metrics={name: result.metrics[name] for name in ("auroc", "log_loss", "brier", "ece")},
        ece_floor=noise_floor([result.p]).mean,
    )


def _level(result: DateResult, forecast: Forecast, with_season: bool) -> Level:
    """Return the forecast churn rate of these customers, whether or not the candidate used the forecast."""
    p = np.clip(result.p, LEAST_PROBABILITY, 1 - 1e-12)
    shift, uncertainty = result.scale * forecast.shift, result.scale * forecast.uncertainty
    usual = np.log(p) - np.log1p(-p) - (shift if with_season else 0.0)
    low, middle, high = (float(sigmoid(usual + (shift + z * uncertainty)).mean()) for z in (-Z_95, 0, Z_95))
    right = shift_to(usual, result.churned / result.customers)
    return Level(middle, low, high, shift, uncertainty, right)


def report_facts(report: Report) -> dict[str, Any]:
    """Return the short form of a report that the bundle and the API carry as the model's quality."""
    return {
        "grade": report.grade.to_dict(),
        "list": report.shortlist.to_dict(),
        "bands": [band.to_dict() for band in report.product_bands or report.bands],
        "warnings": [*report.grade.warnings, *report.warnings],
        "fairness": _fairness_facts(report.fairness),
    }
