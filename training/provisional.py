"""The provisional answer: before anything is judged, what customers' rhythms alone tell, in seconds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from features.churn.labels import ChurnDefinition
from features.clock import date_of, day_number
from features.errors import InsufficientHistory
from features.log import Log
from features.sources.mapping import Shop
from training.attribute_codes import trusted_features
from training.backtest.steps import NOTE, Progress
from training.budget import QUICK_ROWS, sample
from training.bundle import NOT_JUDGED
from training.dataset import Dataset, build_dataset
from training.forecasts.buys_less import BuysLess
from training.forecasts.left import LeftModel
from training.gate import Check, GateDecision
from training.models.candidates import enough_to_learn, fit
from training.record.training_run import described_of, log_source, record_of
from training.refit import Refit
from training.splits import labels_end, latest_dates
from training.tracking import Tracking

# It takes no optimiser, and is as strong alone as the other models of rhythm.
PROVISIONAL = "gap_hazard"
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


def first_answer(
    log: Log, definition: ChurnDefinition, shop: Shop, tracking: Tracking, until: date | None = None
) -> str | None:
    """Let what rhythms alone tell serve until there is a training; return its version, None where too little is known.

    Args:
        log: the shop's log; of a large one a part of the customers is learnt from.
        definition: population and horizon.
        shop: zone and currency that the orders were read by.
        tracking: where it is recorded; nothing serves there yet.
        until: orders on or after this date are not read.
    """
    log = log if until is None else log.before(day_number(until))
    try:
        some = sample(log, definition, until, QUICK_ROWS).log
        data = _rows(some, definition, date_of(labels_end(log, until)), until)
    except InsufficientHistory:
        return None
    return _recorded(Refit(log, data, None, shop, until), tracking) if enough_to_learn(data) else None


def _rows(some: Log, definition: ChurnDefinition, end: date, until: date | None) -> Dataset:
    dates = latest_dates(some, definition, until)
    return build_dataset(some, dates, definition, trusted_features(some, definition, end))


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
    less = BuysLess.off(refit.data.definition)
    bundle = replace(refit.bundle(PROVISIONAL, left, less), why=why)
    decision = GateDecision(False, (Check("model", False, why),), why)
    sources = (log_source(refit.log),)
    record = record_of(refit.log, refit.data, bundle, None, decision, PROVISIONAL, refit.trees, None, {}, sources)
    with tracking.run(PROVISIONAL) as run:
        run.write(record)
        version = tracking.register(run.id, bundle, [], decision.tags, described_of(bundle, None, None, sources))
        tracking.promote(version)
    return version
