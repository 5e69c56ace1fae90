"""Training, from data to a recorded model: data → backtest → choose → refit → bundle → record → gate.

The chosen candidate is registered as `challenger`; the gate (training/gate.py) decides whether it becomes the
`champion`. Where nothing serves yet and the gate lets no model pass, the best rule becomes the champion, because a shop
still needs its list on Monday; the result says so in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import partial
from types import MappingProxyType
from typing import Any

from features.churn.labels import ChurnDefinition
from features.clock import date_of, day_number
from features.errors import InsufficientHistory, ModelNotFound, ModelRefused
from features.feature import FeatureSet
from features.log import Log
from features.memory import memory_kept
from features.sources.mapping import Shop
from training.attribute_codes import trusted_features
from training.backtest.backtest import backtest_candidates
from training.backtest.fairness.report import NOTHING_ASKED, Columns
from training.backtest.results import Backtest
from training.backtest.steps import NOTE, Progress, no_progress, within
from training.budget import FULL, Budget, Sample, sample
from training.bundle import Bundle
from training.challengers import challengers, first_lawful, if_nothing_leaks, if_unmoved, rule_that_must_serve
from training.dataset import Dataset, build_dataset
from training.gate import LEAST_NEW_DAYS, RULE_TAGS, Champion, GateDecision, first_gate, gate, nothing_new
from training.leaks import LeakCheck, leak_checks
from training.models.trees import USUAL, TreeSettings
from training.provisional import serve_provisionally
from training.record.candidates import record_candidates
from training.record.training_run import described_of, log_source, record_of
from training.refit import ANY_SIZE, ListSize, Refit, Reported, learnt_until
from training.splits import TEST_DATES, labels_end, latest_dates
from training.tracking import CHALLENGER, Run, Stages, Tracking
from training.tracking.models import Described
from training.tracking.sources import Source

# The thousandths of the time that the backtest takes.
BACKTEST_SHARE = 850
NO_DOCUMENTS: Mapping[str, Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """The result of a training run.

    Args:
        run_id: of MLflow.
        model_version: the version that serves now.
        promoted: whether the challenger passed the gate and became the champion.
        why: the decision in words.
        backtest: the evidence; None where the log is too short for one.
        bundle: the model that serves now.
        gate: the decision, check by check.
        challenger_version: the version that the gate judged.
        former_version: the version that served before this run; None where none did.
        provisional_version: the version that this run let serve until it was done; None where none was needed.
        rows: of training, over all dates.
        customers: of the latest training date.
        leaks: what was checked against leaks.
    """

    run_id: str
    model_version: str
    promoted: bool
    why: str
    backtest: Backtest | None
    bundle: Bundle
    gate: GateDecision
    challenger_version: str
    former_version: str | None
    rows: int = 0
    customers: int = 0
    leaks: tuple[LeakCheck, ...] = ()
    provisional_version: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "run_id": self.run_id,
            "model_version": self.model_version,
            "challenger_version": self.challenger_version,
            "former_version": self.former_version,
            "promoted": self.promoted,
            "serves": self.bundle.candidate,
            "why": self.why,
            "trained_until": self.bundle.trained_until.isoformat(),
            "training_dates": [day.isoformat() for day in self.bundle.training_dates],
            "training_rows": self.rows,
            "training_customers": self.customers,
            "leaks": [asdict(check) for check in self.leaks],
            "gate": self.gate.to_dict(),
            "backtest": self.backtest.to_dict() if self.backtest else None,
        }


@memory_kept()  # every table and fit takes what the one before it let go of
def train(
    log: Log,
    definition: ChurnDefinition,
    shop: Shop,
    *,
    tracking: Tracking,
    until: date | None = None,
    n_tests: int = TEST_DATES,
    segments: Mapping[str, str] | None = None,
    trees: TreeSettings = USUAL,
    list_size: ListSize = ANY_SIZE,
    groups: Columns = NOTHING_ASKED,
    documents: Mapping[str, Mapping[str, Any]] = NO_DOCUMENTS,
    budget: Budget = FULL,
    sources: Sequence[Source] = (),
    customers: int | None = None,
    stages: Stages | None = None,
    progress: Progress = no_progress,
) -> TrainingResult:
    """Train, judge, record, and decide what serves.

    Args:
        log: the shop's log.
        definition: population and horizon.
        shop: zone and currency that the orders were read by.
        tracking: where the run and the bundles go.
        until: orders on or after this date are not read.
        n_tests: how many test dates to judge on; a short log gives fewer.
        segments: customer → the shop's own segment; none of them may get clearly worse.
        trees: how trees grow; `training.tuning.tuned.read_tuned` reads the settings found for this shop.
        list_size: how many customers the shop can call.
        groups: column of the customers file → customer → what it says; is a group of any served worse?
        documents: what else the record of the run holds, by file name without suffix.
        budget: how much may be done; a very large shop is learnt from a part of its customers.
        sources: the files or tables that the log was read from, as MLflow shows them.
        customers: how many the shop has, where the log is of a part of them; None = as many as the log.
        stages: of the work so far, such as reading the log; the run began with them.
        progress: is called before each step.

    Raises:
        InsufficientHistory: not one date has both history and a finished horizon: not even a rule can be fitted.
    """
    log = log if until is None else log.before(day_number(until))
    if not len(log.streams["orders"]):
        raise InsufficientHistory("the log holds no order before the date to train until")
    stages = stages or Stages()
    with stages("features"):
        some = sample(log, definition, until, budget.rows)
        some = replace(some, of=customers or some.of)
        features = trusted_features(some.log, definition, date_of(labels_end(log, until)))
        data = _latest(some.log, definition, features, until)
    with tracking.run("training", stages=stages) as run:
        champion, apart = _champion(tracking, definition, shop)
        _say_if_nothing_is_new(champion, labels_end(log, until), progress)
        first = serve_provisionally(Refit(log, data, None, shop, until, trees), tracking, progress)
        tests = min(n_tests, budget.tests)
        with stages("backtest"):
            tested, trouble = _backtest(
                some,
                definition,
                features,
                until,
                tests,
                trees,
                budget.seconds,
                shop,
                within(progress, 0, BACKTEST_SHARE),
            )
        refit = Refit(log, data, tested, shop, until, trees, list_size, groups, segments or {})
        names, why = challengers(tested, trouble, champion)
        progress(BACKTEST_SHARE, 1000, f"{names[0]} on everything")
        with stages("refit"):
            challenger, passed_over = first_lawful((refit.bundle(name) for name in names), some.log)
        with stages("gate"):
            if champion is None:
                decision = first_gate(challenger, tested, some.log, why)
            else:
                learn = partial(learnt_until, some.log, challenger, trees, tested.weights if tested else {})
                decision = gate(challenger, champion, tested, some.log, segments, learn)
            besides = f"{passed_over}{apart}"
            decision = replace(decision, why=f"{decision.why}{besides}", verdict=f"{decision.verdict}{besides}")
            decision = if_unmoved(decision, champion, tracking)
            splits = tested.splits if tested and tested.in_time else ()
            leaks = leak_checks(some.log, date_of(data.days[-1]), definition, features, splits)
            decision = if_nothing_leaks(decision, leaks)
            rule = rule_that_must_serve(challenger, champion, tested, decision)
            made = [
                refit.finished(bundle, decision) for bundle in (challenger, *([refit.bundle(rule)] if rule else []))
            ]
        progress(970, 1000, "recording in MLflow")
        with stages("record"):
            result = _recorded(run, refit, made, champion, decision, tracking, documents, sources)
    return replace(result, leaks=leaks, provisional_version=first)


def _say_if_nothing_is_new(champion: Champion | None, end: int, progress: Progress) -> None:
    if champion is not None and end - day_number(champion.bundle.trained_until) < LEAST_NEW_DAYS:
        words = f"nothing new to judge by, {nothing_new(champion)}: only another kind of model can replace what serves"
        progress(0, NOTE, words)


def _recorded(
    run: Run,
    refit: Refit,
    made: Sequence[Reported],
    champion: Champion | None,
    decision: GateDecision,
    tracking: Tracking,
    documents: Mapping[str, Mapping[str, Any]],
    sources: Sequence[Source],
) -> TrainingResult:
    """Record the run, register its bundles, and carry out the decision of what serves."""
    stays = champion is not None and not decision.promoted
    bundle, report = made[-1]
    serves = champion.bundle if champion is not None and stays else bundle
    tested, data = refit.tested, refit.data
    sources = (log_source(refit.log), *sources)
    run.write(
        record_of(refit.log, data, bundle, tested, decision, serves.candidate, refit.trees, report, documents, sources)
    )
    record_candidates(run, tested, bundle.candidate)
    said = [described_of(one, tested, its, sources) for one, its in made]
    versions = _register(tracking, run.id, [each for each, _ in made], said, decision)
    former = tracking.champion_version() if stays else tracking.promote(versions[-1])
    bundle, version = tracking.champion() if stays else (serves, versions[-1])
    why = decision.why
    newest = int((data.as_of == data.days[-1]).sum())
    return TrainingResult(
        run.id, version, decision.promoted, why, tested, bundle, decision, versions[0], former, len(data), newest
    )


def _latest(log: Log, definition: ChurnDefinition, features: FeatureSet, until: date | None) -> Dataset:
    data = build_dataset(log, latest_dates(log, definition, until), definition, features)
    if not len(data):
        raise InsufficientHistory(
            f"nobody ordered in the {definition.active_days} days before any training date; widen active_days"
        )
    return data


def _backtest(
    some: Sample,
    definition: ChurnDefinition,
    features: FeatureSet,
    until: date | None,
    n_tests: int,
    trees: TreeSettings,
    seconds: float | None,
    shop: Shop,
    progress: Progress,
) -> tuple[Backtest | None, str]:
    try:
        found = backtest_candidates(
            some.log,
            definition,
            features,
            until=until,
            n_tests=n_tests,
            trees=trees,
            seconds=seconds,
            country=shop.country,
            progress=progress,
        )
    except InsufficientHistory as trouble:
        return None, str(trouble)
    return replace(found, share=some.share, notes=(*some.notes, *found.notes)), ""


def _champion(tracking: Tracking, definition: ChurnDefinition, shop: Shop) -> tuple[Champion | None, str]:
    """Return the champion if the challenger can be compared with it; otherwise why not, in words."""
    try:
        bundle, version = tracking.champion()
    except ModelNotFound:
        return None, ""
    except ModelRefused as refused:
        return None, f"; the former champion could not be compared with: {refused}"
    if bundle.is_provisional:
        return None, ""
    if bundle.definition == definition and bundle.shop.currency == shop.currency:
        return Champion(bundle, version), ""
    known = bundle.definition
    return None, (
        f"; version {version} answered another question ({known.horizon_days} days ahead, {known.active_days} active "
        f"days, {bundle.shop.currency}) and was not compared with"
    )


def _register(
    tracking: Tracking, run_id: str, bundles: Sequence[Bundle], said: Sequence[Described], decision: GateDecision
) -> tuple[str, ...]:
    """Register the challenger, and the rule that will serve instead, if there is one; neither serves yet."""
    (challenger, its), *rule = zip(bundles, said, strict=True)
    first = tracking.register(run_id, challenger, [CHALLENGER], decision.tags, its)
    return (first, *(tracking.register(run_id, bundle, [], RULE_TAGS, each) for bundle, each in rule))
