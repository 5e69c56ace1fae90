"""The record of a training run for MLflow: parameters, figures, documents and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from features.clock import date_of
from features.log import Log
from features.money import Money
from training.backtest.report import Report
from training.backtest.results import Backtest
from training.bundle import Bundle
from training.dataset import Dataset
from training.gate import GateDecision
from training.models.candidates import CANDIDATES
from training.models.trees import TreeSettings
from training.plots.backtest import gains_figure, importance_figure, reliability_figure, report_figures
from training.plots.course import risk_map_figure
from training.record.card import CALIBRATION_PICTURE, described, model_card
from training.record.measures import known_only, left_measures, money_measures, quality_measures, report_measures
from training.tracking import Record
from training.tracking.models import Described
from training.tracking.records import MOST_CHARACTERS
from training.tracking.sources import Source

CARD = "model-card"


def record_of(
    log: Log,
    data: Dataset,
    bundle: Bundle,
    tested: Backtest | None,
    decision: GateDecision,
    serves: str,
    trees: TreeSettings,
    report: Report | None,
    documents: Mapping[str, Mapping[str, Any]],
    sources: Sequence[Source],
) -> Record:
    """Return the record of a run.

    Args:
        log: the shop's log.
        data: the training rows.
        bundle: the model that this run made.
        tested: the backtest; None where the log is too short for one.
        decision: the gate's.
        serves: the candidate that serves now.
        trees: how trees grew.
        report: how well the candidate is doing; None where there was no backtest.
        documents: what else is kept, by file name without suffix.
        sources: the data that it was made of.
    """
    card = model_card(bundle, tested, report, sources)
    return Record(
        name=f"{bundle.candidate}, {data.definition.horizon_days} days, until {bundle.trained_until.isoformat()}",
        params=_params(data, bundle, trees),
        metrics=measures_of(tested, report, bundle.candidate, bundle.money),
        data={
            "customers": log.n_customers,
            "order_days": len(log.streams["orders"]),
            "first_day": date_of(log.first_day),
            "last_day": date_of(log.last_day),
            "training_rows": len(data),
            "training_churned": int(data.y.sum()),
        },
        data_digest=bundle.log_digest,
        figures=_figures(tested, report, bundle),
        documents={**_documents(tested, report, bundle, decision), **documents},
        tags={"why": decision.why, "serves": serves, "promoted": str(decision.promoted).lower()},
        sources=sources,
        pages={CARD: card},
        note=described(card, MOST_CHARACTERS),
    )


def log_source(log: Log) -> Source:
    """Return the shop's log as data that a run was made of: what was read from all files."""
    days = date_of(log.first_day), date_of(log.last_day)
    return Source("log", "", log.digest(), len(log.streams["orders"]), *days)


def described_of(
    bundle: Bundle, tested: Backtest | None, report: Report | None, sources: Sequence[Source]
) -> Described:
    """Return what MLflow's pages of a model say of it.

    Args:
        bundle: the model.
        tested: the backtest; None where the log is too short for one.
        report: how well its candidate is doing; None where there was no backtest.
        sources: the data that it was made of.
    """
    card = model_card(bundle, tested, report, sources)
    return Described(
        description=described(card, MOST_CHARACTERS),
        metrics=measures_of(tested, report, bundle.candidate, bundle.money),
        sources=sources,
        pages={CARD: card},
        figures=_calibration(tested, bundle.candidate),
    )


def _calibration(tested: Backtest | None, candidate: str) -> dict[str, Any]:
    """Return the picture that the card shows."""
    if tested is None:
        return {}
    result = tested.candidates[candidate]
    return {CALIBRATION_PICTURE: reliability_figure(result.y, result.p, candidate)}


def _params(data: Dataset, bundle: Bundle, trees: TreeSettings) -> dict[str, Any]:
    return {
        "horizon_days": data.definition.horizon_days,
        "active_days": data.definition.active_days,
        "trained_until": bundle.trained_until,
        "training_dates": len(data.days),
        "features": len(data.features),
        "event_kinds": ", ".join(kind.name for kind in data.features.kinds) or "none",
        "attributes": ", ".join(data.features.attributes) or "none",
        "candidate": bundle.candidate,
        "calibration": bundle.calibration.method,
        **{f"left_{name}": value for name, value in bundle.left.facts.items()},
        "candidates": ", ".join(CANDIDATES),
        **{f"trees_{name}": value for name, value in asdict(trees).items()},
    }


def _documents(
    tested: Backtest | None, report: Report | None, bundle: Bundle, decision: GateDecision
) -> dict[str, dict[str, Any]]:
    documents: dict[str, dict[str, Any]] = {"importance": bundle.importance, "gate": decision.to_dict()}
    if tested is None or report is None:
        return documents
    return {**documents, "backtest": tested.to_dict(), "report": report.to_dict()}


def measures_of(tested: Backtest | None, report: Report | None, candidate: str, money: Money) -> dict[str, float]:
    """Return the figures of the candidate, few enough to read; those of the others stand in their own runs."""
    if tested is None or report is None:
        return {}
    return known_only(
        {
            **quality_measures(tested.candidates[candidate]),
            **report_measures(report),
            **money_measures(tested, money),
            **left_measures(tested),
        }
    )


def _figures(tested: Backtest | None, report: Report | None, bundle: Bundle) -> dict[str, Any]:
    figures: dict[str, Any] = {"importance": importance_figure(bundle.importance, bundle.candidate)}
    if bundle.risk_map is not None:
        figures["risk_map"] = risk_map_figure(bundle.risk_map)
    if tested is None or report is None:
        return figures
    names = sorted(tested.candidates, key=lambda name: name != bundle.candidate)
    y = tested.candidates[bundle.candidate].y
    return {
        **figures,
        **report_figures(tested, report),
        "gains": gains_figure(y, {name: tested.candidates[name].p for name in names}),
    }
