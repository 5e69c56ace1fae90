"""The provisional answer: before anything is judged, what customers' rhythms alone tell, in seconds."""

from __future__ import annotations

from dataclasses import replace

from training.backtest.backtest import NOTE, Progress
from training.bundle import Bundle
from training.forecasts.left import LeftModel
from training.gate import Check, GateDecision
from training.models.candidates import enough_to_learn, fit
from training.refit import Refit
from training.run_record import record_of
from training.tracking import Tracking

# It takes no optimiser, and is as strong alone as the other models of rhythm.
PROVISIONAL, NOT_JUDGED = "gap_hazard", "provisional"
# With fewer rows the whole training takes less than a minute.
ROWS_WORTH_SERVING = 100_000


def serve_provisionally(refit: Refit, tracking: Tracking, progress: Progress) -> str | None:
    """Say what rhythms alone tell; where nothing serves yet and the rest takes long, let it serve until that is done.

    Args:
        refit: what bundles are made of.
        tracking: where it is recorded.
        progress: is told the answer.

    Returns:
        The version that serves meanwhile; None where none was recorded.
    """
    if not enough_to_learn(refit.data):
        return None
    if tracking.champion_version() is not None or len(refit.data) < ROWS_WORTH_SERVING:
        progress(0, NOTE, _answer(refit))
        return None
    version = _recorded(refit, tracking)
    progress(0, NOTE, f"{_answer(refit)}; version {version} serves so until training is done")
    return version


def is_provisional(bundle: Bundle) -> bool:
    """Return whether a bundle serves only until something was judged."""
    return bundle.why.startswith(NOT_JUDGED)


def _answer(refit: Refit) -> str:
    data = refit.data
    newest = data.on([data.days[-1]])
    likely = int((fit(PROVISIONAL, data).fitted.log_odds(newest.values) > 0).sum())
    return (
        f"provisional, from rhythms alone and not judged yet ({PROVISIONAL}): {likely:,} of {len(newest):,} customers "
        f"are more likely than not to stay away for {data.definition.horizon_days} days"
    )


def _recorded(refit: Refit, tracking: Tracking) -> str:
    why = f"{NOT_JUDGED}: {PROVISIONAL} serves until training is done"
    left = LeftModel.by_gaps(refit.data.definition)
    bundle = replace(refit.bundle(PROVISIONAL, left), why=why)
    decision = GateDecision(False, (Check("model", False, why),), why)
    record = record_of(refit.log, refit.data, bundle, None, decision, PROVISIONAL, refit.trees, None, {})
    run_id = tracking.record(record)
    with tracking.failing(run_id):
        version = tracking.register(run_id, bundle, [], decision.tags)
        tracking.promote(version)
        tracking.finish(run_id)
    return version
