"""The story of a model: data → backtest → choose → refit → bundle → record → gate.

The gate: a model that does not beat the best rule on dates it had not seen is registered as `challenger` and no more;
the rule itself becomes the `champion`, because a shop still needs its list on Monday, and the run says so in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from features.clock import date_of, day_number
from features.definitions import default_features
from features.definitions.engagement import event_kinds
from features.errors import InsufficientHistory
from features.feature import FeatureSet
from features.labels import ChurnDefinition
from features.log import Log
from features.mapping import Shop
from training.backtest import Progress, backtest, silent
from training.bundle import Bundle
from training.calibration import calibrate
from training.dataset import Dataset, Floats, dataset
from training.models import CANDIDATES, RULES, fit
from training.plots import gains_figure, importance_figure, reliability_figure
from training.reference import references
from training.results import Backtest
from training.season import base_rates, read_weeks
from training.splits import TEST_DATES, labels_end, latest_dates
from training.tracking import CHALLENGER, CHAMPION, Record, Tracking
from training.value import fit_value

# Contributions cost some five hundred times a score; this many rows tell what matters.
ROWS_FOR_IMPORTANCE = 2000


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """What came of a training run.

    Args:
        run_id: of MLflow.
        model_version: what serves now.
        promoted: whether a model, not a rule, became the champion.
        why: the decision in words.
        backtest: the evidence; None where the log is too short for one.
        bundle: what serves now.
    """

    run_id: str
    model_version: str
    promoted: bool
    why: str
    backtest: Backtest | None
    bundle: Bundle

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "run_id": self.run_id,
            "model_version": self.model_version,
            "promoted": self.promoted,
            "serves": self.bundle.candidate,
            "why": self.why,
            "trained_until": self.bundle.trained_until.isoformat(),
            "training_dates": [day.isoformat() for day in self.bundle.training_dates],
            "backtest": self.backtest.to_dict() if self.backtest else None,
        }


def train(
    log: Log,
    definition: ChurnDefinition,
    shop: Shop,
    *,
    tracking: Tracking,
    until: date | None = None,
    n_tests: int = TEST_DATES,
    progress: Progress = silent,
) -> TrainingResult:
    """Train, judge, record, and decide what serves.

    Args:
        log: the shop's log.
        definition: population and horizon.
        shop: zone and currency that the orders were read by.
        tracking: where the run and the bundles go.
        until: orders on or after this date do not exist.
        n_tests: how many test dates to judge on; a short log gives fewer.
        progress: is called before each step.

    Raises:
        InsufficientHistory: not one date has both history and a finished horizon: not even a rule can be fitted.
    """
    log = log if until is None else log.before(day_number(until))
    features = default_features(event_kinds(log))
    data = _latest(log, definition, features, until)
    tested, trouble = _backtest(log, definition, features, until, n_tests, progress)
    chosen, why = _choice(tested, trouble)
    progress(0, 2, f"{chosen} on everything")
    bundles = {name: _bundle(name, data, tested, shop, log, until, why) for name in _to_register(tested, chosen)}
    progress(1, 2, "recording in MLflow")
    run_id = tracking.record(_record(log, data, bundles[chosen], tested, why))
    version = _register(tracking, run_id, bundles, chosen)
    return TrainingResult(run_id, version, chosen not in RULES, why, tested, bundles[chosen])


def _latest(log: Log, definition: ChurnDefinition, features: FeatureSet, until: date | None) -> Dataset:
    if not len(log.streams["orders"]):
        raise InsufficientHistory("the log holds no order before the date to train until")
    data = dataset(log, latest_dates(log, definition, until), definition, features)
    if not len(data):
        raise InsufficientHistory(
            f"nobody ordered in the {definition.active_days} days before any training date; widen active_days"
        )
    return data


def _backtest(
    log: Log,
    definition: ChurnDefinition,
    features: FeatureSet,
    until: date | None,
    n_tests: int,
    progress: Progress,
) -> tuple[Backtest | None, str]:
    try:
        return backtest(log, definition, features, until=until, n_tests=n_tests, progress=progress), ""
    except InsufficientHistory as trouble:
        return None, str(trouble)


def _choice(tested: Backtest | None, trouble: str) -> tuple[str, str]:
    """Return what serves, and why."""
    if tested is None:
        return RULES[0], f"{RULES[0]} serves untested, as the history is too short to judge anything: {trouble}"
    if tested.beats_rule:
        return tested.chosen, f"{tested.why}: promoted"
    return tested.best_rule, f"{tested.why}: the rule serves"


def _to_register(tested: Backtest | None, chosen: str) -> tuple[str, ...]:
    """Return the challenger that lost to a rule, if there is one, then what serves."""
    loser = tested.best_model if tested is not None and not tested.beats_rule else None
    return (loser, chosen) if loser else (chosen,)


def _register(tracking: Tracking, run_id: str, bundles: Mapping[str, Bundle], chosen: str) -> str:
    version = ""
    for name, bundle in bundles.items():
        aliases = [CHALLENGER] if len(bundles) == 1 or name != chosen else []
        version = tracking.register(run_id, bundle, [*aliases, *([CHAMPION] if name == chosen else [])])
    tracking.finish(run_id)
    return version


def _bundle(
    name: str, data: Dataset, tested: Backtest | None, shop: Shop, log: Log, until: date | None, why: str
) -> Bundle:
    """Fit a candidate on every date whose horizon has ended, calibrated as its backtest says."""
    found = fit(name, data)
    result = tested.candidates[name] if tested else None
    newest, end = data.on([data.days[-1]]), labels_end(log, until)
    bundle = Bundle(
        features=data.features,
        definition=data.definition,
        shop=shop,
        candidate=name,
        fitted=found.fitted,
        calibration=calibrate(result.calibration if result else "none", found.late),
        base_rates=base_rates(read_weeks(log, data.definition, end), data, until=end),
        value=fit_value(data),
        trained_until=date_of(end),
        training_dates=tuple(date_of(day) for day in data.days),
        metrics={measure: value for measure, value in (result.mean if result else {}).items() if np.isfinite(value)},
        why=why,
        reference=references(data.features.names, newest.values),
        log_digest=log.digest(),
    )
    bundle.importance.update(_importance(bundle, newest.values))
    said = bundle.probability(newest.values, date_of(newest.days[-1]))
    bundle.reference.update(references(["probability"], said[:, None]))
    return bundle


def _importance(bundle: Bundle, values: Floats) -> dict[str, float]:
    """Return the mean absolute contribution per feature, over evenly spread rows."""
    some = values[:: max(1, len(values) // ROWS_FOR_IMPORTANCE)]
    added, _ = bundle.contributions(some, bundle.trained_until)
    return dict(zip(bundle.features.names, np.abs(added).mean(axis=0).tolist(), strict=True))


def _record(log: Log, data: Dataset, bundle: Bundle, tested: Backtest | None, why: str) -> Record:
    return Record(
        name=f"{bundle.candidate}, {data.definition.horizon_days} days, until {bundle.trained_until.isoformat()}",
        params={
            "horizon_days": data.definition.horizon_days,
            "active_days": data.definition.active_days,
            "trained_until": bundle.trained_until,
            "training_dates": len(data.days),
            "features": len(data.features),
            "event_kinds": ", ".join(kind.name for kind in data.features.kinds) or "none",
            "candidate": bundle.candidate,
            "calibration": bundle.calibration.method,
            "candidates": ", ".join(CANDIDATES),
        },
        metrics=_metrics(tested, bundle.candidate),
        data={
            "customers": log.n_customers,
            "order_days": len(log.streams["orders"]),
            "first_day": date_of(log.first_day),
            "last_day": date_of(log.last_day),
            "training_rows": len(data),
            "training_churned": int(data.y.sum()),
        },
        data_digest=bundle.log_digest,
        figures=_figures(tested, bundle),
        documents={
            "importance": bundle.importance,
            **({"backtest": tested.to_dict()} if tested else {}),
        },
        tags={"why": why, "serves": bundle.candidate, "promoted": str(bundle.candidate not in RULES).lower()},
    )


def _metrics(tested: Backtest | None, serves: str) -> dict[str, list[float]]:
    """Return every measure per candidate and date, and the served candidate's means."""
    if tested is None:
        return {}
    found = {
        f"{name}/{measure}": [result.metrics[measure] for result in candidate.by_date]
        for name, candidate in tested.candidates.items()
        for measure in candidate.by_date[0].metrics
    }
    value = {f"value/{name}": [errors[name] for errors in tested.value if errors] for name in tested.value[-1]}
    means = {measure: [mean] for measure, mean in tested.candidates[serves].mean.items()}
    return {**found, **value, **means}


def _figures(tested: Backtest | None, bundle: Bundle) -> dict[str, Any]:
    figures: dict[str, Any] = {"importance": importance_figure(bundle.importance, bundle.candidate)}
    if tested is None:
        return figures
    names = sorted(tested.candidates, key=lambda name: name != bundle.candidate)
    served = tested.candidates[bundle.candidate]
    figures["reliability"] = reliability_figure(served.y, served.p, bundle.candidate)
    figures["gains"] = gains_figure(served.y, {name: tested.candidates[name].p for name in names})
    return figures
